"""An annotation set in an Arrow file, read clip by clip where it lies: what is not asked for is not in memory.

pyarrow says once where the columns lie in the file. From then on a clip's small values are looked up in a map of the
file and its arrays are read from it, so that neither the number of clips nor that of those read adds to a process's
memory, and all processes share what the system keeps of the file. (Arrays copied from the map would count as memory
of the one process that looks at them until the system needs it, in the end the whole file; to give that back now and
then costs more than the read.)
"""

from __future__ import annotations

import mmap
import os
import struct
import threading
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.arrowform import (
    COLUMN,
    HEADER,
    MAGIC,
    PAIRS,
    REALS,
    SHAPE,
    TEXTS,
    VERSION,
    VERSION_KEY,
    WHOLES,
    checksum,
    need_pyarrow,
    part_checksum,
    schema_of,
)
from blazepose_skl.errors import InputError
from blazepose_skl.plainpack import unpack
from blazepose_skl.safepickle import shown

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ['ArrowSet', 'Clips']

_CODE = struct.Struct('<I')
_WHOLE, _REAL, _PAIR, _SHAPE = (struct.Struct(form).unpack_from for form in ('<q', '<d', '<qq', '<qqqqq'))

Numbers = NDArray[np.uint32] | range


class _Batch(NamedTuple):
    """Where the columns of a record batch lie that have a value in it.

    Of each: its key, where the bits are that say in which rows there is one (-1 if in all), and where the values are.
    """

    texts: list[tuple[str, int, int, int]]  # their ends, their letters
    wholes: list[tuple[str, int, int]]
    reals: list[tuple[str, int, int]]
    pairs: list[tuple[str, int, int]]
    arrays: list[tuple[int, int, int, int]]  # their shapes, their ends, their numbers
    rest: list[tuple[int, int, int]]  # as texts
    checksums: int


# What comes of reading values that make no sense.
_DAMAGE = (ValueError, LookupError, TypeError, OverflowError, MemoryError, struct.error)


