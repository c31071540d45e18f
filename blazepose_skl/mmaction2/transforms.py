"""Pipeline steps of ours, where the stock ones are wrong for BlazePose or missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from blazepose_skl import features
from blazepose_skl.errors import InputError
from blazepose_skl.mmaction2.layouts import Results, check_joints, find_skeleton
from blazepose_skl.skeletons import SkeletonLike


@TRANSFORMS.register_module(force=True)
class NormalizeBody(BaseTransform):  # type: ignore[misc]
    """Express keypoints in heights of the body, from the middle of the shoulders.

    Place and height are measured once per clip (:func:`blazepose_skl.features.measure_body`), on the
    person with the highest scores, so that people keep their places to one another and a person who walks
    or falls still does; joints that were not seen take no part in it. Takes pixels or metres: before it no step
    may divide x and y by different numbers.

    A joint outside the picture gets a score near 0 and a place that the estimator makes up, often far away;
    it is put where its parent is. A person of whom nothing was seen is at the origin, as padding people are.

    Required keys: keypoint (M, T, V, 2 or 3), keypoint_score (M, T, V), with ``place`` img_shape (h, w).
    Modified: keypoint.

    Args:
        layout: The skeleton of the data.
        place: Also say where in the picture the joints are: two more channels, in heights of the picture from
            its middle, 2-D only. A second frame of reference, for :class:`RandomPlace` to blur.
        seen: A joint takes part in the measuring where its score reaches this.
        made_up: A joint is put on its parent where its score is below this, or 0.
    """

    def __init__(
        self, layout: SkeletonLike = 'blazepose', place: bool = False, seen: float = 0.5, made_up: float = 0.1
    ) -> None:
        self.skeleton = find_skeleton(layout, 'NormalizeBody')
        self.place, self.seen, self.made_up = place, seen, made_up

    def transform(self, results: Results) -> Results:
        check_joints(self.skeleton, results, 'NormalizeBody')
        keypoint, score = results['keypoint'], _scores(results, 'NormalizeBody')
        person = int(score.sum(axis=(1, 2)).argmax())
        body = features.measure_body(keypoint[person], score[person], self.skeleton, self.seen)
        normal = ((keypoint - body.center) / body.height).astype(np.float32)
        if self.place:
            if keypoint.shape[-1] != 2:
                raise InputError(
                    f"NormalizeBody: clip '{results.get('frame_dir', '?')}' has {keypoint.shape[-1]} coordinates; "
                    'only 2-D keypoints have a place in the picture: give place=False'
                )
            height, width = results['img_shape']
            in_picture = (keypoint - np.array([width / 2, height / 2], np.float32)) / height
            normal = np.concatenate([normal, in_picture.astype(np.float32)], axis=-1)
        results['keypoint'] = features.fold_unseen(normal, (score >= self.made_up) & (score > 0), self.skeleton)
        return results


def _scores(results: Results, where: str) -> Any:
    if 'keypoint_score' not in results:
        raise InputError(
            f"{where}: clip '{results.get('frame_dir', '?')}' has no keypoint_score; put the step before "
            'GenSkeFeat and FormatGCNInput, and give every annotation its scores'
        )
    return results['keypoint_score']


@TRANSFORMS.register_module(force=True)
class RandomRotateSkeleton(BaseTransform):  # type: ignore[misc]
    """Turn all frames of a clip by the same random angle, uniform in ±degrees.

    About the origin: put :class:`NormalizeBody` before it. In 3-D (x right, y down, z away) about each axis.
    Two frames of reference are turned alike.

    Args:
        degrees: One number, or for 3-D three (about x, y, z).
    """

    def __init__(self, degrees: float | Sequence[float] = 10.0) -> None:
        self.degrees = degrees

    def transform(self, results: Results) -> Results:
        axes = 1 if features.dimensions(results['keypoint']) == 2 else 3
        limits = np.broadcast_to(np.deg2rad(self.degrees), axes)
        results['keypoint'] = features.rotate(results['keypoint'], list(np.random.uniform(-limits, limits)))
        return results


@TRANSFORMS.register_module(force=True)
class RandomScaleSkeleton(BaseTransform):  # type: ignore[misc]
    """Stretch a clip along each axis by a random factor, uniform in 1 ± amount; scores stay.

    Two frames of reference are stretched alike.
    """

    def __init__(self, amount: float = 0.1) -> None:
        self.amount = amount

    def transform(self, results: Results) -> Results:
        keypoint = results['keypoint']
        axes = features.dimensions(keypoint)
        factors = np.random.uniform(1 - self.amount, 1 + self.amount, axes)
        results['keypoint'] = (keypoint * np.tile(factors, keypoint.shape[-1] // axes)).astype(np.float32)
        return results


@TRANSFORMS.register_module(force=True)
class RandomPlace(BaseTransform):  # type: ignore[misc]
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

    def transform(self, results: Results) -> Results:
        keypoint = results['keypoint'].copy()
        if keypoint.shape[-1] != 4:
            raise InputError('RandomPlace: no place in the keypoints; put NormalizeBody with place=True before it')
        seen = _scores(results, 'RandomPlace')[..., None] > 0  # what is 0 for want of a person stays so
        factor = np.exp(np.random.uniform(-self.zoom, self.zoom))
        keypoint[..., 2:] = (keypoint[..., 2:] * factor + np.random.uniform(-self.shift, self.shift, 2)) * seen
        if np.random.rand() < self.forget:
            keypoint[..., 2:] = 0
        results['keypoint'] = keypoint
        return results


@TRANSFORMS.register_module(force=True)
class RandomFlipSkeleton(BaseTransform):  # type: ignore[misc]
    """Mirror a clip about x = 0 with a probability, left and right joints and their scores exchanged.

    Put :class:`NormalizeBody` before it. Not for data sets whose classes name a side.
    """

    def __init__(self, layout: SkeletonLike = 'blazepose', probability: float = 0.5) -> None:
        self.mirror = find_skeleton(layout, 'RandomFlipSkeleton').mirror
        self.probability = probability

    def transform(self, results: Results) -> Results:
        if np.random.rand() < self.probability:
            results['keypoint'], results['keypoint_score'] = features.flip(
                results['keypoint'], _scores(results, 'RandomFlipSkeleton'), self.mirror
            )
        return results


@TRANSFORMS.register_module(force=True)
class ResampleFrames(BaseTransform):  # type: ignore[misc]
    """A stretch of a clip, as ``length`` frames, linear between frames.

    In training the stretch is at a random place and covers a random share of the clip, from ``min_share``
    to all of it; in testing all of it. ``UniformSampleFrames`` repeats the beginning of a clip that is
    shorter than its ``clip_len``; here time is stretched, and no frame follows the last one.

    Required keys: keypoint (M, T, V, C), keypoint_score. Modified: both, total_frames.
    """

    def __init__(self, length: int = 32, min_share: float = 0.75, test_mode: bool = False) -> None:
        self.length, self.min_share, self.test_mode = length, min_share, test_mode

    def transform(self, results: Results) -> Results:
        last = results['keypoint'].shape[1] - 1
        share = 1.0 if self.test_mode else np.random.uniform(self.min_share, 1)
        start = 0.0 if self.test_mode else np.random.uniform(0, (1 - share) * last)
        positions = np.linspace(start, start + share * last, self.length)
        for key in ('keypoint', 'keypoint_score'):
            if key in results:
                results[key] = features.resample(results[key], positions)
        results['total_frames'] = self.length
        return results
