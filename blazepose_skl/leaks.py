"""Clips that show the same, or are cuts of one video: where training and test share them, results flatter.

Three poses of each clip are compared: its first, its middle and its last. That is cheap, and misses cuts
that leave frames out between them; what it finds is worth a look and no proof.

Not every clip is compared with every other. The mean distance of the joints of two poses is no less than the mean of
what any unit vectors, one for each joint, make of it; so a pose has a place on each of a few such axes, and poses far
apart on one of them are far apart. Clips are halved along their widest axis until few are left to compare, which takes
time about in proportion to their number. Where so many are alike that this does not part them, each is compared with
some of the others, and is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ['MOST', 'Alike', 'find_joined', 'find_same', 'key_poses']

Poses = NDArray[np.float32]
Places = NDArray[np.intp]

# The mean distance of joints, in sizes of the body. From frame to frame it is 0.007 in ordinary recordings.
_JOINED = 0.02
_SAME = 0.005
# No picture is that large.
_FARTHEST = 1e6
_AXES = 12
# Pairs of clips that are not worth to be halved further, and the share of them that may be left by halving.
_FEW = 1 << 14
_LESS = 0.8
# What spans no more than so many times the reach is not parted further.
_NARROW = 4
# Clips that are compared in one go, the others that they are looked at beside where halving does not part them,
# and how many of those that may be near one is compared with.
_ROWS = 64
_BESIDE = 1000
MOST = 100


@dataclass(frozen=True)
class Alike:
    """Pairs of clips, by their numbers.

    Attributes:
        pairs: One and the other.
        crowded: Clips that may be like so many others that they were compared with :data:`MOST` of those.
    """

    pairs: list[tuple[int, int]]
    crowded: list[int]


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


def find_same(poses: Poses, parts: NDArray[np.integer[Any]]) -> Alike:
    """Clips that look like one of another part, whatever the size of the picture, each with the one most like it.

    Args:
        poses: (N, 3, V, C).
        parts: (N,) the part that each clip is in.
    """
    flat = poses.reshape(len(poses), poses.shape[1] * poses.shape[2], poses.shape[3])
    spread = np.ptp(flat, axis=1, keepdims=True)
    flat = flat - flat.min(axis=1, keepdims=True)
    flat /= np.where(spread > 0, spread, 1)
    reach = np.full(len(flat), _SAME, np.float32)
    search = _Search(flat, flat, reach, parts)
    found = np.flatnonzero(search.next >= 0)
    pairs = np.sort(np.stack([found, search.next[found]], axis=1), axis=1)
    return Alike([(int(one), int(other)) for one, other in np.unique(pairs, axis=0)], search.crowded)


def find_joined(poses: Poses) -> Alike:
    """Pairs of clips, (N, 3, V, C) each, of which the second seems to go on where the first ends.

    The second begins within a fiftieth of the body's size of the last pose of the first, none begins nearer to it,
    and none ends nearer to the beginning of the second.
    """
    sizes = np.linalg.norm(np.ptp(poses, axis=2), axis=-1).mean(axis=1)
    reach = (_JOINED * sizes).astype(np.float32)
    search = _Search(poses[:, -1], poses[:, 0], reach, np.arange(len(poses)))
    found = np.flatnonzero(search.next >= 0)
    mutual = found[search.before[search.next[found]] == found]
    return Alike([(int(one), int(search.next[one])) for one in mutual], search.crowded)


class _Search:
    """For each of N clips the nearest of the others, its own pose against theirs, if one is within the reach of both.

    Args:
        ones: Own poses, (N, V, C).
        others: Poses that the others show, (N, V, C).
        reach: (N,) how far apart poses may be, as the mean distance of joints.
        groups: (N,) clips of one group are not compared.

    Attributes:
        next: (N,) the clip whose other pose is nearest to the own one; of several the first; -1 if there is none.
        before: (N,) the clip whose own pose is nearest to the other one, likewise.
        crowded: The clips that were not compared with all that may be near.
    """

    def __init__(self, ones: Poses, others: Poses, reach: Poses, groups: NDArray[np.integer[Any]]) -> None:
        count = len(ones)
        self._ones, self._others, self._groups = ones, others, groups
        # A little more for rounding.
        self._reach, self._grown = reach, reach * 1.0001 + 1e-6
        self.next, self._next_at = np.full(count, -1), np.full(count, np.inf, np.float32)
        self.before, self._before_at = np.full(count, -1), np.full(count, np.inf, np.float32)
        self.crowded: list[int] = []
        if count < 2:
            return
        axes = _axes(others)
        self._along, self._others_along = _places(ones, axes), _places(others, axes)
        self._halve(np.arange(count), np.arange(count))
        self.crowded = sorted(set(self.crowded))

    def _near(self, ones: Places, others: Places) -> tuple[Places, Places]:
        """Those of ones and others that may be near to any of the others and ones."""
        along, there = self._along[ones], self._others_along[others]
        others = others[_within(there, along, self._grown[others, None])]
        if len(others):
            ones = ones[_within(along, self._others_along[others], self._grown[ones, None])]
        return ones, others

    def _halve(self, ones: Places, others: Places) -> None:
        """Compare what may be near, part by part as long as clips can be parted."""
        pairs = len(ones) * len(others)
        if pairs > _FEW:
            for cut in (_at_median, _at_middle):
                for parts in (
                    [(part, others) for part in cut(ones, self._along, self._grown)],
                    [(ones, part) for part in cut(others, self._others_along, self._grown)],
                ):
                    near = [self._near(*part) for part in parts]
                    left = sum(len(some) * len(of_them) for some, of_them in near)
                    if len(parts) > 1 and (cut is _at_middle or left < _LESS * pairs):
                        for some, of_them in near:
                            if len(some) and len(of_them):
                                self._halve(some, of_them)
                        return
        self._compare(ones, others)

    def _compare(self, ones: Places, others: Places) -> None:
        """Compare each of ones with each of others, or with some where they are too many."""
        widest = int(self._along[ones].std(axis=0).argmax())
        ones = ones[np.argsort(self._along[ones, widest], kind='stable')]
        along = self._others_along[others, widest]
        in_order = np.argsort(along, kind='stable')
        for start in range(0, len(ones), _ROWS):
            rows = ones[start : start + _ROWS]
            middle = np.searchsorted(along, self._along[rows[len(rows) // 2], widest], sorter=in_order)
            first = max(0, min(int(middle) - _BESIDE // 2, len(others) - _BESIDE))
            beside = others[in_order[first : first + _BESIDE]]
            crowded = self._look(rows, beside) | (len(beside) < len(others))
            self.crowded += rows[crowded].tolist()

    def _look(self, ones: Places, others: Places) -> NDArray[np.bool_]:
        """Compare each of ones with those of others that may be near; which may be near to too many."""
        apart = np.zeros((len(ones), len(others)))
        for along, there in zip(self._along[ones].T, self._others_along[others].T, strict=True):
            np.maximum(apart, np.abs(along[:, None] - there), out=apart)
        limit = np.minimum(self._grown[ones, None], self._grown[others])
        apart[(apart > limit) | (self._groups[ones, None] == self._groups[others])] = np.inf
        crowded = np.isfinite(apart).sum(axis=1) > MOST
        if crowded.any():
            apart[apart > np.partition(apart, MOST - 1, axis=1)[:, MOST - 1 : MOST]] = np.inf
            apart[np.isfinite(apart).cumsum(axis=1) > MOST] = np.inf
        rows, columns = np.nonzero(np.isfinite(apart))
        ones, others = ones[rows], others[columns]
        distances = np.linalg.norm(self._others[others] - self._ones[ones], axis=-1).mean(axis=-1)
        near = distances <= np.minimum(self._reach[ones], self._reach[others])
        _keep_nearest(self.next, self._next_at, ones[near], others[near], distances[near])
        _keep_nearest(self.before, self._before_at, others[near], ones[near], distances[near])
        return np.asarray(crowded)


def _within(
    places: NDArray[np.float64], of: NDArray[np.float64], grown: NDArray[np.floating[Any]]
) -> NDArray[np.bool_]:
    """Which places are in the box around others, or no more than so far beside it."""
    return np.asarray(((places >= of.min(axis=0) - grown) & (places <= of.max(axis=0) + grown)).all(axis=1))


def _at_median(clips: Places, along: NDArray[np.float64], grown: NDArray[np.floating[Any]]) -> list[Places]:
    """Clips in two halves, parted along the axis on which they differ most."""
    widest = along[clips].std(axis=0).argmax()
    return np.array_split(clips[np.argsort(along[clips, widest], kind='stable')], 2)


def _at_middle(clips: Places, along: NDArray[np.float64], grown: NDArray[np.floating[Any]]) -> list[Places]:
    """Clips on either side of the middle of what they span, as one part if that is little: a crowd stays together."""
    spans = np.ptp(along[clips], axis=0)
    widest = spans.argmax()
    if spans[widest] <= _NARROW * np.median(grown[clips]):
        return [clips]
    right = along[clips, widest] > along[clips, widest].min() + spans[widest] / 2
    return [clips[~right], clips[right]]


def _keep_nearest(nearest: Places, at: Poses, ones: Places, others: Places, distances: Poses) -> None:
    """Note for each of ones the nearest of others, the first of those equally near."""
    order = np.lexsort((others, distances, ones))
    ones, others, distances = ones[order], others[order], distances[order]
    first = np.flatnonzero(np.diff(ones, prepend=-1))
    ones, others, distances = ones[first], others[first], distances[first]
    better = (distances < at[ones]) | ((distances == at[ones]) & (others < nearest[ones]))
    nearest[ones[better]], at[ones[better]] = others[better], distances[better]


def _axes(poses: Poses) -> NDArray[np.float64]:
    """Unit vectors, one for each joint, along which poses (N, V, C) differ most, (12, V, C); two thousand are seen."""
    some = poses[:: len(poses) // 2000 + 1].reshape(-1, poses.shape[1] * poses.shape[2]).astype(np.float64)
    _, _, axes = np.linalg.svd(some - some.mean(axis=0), full_matrices=False)
    axes = axes[:_AXES].reshape(-1, *poses.shape[1:])
    return np.asarray(axes / np.maximum(np.linalg.norm(axes, axis=-1, keepdims=True), 1e-12))


def _places(poses: Poses, axes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where poses (N, V, C) are along axes (D, V, C): (N, D)."""
    flat = axes.reshape(len(axes), -1).T / poses.shape[1]
    return np.concatenate(
        [part.reshape(len(part), -1) @ flat for part in np.array_split(poses, len(poses) // 10_000 + 1)]
    )
