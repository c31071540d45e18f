"""The form of an annotation set in an Apache Arrow IPC file: which columns there are, and what stands in them.

For sets larger than memory (:mod:`blazepose_skl.arrowset` reads them). The first record batch has a row for each
part of the split, the others a row for each clip: the columns of the other kind are null there.

* ``frame_dir``, ``label``, ``total_frames``, ``img_shape``, ``original_shape``, ``fps``, ``missed``: as in the
  annotation, null where it has no such key or a value of another type.
* ``arrays``: all numbers of ``keypoint`` (M, T, V, C), one after another, and behind them those of ``keypoint_score``
  (M, T, V), if there is one. One read takes both.
* ``arrays_shape``: M, T, V, C, and how many numbers a joint's score has, 1 or 0.
* ``rest``: what else the annotation holds (:mod:`blazepose_skl.plainpack`), also arrays without numbers or of another
  type than the set's; null if nothing.
* ``part``, ``part_clips``, ``part_rows``: the name of a part, the clips that the pickle lists for it, and which of
  the clips here these are, in the order in which they stand here.
* ``checksum``: CRC-32 of the row.

The schema's metadata has the version of this form, and what the pickle holds beside annotations and split.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from blazepose_skl.errors import InputError
from blazepose_skl.plainpack import pack

__all__ = [
    'ARRAYS',
    'COLUMN',
    'HEADER',
    'MAGIC',
    'PAIRS',
    'REALS',
    'SHAPE',
    'SUFFIX',
    'TEXTS',
    'VERSION',
    'VERSION_KEY',
    'WHOLES',
    'checksum',
    'fields_of',
    'is_arrow',
    'is_text',
    'need_pyarrow',
    'part_checksum',
    'schema_of',
]

SUFFIX = '.arrow'
# What such a file begins and ends with.
MAGIC = b'ARROW1'
VERSION = b'2'
VERSION_KEY, HEADER = b'blazepose_skl.version', b'blazepose_skl.header'

# The columns by what stands in them.
TEXTS = ('frame_dir',)
WHOLES = ('label', 'total_frames')
PAIRS = ('img_shape', 'original_shape')
REALS = ('fps', 'missed')
ARRAYS = ('keypoint', 'keypoint_score')
# Where both are.
COLUMN, SHAPE = 'arrays', 'arrays_shape'

_SMALL = (*TEXTS, *WHOLES, *PAIRS, *REALS)


def is_arrow(path: Path) -> bool:
    """Whether a file is an Arrow file by its name."""
    return path.suffix.lower() == SUFFIX


def need_pyarrow(what: str) -> ModuleType:
    """The module ``pyarrow``; ``what`` it is for is for the error.

    Raises:
        InputError: It is not installed.
    """
    try:
        import pyarrow
    except ImportError:
        raise InputError(f"{what} needs pyarrow, which is absent; pip install 'blazepose-skl[arrow]'") from None
    return pyarrow  # type: ignore[no-any-return]


def schema_of(dtype: np.dtype[Any], metadata: Mapping[bytes, bytes] | None = None) -> Any:
    """The Arrow schema of a set whose arrays are of some type (float16, float32 or float64)."""
    pa = need_pyarrow('an Arrow file')
    columns: dict[str, Any] = {
        **{key: pa.large_string() for key in TEXTS},
        **{key: pa.int64() for key in WHOLES},
        **{key: pa.list_(pa.int64(), 2) for key in PAIRS},
        **{key: pa.float64() for key in REALS},
    }
    columns[SHAPE] = pa.list_(pa.int64(), 5)
    columns[COLUMN] = pa.large_list(pa.from_numpy_dtype(dtype))
    columns |= dict(rest=pa.large_binary(), checksum=pa.uint32())
    columns |= dict(part=pa.large_string(), part_clips=pa.large_list(pa.large_string()))
    columns |= dict(part_rows=pa.large_list(pa.uint32()))
    return pa.schema(columns, metadata=metadata)


def fields_of(annotation: Mapping[Any, Any], dtype: np.dtype[Any]) -> dict[str, Any]:
    """What of an annotation its columns give back as what it is, type and all."""
    keypoint = annotation.get('keypoint')
    shape = keypoint.shape if isinstance(keypoint, np.ndarray) else ()

    def fits(key: Any, value: Any) -> bool:
        if key in ARRAYS:
            axes = 4 if key == 'keypoint' else 3
            array = isinstance(value, np.ndarray) and value.dtype == dtype and value.size > 0
            return array and len(shape) == 4 and value.shape == shape[:axes]
        if key in WHOLES:
            return _is_whole(value)
        if key in PAIRS:
            return type(value) is tuple and len(value) == 2 and all(map(_is_whole, value))
        if key in REALS:
            return type(value) is float
        return key in TEXTS and is_text(value)

    fields = {key: value for key, value in annotation.items() if fits(key, value)}
    if 'keypoint' not in fields:
        fields.pop('keypoint_score', None)
    return fields


def is_text(value: Any) -> bool:
    """Whether a value is text that UTF-8 can hold."""
    try:
        return type(value) is str and value.encode() is not None
    except UnicodeEncodeError:  # half a surrogate pair
        return False


def _is_whole(value: Any) -> bool:
    return type(value) is int and -(1 << 63) <= value < 1 << 63


def checksum(fields: Mapping[str, Any], rest: bytes | None) -> int:
    """The CRC-32 of a clip's row, from what stands in its columns."""
    small = [rest, *(fields.get(key) for key in _SMALL)]
    arrays = [fields.get(key) for key in ARRAYS]
    code = zlib.crc32(pack([*small, *(None if array is None else array.shape for array in arrays)]))
    for array in arrays:
        if array is not None:
            code = zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data, code)
    return code


def part_checksum(name: str, clips: Sequence[str] | None, rows: Any, rest: bytes | None) -> int:
    """The CRC-32 of the row of a part of the split."""
    return zlib.crc32('\n'.join(clips or ()).encode(), zlib.crc32(rows.tobytes(), zlib.crc32(pack([name, rest]))))
