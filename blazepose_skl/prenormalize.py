"""``PreNormalize2D`` and ``PreNormalize3D`` of MMAction2 (``pose_transforms.py``) for the frames that are kept.

Equal to them in every bit: each number comes out of the same operations in the same order and precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.errors import InputError

__all__ = ['Alignment', 'align', 'to_picture']

Array = NDArray[Any]
Matrix = NDArray[np.float64]


def to_picture(keypoint: Array, img_shape: Sequence[float]) -> list[Array]:
    """The channels (...) of keypoints (..., C), x and y between -1 and 1 over a picture of ``img_shape`` (h, w)."""
    height, width = img_shape
    x, y, *others = (keypoint[..., axis] for axis in range(keypoint.shape[-1]))
    x, y = (
        ((place - size / 2) / (size / 2)).astype(keypoint.dtype, copy=False)
        for place, size in ((x, width), (y, height))
    )
    return [x, y, *others]


@dataclass(frozen=True)
class Alignment:
    """How the keypoints (M, T, V, 3) of a clip are laid upon one another's bodies.

    Attributes:
        people: Their order; where the second was seen in more frames, it comes first.
        frames: Those in which the first of them was seen, (T',).
        center: The joint of the first person in the first of these frames that becomes the origin, (3,).
        turns: Rotations, the first first.
    """

    people: tuple[int, ...]
    frames: NDArray[np.int64]
    center: Array
    turns: tuple[Matrix, ...] = ()

    def __call__(self, keypoint: Array) -> Array:
        """Keypoints (M, T, V, 3) in their places; a joint at the origin, which is none, stays there."""
        x, y, z = (keypoint[..., axis] != 0 for axis in range(3))
        keypoint = (keypoint - self.center) * (x | y | z)[..., None]
        for turn in self.turns:
            # No other product has the same bits; that of one precision is three times as fast.
            keypoint = np.einsum('abcd,kd->abck', keypoint.astype(np.float64, copy=False), turn)
        return keypoint


def align(
    keypoint: Array, zaxis: Sequence[int], xaxis: Sequence[int], align_spine: bool, align_shoulder: bool
) -> Alignment | None:
    """The alignment of one or two people, keypoint (M, T, V, 3); None for a clip in which nobody was seen.

    Args:
        keypoint: Nobody was seen where all joints are at the origin.
        zaxis: The joint at the bottom of the spine and the one above it.
        xaxis: The right shoulder and the left one.
        align_spine: Turn the spine upright.
        align_shoulder: Turn the shoulders along x.

    Raises:
        InputError: There are numbers and yet nobody, because all are next to nothing.
    """
    if keypoint.sum() == 0:
        return None
    seen = [np.flatnonzero(~(np.abs(person.reshape(len(person), -1)) <= 1e-8).all(1)) for person in keypoint]
    order = (1, 0) if len(seen) == 2 and len(seen[0]) < len(seen[1]) else tuple(range(len(seen)))
    frames = seen[order[0]]
    if not len(frames):
        raise InputError('all joints of all frames are at the origin, so that there is nothing to align')
    first = keypoint[order[0], frames[0]][None, None]
    alignment = Alignment(order, frames, first[0, 0, 1 if keypoint.shape[2] == 25 else -1].copy())
    first = alignment(first)
    turns = []
    for wanted, (start, end), target in (
        (align_spine, zaxis, [0, 0, 1]),
        (align_shoulder, xaxis[::-1], [1, 0, 0]),
    ):
        if wanted:
            vector = first[0, 0, end] - first[0, 0, start]
            turns.append(_turn(np.cross(vector, target), _angle(vector, np.array(target))))
            first = np.einsum('abcd,kd->abck', first, turns[-1])
    return Alignment(order, frames, alignment.center, tuple(turns))


def _angle(vector: Array, other: Array) -> float:
    """In radians; 0 where there is no direction."""
    if np.abs(vector).sum() < 1e-6 or np.abs(other).sum() < 1e-6:
        return 0
    unit, other_unit = vector / np.linalg.norm(vector), other / np.linalg.norm(other)
    return float(np.arccos(np.clip(np.dot(unit, other_unit), -1.0, 1.0)))


def _turn(axis: Array, angle: float) -> Matrix:
    """The rotation about an axis, after Euler and Rodrigues."""
    if np.abs(axis).sum() < 1e-6 or np.abs(angle) < 1e-6:
        return np.eye(3)
    axis = axis / np.sqrt(np.dot(axis, axis))
    a = np.cos(angle / 2.0)
    b, c, d = -axis * np.sin(angle / 2.0)
    aa, bb, cc, dd = a * a, b * b, c * c, d * d
    bc, ad, ac, ab, bd, cd = b * c, a * d, a * c, a * b, b * d, c * d
    return np.array(
        [
            [aa + bb - cc - dd, 2 * (bc + ad), 2 * (bd - ac)],
            [2 * (bc - ad), aa + cc - bb - dd, 2 * (cd + ab)],
            [2 * (bd + ac), 2 * (cd - ab), aa + dd - bb - cc],
        ]
    )
