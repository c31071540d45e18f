"""Contact sheets: frames of a clip's skeleton from left to right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import Skeleton, get_skeleton

__all__ = ['draw_strip', 'skeleton_of']

_SIDE, _FRAMES, _GAP, _MARGIN = 150, 8, 4, 0.08
_SURE = 0.5  # of joints: MediaPipe makes up the ones that it does not see


def skeleton_of(data: Mapping[str, Any]) -> Skeleton | None:
    """The skeleton that annotations are of, None where they name none that we know."""
    try:
        return get_skeleton(data['skeleton'])
    except (KeyError, InputError):
        return None


def draw_strip(annotation: Mapping[str, Any], skeleton: Skeleton) -> NDArray[np.uint8]:
    """Frames from all of a clip, RGB, the people as large as fits; a frame in which nobody is stays dark.

    Args:
        annotation: ``keypoint`` (M, T, V, 2 or 3) and ``keypoint_score`` (M, T, V).
        skeleton: Whose joints they are.

    Raises:
        InputError: It has another number of joints.
    """
    from blazepose_skl.draw import black, draw_skeleton

    points = np.asarray(annotation['keypoint'], np.float32)[..., :2]
    scores = np.asarray(annotation.get('keypoint_score', np.ones(points.shape[:3])), np.float32)
    unseen = (points == 0).all(axis=-1) & (scores <= 0)
    points = np.where(unseen[..., None], np.nan, points)
    places = np.unique(np.linspace(0, points.shape[1] - 1, _FRAMES).round().astype(int))
    sure = scores >= _SURE
    low, scale = _frame(points[sure] if sure.any() else points)
    tiles = []
    for place in places:
        tile = black((_SIDE, _SIDE))
        for person in range(len(points)):
            draw_skeleton(tile, (points[person, place] - low) * scale, scores[person, place], skeleton)
        tiles += [tile, np.full((_SIDE, _GAP, 3), 255, np.uint8)]
    blank = np.full((_SIDE, (_FRAMES - len(places)) * (_SIDE + _GAP), 3), 255, np.uint8)
    return np.concatenate([*tiles[:-1], blank], axis=1)


def _frame(points: NDArray[np.float32]) -> tuple[NDArray[np.float32], np.float32]:
    """The corner and the scale under which most of all joints fill a tile; single ones that fly off may be outside."""
    seen = points.reshape(-1, 2)
    seen = seen[~np.isnan(seen).any(axis=1)]
    if not len(seen):
        return np.zeros(2, np.float32), np.float32(1)
    low, high = np.quantile(seen, (0.01, 0.99), axis=0)
    side = max(float((high - low).max()), 1e-6) * (1 + 2 * _MARGIN)
    corner = (low + high) / 2 - side / 2
    return np.asarray(corner, np.float32), np.float32(_SIDE / side)
