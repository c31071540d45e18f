"""Where dumps lie: files and folders of frames, in folders or archives, one source for each clip."""

from __future__ import annotations

import gzip
import io
import os
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path, PurePosixPath

from blazepose_skl.dumps.archives import DAMAGED, Span, Unpack, check_size, files_in_tar, read_span
from blazepose_skl.errors import InputError

__all__ = ['File', 'Source', 'find_sources', 'natural_key', 'read_file']

_SUFFIXES = ('.json', '.jsonl', '.ndjson', '.csv', '.npy', '.pose')
_ZIP = ('.zip',)
_TAR = ('.tar', '.tar.gz', '.tgz', '.tar.xz', '.txz', '.tar.bz2')


@dataclass(frozen=True)
class File:
    """One file, perhaps in an archive.

    Attributes:
        path: The file or the archive.
        place: How messages call it, relative to the folder that was given.
        member: The name in the archive, '' for a file of its own.
        span: Where it stands, if the archive is a tar.
        fault: Why it cannot be read, if that is known.
    """

    path: Path
    place: str
    member: str = ''
    span: Span | None = None
    fault: str = ''


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
    if file.fault:
        raise InputError(file.fault)
    try:
        if file.span is not None:
            data = read_span(file.span)
        elif file.member:
            archive = _open_zip(file.path)
            info = archive.getinfo(file.member)
            check_size(file.place, info.file_size, info.compress_size)
            data = archive.read(file.member)
        else:
            data = file.path.read_bytes()
        return _gunzip(data, file) if data[:2] == b'\x1f\x8b' else data
    except InputError:
        raise
    except OSError as error:
        raise InputError(f'{file.place}: cannot be read: {error.strerror or error}') from None
    except DAMAGED as error:
        raise InputError(f'{file.place}: cannot be unpacked: {error}') from None


def _gunzip(data: bytes, file: File) -> bytes:
    parts, size = [], 0
    with gzip.open(io.BytesIO(data)) as stream:
        while part := stream.read(1 << 22):
            size += len(part)
            check_size(file.place, size, len(data))
            parts.append(part)
    return b''.join(parts)


@lru_cache(maxsize=4)
def _open_zip(path: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


# -- finding ----------------------------------------------------------------------------------------


def find_sources(dumps: Path, is_frame: Callable[[File], bool], unpack: Unpack | None = None) -> Iterator[Source]:
    """The clips under a folder or in an archive, or the one that a file is, in natural order.

    Args:
        dumps: A folder, searched with all folders under it and all archives in them; an archive; a dump.
        is_frame: Says of a file whether it holds a single frame; asked once for each folder. Where the
            first file of a folder does, the folder is one clip with a file for each frame.
        unpack: Gives the tar to read instead of a compressed one (:func:`.archives.unpacking`), for as long as
            the clips are read; without it that is read from its beginning for every clip that stands before the last.

    Raises:
        InputError: There is no such folder, or no dump in it.
    """
    if dumps.is_file():
        if _is_archive(dumps.name):
            files: Iterable[File] = _members(dumps, '', str(dumps), unpack)
        else:
            yield Source(_without_suffix(dumps.name), (File(dumps, str(dumps)),))
            return
    elif dumps.is_dir():
        files = _walk(dumps, unpack)
    else:
        raise InputError(f'{dumps}: there is no such file or folder; give the folder with the dumps')
    found = False
    # What cannot be read, such as a damaged archive, stands for itself under its whole name.
    for (folder, faulty), group in groupby(
        files, key=lambda file: (str(PurePosixPath(file.place).parent), bool(file.fault))
    ):
        found = True
        together = tuple(group)
        if faulty:
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


def _walk(dumps: Path, unpack: Unpack | None) -> Iterator[File]:
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
                yield from _members(path, _without_suffix(place), place, unpack)
            except InputError as error:
                yield File(path, place, fault=str(error))


def _members(path: Path, prefix: str, place: str, unpack: Unpack | None) -> list[File]:
    """The dumps in an archive, under the archive's own place without suffix."""
    spans: dict[str, Span | str] = {}
    try:
        if path.name.lower().endswith(_ZIP):
            names = [info.filename for info in _open_zip(path).infolist() if not info.is_dir()]
        else:
            spans = files_in_tar(unpack(path, place) if unpack else path)
            names = list(spans)
    except (OSError, *DAMAGED) as error:
        raise InputError(f'{place}: cannot be unpacked: {error}') from None
    for name in names:
        parts = PurePosixPath(name.replace('\\', '/')).parts
        if '..' in parts or name.startswith('/'):
            raise InputError(
                f"{place}: a member called '{name}' leads out of the archive, so the archive was not read, none of "
                'its members; pack it again with paths inside the folder'
            )
    names = [name for name in names if _may_be_dump(PurePosixPath(name).name) and '__MACOSX' not in name]
    # Folder by folder, as a tree would be walked.
    names.sort(key=lambda name: (natural_key(str(PurePosixPath(name).parent)), natural_key(PurePosixPath(name).name)))
    return [_member(path, (PurePosixPath(prefix) / name).as_posix(), name, spans.get(name)) for name in names]


def _member(path: Path, place: str, name: str, span: Span | str | None) -> File:
    if isinstance(span, str):
        return File(path, place, name, fault=f'{place}: {span}')
    return File(path, place, name, span)


def _may_be_dump(name: str) -> bool:
    return name.lower().removesuffix('.gz').endswith(_SUFFIXES) and not name.startswith('.')


def _is_archive(name: str) -> bool:
    return name.lower().endswith(_ZIP + _TAR) and not name.startswith('.')


def _without_suffix(place: str) -> str:
    lower = place.lower()
    suffixes = [suffix + packed for suffix in _SUFFIXES for packed in ('', '.gz')] + list(_ZIP + _TAR)
    suffix = max((suffix for suffix in suffixes if lower.endswith(suffix)), key=len, default='')
    return place[: len(place) - len(suffix)]
