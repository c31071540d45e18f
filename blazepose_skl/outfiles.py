"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from blazepose_skl.errors import InputError

__all__ = ['appearing', 'check_not_input', 'check_place', 'write_folder', 'write_whole']


def check_place(path: Path, *suffixes: str) -> None:
    """Nothing, if a file can be written there; its folder is made. To be asked before long work.

    Raises:
        InputError: It cannot, or its name ends in none of the suffixes.
    """
    if suffixes and path.suffix.lower() not in suffixes:
        raise InputError(f'{path}: its name must end in {" or ".join(suffixes)}; name the file to write so')
    if path.is_dir():
        raise InputError(f'{path} is a folder; give the name of the file to write')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise InputError(f'{path}: cannot be written: {error.strerror}; choose another folder') from None


def check_not_input(path: Path | None, source: str) -> None:
    """Nothing, unless the file to write is the one that is read, be it a member of it (``FILE:MEMBER``).

    Raises:
        InputError: It is.
    """
    for name in (source, source.rpartition(':')[0]):
        if path is not None and name and path.exists() and Path(name).exists() and path.samefile(name):
            raise InputError(f'{path}: is the input itself, which would be lost; give another file to write')


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """The path to write to; the file gets its name when it is whole, and is removed if anything fails.

    Raises:
        InputError: It cannot be written.
    """
    part = path.with_name(path.name + '.part')
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        raise InputError(f'{path}: cannot be written: {error.strerror or error}') from None
    finally:
        part.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file; one that is there is replaced when the new one is whole.

    Raises:
        InputError: It cannot be written.
    """
    with appearing(path) as part:
        part.write_bytes(content)


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder of files by name; one that is there is replaced when the new one is whole.

    Raises:
        InputError: It cannot be written.
    """
    part = folder.with_name(folder.name + '.part')
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for name, content in files.items():
            (part / name).write_bytes(content)
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(part, folder)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise InputError(f'{folder}: cannot be written: {error.strerror}') from None
