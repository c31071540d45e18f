"""An annotation pickle written as an Arrow file (:mod:`blazepose_skl.arrowform`), clip after clip."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.annotationstream import stream_form
from blazepose_skl.arrowform import (
    ARRAYS,
    COLUMN,
    HEADER,
    SHAPE,
    VERSION,
    VERSION_KEY,
    checksum,
    fields_of,
    is_text,
    need_pyarrow,
    part_checksum,
    schema_of,
)
from blazepose_skl.errors import InputError
from blazepose_skl.outfiles import appearing
from blazepose_skl.plainpack import pack

__all__ = ['write_arrow']

# Bytes of a record batch: what is held while it is filled, twice while it is written. Readers keep some places of each.
_BATCH = 64 << 20
# What a clip takes of that beside its arrays.
_CLIP = 1 << 10


def write_arrow(pickle: Path, out: Path, track: Callable[[Sequence[int]], Iterable[int]] = iter) -> int:
    """Write what an annotation pickle holds into an Arrow file; how many clips it has.

    The pickle is read twice, clip by clip: memory grows with the names of the clips only. The file appears whole or
    not at all, and nothing in the pickle is executed.

    Args:
        pickle: The pickle.
        out: The file.
        track: Wraps the numbers of the clips, to show progress.

    Raises:
        InputError: The pickle cannot be read, holds what cannot be written, or the file cannot be written.
    """
    pa = need_pyarrow(str(out))
    look = _Look()
    rest, listed = stream_form(pickle, look.at)
    split = rest.get('split')
    # Whatever else may be there in its place is kept as it is, and is no split to train on.
    has_split = isinstance(split, dict) and all(is_text(part) for part in split)
    parts = dict(rest.pop('split')) if has_split else {}
    try:
        header = pack(dict(rest=rest, listed=listed, has_split=has_split))
    except InputError as error:
        raise InputError(f'{pickle}: beside the annotations it holds {error}') from None
    metadata = {VERSION_KEY: VERSION, HEADER: struct.pack('<I', zlib.crc32(header)) + header}
    schema = schema_of(look.dtype, metadata)
    progress = iter(track(range(len(look.names))))
    with appearing(out) as part:
        with pa.OSFile(str(part), 'wb') as file, pa.ipc.new_file(file, schema) as writer:
            writer.write_batch(_batch(schema, [_part_row(name, clips, look) for name, clips in parts.items()]))
            rows: list[dict[str, Any]] = []
            number = held = 0

            def add(annotation: dict[str, Any]) -> None:
                nonlocal number, held
                next(progress, None)
                row = _clip_row(annotation, look.dtype, f'{pickle}, annotation {number}')
                rows.append(row)
                number += 1
                held += _CLIP + sum(row[key].nbytes for key in ARRAYS if key in row) + len(row['rest'] or b'')
                if held > _BATCH:
                    writer.write_batch(_batch(schema, rows))
                    rows.clear()
                    held = 0

            stream_form(pickle, add)
            if rows:
                writer.write_batch(_batch(schema, rows))
        with open(part, 'rb') as file:
            os.fsync(file.fileno())
        next(progress, None)
    return number


class _Look:
    """What is to be known of all clips before the first is written."""

    def __init__(self) -> None:
        self.names: list[Any] = []
        # Of the first keypoints that may stand in a column.
        self.dtype = np.dtype('<f4')
        self._key = 'frame_dir'
        self._seen = False

    def at(self, annotation: Mapping[str, Any]) -> None:
        if not self.names and 'filename' in annotation:  # as MMAction2 decides it
            self._key = 'filename'
        name = annotation.get(self._key)
        self.names.append(name if _is_hashable(name) else None)
        array = annotation.get('keypoint')
        if not self._seen and isinstance(array, np.ndarray) and array.dtype.str in ('<f2', '<f4', '<f8'):
            self.dtype, self._seen = array.dtype, True

    def numbers_of(self, clips: Any) -> NDArray[np.uint32]:
        """The numbers of the clips with some names, in their own order."""
        try:
            wanted = set(clips)
        except TypeError:  # no names
            return np.empty(0, np.uint32)
        return np.array([number for number, name in enumerate(self.names) if name in wanted], np.uint32)


def _is_hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:  # as of a tuple with a list in it
        return False
    return True


def _part_row(name: str, clips: Any, look: _Look) -> dict[str, Any]:
    numbers = look.numbers_of(clips)
    names = clips if type(clips) is list and all(is_text(clip) for clip in clips) else None
    rest = pack(clips) if names is None else None
    code = part_checksum(name, names, numbers, rest)
    return dict(part=name, part_clips=names, part_rows=numbers, rest=rest, checksum=code)


def _clip_row(annotation: Mapping[str, Any], dtype: np.dtype[Any], where: str) -> dict[str, Any]:
    row = fields_of(annotation, dtype)
    rest = {key: value for key, value in annotation.items() if key not in row}
    try:
        packed = pack(rest) if rest else None
    except InputError as error:
        raise InputError(f'{where}: it holds {error}') from None
    return row | dict(rest=packed, checksum=checksum(row, packed))


def _batch(schema: Any, rows: Sequence[Mapping[str, Any]]) -> Any:
    """A record batch of some rows."""
    pa = need_pyarrow('an Arrow file')
    columns = []
    values: list[Any]
    for field in schema:
        if field.name == SHAPE:
            values = [
                (*row['keypoint'].shape, int('keypoint_score' in row)) if 'keypoint' in row else None for row in rows
            ]
        elif field.name == COLUMN:
            values = [[row[key] for key in ARRAYS if key in row] for row in rows]
        elif field.name == 'part_rows':
            values = [[row[field.name]] if field.name in row else [] for row in rows]
        else:
            values = [row.get(field.name) for row in rows]
        lists = field.name in (COLUMN, 'part_rows')
        columns.append(_lists(pa, field.type, values) if lists else pa.array(values, field.type))
    return pa.record_batch(columns, schema=schema)


def _lists(pa: Any, kind: Any, rows: Sequence[Sequence[NDArray[Any]]]) -> Any:
    """A column of lists of numbers: of each row those of its arrays, null if it has none."""
    ends = np.cumsum([0, *(sum(array.size for array in arrays) for arrays in rows)])
    flat = [array.reshape(-1) for arrays in rows for array in arrays]
    numbers = np.concatenate(flat) if flat else np.empty(0, kind.value_type.to_pandas_dtype())
    missing = np.array([not arrays for arrays in rows], bool)
    return pa.LargeListArray.from_arrays(
        pa.array(ends, pa.int64()), pa.array(numbers, kind.value_type), mask=pa.array(missing)
    )
