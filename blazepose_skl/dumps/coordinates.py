"""From the numbers of a dump to pixels of the picture, or metres about the body."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.clips import FloatArray
from blazepose_skl.dumps.joints import BLAZEPOSE
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import Skeleton

__all__ = [
    'UNITS',
    'WORLD_UNITS',
    'is_about_the_body',
    'points_up',
    'recognise_unit',
    'scale_to_metres',
    'scale_to_pixels',
    'settle_scores',
    'unseen_to_nan',
]

# What coordinates may be counted in: shares of the picture's sides, of one of them, pixels; or about the body.
IMAGE_UNITS = ('fraction', 'width', 'height', 'pixels')
WORLD_UNITS = ('metres', 'centimetres')
UNITS = IMAGE_UNITS + WORLD_UNITS

# Medians of |x| and |y| over seen joints. Good dumps of fractions have 0.3 to 0.9, with single values up to
# 3.3; the smallest pictures in pixels have 50 and more.
_FRACTION_BELOW = 2.0
_PIXELS_ABOVE = 8.0
# The median of scores in percent; the sigmoid of 20 is 1 - 2e-9, and MediaPipe's were hardly above 10.
_PERCENT_ABOVE = 20.0
# So far beyond a side of the picture no camera keeps a head for half of a clip.
_BEYOND = 1.05


def unseen_to_nan(landmarks: FloatArray, scores: FloatArray) -> FloatArray:
    """Landmarks (N, V, C) with NaN where writers put zeros for what they did not see.

    A joint at exactly (0, 0) with score 0, and a person all of whose joints are there.
    """
    x, y = landmarks[..., 0], landmarks[..., 1]
    zero = (x == 0) & (y == 0)
    unseen = (zero & (scores == 0)) | zero.all(-1, keepdims=True) | np.isnan(x) | np.isnan(y)
    if not unseen.any():
        return landmarks
    landmarks = landmarks.copy()
    landmarks[unseen] = np.nan
    return landmarks


def settle_scores(scores: FloatArray, seen: NDArray[np.bool_]) -> tuple[FloatArray, str]:
    """Scores (N, V) in 0..1, 0 where unseen, 1 where the dump has none; and a note on what they were, or ''.

    COCO's 0, 1, 2 become 0, 0.5, 1. Where other scores leave 0..1 they are percent if all are in 0..100 and their
    bulk is beyond what a sigmoid tells from 1; else they are taken for the arguments of a sigmoid, as early
    MediaPipe versions wrote them.
    """
    # Any NaN makes this false: the usual scores need no settling.
    if scores.min() >= 0 and scores.max() <= 1 and seen.all():
        return scores, ''
    note = ''
    given = scores[~np.isnan(scores)]
    if given.size and (given.min() < -1e-3 or given.max() > 1 + 1e-3):
        if set(np.unique(given)) <= {0, 1, 2}:
            note, scores = "COCO's visibility 0, 1, 2 taken as 0, 0.5, 1", scores * np.float32(0.5)
        elif given.min() >= 0 and given.max() <= 100 and np.median(given) > _PERCENT_ABOVE:
            note, scores = 'scores in percent, divided by 100', scores * np.float32(0.01)
        else:
            note = f'scores from {given.min():.2f} to {given.max():.2f} taken for arguments of a sigmoid'
            with np.errstate(invalid='ignore'):  # NaN with a payload
                wide = scores.astype(np.float64)
            scores = (1 / (1 + np.exp(-np.clip(wide, -80, 80)))).astype(np.float32)
    scores = np.where(np.isnan(scores), np.float32(1), scores)
    return np.where(seen, scores.clip(0, 1), 0).astype(np.float32), note


_SHOULDERS = ('left_shoulder', 'right_shoulder')
_HIPS = ('left_hip', 'right_hip')


@lru_cache(maxsize=64)
def _places(skeleton: Skeleton, joints: tuple[str, ...]) -> list[int]:
    """Where some joints are, [] if the skeleton has not all of them."""
    return [skeleton.index(joint) for joint in joints] if set(joints) <= set(skeleton.joints) else []


def _median(values: FloatArray) -> float:
    # A good deal faster than np.median; NaN are sorted to the end.
    ordered = np.sort(values, axis=None)
    seen = ordered.size - int(np.isnan(ordered).sum())
    return float(ordered[(seen - 1) // 2] + ordered[seen // 2]) / 2 if seen else float('nan')


def _torso(landmarks: FloatArray, skeleton: Skeleton) -> FloatArray:
    """From the middle of the hips to that of the shoulders, (N, C), NaN for a skeleton that has none."""
    hips, shoulders = _places(skeleton, _HIPS), _places(skeleton, _SHOULDERS)
    if not (hips and shoulders):
        return np.full((len(landmarks), landmarks.shape[-1]), np.nan, np.float32)
    return np.asarray(landmarks[:, shoulders].mean(1) - landmarks[:, hips].mean(1), np.float32)


def is_about_the_body(landmarks: FloatArray, skeleton: Skeleton = BLAZEPOSE) -> bool:
    """Whether landmarks (N, V, 3) have their origin between the hips, as MediaPipe's world landmarks have.

    So they do where the hips lie within a tenth of the torso from it in nine of ten detections; some thirty are tried.
    """
    ends = [_places(skeleton, _HIPS), _places(skeleton, _SHOULDERS)]
    if not all(ends):
        return False
    landmarks = landmarks[:: len(landmarks) // 40 + 1, :, :2]
    # Twice the vectors, squared: every dump comes by here.
    hips, shoulders = (landmarks[:, left] + landmarks[:, right] for left, right in ends)
    middle, torso = (np.square(vectors).sum(-1) for vectors in (hips, shoulders - hips))
    known = int(len(torso) - np.isnan(torso).sum())
    return known > 0 and int((middle <= 0.01 * torso).sum()) >= 0.9 * known  # where either is NaN it is not less


def recognise_unit(landmarks: FloatArray, where: str, skeleton: Skeleton = BLAZEPOSE) -> str:
    """The unit of landmarks in the picture, from the bulk of the values and never from single ones.

    Legs and hands are often outside the picture, nose and shoulders hardly ever: where they are beyond
    its right or lower side, both coordinates were divided by the other side alone.

    Args:
        landmarks: (N, V, C), C >= 2, NaN where unseen.
        where: For messages.
        skeleton: One without nose and shoulders is looked at as a whole.

    Raises:
        InputError: The bulk lies where either may be.
    """
    # Some thirty detections from all over the clip tell the bulk as well as all.
    landmarks = landmarks[:: len(landmarks) // 40 + 1]
    middle = _median(np.abs(landmarks[..., :2]))
    if middle < _FRACTION_BELOW:
        upper = _places(skeleton, ('nose', *_SHOULDERS)) or slice(None)
        x, y = (_median(landmarks[:, upper, axis]) for axis in (0, 1))
        if x > _BEYOND and y <= 1:
            return 'height'
        return 'width' if y > _BEYOND and x <= 1 else 'fraction'
    if middle > _PIXELS_ABOVE:
        return 'pixels'
    raise InputError(
        f'{where}: coordinates about {middle:.1f} may be fractions or pixels; say which with --coordinates'
    )


def scale_to_pixels(landmarks: FloatArray, unit: str, size: tuple[int, int]) -> FloatArray:
    """x and y in pixels, (N, V, 2)."""
    width, height = size
    scale = {'fraction': (width, height), 'width': (width, width), 'height': (height, height), 'pixels': (1, 1)}[unit]
    flat = np.ascontiguousarray(landmarks[..., :2]).reshape(len(landmarks), -1)
    # All joints of a detection in one row: NumPy is slow where the last axis has two items.
    scales = np.tile(np.array(scale, np.float32), landmarks.shape[1])
    return np.asarray(flat * scales, np.float32).reshape(*landmarks.shape[:2], 2)


def scale_to_metres(landmarks: FloatArray, unit: str | None, skeleton: Skeleton = BLAZEPOSE) -> tuple[FloatArray, str]:
    """Landmarks (N, V, 3) in metres, and their unit; without one, a torso longer than three is in centimetres."""
    if unit is None:
        unit = 'centimetres' if _median(np.linalg.norm(_torso(landmarks, skeleton)[:, :2], axis=-1)) > 3 else 'metres'
    return (np.asarray(landmarks * np.float32(0.01), np.float32) if unit == 'centimetres' else landmarks), unit


def points_up(landmarks: FloatArray, skeleton: Skeleton = BLAZEPOSE) -> bool:
    """Whether y of landmarks about the body grows upwards: shoulders are above hips in most pictures of people."""
    return _median(_torso(landmarks, skeleton)[:, 1]) > 0.1
