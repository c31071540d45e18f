"""Where dumps lie: files and folders of frames, one source for each clip."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from blazepose_skl.errors import InputError

__all__ = ['File', 'Source', 'find_sources', 'natural_key', 'read_file']

_SUFFIXES = ('.json', '.jsonl', '.ndjson')


@dataclass(frozen=True)
class File:
    """One file: its path, and how messages call it (relative to the folder that was given)."""

    path: Path
    place: str


@dataclass(frozen=True)
class Source:
    """The files of one clip.

    Attributes:
        name: The clip's name: the relative path without suffix.
        files: One file, or one for each frame in order.
        per_frame: Whether there is a file for each frame.
    """

    name: str
    files: tuple[File, ...]
    per_frame: bool = False

    @property
    def place(self) -> str:
        """How messages call it."""
        return self.files[0].place if not self.per_frame else self.name + '/'


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """A sort key that puts 2 before 10.

    >>> sorted(['f10.json', 'f9.json', 'a.json'], key=natural_key)
    ['a.json', 'f9.json', 'f10.json']
    """
    # Not isdigit: it holds for characters that int() refuses.
    parts = re.split(r'([0-9]+)', name)
    return tuple((0, int(part[:4000])) if n % 2 else (1, part) for n, part in enumerate(parts))


def read_file(file: File) -> bytes:
    """The bytes of a file.

    Raises:
        InputError: It cannot be read.
    """
    try:
        return file.path.read_bytes()
    except OSError as error:
        raise InputError(f'{file.place}: cannot be read: {error.strerror}') from None


def find_sources(dumps: Path, is_frame: Callable[[File], bool]) -> Iterator[Source]:
    """The clips under a folder, or the one that a file is, in natural order.

    Args:
        dumps: A folder, searched with all folders under it, or one dump.
        is_frame: Says of a file whether it holds a single frame; asked once for each folder. Where the
            first file of a folder does, the folder is one clip with a file for each frame.

    Raises:
        InputError: There is no such folder, or no dump in it.
    """
    if dumps.is_file():
        yield Source(_without_suffix(dumps.name), (File(dumps, str(dumps)),))
        return
    if not dumps.is_dir():
        raise InputError(f'{dumps}: there is no such file or folder; give the folder with the dumps')
    found = False
    for folder, folders, names in os.walk(dumps):
        folders[:] = sorted((name for name in folders if not name.startswith('.')), key=natural_key)
        names = sorted((name for name in names if _may_be_dump(name)), key=natural_key)
        if not names:
            continue
        found = True
        here = Path(folder)
        relative = here.relative_to(dumps)
        files = tuple(File(here / name, (relative / name).as_posix()) for name in names)
        if len(files) > 1 and is_frame(files[0]):
            name = relative.as_posix() if relative.parts else dumps.resolve().name
            yield Source(name, files, per_frame=True)
        else:
            for file in files:
                yield Source(_without_suffix(file.place), (file,))
    if not found:
        raise InputError(
            f'{dumps}: no dump in this folder (looked for {", ".join(_SUFFIXES)}, in folders below it too)'
        )


def _may_be_dump(name: str) -> bool:
    return name.lower().endswith(_SUFFIXES) and not name.startswith('.')


def _without_suffix(place: str) -> str:
    lower = place.lower()
    suffix = next((suffix for suffix in sorted(_SUFFIXES, key=len, reverse=True) if lower.endswith(suffix)), '')
    return place[: len(place) - len(suffix)]
