"""The class of each clip: from its folder, a label file, or the dump itself; and the list of classes."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import msgspec

from blazepose_skl.clipnames import ClipNames
from blazepose_skl.dumps.sources import natural_key
from blazepose_skl.errors import InputError
from blazepose_skl.textfiles import read_text

__all__ = [
    'Label',
    'LabelFile',
    'LabelOf',
    'Labels',
    'counted',
    'digest_of',
    'first_few',
    'folder_label',
    'number_classes',
    'read_class_list',
    'read_label_file',
]


@dataclass(frozen=True)
class Label:
    """A class by its name, and by its number where the source gives one."""

    name: str
    index: int | None = None


def folder_label(clip: str) -> Label | None:
    """The folder that a clip lies in, None at the top.

    >>> folder_label('train/jump/03')
    Label(name='jump', index=None)
    """
    parent = PurePosixPath(clip).parent.name
    return Label(parent) if parent else None


# The class of a clip, None where its folder or the dump itself may name it; InputError if it can have none.
LabelOf = Callable[[str], Label | None]


class Labels(Protocol):
    """Labels by clip. Its ``repr`` is the same as long as the labels are.

    Attributes:
        classes: All classes in the order of their numbers, None where these follow from the clips.
    """

    @property
    def classes(self) -> Sequence[str] | None: ...

    def for_clips(self, clips: Sequence[str]) -> tuple[LabelOf, list[str]]:
        """What labels these clips, and warnings.

        Raises:
            InputError: These are not the labels of these clips.
        """
        ...


def digest_of(labels: Iterable[tuple[str, str]]) -> str:
    """The same for the same clips and classes, in whatever order."""
    return hashlib.sha256(repr(sorted(labels)).encode('utf-8', 'replace')).hexdigest()


def first_few(names: Sequence[str]) -> str:
    """The first three names, and whether there are more.

    >>> first_few(['a', 'b', 'c', 'd'])
    'a, b, c, …'
    """
    return ', '.join(names[:3]) + (', …' if len(names) > 3 else '')


def counted(number: int, one: str, more: str = '') -> str:
    """A number of things.

    >>> counted(1, 'clip'), counted(0, 'clip'), counted(2, 'class', 'classes')
    ('1 clip', '0 clips', '2 classes')
    """
    return f'{number} {one if number == 1 else more or one + "s"}'


class LabelFile:
    """The labels in a file, by what it calls the clips: see :class:`.clipnames.ClipNames`."""

    classes: Sequence[str] | None = None

    def __init__(self, path: Path, labels: Mapping[str, Label]) -> None:
        self.path = path
        self._labels = labels

    def __repr__(self) -> str:
        return f'LabelFile({str(self.path)!r}, {digest_of((clip, str(label)) for clip, label in self._labels.items())})'

    def for_clips(self, clips: Sequence[str]) -> tuple[LabelOf, list[str]]:
        """The label of each clip, InputError for one that has none; and a warning of names that fit no clip.

        Raises:
            InputError: No name fits a clip, one fits two, or a clip has two labels.
        """
        known = ClipNames(clips)
        given: dict[str, Label] = {}
        strange = []
        for name, label in self._labels.items():
            found = known.find(name)
            if not found:
                strange.append(name)
                continue
            if len(found) > 1:
                raise InputError(f"{self.path}: '{name}' may be {' or '.join(found[:3])}; give the path")
            if given.setdefault(found[0], label).name != label.name:
                raise InputError(
                    f"{self.path}: '{found[0]}' has two labels, {given[found[0]].name} and {label.name} ('{name}')"
                )
        if not given:
            raise InputError(
                f'{self.path}: none of its {len(strange)} clips is among the dumps; it calls them {first_few(strange)} '
                f'where the dumps are called {first_few(clips)}'
            )

        def label_of(clip: str) -> Label:
            if clip not in given:
                raise InputError(f"no label for '{clip}' in {self.path}")
            return given[clip]

        if not strange:
            return label_of, []
        counts = f'{len(strange)} of {len(self._labels)} ({first_few(strange)})'
        return label_of, [f'clips in {self.path} that are not among the dumps: {counts}']


def read_label_file(path: Path) -> LabelFile:
    """The labels in a file: a table with a clip and its label in each row, or JSON.

    A table has commas, semicolons or tabs, or else, as MMAction2's lists, a blank before the label. It may have a
    header with the columns clip (or name, file, id, video) and label (or class, action), else its first two columns
    are they. JSON is ``{clip: label}``, ``{clip: {"label": …,
    "label_index": …}}`` as beside Kinetics-skeleton, or ``[{"clip": …, "label": …}]``.

    Raises:
        InputError: It cannot be read or has another structure.
    """
    text = read_text(path)
    labels = _from_json(text, path) if text.lstrip().startswith(('{', '[')) else _from_table(text, path)
    if not labels:
        raise InputError(f'{path}: no label in this file; a clip and its label in each row were expected')
    return LabelFile(path, labels)


_CLIPS = ('clip', 'name', 'file', 'filename', 'id', 'video', 'youtube_id', 'frame_dir')
_LABELS = ('label', 'class', 'action')


def _from_json(text: str, path: Path) -> dict[str, Label]:
    try:
        data = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f'{path}: not a whole JSON text ({error}); write the file again') from None
    if isinstance(data, list):
        rows = [row for row in data if isinstance(row, dict)]
        data = {str(_first(row, _CLIPS)): row for row in rows if _first(row, _CLIPS) is not None}
    labels = {}
    for clip, value in data.items():
        index = None
        if isinstance(value, dict):
            index, value = value.get('label_index'), _first(value, _LABELS)
        if not isinstance(value, (str, int)) or isinstance(value, bool):
            raise InputError(f"{path}: no label for '{clip}'; a name or a number was expected")
        labels[clip] = Label(str(value), index if isinstance(index, int) else None)
    return labels


def _first(row: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((row[key] for key in keys if row.get(key) is not None), None)


def _from_table(text: str, path: Path) -> dict[str, Label]:
    rows = [[cell.strip() for cell in row] for row in _rows(text)]
    rows = [row for row in rows if any(row)]
    if not rows:
        return {}
    header = [cell.lower() for cell in rows[0]]
    clip = next((header.index(key) for key in _CLIPS if key in header), None)
    label = next((header.index(key) for key in _LABELS if key in header), None)
    first = 1
    if clip is None or label is None:
        clip, label, first = 0, 1, 0
    labels: dict[str, Label] = {}
    for number, row in enumerate(rows[first:], first + 1):
        if len(row) <= max(clip, label) or not row[clip] or not row[label]:
            raise InputError(f'{path}, row {number}: a clip and its label were expected, found {",".join(row)!r}')
        if labels.setdefault(row[clip], Label(row[label])).name != row[label]:
            raise InputError(f"{path}, row {number}: '{row[clip]}' has two labels")
    return labels


def _rows(text: str) -> Iterable[list[str]]:
    """The rows of a table with commas, semicolons or tabs; else the last word of a line stands apart."""
    first = text.lstrip().partition('\n')[0]
    for delimiter in ',;\t':
        if delimiter in first:
            return csv.reader(io.StringIO(text), delimiter=delimiter)
    return (line.rsplit(maxsplit=1) for line in text.splitlines())


def read_class_list(path: Path) -> list[str]:
    """The class names in a file, one in each line, in the order of their numbers.

    Raises:
        InputError: It cannot be read, is empty or names a class twice.
    """
    names = [line.strip() for line in read_text(path).splitlines() if line.strip()]
    twice = sorted({name for name in names if names.count(name) > 1})
    if not names or twice:
        raise InputError(f'{path}: {f"class {twice[0]} stands twice" if twice else "no class in this file"}')
    return names


def number_classes(labels: Sequence[Label]) -> list[str]:
    """The class names in the order of their numbers: the sources' own, else the natural order of the names.

    Raises:
        InputError: Two classes have one number, or a number is missing.
    """
    named = {label.name: label.index for label in labels}
    if None in named.values():
        return sorted(named, key=natural_key)
    for label in labels:
        if named[label.name] != label.index:
            raise InputError(f"class '{label.name}' has the numbers {label.index} and {named[label.name]}")
    numbers = {index: name for name, index in named.items() if index is not None}
    if len(numbers) < len(named):
        twice = next(name for name, index in named.items() if numbers.get(index or 0, name) != name)
        raise InputError(f"class '{twice}' shares its number {named[twice]} with '{numbers[named[twice] or 0]}'")
    if min(numbers) < 0 or max(numbers) > 100_000:
        raise InputError(
            f'class numbers run from {min(numbers)} to {max(numbers)}; 0 to the number of classes expected'
        )
    return [numbers.get(index, f'class {index}') for index in range(max(numbers) + 1)]
