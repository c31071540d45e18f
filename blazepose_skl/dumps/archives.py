"""Tar archives: where each file stands in them, and compressed ones unpacked once.

A compressed tar can be read from its beginning only: whoever wants its files in another order than theirs unpacks
it anew for most of them. :func:`unpacking` makes a plain tar of it, in which every process reads where it likes.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from blazepose_skl.errors import InputError

__all__ = ['DAMAGED', 'Span', 'Unpack', 'check_size', 'files_in_tar', 'read_span', 'unpacking']

# What the standard library raises on archives that are cut, damaged, encrypted or packed in ways it does not know.
DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    KeyError,
    RuntimeError,
    NotImplementedError,
    ValueError,
)

# A dump of an hour at 60 frames a second in the widest dialect is about as large as this.
_LARGEST = 4 << 30
# Text compresses about tenfold; a bomb compresses a thousandfold.
_DENSEST = 200
_PART = 1 << 22

_COMPRESSIONS: dict[bytes, Callable[[Path], Any]] = {
    b'\x1f\x8b': gzip.open,
    b'BZh': bz2.open,
    b'\xfd7zXZ\x00': lzma.open,
}


@dataclass(frozen=True)
class Span:
    """Where a file stands in a tar: ``size`` bytes from ``at`` on, unpacked if ``path`` is compressed."""

    path: Path
    at: int
    size: int


# Gives the tar to read instead of one, which messages call so.
Unpack = Callable[[Path, str], Path]


def check_size(place: str, size: int, packed: int) -> None:
    """Raise InputError if this is no size of a dump, or of one that is so small packed."""
    if size > _LARGEST:
        raise InputError(f'{place}: {packed} bytes would unpack to {size}; no dump is like that')
    _check_density(place, size, packed)


def _check_density(place: str, size: int, packed: int) -> None:
    if size > 1 << 24 and size > _DENSEST * packed:
        raise InputError(f'{place}: {packed} bytes would unpack to {size}; no dump is like that')


def _compression(path: Path) -> Callable[[Path], Any] | None:
    """What opens a compressed file, None for one that is not."""
    with open(path, 'rb') as file:
        beginning = file.read(6)
    return next((opens for magic, opens in _COMPRESSIONS.items() if beginning.startswith(magic)), None)


@contextmanager
def unpacking(folder: Path, tell: Callable[[str], Any]) -> Iterator[Unpack]:
    """A function that unpacks compressed tars, each into a file of this new folder, which is removed in the end.

    It raises InputError for one that unpacks to far more than dumps would, and what :data:`DAMAGED` names.

    Args:
        folder: What one that was killed left here is removed too.
        tell: Takes a sentence for whoever waits.
    """

    def unpack(path: Path, place: str) -> Path:
        opens = _compression(path)
        if opens is None:
            return path
        tell(f'{place}: a compressed tar cannot be read at random, so it is unpacked once beside the new pickle')
        folder.mkdir(exist_ok=True)
        plain, packed, size = folder / str(len(os.listdir(folder))), path.stat().st_size, 0
        with opens(path) as source, open(plain, 'xb') as file:
            while part := source.read(_PART):
                size += len(part)
                _check_density(place, size, packed)
                file.write(part)
        return plain

    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield unpack
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def files_in_tar(path: Path) -> dict[str, Span | str]:
    """Where each file in a tar stands, by its name, or why it cannot be read; links and devices are no files.

    Raises:
        OSError or one of :data:`DAMAGED`: It is no whole tar.
    """
    with tarfile.open(path) as archive:
        return {member.name: _span(path, member) for member in archive if member.isreg()}


def _span(path: Path, member: tarfile.TarInfo) -> Span | str:
    if member.issparse():
        return 'packed with holes; pack it without (tar --sparse does so)'
    if member.size > _LARGEST:
        return f'{member.size} bytes in an archive; no dump is like that'
    return Span(path, member.offset_data, member.size)


def read_span(span: Span) -> bytes:
    """The bytes of a file in a tar."""
    if _compression(span.path):
        stream = _stream(span.path)
        stream.seek(span.at)
        data = stream.read(span.size)
    else:
        with open(span.path, 'rb') as file:
            file.seek(span.at)
            data = file.read(span.size)
    if len(data) < span.size:
        raise EOFError('it ends in the middle')
    return data


@lru_cache(maxsize=4)
def _stream(path: Path) -> BinaryIO:
    """A compressed file, open: to go on in it is fast, to go back begins anew."""
    opens = _compression(path)
    if opens is None:
        raise EOFError('it has changed')
    stream: BinaryIO = opens(path)
    return stream
