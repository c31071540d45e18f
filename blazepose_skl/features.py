"""What the networks see: streams (bone, motion), normalisation by the body, random views.

All functions take keypoints (M, T, V, C) and return new arrays; scores (M, T, V) ride along. An unseen
joint has score 0.
"""

from __future__ import annotations

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
    joints: Callable[[NDArray[np.int64]], Array],
    frames: NDArray[np.int64],
    total: int,
    feats: Sequence[str],
    bones: Sequence[tuple[int, int]],
    score_channel: bool,
) -> Array:
    """Streams at some frames of a clip, equal to those of the whole clip there, (num_clips, M, T', V, C').

    Args:
        joints: Gives the keypoints at frames (T",), (M, T", V, C).
        frames: The frames that are wanted, (num_clips, T').
        total: So many has the clip; the motion of the last one is 0.
        feats: j, b, jm, bm; one behind the other along the channels.
        bones: See :func:`to_bone`.
        score_channel: See :func:`to_bone`.
    """
    wanted, moves = frames.ravel(), 'jm' in feats or 'bm' in feats
    few = len(wanted) * (2 if moves else 1) <= total
    if not few:  # then all of the clip once, and the frames out of it
        needed = np.arange(total)
    elif moves:
        needed = np.concatenate([wanted, np.minimum(wanted + 1, total - 1)])
    else:
        needed = wanted
    joint = joints(needed)
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
    if not (score > 0).any():
        return Body(np.zeros(keypoint.shape[-1], np.float32), 1.0)
    seen = score >= threshold
    anchors = [skeleton.index(joint) for joint in _ANCHORS if joint in skeleton.joints]
    for good in (seen[:, anchors].all(1), (score[:, anchors] > 0).all(1)):
        if anchors and good.any():
            center = np.median(keypoint[good][:, anchors].mean(1), axis=0)
            break
    else:
        good = seen if seen.any() else score > 0
        center = np.median(keypoint[good], axis=0)
    for good in (seen, score > 0):
        estimates = []
        for segment, share in _SEGMENTS.items():
            if all(joint in skeleton.joints for joint in segment):
                a, b = (skeleton.index(joint) for joint in segment)
                both = good[:, a] & good[:, b]
                if both.any():
                    lengths = np.linalg.norm(keypoint[both, a] - keypoint[both, b], axis=-1)
                    estimates.append(np.percentile(lengths, 75) / share)
        if estimates and np.median(estimates) > 0:
            return Body(center.astype(np.float32), float(np.median(estimates)))
    good = seen if seen.any() else score > 0
    spread = float(np.sqrt(np.square(keypoint[good] - center).sum(-1).mean()))
    return Body(center.astype(np.float32), 4 * spread or 1.0)


def shorten_unseen(keypoint: Array, certainty: Array, skeleton: Skeleton) -> Array:
    """Keypoints (M, T, V, C) with the bone of every joint times its certainty, (M, T, V) from 0 to 1.

    At 0 a joint is in the place of its parent. The root, which has no bone, stays; where its certainty is 0 it is
    at the origin, and so is a person of whom nothing is certain.
    """
    shortened = keypoint.copy()
    for joint, parent in sorted(skeleton.bones, key=lambda bone: skeleton.depths[bone[0]]):
        share = certainty[..., joint, None]
        if joint == parent:
            shortened[..., joint, :] *= share > 0
        else:
            bone = keypoint[..., joint, :] - keypoint[..., parent, :]
            shortened[..., joint, :] = shortened[..., parent, :] + share * bone
    return shortened


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
    turned = keypoint.reshape(*keypoint.shape[:-1], -1, size) @ matrix.T
    return turned.reshape(keypoint.shape).astype(np.float32)


def _plane_rotation(angle: float) -> NDArray[np.float64]:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def resample(values: Array, positions: NDArray[np.float64]) -> Array:
    """Values (M, T, …) at fractional frame positions (T',), linear between frames."""
    positions = np.clip(positions, 0, values.shape[1] - 1)
    before = np.floor(positions).astype(int)
    after = np.minimum(before + 1, values.shape[1] - 1)
    share = (positions - before).reshape(1, -1, *([1] * (values.ndim - 2))).astype(np.float32)
    return np.asarray(values[:, before] * (1 - share) + values[:, after] * share, dtype=np.float32)
