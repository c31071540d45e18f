"""Dumps as NumPy arrays: MediaPipe Holistic's ``MP_Data/<class>/<clip>/<frame>.npy`` and the pose alone."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.dumps.joints import BLAZEPOSE
from blazepose_skl.dumps.recording import Recording
from blazepose_skl.dumps.tables import record_table
from blazepose_skl.errors import InputError

__all__ = ['MAGIC', 'is_one_frame', 'read_arrays']

MAGIC = b'\x93NUMPY'

JOINTS = BLAZEPOSE.num_joints
_POSE = 4 * JOINTS
_HANDS = 2 * 21 * 3
_FACE = 468 * 3
_HOLISTIC = _POSE + _FACE + _HANDS  # in this order


def _parse(data: bytes, place: str) -> NDArray[np.float64]:
    """The array in a .npy file. Its header is held against its length before anything is allocated."""
    try:
        file = io.BytesIO(data)
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(file)
    except Exception as error:  # numpy fails in many ways on a damaged header
        raise InputError(f'{place}: not a whole .npy file ({error})') from None
    if dtype.kind not in 'fiu':
        raise InputError(f'{place}: an array of {dtype} where numbers were expected')
    body = data[file.tell() :]
    if any(side < 0 for side in shape) or math.prod(shape) * dtype.itemsize != len(body):
        raise InputError(f'{place}: {len(body)} bytes where an array of shape {shape} was announced; the file is cut')
    array = np.frombuffer(body, dtype).reshape(shape, order='F' if fortran else 'C')
    with np.errstate(invalid='ignore'):  # NaN with a payload
        return array.astype(np.float64)


def is_one_frame(data: bytes) -> bool:
    """Whether a .npy file holds a single frame."""
    try:
        return _parse(data, '').ndim == 1
    except InputError:
        return False


def read_arrays(files: Sequence[tuple[str, bytes]], where: str) -> Recording:
    """The recording of a clip in one .npy file, (T, W) or (T, 33, C), or in one, (W,), for each frame.

    W is 1662 (Holistic: pose, face, hands), 132, 99 or 66; a block of zeros is a missed frame.

    Raises:
        InputError: With the place of what is wrong.
    """
    tables = []
    for place, data in files:
        array = _parse(data, place)
        if array.ndim == 3 and array.shape[1] == JOINTS:
            array = array.reshape(len(array), -1)
        tables.append(_landmarks(array[None] if array.ndim == 1 else array, place))
    return record_table('arrays', np.concatenate(tables), where)


def _landmarks(rows: NDArray[np.float64], place: str) -> NDArray[np.float64]:
    """(T, 33, 4) from rows (T, W)."""
    if rows.ndim != 2 or not len(rows):
        raise InputError(f'{place}: an array of shape {rows.shape} where a row for each frame was expected')
    width = rows.shape[1]
    if width in (_HOLISTIC, _POSE + _HANDS):
        rows = rows[:, :_POSE]
    elif width == _HANDS:
        raise InputError(f'{place}: {width} numbers are the landmarks of two hands, without the pose')
    channels, rest = divmod(rows.shape[1], JOINTS)
    if rest or channels not in (2, 3, 4):
        raise InputError(
            f"{place}: {width} numbers where '{BLAZEPOSE.name}' has {JOINTS} landmarks: "
            f'{_HOLISTIC} (Holistic), {_POSE}, {3 * JOINTS} or {2 * JOINTS} were expected'
        )
    table = np.full((len(rows), JOINTS, 4), np.nan)
    table[..., :channels] = rows.reshape(len(rows), JOINTS, channels)
    return table
