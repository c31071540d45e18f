"""The configs that come with us: in ``configs/`` of the clone, in ``blazepose_skl/.mim/configs`` of a wheel.

A config is called by its path in that folder (``stgcnpp/….py``), or by its file name where no other has it; ``.py``
may be left out.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from blazepose_skl.errors import InputError
from blazepose_skl.outfiles import check_place, write_whole

__all__ = ['Kind', 'choose_configs', 'config_names', 'configs_folder', 'copy_configs', 'find_config', 'kind_of']

# The form of MMAction2's names.
_NAME = re.compile(
    r'.+?_\d+xb(?P<batch>\d+)-(?P<input>[a-z-]+?)-(?P<recipe>(?:[a-z]\d+-)+(?P<epochs>\d+)e(?:-[a-z]+)?)'
    r'_(?P<data>[a-z0-9]+(?:-(?:split\d|x[a-z]+))?)-(?P<layout>[a-z-]+?)(?P<world>-3d)?'
)


@dataclass(frozen=True)
class Kind:
    """What the name of a config says."""

    folder: str
    input: str
    recipe: str
    data: str
    layout: str
    batch: int
    """Clips in a step of one process."""
    epochs: int
    """As often as training goes over the data, repeated or not."""
    coordinates: str
    """``2d`` or ``3d``."""


def configs_folder() -> Path:
    """The folder of the configs.

    Raises:
        InputError: This installation has none.
    """
    package = Path(__file__).parent
    for folder in (package / '.mim/configs', package.parent / 'configs'):
        if (folder / '_base_').is_dir():
            return folder
    raise InputError(f'{package}: installed without configs; install blazepose-skl again, from a wheel or the clone')


@cache
def config_names() -> tuple[str, ...]:
    """The paths in the folder of all configs but the bases, in order."""
    folder = configs_folder()
    paths = (path.relative_to(folder) for path in folder.rglob('*.py'))
    return tuple(sorted(path.as_posix() for path in paths if '_base_' not in path.parts))


def kind_of(name: str) -> Kind | None:
    """What the path of a config in the folder says; None for PYSKL's, which are called in its way.

    >>> kind_of('stgcn/stgcn_8xb16-bone-motion-u100-80e_ntu60-xsub-enhanced-blazepose-3d.py').layout
    'enhanced-blazepose'
    """
    said = _NAME.fullmatch(Path(name).stem)
    if not said:
        return None
    return Kind(
        folder=Path(name).parent.as_posix(),
        input=said['input'],
        recipe=said['recipe'],
        data=said['data'],
        layout=said['layout'],
        batch=int(said['batch']),
        epochs=int(said['epochs']),
        coordinates='3d' if said['world'] else '2d',
    )


def find_config(name: Path | str) -> Path:
    """The user's own file, if there is one, otherwise the config of ours that is called so.

    Raises:
        InputError: There is neither, or several of ours are called so.
    """
    if Path(name).is_file():
        return Path(name)
    found = _called(str(name))
    if len(found) == 1:
        return configs_folder() / found[0]
    if found:
        raise InputError(f'{name}: {len(found)} configs that come with us are called so; say which: {", ".join(found)}')
    raise InputError(f'{name}: no such config file; {_nearest(str(name))}')


def choose_configs(*parts: str) -> tuple[str, ...]:
    """The config that is called so; otherwise those whose paths have every part in them, ``*`` standing for anything.

    Raises:
        InputError: No path does.
    """
    called = _called(parts[0]) if len(parts) == 1 else ()
    chosen = called or tuple(
        name for name in config_names() if all(fnmatchcase(name, f'*{part.strip("*")}*') for part in parts)
    )
    if not chosen:
        given = ' '.join(parts)
        raise InputError(f"'{given}': no config is called so or has all of it in its name; {_nearest(given)}")
    return chosen


def copy_configs(names: Sequence[str], to: Path) -> tuple[str, ...]:
    """Copy configs, and the bases that they need, into a folder, at the paths that they have in ours.

    Returns:
        The paths of all that are there now, the bases among them. A file that is there already and the same stays.

    Raises:
        InputError: A file is there that is another one, or the folder cannot be written; nothing is copied then.
    """
    folder = configs_folder().resolve()
    contents: dict[str, bytes] = {}
    wanted = [folder / name for name in names]
    while wanted:
        path = wanted.pop()
        name = path.relative_to(folder).as_posix()
        if name not in contents:
            contents[name] = path.read_bytes()
            wanted += ((path.parent / base).resolve() for base in _bases(contents[name]))
    for name, content in contents.items():
        target = to / name
        if target.exists() and (not target.is_file() or target.read_bytes() != content):
            raise InputError(f'{target}: is there already, and is not our file; give another folder, or remove it')
    for target in {(to / name).parent: to / name for name in contents}.values():
        check_place(target)
    for name, content in contents.items():
        if not (to / name).exists():
            write_whole(to / name, content)
    return tuple(sorted(contents))


def _bases(content: bytes) -> list[str]:
    """What a config takes its defaults from, as it is written there.

    >>> _bases(b"_base_ = ['../a.py', 'b.py']")
    ['../a.py', 'b.py']
    """
    for statement in ast.parse(content).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == '_base_':
            bases = ast.literal_eval(statement.value)
            return [bases] if isinstance(bases, str) else list(bases)
    return []


def _called(name: str) -> tuple[str, ...]:
    file = name.removesuffix('.py') + '.py'
    names = config_names()
    return (file,) if file in names else tuple(known for known in names if Path(known).name == file)


def _nearest(name: str) -> str:
    """What to do about a name that is none."""
    files = {Path(known).name: known for known in config_names()}
    near = difflib.get_close_matches(Path(name).name.removesuffix('.py') + '.py', files, n=1, cutoff=0.8)
    hint = f'did you mean {files[near[0]]}? ' if near else ''
    return f'{hint}`blazepose-skl configs` lists those that come with us'
