"""Clips that show the same, or are cuts of one video: where training and test share them, results flatter.

Three poses of each clip are compared: its first, its middle and its last. That is cheap, and misses cuts
that leave frames out between them; what it finds is worth a look and no proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ['find_joined', 'find_same', 'key_poses']

Poses = NDArray[np.float32]

# The mean distance of joints, in sizes of the body. From frame to frame it is 0.007 in ordinary recordings.
_JOINED = 0.02
_SAME = 0.005
# No picture is that large.
_FARTHEST = 1e6


def key_poses(keypoint: NDArray[Any]) -> Poses | None:
    """The first, middle and last pose of the first person, (3, V, C), None if nobody is seen or it is no number.

    Args:
        keypoint: (M, T, V, C), 0 where unseen.
    """
    present = np.flatnonzero((keypoint[0] != 0).any(axis=(1, 2)))
    if not len(present):
        return None
    poses = keypoint[0, present[[0, len(present) // 2, -1]]].astype(np.float32)
    return poses if (np.abs(poses) < _FARTHEST).all() else None


def find_same(poses: Poses) -> list[tuple[int, int]]:
    """Pairs of clips that look the same whatever the size of the picture, (N, 3, V, C) each."""
    if len(poses) < 2:
        return []
    flat = poses.reshape(len(poses), -1, poses.shape[-1])
    low, spread = flat.min(axis=1, keepdims=True), np.ptp(flat, axis=1, keepdims=True)
    flat = (flat - low) / np.where(spread > 0, spread, 1)
    reach = np.full(len(flat), _SAME, np.float32)
    return [(one, other) for one, other, _ in _near(flat, flat, reach, reach) if one < other]


def find_joined(poses: Poses) -> list[tuple[int, int]]:
    """Pairs of clips, (N, 3, V, C) each, of which the second seems to go on where the first ends.

    The second begins within a fiftieth of the body's size of the last pose of the first, none begins nearer to it,
    and none ends nearer to the beginning of the second.
    """
    if len(poses) < 2:
        return []
    sizes = np.linalg.norm(np.ptp(poses, axis=2), axis=-1).mean(axis=1)
    reach = (_JOINED * sizes).astype(np.float32)
    nearest: dict[int, tuple[float, int]] = {}
    before: dict[int, tuple[float, int]] = {}
    for one, other, distance in _near(poses[:, -1], poses[:, 0], reach, reach):
        if one != other:
            nearest[one] = min(nearest.get(one, (np.inf, -1)), (distance, other))
            before[other] = min(before.get(other, (np.inf, -1)), (distance, one))
    return [(one, other) for one, (_, other) in nearest.items() if before[other][1] == one]


def _near(ones: Poses, others: Poses, reach: Poses, others_reach: Poses) -> Iterator[tuple[int, int, float]]:
    """Pairs of poses, (N, V, C) each, no further apart than both reach, and the mean distance of their joints."""
    directions = _directions(others)
    # The mean distance of joints is no less than the mean of what any unit vectors, one for each, make of it: sorted
    # by that, few are to be tried.
    ends, others_ends = (np.einsum('nvc,dvc->nd', poses, directions) / poses.shape[1] for poses in (ones, others))
    order = np.argsort(others_ends[:, 0])
    along = others_ends[order, 0]
    starts = np.searchsorted(along, ends[:, 0] - reach, 'left')
    stops = np.searchsorted(along, ends[:, 0] + reach, 'right')
    for one, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        tried = order[start:stop]
        tried = tried[(np.abs(others_ends[tried] - ends[one]) <= reach[one]).all(axis=-1)]
        distances = np.linalg.norm(others[tried] - ones[one], axis=-1).mean(axis=-1)
        for place in np.flatnonzero(distances <= np.minimum(reach[one], others_reach[tried])):
            yield one, int(tried[place]), float(distances[place])


def _directions(poses: Poses) -> Poses:
    """Unit vectors, one for each joint, along which poses (N, V, C) differ most, (4, V, C); two thousand are seen."""
    some = poses[:: len(poses) // 2000 + 1].reshape(-1, poses.shape[1] * poses.shape[2]).astype(np.float64)
    _, _, axes = np.linalg.svd(some - some.mean(axis=0), full_matrices=False)
    axes = axes[:4].reshape(-1, *poses.shape[1:])
    return np.asarray(axes / np.maximum(np.linalg.norm(axes, axis=-1, keepdims=True), 1e-12), np.float32)
