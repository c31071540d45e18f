"""Where dumps lie: files and folders of frames, in folders or archives, one source for each clip."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path, PurePosixPath

from blazepose_skl.errors import InputError

__all__ = ['File', 'Source', 'find_sources', 'natural_key', 'read_file']

_SUFFIXES = ('.json', '.jsonl', '.ndjson', '.csv', '.npy', '.pose')
_ZIP = ('.zip',)
_TAR = ('.tar', '.tar.gz', '.tgz', '.tar.xz', '.txz', '.tar.bz2')

# What the standard library raises on archives that are cut, damaged, encrypted or packed in ways it does not know.
_DAMAGED = (
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


@dataclass(frozen=True)
class File:
    """One file, perhaps in an archive.

    Attributes:
        path: The file or the archive.
        place: How messages call it, relative to the folder that was given.
        member: The name in the archive, '' for a file of its own.
    """

    path: Path
    place: str
    member: str = ''


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
    # Not isdigit: it holds for characters that int() refuses; nor does int() take any length.
    parts = re.split(r'([0-9]+)', name)
    return tuple((0, int(part[:4000])) if n % 2 else (1, part) for n, part in enumerate(parts))


# -- reading ----------------------------------------------------------------------------------------


def read_file(file: File) -> bytes:
    """The bytes of a file, unpacked if it is gzipped.

    Raises:
        InputError: It cannot be read, or unpacks to far more than a dump would.
    """
    try:
        if _is_archive(file.place):
            # Not to be unpacked, or its members would stand here: this says why.
            _members(file.path, '', file.place)
            raise InputError(f'{file.place}: an archive where a dump was expected')
        if not file.member:
            data = file.path.read_bytes()
        elif file.path.name.lower().endswith(_ZIP):
            archive = _open_zip(file.path)
            _check_size(file, archive.getinfo(file.member).file_size, archive.getinfo(file.member).compress_size)
            data = archive.read(file.member)
        else:
            member = _open_tar(file.path).extractfile(_tar_members(file.path)[file.member])
            data = member.read() if member else b''
        return _gunzip(data, file) if data[:2] == b'\x1f\x8b' else data
    except InputError:
        raise
    except OSError as error:
        raise InputError(f'{file.place}: cannot be read: {error.strerror or error}') from None
    except _DAMAGED as error:
        raise InputError(f'{file.place}: cannot be unpacked: {error}') from None


def _check_size(file: File, size: int, packed: int) -> None:
    if size > _LARGEST or (size > 1 << 24 and size > _DENSEST * packed):
        raise InputError(f'{file.place}: {packed} bytes would unpack to {size}; no dump is like that')


def _gunzip(data: bytes, file: File) -> bytes:
    parts, size = [], 0
    with gzip.open(io.BytesIO(data)) as stream:
        while part := stream.read(1 << 22):
            size += len(part)
            _check_size(file, size, len(data))
            parts.append(part)
    return b''.join(parts)


@lru_cache(maxsize=4)
def _open_zip(path: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


@lru_cache(maxsize=4)
def _open_tar(path: Path) -> tarfile.TarFile:
    return tarfile.open(path)


@lru_cache(maxsize=4)
def _tar_members(path: Path) -> dict[str, tarfile.TarInfo]:
    # Links and devices are no files; what a name says about folders does not matter, since nothing is unpacked.
    return {member.name: member for member in _open_tar(path) if member.isreg() and member.size <= _LARGEST}


# -- finding ----------------------------------------------------------------------------------------


def find_sources(dumps: Path, is_frame: Callable[[File], bool]) -> Iterator[Source]:
    """The clips under a folder or in an archive, or the one that a file is, in natural order.

    Args:
        dumps: A folder, searched with all folders under it and all archives in them; an archive; a dump.
        is_frame: Says of a file whether it holds a single frame; asked once for each folder. Where the
            first file of a folder does, the folder is one clip with a file for each frame.

    Raises:
        InputError: There is no such folder, or no dump in it.
    """
    if dumps.is_file():
        if _is_archive(dumps.name):
            files: Iterable[File] = _members(dumps, '', str(dumps))
        else:
            yield Source(_without_suffix(dumps.name), (File(dumps, str(dumps)),))
            return
    elif dumps.is_dir():
        files = _walk(dumps)
    else:
        raise InputError(f'{dumps}: there is no such file or folder; give the folder with the dumps')
    found = False
    # A damaged archive stands for itself, under its whole name, for read_file to say what is wrong with it.
    for (folder, damaged), group in groupby(
        files, key=lambda file: (str(PurePosixPath(file.place).parent), _is_archive(file.place))
    ):
        found = True
        together = tuple(group)
        if damaged:
            yield from (Source(file.place, (file,)) for file in together)
            continue
        if len(together) > 1 and is_frame(together[0]):
            yield Source(dumps.resolve().name if folder == '.' else folder, together, per_frame=True)
        else:
            for file in together:
                yield Source(_without_suffix(file.place), (file,))
    if not found:
        raise InputError(
            f'{dumps}: no dump in this folder (looked for {", ".join(_SUFFIXES)}, also gzipped, in zip and tar '
            'archives and in folders below it); blazepose-skl extract makes dumps of videos'
        )


def _walk(dumps: Path) -> Iterator[File]:
    # Of each folder to come, where it and those above it really are: a link may lead back to one of them.
    above: dict[str, tuple[str, ...]] = {str(dumps): (os.path.realpath(dumps),)}
    for folder, folders, names in os.walk(dumps, followlinks=True):
        chain = above.pop(folder)
        folders[:] = sorted((name for name in folders if not name.startswith('.')), key=natural_key)
        for name in list(folders):
            inner = os.path.join(folder, name)
            real = os.path.realpath(inner) if os.path.islink(inner) else os.path.join(chain[-1], name)
            if real in chain:
                folders.remove(name)
            else:
                above[inner] = (*chain, real)
        relative = Path(folder).relative_to(dumps)
        archives = []
        for name in sorted(names, key=natural_key):
            place = (relative / name).as_posix()
            if _may_be_dump(name):
                yield File(Path(folder, name), place)
            elif _is_archive(name):
                archives.append((Path(folder, name), place))
        for path, place in archives:
            try:
                yield from _members(path, _without_suffix(place), place)
            except InputError:
                yield File(path, place)


def _members(path: Path, prefix: str, place: str) -> list[File]:
    """The dumps in an archive, under the archive's own place without suffix."""
    try:
        if path.name.lower().endswith(_ZIP):
            names = [info.filename for info in _open_zip(path).infolist() if not info.is_dir()]
        else:
            names = list(_tar_members(path))
    except (OSError, *_DAMAGED) as error:
        raise InputError(f'{place}: cannot be unpacked: {error}') from None
    for name in names:
        parts = PurePosixPath(name.replace('\\', '/')).parts
        if '..' in parts or name.startswith('/'):
            raise InputError(f"{place}: a member called '{name}' leads out of the archive; it was not read")
    names = [name for name in names if _may_be_dump(PurePosixPath(name).name) and '__MACOSX' not in name]
    # Folder by folder, as a tree would be walked.
    names.sort(key=lambda name: (natural_key(str(PurePosixPath(name).parent)), natural_key(PurePosixPath(name).name)))
    return [File(path, (PurePosixPath(prefix) / name).as_posix(), name) for name in names]


def _may_be_dump(name: str) -> bool:
    return name.lower().removesuffix('.gz').endswith(_SUFFIXES) and not name.startswith('.')


def _is_archive(name: str) -> bool:
    return name.lower().endswith(_ZIP + _TAR) and not name.startswith('.')


def _without_suffix(place: str) -> str:
    lower = place.lower()
    suffixes = [suffix + packed for suffix in _SUFFIXES for packed in ('', '.gz')] + list(_ZIP + _TAR)
    suffix = max((suffix for suffix in suffixes if lower.endswith(suffix)), key=len, default='')
    return place[: len(place) - len(suffix)]
