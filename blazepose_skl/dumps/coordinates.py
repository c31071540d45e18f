"""From the numbers of a dump to pixels of the picture, or metres about the body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.clips import FloatArray
from blazepose_skl.errors import InputError

__all__ = ['UNITS', 'recognise_unit', 'scale_to_pixels', 'settle_scores', 'unseen_to_nan']

# What image coordinates may be counted in.
UNITS = ('fraction', 'pixels')

# Medians of |x| and |y| over seen joints. Good dumps of fractions have 0.3 to 0.9, with single values up to
# 3.3; the smallest pictures in pixels have 50 and more.
_FRACTION_BELOW = 2.0
_PIXELS_ABOVE = 8.0


def unseen_to_nan(landmarks: FloatArray, scores: FloatArray) -> FloatArray:
    """Landmarks (N, V, C) with NaN where writers put zeros for what they did not see.

    A joint at exactly (0, 0) with score 0, and a person all of whose joints are there.
    """
    zero = (landmarks[..., :2] == 0).all(-1)
    unseen = (zero & (scores == 0)) | zero.all(-1, keepdims=True) | np.isnan(landmarks[..., :2]).any(-1)
    if not unseen.any():
        return landmarks
    landmarks = landmarks.copy()
    landmarks[unseen] = np.nan
    return landmarks


def settle_scores(scores: FloatArray, seen: NDArray[np.bool_]) -> tuple[FloatArray, str]:
    """Scores (N, V) in 0..1, 0 where unseen, 1 where the dump has none; and a note on what they were, or ''.

    COCO's 0, 1, 2 become 0, 0.5, 1. Where other scores leave 0..1 they are taken for the arguments of a
    sigmoid, as early MediaPipe versions wrote them.
    """
    note = ''
    given = scores[~np.isnan(scores)]
    if given.size and (given.min() < -1e-3 or given.max() > 1 + 1e-3):
        if set(np.unique(given)) <= {0, 1, 2}:
            note, scores = "COCO's visibility 0, 1, 2 taken as 0, 0.5, 1", scores * np.float32(0.5)
        else:
            note = f'scores from {given.min():.2f} to {given.max():.2f} taken for arguments of a sigmoid'
            scores = (1 / (1 + np.exp(-np.clip(scores.astype(np.float64), -80, 80)))).astype(np.float32)
    scores = np.where(np.isnan(scores), np.float32(1), scores)
    return np.where(seen, scores.clip(0, 1), 0).astype(np.float32), note


def recognise_unit(landmarks: FloatArray, where: str) -> str:
    """'fraction' or 'pixels', from the bulk of the values and never from single ones.

    Args:
        landmarks: (N, V, C), C >= 2, NaN where unseen.
        where: For messages.

    Raises:
        InputError: The bulk lies where either may be.
    """
    values = np.abs(landmarks[..., :2])
    middle = float(np.median(values[~np.isnan(values)]))
    if middle < _FRACTION_BELOW:
        return 'fraction'
    if middle > _PIXELS_ABOVE:
        return 'pixels'
    raise InputError(
        f'{where}: coordinates about {middle:.1f} may be fractions or pixels; say which with --coordinates'
    )


def scale_to_pixels(landmarks: FloatArray, unit: str, size: tuple[int, int]) -> FloatArray:
    """x and y in pixels, (N, V, 2)."""
    scale = np.array(size if unit == 'fraction' else (1, 1), np.float32)
    return np.asarray(landmarks[..., :2] * scale, np.float32)
