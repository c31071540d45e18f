"""Pipeline steps on one clip, as MMAction2 and PYSKL run them: called with a dict, they return it changed.

The adapters register the classes under their own names, and call the functions from the stock steps that take
our skeletons. ``results`` holds keypoint (M, T, V, C) and, until it is merged into that, keypoint_score (M, T, V).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from blazepose_skl import features
from blazepose_skl.errors import InputError
from blazepose_skl.remap import find_parts, remap
from blazepose_skl.skeletons import Skeleton, SkeletonLike, get_skeleton, skeleton_names
from blazepose_skl.skeletons.registry import is_file_name

__all__ = [
    'STEPS',
    'STOCK_LAYOUTS',
    'STREAMS',
    'NormalizeBody',
    'RandomFlipSkeleton',
    'RandomPlace',
    'RandomRotateSkeleton',
    'RandomScaleSkeleton',
    'RemapSkeleton',
    'ResampleFrames',
    'Results',
    'check_joints',
    'check_streams',
    'find_skeleton',
    'flip_settings',
    'joint_to_bone',
    'limb_settings',
    'merge_streams',
    'to_motion',
]

Results = dict[str, Any]

STREAMS = ('j', 'b', 'jm', 'bm')


# Names of layouts that both frameworks know themselves.
STOCK_LAYOUTS = ('openpose', 'nturgb+d', 'coco')


def find_skeleton(layout: SkeletonLike, where: str, stock: Sequence[str] = STOCK_LAYOUTS) -> Skeleton:
    """The skeleton of a name or declaration; the error says which step it stands in and which names are known."""
    try:
        return get_skeleton(layout)
    except InputError as error:
        if isinstance(layout, str) and not is_file_name(layout):
            known = dict.fromkeys((*stock, *skeleton_names()))
            raise InputError(
                f'{where}: unknown layout {layout!r}; known are {", ".join(known)}; '
                'declare others inline as dict(joints=[…], parents={…}) or in a .toml or .json file and give its name'
            ) from None
        raise InputError(f'{where}: {error}') from None


def check_joints(skeleton: Skeleton, results: Results, where: str, key: str = 'keypoint') -> None:
    """Refuse a clip that has not the joints of the skeleton."""
    found = results[key].shape[-2]
    if found != skeleton.num_joints:
        raise InputError(
            f"{where}: clip '{results.get('frame_dir', '?')}' has {found} joints where '{skeleton.name}' has "
            f'{skeleton.num_joints}; name the layout of the data, or convert the data to this layout'
        )


def _scores(results: Results, where: str) -> Any:
    if 'keypoint_score' not in results:
        raise InputError(
            f"{where}: clip '{results.get('frame_dir', '?')}' has no keypoint_score; put the step before "
            'GenSkeFeat and FormatGCNInput, and give every annotation its scores'
        )
    return results['keypoint_score']


# -- streams: what the stock steps do, for a skeleton of ours -----------------------------------------


def check_streams(feats: Sequence[str], where: str = 'GenSkeFeat') -> None:
    """Refuse streams that nobody knows, and none."""
    unknown = [feat for feat in feats if feat not in STREAMS]
    if unknown or not feats:
        raise InputError(f'{where}: unknown stream {unknown!r} in feats; known are {", ".join(STREAMS)}')


def _has_score_channel(keypoint: Any, results: Results) -> bool:
    """Whether the last channel of a step's keypoints is a score.

    Where the scores stand apart (``keypoint_score``) it is not. Else it is the stock steps' rule for 2-D
    layouts: x, y and score, to which ours adds x, y, z and score.
    """
    return 'keypoint_score' not in results and keypoint.shape[-1] in (3, 4)


def joint_to_bone(results: Results, skeleton: Skeleton, target: str) -> Results:
    """``JointToBone``."""
    check_joints(skeleton, results, 'JointToBone')
    keypoint = results['keypoint']
    results[target] = features.to_bone(keypoint, skeleton.bones, _has_score_channel(keypoint, results))
    return results


def to_motion(results: Results, skeleton: Skeleton, source: str, target: str) -> Results:
    """``ToMotion``."""
    check_joints(skeleton, results, 'ToMotion', source)
    data = results[source]
    results[target] = _motion(data, _has_score_channel(data, results), results)
    return results


def _motion(data: Any, scored: bool, results: Results) -> Any:
    """The motion within each of the clips that stand one after the other along time, (M, num_clips * T, V, C)."""
    clips, frames = results.get('num_clips', 1), results.get('clip_len')
    if data.shape[1] != clips * (frames or 0):  # not yet sampled
        return features.to_motion(data, scored)
    return features.to_motion(data.reshape(-1, frames, *data.shape[2:]), scored).reshape(data.shape)


def merge_streams(results: Results, skeleton: Skeleton, feats: Sequence[str], axis: int) -> Results:
    """``GenSkeFeat``: scores become the last channel, and the streams stand one behind the other along ``axis``."""
    check_joints(skeleton, results, 'GenSkeFeat')
    joint = results.pop('keypoint')
    score = results.pop('keypoint_score', None)
    if score is not None:
        joint = features.stack_channels([*np.moveaxis(joint, -1, 0), score])
    # Without keypoint_score three channels are x, y, z: a 2-D clip always brings its scores.
    scored = score is not None
    streams = {'j': joint, 'b': joint, 'jm': joint, 'bm': joint}
    if {'b', 'bm'} & set(feats):
        streams['b'] = features.to_bone(joint, skeleton.bones, scored)
    for motion, source in (('jm', 'j'), ('bm', 'b')):
        if motion in feats:
            streams[motion] = _motion(streams[source], scored, results)
    results['keypoint'] = np.concatenate([streams[feat] for feat in feats], axis=axis)
    return results


def flip_settings(settings: Mapping[str, Any], named: Mapping[str, Skeleton]) -> dict[str, Any]:
    """What ``Flip`` is told, with the joints of a side where a skeleton was named in their place.

    A skeleton that is named for one side says the other too where nothing else does.
    """
    told = dict(settings)
    for key, other in (('left_kp', 'right_kp'), ('right_kp', 'left_kp')):
        if key in named or (other in named and settings.get(key) is None):
            skeleton = named.get(key) or named[other]
            told[key] = skeleton.left if key == 'left_kp' else skeleton.right
    return told


def limb_settings(skeleton: Skeleton) -> dict[str, Any]:
    """What ``GeneratePoseTarget`` is told of a skeleton: its limbs, and which joints and limbs change sides."""
    return dict(
        skeletons=skeleton.limbs,
        left_kp=skeleton.left,
        right_kp=skeleton.right,
        left_limb=skeleton.left_limbs,
        right_limb=skeleton.right_limbs,
    )


# -- steps of ours, where the stock ones are wrong for BlazePose or missing -----------------------------


class NormalizeBody:
    """Express keypoints in heights of the body, from the middle of the shoulders.

    Place and height are measured once per clip (:func:`blazepose_skl.features.measure_body`), on the
    person with the highest scores, so that people keep their places to one another and a person who walks
    or falls still does; joints that were not seen take no part in it. Takes pixels or metres: before it no step
    may divide x and y by different numbers.

    A joint that is hidden or outside the picture gets a low score and a place that the estimator makes up, often
    far away. Its bone is shortened to the square of score / ``seen``: smoothly, so that a joint which comes and
    goes does not leap, and to next to nothing of what is surely made up. A person of whom nothing was seen is at
    the origin, as padding people are.

    Required keys: keypoint (M, T, V, 2 or 3), keypoint_score (M, T, V), with ``place`` img_shape (h, w).
    Modified: keypoint.

    Args:
        layout: The skeleton of the data.
        place: Also say where in the picture the joints are: two more channels, in heights of the picture from
            its middle, 2-D only. A second frame of reference, for :class:`RandomPlace` to blur.
        seen: A joint takes part in the measuring, and keeps its place, where its score reaches this.
    """

    def __init__(self, layout: SkeletonLike = 'blazepose', place: bool = False, seen: float = 0.5) -> None:
        self.skeleton = find_skeleton(layout, 'NormalizeBody')
        self.place, self.seen = place, seen

    def __call__(self, results: Results) -> Results:
        check_joints(self.skeleton, results, 'NormalizeBody')
        keypoint, score = results['keypoint'], _scores(results, 'NormalizeBody')
        person = int(score.sum(axis=(1, 2)).argmax())
        body = features.measure_body(keypoint[person], score[person], self.skeleton, self.seen)
        channels = [(keypoint[..., axis] - place) / body.height for axis, place in enumerate(body.center)]
        if self.place:
            if keypoint.shape[-1] != 2:
                raise InputError(
                    f"NormalizeBody: clip '{results.get('frame_dir', '?')}' has {keypoint.shape[-1]} coordinates; "
                    'only 2-D keypoints have a place in the picture: give place=False'
                )
            height, width = results['img_shape']
            for axis, size in enumerate((width, height)):
                channels.append((keypoint[..., axis] - np.float32(size / 2)) / height)
        normal = features.stack_channels([channel.astype(np.float32, copy=False) for channel in channels])
        results['keypoint'] = features.shorten_unseen(normal, np.clip(score / self.seen, 0, 1) ** 2, self.skeleton)
        return results


class RandomRotateSkeleton:
    """Turn all frames of a clip by the same random angle, uniform in ±degrees.

    About the origin: put :class:`NormalizeBody` before it. In 3-D (x right, y down, z away) about each axis.
    Two frames of reference are turned alike.

    Args:
        degrees: One number, or for 3-D three (about x, y, z).
    """

    def __init__(self, degrees: float | Sequence[float] = 10.0) -> None:
        self.degrees = degrees

    def __call__(self, results: Results) -> Results:
        axes = 1 if features.dimensions(results['keypoint']) == 2 else 3
        limits = np.broadcast_to(np.deg2rad(self.degrees), axes)
        results['keypoint'] = features.rotate(results['keypoint'], list(np.random.uniform(-limits, limits)))
        return results


class RandomScaleSkeleton:
    """Stretch a clip along each axis by a random factor, uniform in 1 ± amount; scores stay.

    Two frames of reference are stretched alike.
    """

    def __init__(self, amount: float = 0.1) -> None:
        self.amount = amount

    def __call__(self, results: Results) -> Results:
        keypoint = results['keypoint']
        axes = features.dimensions(keypoint)
        factors = np.random.uniform(1 - self.amount, 1 + self.amount, axes)
        results['keypoint'] = (keypoint * np.tile(factors, keypoint.shape[-1] // axes)).astype(np.float32)
        return results


class RandomPlace:
    """Blur where in the picture a clip is: shift, zoom or forget the second frame of reference.

    Where a person is and how large tells something about an action seen by one camera, and nothing about
    another camera's: a network that is to use it must not rely on it.

    Args:
        shift: Up to this many heights of the picture along each axis.
        zoom: By a factor of up to exp(±zoom).
        forget: The probability that the channels are 0.
    """

    def __init__(self, shift: float = 0.1, zoom: float = 0.1, forget: float = 0.25) -> None:
        self.shift, self.zoom, self.forget = shift, zoom, forget

    def __call__(self, results: Results) -> Results:
        keypoint = results['keypoint'].copy()
        if keypoint.shape[-1] != 4:
            raise InputError('RandomPlace: no place in the keypoints; put NormalizeBody with place=True before it')
        seen = _scores(results, 'RandomPlace') > 0  # what is 0 for want of a person stays so
        factor = np.exp(np.random.uniform(-self.zoom, self.zoom))
        for axis, shift in enumerate(np.random.uniform(-self.shift, self.shift, 2), 2):
            keypoint[..., axis] = (keypoint[..., axis] * factor + shift) * seen
        if np.random.rand() < self.forget:
            keypoint[..., 2:] = 0
        results['keypoint'] = keypoint
        return results


class RandomFlipSkeleton:
    """Mirror a clip about x = 0 with a probability, left and right joints and their scores exchanged.

    Put :class:`NormalizeBody` before it. Not for data sets whose classes name a side.
    """

    def __init__(self, layout: SkeletonLike = 'blazepose', probability: float = 0.5) -> None:
        self.skeleton = find_skeleton(layout, 'RandomFlipSkeleton')
        self.mirror = self.skeleton.twins  # before the first clip it is said that there is none
        self.probability = probability

    def __call__(self, results: Results) -> Results:
        check_joints(self.skeleton, results, 'RandomFlipSkeleton')
        if np.random.rand() < self.probability:
            results['keypoint'], results['keypoint_score'] = features.flip(
                results['keypoint'], _scores(results, 'RandomFlipSkeleton'), self.mirror
            )
        return results


class ResampleFrames:
    """A stretch of a clip, as ``length`` frames, linear between frames.

    In training the stretch is at a random place and covers a random share of the clip, from ``min_share``
    to all of it. In testing it is all of the clip and, with more ``num_clips``, stretches of the mean of these
    shares at even distances besides, one after the other along time as ``UniformSampleFrames`` has them:
    ``FormatGCNInput`` takes them apart, and the network's head averages over them. ``UniformSampleFrames``
    repeats the beginning of a clip that is shorter than its ``clip_len``; here time is stretched, and no frame
    follows the last one.

    Required keys: keypoint (M, T, V, C), keypoint_score. Modified: both, total_frames; becoming
    (M, num_clips * length, V, C). Added: num_clips, clip_len.
    """

    def __init__(self, length: int = 32, min_share: float = 0.75, test_mode: bool = False, num_clips: int = 1) -> None:
        if num_clips > 1 and not test_mode:
            raise InputError('ResampleFrames: num_clips is for test_mode=True; in training a clip is one stretch')
        self.length, self.min_share, self.test_mode, self.num_clips = length, min_share, test_mode, num_clips

    def __call__(self, results: Results) -> Results:
        last = results['keypoint'].shape[1] - 1
        positions = np.concatenate(
            [np.linspace(start * last, (start + share) * last, self.length) for start, share in self._stretches()]
        )
        for key in ('keypoint', 'keypoint_score'):
            if key in results:
                results[key] = features.resample(results[key], positions)
        results['total_frames'] = results['clip_len'] = self.length
        results['num_clips'] = self.num_clips
        return results

    def _stretches(self) -> list[tuple[float, float]]:
        """Where each begins and how much it covers, in shares of the clip."""
        if not self.test_mode:
            share = np.random.uniform(self.min_share, 1)
            return [(np.random.uniform(0, 1 - share), share)]
        share = (self.min_share + 1) / 2
        return [(0.0, 1.0), *((start, share) for start in np.linspace(0, 1 - share, self.num_clips - 1))]


class RemapSkeleton:
    """The clip with the joints of another skeleton, by name or as means (:mod:`blazepose_skl.remap`).

    So that networks for COCO-17, OpenPose-18 or NTU-25 take MediaPipe's data. Put it first, where keypoints are
    pixels or metres and scores stand apart; the steps behind it and the network get the target's name.

    Required keys: keypoint (M, T, V, C), if there are scores keypoint_score. Modified: both.

    Args:
        target: The skeleton to have.
        source: The skeleton of the data.
    """

    def __init__(self, target: SkeletonLike, source: SkeletonLike = 'blazepose') -> None:
        self.source = find_skeleton(source, 'RemapSkeleton')
        self.parts = find_parts(self.source, find_skeleton(target, 'RemapSkeleton'))

    def __call__(self, results: Results) -> Results:
        check_joints(self.source, results, 'RemapSkeleton')
        keypoint, score = remap(results['keypoint'], results.get('keypoint_score'), self.parts)
        results['keypoint'] = keypoint
        if score is not None:
            results['keypoint_score'] = score
        return results


STEPS = (
    NormalizeBody,
    RandomFlipSkeleton,
    RandomPlace,
    RandomRotateSkeleton,
    RandomScaleSkeleton,
    RemapSkeleton,
    ResampleFrames,
)
