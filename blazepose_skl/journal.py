"""What a broken-off conversion has done, so that it can go on where it was.

Beside the unfinished pickle stands a journal: its first line says what the conversion was (options,
program version), each other line a clip, the end of its annotation in the pickle, and the size and time of its files.
A line counts only if the pickle reaches that far and the files are still the same.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar

import msgspec

__all__ = ['Entry', 'Journal', 'stamp_of']

R = TypeVar('R')


class Entry(msgspec.Struct, Generic[R]):
    """One clip: its record, where its label stands in the unfinished pickle, where it ends, and its files' stamp."""

    record: R
    label_at: int
    end: int
    stamp: list[int]


def stamp_of(paths: Sequence[Path]) -> list[int]:
    """Sizes and times of the first and last of some files, and their number."""
    stamps = [path.stat() for path in dict.fromkeys((paths[0], paths[-1]))]
    return [len(paths), *(number for stamp in stamps for number in (stamp.st_size, stamp.st_mtime_ns))]


class Journal(Generic[R]):
    """The journal of one conversion.

    Args:
        path: Where it stands.
        what: What the conversion is; another one's journal is not gone on with.
        record: The type of the records.
    """

    def __init__(self, path: Path, what: str, record: type[R]) -> None:
        self.path, self._what, self._record = path, what, record
        self._file: BinaryIO | None = None

    def read(self, reached: int) -> list[Entry[R]]:
        """The clips that are in an unfinished pickle of ``reached`` bytes."""
        try:
            first, *lines = self.path.read_bytes().split(b'\n')
            if msgspec.json.decode(first, type=str) != self._what:
                return []
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return []
        kind: Any = Entry[self._record]  # type: ignore[name-defined]
        decoder = msgspec.json.Decoder(kind)
        entries: list[Entry[R]] = []
        for line in lines:
            try:
                entry = decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                break  # the line that was being written
            if entry.end > reached:
                break
            entries.append(entry)
        return entries

    def start(self, entries: Sequence[Entry[R]]) -> None:
        """Begin the journal anew with the clips that are kept."""
        part = self.path.with_name(self.path.name + '.new')
        lines = [msgspec.json.encode(self._what), *map(msgspec.json.encode, entries)]
        part.write_bytes(b'\n'.join(lines) + b'\n')
        os.replace(part, self.path)
        self._file = open(self.path, 'ab')  # noqa: SIM115 - closed in close()

    def add(self, entry: Entry[R]) -> None:
        """Add a clip whose annotation is in the pickle."""
        if self._file is None:
            raise RuntimeError('the journal was not started')
        self._file.write(msgspec.json.encode(entry) + b'\n')
        self._file.flush()

    def close(self, remove: bool) -> None:
        """Close the journal, and remove it if it is not needed any more."""
        if self._file is not None:
            self._file.close()
        if remove:
            self.path.unlink(missing_ok=True)
