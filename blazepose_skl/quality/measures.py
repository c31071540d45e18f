"""PCK and OKS of poses in COCO-17: arithmetic on arrays.

N estimated people, P marked people, V joints. Points are in pixels.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.skeletons import COCO

__all__ = ['NORMS', 'SIGMAS', 'lengths', 'pair_people', 'pck', 'similarity']

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# How far off people mark a joint in the square root of the area, from COCO's own evaluation.
_SIGMA = dict(
    nose=0.026, eye=0.025, ear=0.035, shoulder=0.079, elbow=0.072, wrist=0.062, hip=0.107, knee=0.087, ankle=0.089
)
SIGMAS: Floats = np.array([_SIGMA[joint.split('_')[-1]] for joint in COCO.joints])

# What distances are divided by, and what that is.
NORMS = {
    'torso': 'the longest distance from a marked shoulder to a marked hip',
    'head': 'the longest distance from a marked ear to the other one or to the nose',
    'box': 'the longer side of the bounding box',
}
_SIDES = ('left', 'right')
_PAIRS = {
    'torso': [(f'{a}_shoulder', f'{b}_hip') for a, b in product(_SIDES, _SIDES)],
    'head': [('left_ear', 'right_ear'), ('left_ear', 'nose'), ('right_ear', 'nose')],
}


def similarity(points: Floats, truth: Floats, labelled: Flags, areas: Floats) -> Floats:
    """COCO's object keypoint similarity of each estimated with each marked person, (N, P), 0 to 1.

    The mean over the marked joints of exp(-d² / (2 area (2 sigma)²)); a joint that was not estimated counts 0, and
    whoever has no marked joint is like nobody.

    Args:
        points: (N, V, 2), NaN where a joint was not estimated.
        truth: (P, V, 2).
        labelled: (P, V).
        areas: (P,), square pixels.
    """
    squares = np.square(points[:, None] - truth).sum(axis=-1)
    likeness = np.nan_to_num(np.exp(-squares / (2 * areas[:, None] * np.square(2 * SIGMAS))))
    return np.asarray((likeness * labelled).sum(axis=-1) / np.maximum(labelled.sum(axis=-1), 1))


def pair_people(alike: Floats) -> NDArray[np.intp]:
    """The estimated person of each marked one, (P,), -1 for who was missed; the most alike pair first.

    COCO lets the surest estimate choose first, and only among those more alike than a threshold. Without a threshold
    a sure estimate of nobody would take somebody from an unsure one that fits.

    Args:
        alike: (N, P), see :func:`similarity`; pairs of 0 are none.

    >>> pair_people(np.array([[0.9, 0.8], [0.7, 0.0]])).tolist()
    [0, -1]
    """
    left = alike.copy()
    pairs = np.full(alike.shape[1], -1, np.intp)
    while left.size and left.max() > 0:
        estimate, person = np.unravel_index(left.argmax(), left.shape)
        pairs[person] = estimate
        left[estimate], left[:, person] = 0, 0
    return pairs


def lengths(truth: Floats, labelled: Flags, boxes: Floats, norm: str) -> Floats:
    """What distances of each person are divided by, (P,) in pixels; NaN where the joints for it are not marked.

    Args:
        truth: (P, V, 2).
        labelled: (P, V).
        boxes: (P, 4), x, y, width, height.
        norm: One of :data:`NORMS`.
    """
    if norm == 'box':
        return np.asarray(boxes[:, 2:].max(axis=1))
    first, second = (np.array([COCO.index(pair[end]) for pair in _PAIRS[norm]]) for end in (0, 1))
    apart = np.linalg.norm(truth[:, first] - truth[:, second], axis=-1)
    apart[~(labelled[:, first] & labelled[:, second]) | (apart == 0)] = np.nan
    return np.asarray(np.fmax.reduce(apart, axis=1))


def pck(ratios: Floats, thresholds: Floats) -> Floats:
    """The share of the values that are no more than each threshold, (A,): PCK. NaN if there are none.

    Equation 1 of Wu et al. (2024) has the length over the distance, upside down; this is the standard form.

    Args:
        ratios: Of any shape: the distance of a joint from its mark, divided by a length of the person; infinite where
            the joint was not found, NaN where it does not count.
        thresholds: (A,).

    >>> pck(np.array([0.05, 0.2, np.inf, np.nan]), np.array([0.1, 0.2])).round(3).tolist()
    [0.333, 0.667]
    """
    known = ratios[~np.isnan(ratios)]
    if not known.size:
        return np.full(len(thresholds), np.nan)
    return np.asarray((known[:, None] <= thresholds).mean(axis=0))
