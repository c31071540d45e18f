"""Dumps as NumPy arrays: MediaPipe Holistic's ``MP_Data/<class>/<clip>/<frame>.npy`` and the pose alone."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.dumps.hands import PARTS
from blazepose_skl.dumps.joints import channels_of_three
from blazepose_skl.dumps.recording import Recording
from blazepose_skl.dumps.tables import record_table
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import BLAZEPOSE, HAND, HOLISTIC, Skeleton

__all__ = ['MAGIC', 'holds_hands', 'is_one_frame', 'read_arrays']

MAGIC = b'\x93NUMPY'

_POSE = 4 * BLAZEPOSE.num_joints
_HANDS = 2 * 3 * HAND.num_joints
_FACE = 468 * 3
_HOLISTIC = _POSE + _FACE + _HANDS  # in this order


def _parse(data: bytes, place: str) -> NDArray[np.float64]:
    """The array in a .npy file. Its header is held against its length before anything is allocated."""
    try:
        file = io.BytesIO(data)
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # of files that Python 2 wrote
            shape, fortran, dtype = read(file)
    except Exception:  # numpy fails in many ways on a damaged header
        raise InputError(f'{place}: not a whole .npy file; write it again') from None
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


def holds_hands(data: bytes) -> bool:
    """Whether a .npy file holds Holistic's numbers, with those of both hands."""
    try:
        return _parse(data, '').shape[-1] in (_HOLISTIC, _POSE + _HANDS)
    except (InputError, IndexError):
        return False


def read_arrays(
    files: Sequence[tuple[str, bytes]], where: str, depth: bool = True, skeleton: Skeleton = BLAZEPOSE
) -> Recording:
    """The recording of a clip in one .npy file, (T, W) or (T, V, C), or in one, (W,), for each frame.

    W is 4, 3 or 2 numbers for each joint, or those of Holistic: 1662 (pose, face, hands), 258 without the face.
    A block of zeros is a missed frame, or a missed hand. Without depth, a third number is the score, but for
    MediaPipe's skeletons.

    Raises:
        InputError: With the place of what is wrong.
    """
    tables = []
    for place, data in files:
        array = _parse(data, place)
        if array.ndim == 3 and array.shape[1] == skeleton.num_joints:
            array = array.reshape(len(array), -1)
        tables.append(_landmarks(array[None] if array.ndim == 1 else array, place, depth, skeleton))
    return record_table('arrays', np.concatenate(tables), where)


def _landmarks(rows: NDArray[np.float64], place: str, depth: bool, skeleton: Skeleton) -> NDArray[np.float64]:
    """(T, V, 4) from rows (T, W)."""
    if rows.ndim != 2 or not len(rows):
        raise InputError(f'{place}: an array of shape {rows.shape} where a row for each frame was expected')
    width = rows.shape[1]
    if skeleton == HOLISTIC and width in (_HOLISTIC, _POSE + _HANDS):
        return _body_and_hands(rows)
    joints = skeleton.num_joints
    if skeleton.joints == BLAZEPOSE.joints and width in (_HOLISTIC, _POSE + _HANDS):
        rows = rows[:, :_POSE]
    elif skeleton.joints == BLAZEPOSE.joints and width == _HANDS:
        raise InputError(f'{place}: {width} numbers are the landmarks of two hands, without the pose')
    channels, rest = divmod(rows.shape[1], joints)
    if rest or channels not in (2, 3, 4):
        raise InputError(
            f"{place}: {width} numbers where '{skeleton.name}' has {joints} landmarks: "
            f'{_HOLISTIC} (Holistic), {4 * joints}, {3 * joints} or {2 * joints} were expected'
        )
    table = np.full((len(rows), joints, 4), np.nan)
    places = channels_of_three(skeleton, depth) if channels == 3 else range(channels)
    table[..., list(places)] = rows.reshape(len(rows), joints, channels)
    return table


def _body_and_hands(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, 75, 4) from Holistic's rows; a part of zeros was not found."""
    table = np.full((len(rows), HOLISTIC.num_joints, 4), np.nan)
    body = rows[:, :_POSE].reshape(len(rows), -1, 4)
    hands = rows[:, -_HANDS:].reshape(len(rows), 2, HAND.num_joints, 3)  # left, right
    for found, channels, part in (
        (body, 4, slice(BLAZEPOSE.num_joints)),
        *((hands[:, side], 3, PARTS[side]) for side in (0, 1)),
    ):
        there = found.any(axis=(1, 2))
        table[there, part, :channels] = found[there]
    return table