class ArrowSet:
    """An annotation set that lies in a file, as :func:`blazepose_skl.arrowwriting.write_arrow` writes it.

    It goes to another process as its path and places in the file, and is opened there again.

    Attributes:
        path: The file.
        rest: What the pickle holds beside annotations and split: the skeleton, class names.
        listed: Whether the pickle is but a list of annotations.

    Raises:
        InputError: There is no such file, it is cut short, damaged, of another version, or no set of ours.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        _check_ends(path)
        self._file = _File(path)
        try:
            self._read_structure()
        except InputError:
            raise
        except Exception as error:  # a damaged file may fail in any way
            raise self._damaged(error) from None

    def _read_structure(self) -> None:
        pa = need_pyarrow(str(self.path))
        with pa.memory_map(str(self.path)) as source:
            start = source.read_buffer().address
            source.seek(0)
            with pa.ipc.open_file(source) as reader:
                header = self._read_header(reader.schema)
                self._dtype = np.dtype(reader.schema.field(COLUMN).type.value_type.to_pandas_dtype())
                if not reader.schema.equals(schema_of(self._dtype)):
                    raise ValueError('columns that are not those of its version')
                first, *others = map(reader.get_batch, range(reader.num_record_batches))
                self._parts = self._read_parts(first, start)
                self._batches = [self._find_columns(batch, start) for batch in others]
                # The number of the first clip in each, so that the last that is not greater than a clip's has it.
                self._starts: list[int] = np.cumsum([0, *map(len, others)]).tolist()
        self.rest: dict[str, Any] = header['rest']
        self.listed: bool = header['listed']
        self._has_split: bool = header['has_split']

    def _read_header(self, schema: Any) -> dict[str, Any]:
        metadata = schema.metadata or {}
        version = metadata.get(VERSION_KEY)
        if version is None:
            raise InputError(
                f'{self.path}: an Arrow file, but not an annotation set of ours; '
                'make one with blazepose-skl convert or repack'
            )
        if version != VERSION:
            raise InputError(
                f'{self.path}: of version {shown(version.decode("utf-8", "replace"))} where this program reads version '
                f'{VERSION.decode()}; write it again from the pickle with blazepose-skl repack'
            )
        code, packed = metadata[HEADER][: _CODE.size], metadata[HEADER][_CODE.size :]
        if code != _CODE.pack(zlib.crc32(packed)):
            raise ValueError('a header with another checksum')
        return dict(unpack(packed))

    def _read_parts(self, batch: Any, start: int) -> dict[str, tuple[int, int]]:
        """Of each part of the split, where the numbers of its clips are and how many."""
        batch.validate(full=True)
        rows = batch['part_rows']
        first = rows.values.buffers()[1].address - start if len(rows.values) else 0
        offsets = rows.offsets.to_pylist()
        names = batch['part'].to_pylist()
        return {
            name: (first + 4 * begin, end - begin)
            for name, begin, end in zip(names, offsets[:-1], offsets[1:], strict=True)
        }

    def _find_columns(self, batch: Any, start: int) -> _Batch:
        batch.validate()
        size = len(self._file.map)
        bits: dict[str, int] = {}
        places: dict[str, list[int]] = {}
        for key, column in zip(batch.schema.names, batch.columns, strict=True):
            if column.null_count < len(column):
                # What is empty may be anywhere.
                buffers = [buffer if buffer is not None and buffer.size else None for buffer in column.buffers()]
                found = [-1 if buffer is None else buffer.address - start for buffer in buffers]
                if any(buffer is not None and not 0 <= at < size for buffer, at in zip(buffers, found, strict=True)):
                    raise ValueError('columns that are not in the file as they are')  # but compressed
                bits[key] = found[0] if column.null_count else -1
                places[key] = found[1:]
        return _Batch(
            texts=[(key, bits[key], places[key][0], places[key][1]) for key in TEXTS if key in places],
            wholes=[(key, bits[key], places[key][-1]) for key in WHOLES if key in places],
            reals=[(key, bits[key], places[key][-1]) for key in REALS if key in places],
            pairs=[(key, bits[key], places[key][-1]) for key in PAIRS if key in places],
            arrays=[(bits[COLUMN], places[SHAPE][-1], places[COLUMN][0], places[COLUMN][-1])]
            if COLUMN in places
            else [],
            rest=[(bits['rest'], places['rest'][0], places['rest'][1])] if 'rest' in places else [],
            checksums=places['checksum'][-1],
        )

    # -- clips --------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return int(self._starts[-1])

    def clip(self, number: int) -> dict[str, Any]:
        """The annotation of a clip, its arrays its own.

        Raises:
            InputError: What stands there makes no sense: the file is damaged.
        """
        fields, rest = self._fields(number)
        return fields if rest is None else self._with_rest(fields, rest, number)

    def _with_rest(self, fields: dict[str, Any], rest: bytes, number: int) -> dict[str, Any]:
        try:
            return {**fields, **unpack(rest)}
        except _DAMAGE as error:
            raise self._damaged(error, number) from None

    def values(self, key: str, numbers: Numbers) -> NDArray[Any]:
        """The numbers under one key (a label, a rate) of some clips that have it.

        Raises:
            InputError: A clip makes no sense: the file is damaged.
        """
        kind, dtype = ('wholes', '<i8') if key in WHOLES else ('reals', '<f8')
        found = [
            np.ndarray((rows,), dtype, self._file.map, place)
            for rows, batch in zip(np.diff(self._starts), self._batches, strict=True)
            for column, bits, place in getattr(batch, kind)
            if column == key and bits < 0
        ]
        if len(found) == len(self._batches) > 0:
            return np.concatenate(found)[numbers]
        clips = (self.clip(int(number)) for number in numbers)
        return np.array([clip[key] for clip in clips if key in clip])

    def _fields(self, number: int) -> tuple[dict[str, Any], bytes | None]:
        """What stands in the columns of a clip, and in ``rest`` if there is anything."""
        # In one piece and without calls: training waits for it, clip after clip.
        start = bisect_right(self._starts, number) - 1
        row = number - self._starts[start]
        eight, byte, bit = 8 * row, row >> 3, 1 << (row & 7)
        lies, dtype = self._file.map, self._dtype
        fields: dict[str, Any] = {}
        packed = None
        try:
            texts, wholes, reals, pairs, arrays, rest, _ = self._batches[start]
            for key, bits, ends, letters in texts:
                if bits < 0 or lies[bits + byte] & bit:
                    begin, end = _PAIR(lies, ends + eight)
                    fields[key] = lies[letters + begin : letters + end].decode()
            for key, bits, place in wholes:
                if bits < 0 or lies[bits + byte] & bit:
                    (fields[key],) = _WHOLE(lies, place + eight)
            for key, bits, place in pairs:
                if bits < 0 or lies[bits + byte] & bit:
                    fields[key] = _PAIR(lies, place + 2 * eight)
            for key, bits, place in reals:
                if bits < 0 or lies[bits + byte] & bit:
                    (fields[key],) = _REAL(lies, place + eight)
            for bits, shapes, ends, numbers in arrays:
                if bits < 0 or lies[bits + byte] & bit:
                    begin, end = _PAIR(lies, ends + eight)
                    people, frames, joints, channels, scores = _SHAPE(lies, shapes + 5 * eight)
                    if end - begin != people * frames * joints * (channels + scores) or scores not in (0, 1):
                        raise ValueError('arrays of another length than their shapes')
                    fields['keypoint'] = array = np.empty((people, frames, joints, channels), dtype)
                    buffers: tuple[NDArray[Any], ...] = (array,)
                    if scores:
                        fields['keypoint_score'] = score = np.empty((people, frames, joints), dtype)
                        buffers = array, score
                    size = dtype.itemsize
                    if _preadv(self._file.number, buffers, numbers + begin * size) != (end - begin) * size:
                        raise ValueError('an array that ends behind the file')
            for bits, ends, letters in rest:
                if bits < 0 or lies[bits + byte] & bit:
                    begin, end = _PAIR(lies, ends + eight)
                    packed = lies[letters + begin : letters + end]
        except _DAMAGE as error:
            raise self._damaged(error, number) from None
        return fields, packed

    def _checksum(self, number: int) -> int:
        start = bisect_right(self._starts, number) - 1
        place = self._batches[start].checksums + _CODE.size * (number - self._starts[start])
        return int.from_bytes(self._file.map[place : place + _CODE.size], 'little')

    def _damaged(self, error: Exception, number: int | None = None) -> InputError:
        where = self.path if number is None else f'{self.path}, clip {number}'
        reason = shown(str(error).partition('\n')[0])
        return InputError(
            f'{where}: cannot be read, the file is damaged ({type(error).__name__}: {reason}); '
            'write it again from the pickle with blazepose-skl repack'
        )

    # -- all of it ----------------------------------------------------------------------------------

    def checked(self) -> Iterator[dict[str, Any]]:
        """Every annotation, one after another.

        Raises:
            InputError: One is not what was written.
        """
        for number in range(len(self)):
            fields, rest = self._fields(number)
            if checksum(fields, rest) != self._checksum(number):
                raise InputError(
                    f'{self.path}, clip {number}: another checksum than when it was written, so the file is damaged; '
                    'write it again from the pickle with blazepose-skl repack'
                )
            yield fields if rest is None else self._with_rest(fields, rest, number)

    def others(self) -> dict[str, Any]:
        """What the pickle held beside its annotations.

        Raises:
            InputError: It is not what was written.
        """
        return {**self.rest, **({'split': self.split()} if self._has_split else {})}

    def split(self) -> dict[str, Any]:
        """The split as the pickle had it: of each part the names of its clips.

        Raises:
            InputError: It is not what was written.
        """
        pa = need_pyarrow(str(self.path))
        try:
            with pa.memory_map(str(self.path)) as source, pa.ipc.open_file(source) as reader:
                first = reader.get_batch(0)
                first.validate(full=True)
                found: dict[str, Any] = {}
                for row in range(first.num_rows):
                    name, clips, rest, code = (
                        first[key][row].as_py() for key in ('part', 'part_clips', 'rest', 'checksum')
                    )
                    numbers = first['part_rows'][row].values.to_numpy()
                    if code != part_checksum(name, clips, numbers, rest):
                        raise ValueError(f"part '{name}' has another checksum")
                    found[name] = clips if rest is None else unpack(rest)
                return found
        except Exception as error:  # a damaged file may fail in any way
            raise self._damaged(error) from None

    def numbers_in(self, part: str) -> NDArray[np.uint32]:
        """The numbers of the clips in a part of the split, in their order in the file, where they lie.

        Raises:
            InputError: There is no such part, or the file is damaged.
        """
        if part not in self._parts:
            known = ', '.join(f"'{shown(name)}' ({count} clips)" for name, (_, count) in self._parts.items()) or 'none'
            raise InputError(f"{self.path}: no split '{part}'; it has {known}")
        place, count = self._parts[part]
        try:
            numbers = np.ndarray((count,), '<u4', self._file.map, place)
        except _DAMAGE as error:
            raise self._damaged(error) from None
        if count and numbers.max() >= len(self):
            raise self._damaged(ValueError(f"part '{part}' has clips that are not there"))
        return numbers


class Clips(Sequence[dict[str, Any]]):
    """Some clips of a set, as a sequence that holds none of them.

    Each is read when it is asked for, and is then whoever's who asked.

    Attributes:
        source: The set.
        numbers: Their numbers in it.
    """

    # The part of the split that they are, if they are one.
    _part: str | None = None

    def __init__(self, source: ArrowSet, numbers: Numbers) -> None:
        self.source, self.numbers = source, numbers

    @classmethod
    def in_part(cls, source: ArrowSet, part: str | None) -> Self:
        """The clips in a part of the split, None for all clips.

        Raises:
            InputError: There is no such part, or it has no clip.
        """
        if part is None:
            return cls(source, range(len(source)))
        numbers = source.numbers_in(part)
        if not len(numbers):
            raise InputError(f"{source.path}: split '{part}' has no clip; convert again with clips in it")
        clips = cls(source, numbers)
        clips._part = part
        return clips

    def __reduce__(self) -> Any:
        # The numbers of a part's clips are in the file and need not be sent.
        if self._part is None:
            return type(self), (self.source, self.numbers)
        return self.in_part, (self.source, self._part)

    def __deepcopy__(self, memo: Any) -> Self:
        return self  # nothing in it changes

    def among(self, places: Sequence[int] | NDArray[Any]) -> Self:
        """Those at some places."""
        return type(self)(self.source, np.asarray(self.numbers, np.uint32)[np.asarray(places, np.intp)])

    def values(self, key: str) -> NDArray[Any]:
        """A small value of each that has it (:meth:`ArrowSet.values`)."""
        return self.source.values(key, self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> Self: ...
    def __getitem__(self, place: int | slice) -> dict[str, Any] | Self:
        if isinstance(place, slice):
            return type(self)(self.source, self.numbers[place])
        return self.source.clip(int(self.numbers[place]))


class _File:
    """A file that is mapped and read at places, in this process or, by its path, in another one.

    Raises:
        InputError: It cannot be opened, or is no longer the one that it was in the other process.
    """

    def __init__(self, path: Path, known: tuple[int, int] | None = None) -> None:
        self.path = path
        try:
            self._file = open(path, 'rb', buffering=0)  # noqa: SIM115 - open as long as this is
            status = os.fstat(self._file.fileno())
            self.number = self._file.fileno()
            self.map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise InputError(f'{path}: cannot be read: {error.strerror or error}') from None
        self.known = status.st_size, status.st_mtime_ns
        if known not in (None, self.known):
            raise InputError(f'{path}: has changed since it was opened; start again')

    def __reduce__(self) -> Any:
        return _File, (self.path, self.known)


_turn = threading.Lock()


def _read_in_turn(number: int, buffers: Sequence[Any], place: int) -> int:
    """``os.preadv`` for Windows, which has none."""
    with _turn:
        os.lseek(number, place, os.SEEK_SET)
        with open(number, 'rb', buffering=0, closefd=False) as file:
            return sum(file.readinto(buffer) or 0 for buffer in buffers)


_preadv: Callable[[int, Sequence[Any], int], int] = getattr(os, 'preadv', _read_in_turn)


def _check_ends(path: Path) -> None:
    """Refuse what is no Arrow file, or the beginning of one."""
    try:
        with open(path, 'rb') as file:
            begin = file.read(len(MAGIC))
            file.seek(max(len(begin), file.seek(0, 2) - len(MAGIC)))
            end = file.read()
    except FileNotFoundError:
        raise InputError(f'{path}: no such file') from None
    except OSError as error:
        raise InputError(f'{path}: cannot be read: {error.strerror or error}') from None
    if begin[:1] == b'\x80':
        raise InputError(
            f'{path}: a pickle by its first byte, named as an Arrow file; give it a name that ends in .pkl'
        )
    if not begin or not MAGIC.startswith(begin):
        raise InputError(f'{path}: not an Arrow file; make one with blazepose-skl convert or repack')
    if end != MAGIC or begin != MAGIC:
        raise InputError(
            f'{path}: cut short: an Arrow file ends in {MAGIC.decode()}; copy it again, or write it again with '
            'blazepose-skl repack'
        )
