"""MMAction2's own ``tools/train.py`` and ``tools/test.py``, with our adapter and readable errors.

``tools/train.py`` of the clone calls :func:`main`; without the clone it is
``python -m blazepose_skl.launch train CONFIG …``. The arguments are MMAction2's; CONFIG is a file, or the name of
a config that comes with us.
"""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import pickle
import re
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from blazepose_skl.configs import find_config
from blazepose_skl.errors import InputError

__all__ = ['explain', 'main', 'refuse_unknown_keys']

# Keys of a config that MMEngine reads although they are no argument of its Runner.
_MORE_KEYS = ('compile', 'find_unused_parameters', 'model_wrapper_cfg', 'runner_type', 'sync_bn')


def main(tool: str) -> None:
    """Run a tool with the arguments of this process.

    Args:
        tool: ``train`` or ``test``.

    Raises:
        SystemExit: With status 1 after something the user caused, told on stderr in one sentence.
    """
    try:
        _run(tool)
    except Exception as error:
        sentence = explain(error)
        if sentence is None:
            raise
        print(sentence, file=sys.stderr)
        raise SystemExit(1) from None


def _run(tool: str) -> None:
    try:
        from mmengine.config import Config
        from mmengine.runner import Runner

        import blazepose_skl.mmaction2  # noqa: F401, for what it changes
    except (ImportError, AssertionError) as error:  # mmaction2 asserts the version of mmcv
        raise InputError(f'mmaction2 cannot be imported: {error}; `blazepose-skl doctor` says what mends it') from error
    upstream = _load(tool)
    arguments = upstream.parse_args()
    arguments.config = str(find_config(arguments.config))
    known = [*Config.fromfile(arguments.config, import_custom_modules=False), *_MORE_KEYS]
    known += inspect.signature(Runner).parameters
    refuse_unknown_keys(arguments.cfg_options or {}, known, arguments.config)
    vars(upstream)['parse_args'] = lambda: arguments  # the config may have been called by its name
    upstream.main()


def _load(tool: str) -> ModuleType:
    """The tool's module, as it lies in the installed mmaction2."""
    package = importlib.util.find_spec('mmaction')
    for place in package.submodule_search_locations or () if package else ():
        # In the wheel the tools lie in the package, in a development install beside it.
        for file in (Path(place) / '.mim/tools' / f'{tool}.py', Path(place).parent / 'tools' / f'{tool}.py'):
            if file.is_file():
                spec = importlib.util.spec_from_file_location(f'mmaction_tools_{tool}', file)
                assert spec is not None
                assert spec.loader is not None
                module = importlib.util.module_from_spec(spec)
                spec.loader.exec_module(module)
                return module
    raise InputError(f'the installed mmaction2 has no tools/{tool}.py; install it again: pip install mmaction2==1.2.0')


def refuse_unknown_keys(options: Iterable[str], known: Iterable[str], config: str) -> None:
    """Refuse ``--cfg-options`` whose first part is a key that nothing reads; MMEngine ignores them.

    Raises:
        InputError: A key is not known; the nearest known one is suggested.

    >>> refuse_unknown_keys(['model.backbone.depth'], ['model'], 'a.py')
    """
    names = sorted(set(known))
    for option in options:
        key = option.partition('.')[0]
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f'it has {", ".join(names)}'
            raise InputError(f"--cfg-options {option}: {config} has no key '{key}'; {hint}")


def explain(error: Exception) -> str | None:
    """The sentence for an error that a user caused; None for any other.

    An InputError that comes out of a data loader's worker carries that process's traceback, of which only
    the sentence is kept.

    >>> explain(InputError('a.pkl: no clip in it'))
    'a.pkl: no clip in it'
    >>> explain(InputError('Caught InputError in DataLoader worker process 0.\\nOriginal Traceback (most recent '
    ...                    'call last):\\n  …\\nblazepose_skl.errors.InputError: a.pkl: no clip in it\\n'))
    'a.pkl: no clip in it'
    >>> explain(ValueError('a bug')) is None
    True
    """
    text = str(error.args[0]) if error.args else str(error)
    if isinstance(error, InputError):
        if text.startswith('Caught '):
            text = re.split(rf'^\S*\b{InputError.__name__}: ', text, flags=re.MULTILINE)[-1]
        return text.strip()
    if isinstance(error, FileNotFoundError):
        return f'{error.filename}: no such file' if error.filename else text
    if isinstance(error, pickle.UnpicklingError) or 'PytorchStreamReader' in text:
        return (
            'the checkpoint was not loaded: it is damaged, or holds more than weights and what MMEngine stores '
            f'beside them, and would run code ({text.splitlines()[-1] if text else type(error).__name__})'
        )
    if isinstance(error, PermissionError) and 'checkpoint' in text:
        return text
    if isinstance(error, KeyError) and re.search(r'is not in the \S+ registry', text):
        return (
            text.partition(' Please check')[0] + " Check the spelling, and custom_imports for a class that isn't stock."
        )
    frames = traceback.extract_tb(error.__traceback__)
    # What is no checkpoint at all makes its reader fail in many ways, other than for want of rights, memory or a GPU.
    reading = any(Path(frame.filename).name == 'serialization.py' and 'load' in frame.name for frame in frames)
    if reading and not isinstance(error, (MemoryError, OSError, RuntimeError)):
        what = type(error).__name__ + (f': {text}' if text and '\n' not in text else '')
        return f'the checkpoint was not loaded: it is damaged, or none that PyTorch saved ({what})'
    built = bool(frames) and Path(frames[-1].filename).name == 'build_functions.py'
    # A class does not take an argument: Python says so from the builder, the graph backbones by themselves.
    if (isinstance(error, TypeError) and built) or text.startswith('Invalid arguments: '):
        return f'the config does not fit: {text}'
    return None


if __name__ == '__main__':
    if len(sys.argv) < 2 or sys.argv[1] not in ('train', 'test'):
        raise SystemExit('usage: python -m blazepose_skl.launch train|test CONFIG …')
    main(sys.argv.pop(1))
