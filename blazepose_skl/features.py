"""What the networks see: streams (bone, motion), normalisation by the body, random views.

All functions take keypoints (M, T, V, C) and return new arrays; scores (M, T, V) ride along. An unseen
joint has score 0.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.skeletons import Skeleton

__all__ = [
    'Body',
    'dimensions',
    'flip',
    'measure_body',
    'resample',
    'rotate',
    'shorten_unseen',
    'stack_channels',
    'streams_at',
    'to_bone',
    'to_motion',
]

Array = NDArray[np.float32]
Indices = NDArray[np.int64]


# -- streams --------------------------------------------------------------------------------------


def to_bone(keypoint: Array, bones: Sequence[tuple[int, int]], score_channel: bool) -> Array:
    """The vector from its parent to each joint, (M, T, V, C).

    Args:
        keypoint: (M, T, V, C); with ``score_channel`` the last channel is a score.
        bones: (joint, parent) for every joint.
        score_channel: A bone's score is the mean of its two joints', never a difference.

    As ``JointToBone`` of MMAction2 and PYSKL (``pose_transforms.py``).
    """
    bone = keypoint.take([parent for _, parent in sorted(bones)], axis=-2)
    if score_channel:
        score = (keypoint[..., -1] + bone[..., -1]) / 2
    bone = np.subtract(keypoint, bone, out=bone).astype(np.float32, copy=False)
    if score_channel:
        bone[..., -1] = score
    return bone


def to_motion(keypoint: Array, score_channel: bool) -> Array:
    """The step from each frame to the next, 0 in the last one, (M, T, V, C).

    With ``score_channel`` the last channel is the mean score of the two frames, never a difference.
    As ``ToMotion`` of MMAction2 and PYSKL.
    """
    motion = np.empty_like(keypoint)
    _move(keypoint[:, :-1], keypoint[:, 1:], score_channel, motion[:, :-1])
    motion[:, -1:] = 0
    return motion


def _move(now: Array, following: Array, score_channel: bool, motion: Array) -> None:
    np.subtract(following, now, out=motion)
    if score_channel:
        motion[..., -1] = (now[..., -1] + following[..., -1]) / 2


def stack_channels(channels: Sequence[Array]) -> Array:
    """Arrays (...) as the channels of one, (..., C).

    They are so few that NumPy writes them several times as fast one by one as ``np.stack`` does.
    """
    stacked = np.empty((*channels[0].shape, len(channels)), np.result_type(*channels))
    for number, channel in enumerate(channels):
        stacked[..., number] = channel
    return stacked


def streams_at(
    joints: Callable[[Indices | slice], Array],
    frames: Indices,
    total: int,
    feats: Sequence[str],
    bones: Sequence[tuple[int, int]],
    score_channel: bool,
) -> Array:
    """Streams at some frames of a clip, equal to those of the whole clip there, (num_clips, M, T', V, C').

    Args:
        joints: Gives the keypoints at frames, (M, frames, V, C).
        frames: The frames that are wanted, (num_clips, T').
        total: So many has the clip; the motion of the last one is 0.
        feats: j, b, jm, bm; one behind the other along the channels.
        bones: See :func:`to_bone`.
        score_channel: See :func:`to_bone`.
    """
    wanted, moves = frames.ravel(), 'jm' in feats or 'bm' in feats
    few = len(wanted) * (2 if moves else 1) <= total
    if not few:  # then all of the clip once, and the frames out of it
        joint = joints(slice(total))
    elif moves:
        joint = joints(np.concatenate([wanted, np.minimum(wanted + 1, total - 1)]))
    else:
        joint = joints(wanted)
    sources = {'j': joint}
    if 'b' in feats or 'bm' in feats:
        sources['b'] = to_bone(joint, bones, score_channel)
    streams = []
    for feat in feats:
        source = sources[feat[0]]
        if feat in sources:
            stream = source[:, : len(wanted)] if few else source
        elif few:
            stream = np.empty_like(source[:, : len(wanted)])
            _move(source[:, : len(wanted)], source[:, len(wanted) :], score_channel, stream)
            stream[:, wanted == total - 1] = 0
        else:
            stream = to_motion(source, score_channel)
        streams.append(stream.astype(np.float32, copy=False))
    merged = streams[0] if len(streams) == 1 else np.concatenate(streams, axis=-1)
    people, _, *shape = merged.shape
    if few:
        return merged.reshape(people, *frames.shape, *shape).swapaxes(0, 1)
    rows = frames[:, None] + total * np.arange(people)[:, None]
    return merged.reshape(-1, *shape).take(rows, axis=0)


# -- the body ---------------------------------------------------------------------------------------

# Lengths of body segments as shares of the height of the body. Drillis and Contini, "Body Segment
# Parameters" (1966), as in Winter, "Biomechanics and Motor Control of Human Movement", Fig. 4.1; the
# torso's side and the breadths are between MediaPipe's joint centres, which lie inside the outline.
_SEGMENTS = {
    ('left_shoulder', 'right_shoulder'): 0.21,
    ('left_hip', 'right_hip'): 0.12,
    ('left_ear', 'right_ear'): 0.09,
}
_SIDED_SEGMENTS = {
    ('shoulder', 'hip'): 0.29,
    ('shoulder', 'elbow'): 0.186,
    ('elbow', 'wrist'): 0.146,
    ('hip', 'knee'): 0.245,
    ('knee', 'ankle'): 0.246,
}
_SEGMENTS |= {(f'{s}_{a}', f'{s}_{b}'): r for (a, b), r in _SIDED_SEGMENTS.items() for s in ('left', 'right')}
_ANCHORS = ('left_shoulder', 'right_shoulder')


@dataclass(frozen=True)
class Body:
    """Where a person is in a clip and how large: center (C,), height (in the keypoints' unit)."""

    center: Array
    height: float


def measure_body(keypoint: Array, score: Array, skeleton: Skeleton, threshold: float = 0.5) -> Body:
    """Place and height of one person over a clip, from the joints that were seen.

    The center is the median over time of the middle of the shoulders, which BlazePose sees in nearly
    every picture of a person; hips and legs are often outside and then invented. Every seen segment of
    the body gives an estimate of the height: its length over its share of the height. Perspective only
    shortens a segment, so over time its 75th percentile counts, and over the segments the median.

    Args:
        keypoint: (T, V, C), C = 2 or 3.
        score: (T, V); a joint is seen where it reaches ``threshold``.
        skeleton: A skeleton without shoulders is measured by the spread of its seen joints.

    Where nothing of a step is seen at ``threshold``, whatever has any score is taken; for a person who
    was never seen the body is the unit: center 0, height 1.
    """
    detected = score > 0
    if not detected.any():
        return Body(np.zeros(keypoint.shape[-1], np.float32), 1.0)
    seen = score >= threshold
    anchors, starts, ends, shares = _body_parts(skeleton.joints)
    for good in (seen[:, anchors].all(1), detected[:, anchors].all(1)):
        if len(anchors) and good.any():
            center = np.median(keypoint[:, anchors][good].mean(1), axis=0)
            break
    else:
        good = seen if seen.any() else detected
        center = np.median(keypoint[good], axis=0)
    lengths = np.linalg.norm(keypoint.take(starts, axis=1) - keypoint.take(ends, axis=1), axis=-1).T
    for good in (seen, detected):
        both = (good[:, starts] & good[:, ends]).T
        used = both.any(1)
        if used.any():
            height = np.median(_third_quartiles(lengths[used], both[used]) / shares[used].astype(lengths.dtype))
            if height > 0:
                return Body(center.astype(np.float32), float(height))
    good = seen if seen.any() else detected
    spread = float(np.sqrt(np.square(keypoint[good] - center).sum(-1).mean()))
    return Body(center.astype(np.float32), 4 * spread or 1.0)


@functools.lru_cache
def _body_parts(joints: tuple[str, ...]) -> tuple[Indices, Indices, Indices, NDArray[np.float64]]:
    """The anchors, and of each segment that a skeleton has its joints and its share of the height."""
    anchors = [joints.index(joint) for joint in _ANCHORS if joint in joints]
    segments = {pair: share for pair, share in _SEGMENTS.items() if set(pair) <= set(joints)}
    starts, ends = ([joints.index(pair[end]) for pair in segments] for end in (0, 1))
    return np.array(anchors, int), np.array(starts, int), np.array(ends, int), np.array([*segments.values()])


def _third_quartiles(values: Array, taken: NDArray[np.bool_]) -> Array:
    """``np.percentile(row[take], 75)`` of each row, (N,), for values (N, T) of which some are taken, (N, T)."""
    ordered = np.sort(np.where(taken, values, values.dtype.type(np.inf)), axis=1)
    last = taken.sum(1) - 1
    place = last.astype(values.dtype) * values.dtype.type(0.75)
    before = np.floor(place).astype(int)
    rows, share = np.arange(len(values)), place - np.floor(place)
    low, high = ordered[rows, before], ordered[rows, np.minimum(before + 1, last)]
    with np.errstate(invalid='ignore'):
        between: Array = np.where(share >= 0.5, high - (high - low) * (1 - share), low + (high - low) * share)
    between[np.isnan(ordered[:, -1])] = np.nan
    return between


def shorten_unseen(keypoint: Array, certainty: Array, skeleton: Skeleton) -> Array:
    """Keypoints (M, T, V, C) with the bone of every joint times its certainty, (M, T, V) from 0 to 1.

    At 0 a joint is in the place of its parent. The root, which has no bone, stays; where its certainty is 0 it is
    at the origin, and so is a person of whom nothing is certain.
    """
    joints = np.ascontiguousarray(np.moveaxis(keypoint, 2, 0))  # (V, M, T, C)
    shares = np.moveaxis(certainty, 2, 0)[..., None]
    parents, roots, levels = _levels(skeleton.bones, skeleton.depths)
    bones = shares * (joints - joints[parents])
    joints[roots] *= shares[roots] > 0
    for level in levels:
        joints[level] = joints[parents[level]] + bones[level]
    return np.ascontiguousarray(np.moveaxis(joints, 0, 2))


@functools.lru_cache
def _levels(
    bones: tuple[tuple[int, int], ...], depths: tuple[int, ...]
) -> tuple[Indices, Indices, tuple[Indices, ...]]:
    """The parents, the roots, and the other joints from there outwards, those of a depth together."""
    parents = np.array([parent for _, parent in bones])
    roots, *levels = (np.flatnonzero(np.array(depths) == depth) for depth in range(max(depths) + 1))
    return parents, roots, tuple(levels)


# -- random views -------------------------------------------------------------------------------------


def flip(keypoint: Array, score: Array, mirror: Sequence[int]) -> tuple[Array, Array]:
    """The clip seen in a mirror: x negated, and each joint in the place of its counterpart.

    Args:
        keypoint: (M, T, V, C), see :func:`dimensions`.
        score: (M, T, V).
        mirror: The counterpart of each joint.
    """
    mirrored = keypoint[..., list(mirror), :].copy()
    mirrored[..., :: dimensions(keypoint)] *= -1
    return mirrored, score[..., list(mirror)]


def dimensions(keypoint: Array) -> int:
    """2 or 3, for keypoints (..., C) in one frame of reference (C = 2 or 3) or two (C = 4 or 6)."""
    return {2: 2, 3: 3, 4: 2, 6: 3}[keypoint.shape[-1]]


def rotate(keypoint: Array, angles: Sequence[float]) -> Array:
    """Keypoints turned about the origin, in each of their frames of reference.

    Args:
        keypoint: (..., C), see :func:`dimensions`.
        angles: Radians; one in two dimensions, in three about x, y and z (in this order).
    """
    size = dimensions(keypoint)
    if size == 2:
        matrix = _plane_rotation(angles[0])
    else:
        matrix = np.eye(3)
        for axis, angle in enumerate(angles):
            turn = np.eye(3)
            others = [i for i in range(3) if i != axis]
            turn[np.ix_(others, others)] = _plane_rotation(angle)
            matrix = turn @ matrix
    # With one frame of reference NumPy multiplies each joint by itself, which ends on other bits than all at once.
    apart = keypoint.reshape(-1, 1, size) if keypoint.shape[-1] == size else keypoint.reshape(-1, size)
    return (apart @ matrix.T).reshape(keypoint.shape).astype(np.float32)


def _plane_rotation(angle: float) -> NDArray[np.float64]:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def resample(values: Array, positions: NDArray[np.float64]) -> Array:
    """Values (M, T, …) at fractional frame positions (T',), linear between frames."""
    positions = np.clip(positions, 0, values.shape[1] - 1)
    before = np.floor(positions).astype(int)
    after = np.minimum(before + 1, values.shape[1] - 1)
    share = (positions - before).reshape(1, -1, *([1] * (values.ndim - 2))).astype(np.float32)
    resampled = values.take(before, axis=1) * (1 - share) + values.take(after, axis=1) * share
    return np.asarray(resampled, dtype=np.float32)
