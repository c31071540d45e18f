"""Test pipelines without a framework: MMAction2's steps for graph networks, and ours, from settings that are data."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from blazepose_skl import features
from blazepose_skl.errors import InputError
from blazepose_skl.facing import FaceCamera
from blazepose_skl.fixedlength import RepeatOrDropFrames
from blazepose_skl.prenormalize import to_picture
from blazepose_skl.skeletons import Skeleton, SkeletonLike
from blazepose_skl.steps import (
    STOCK_LAYOUTS,
    NormalizeBody,
    RemapSkeleton,
    ResampleFrames,
    Results,
    check_streams,
    find_skeleton,
    merge_streams,
)
from blazepose_skl.uniform import frames_for_testing
from blazepose_skl.uniformsample import UniformSampleSkeleton

__all__ = ['build_pipeline', 'declare', 'describe_pipeline']

Step = Callable[[Results], Results]


# -- MMAction2's steps (pose_transforms.py, formatting.py), as they are in testing ------------------------


class PreNormalize2D:
    """x and y between -1 and 1 over the picture."""

    def __init__(self, img_shape: Sequence[float] = (1080, 1920)) -> None:
        self.img_shape = img_shape

    def __call__(self, results: Results) -> Results:
        channels = to_picture(results['keypoint'], results.get('img_shape', self.img_shape))
        return results | dict(keypoint=features.stack_channels(channels))


class GenSkeFeat:
    """Streams, the score their last channel."""

    def __init__(self, dataset: SkeletonLike = 'nturgb+d', feats: Sequence[str] = ('j',), axis: int = -1) -> None:
        check_streams(feats)
        self.skeleton = find_skeleton(dataset, 'GenSkeFeat')
        # For its own layouts the step knows nothing of clips that stand one behind the other.
        self.ignored = ('num_clips', 'clip_len') if _is_stock(dataset) else ()
        self.feats, self.axis = tuple(feats), axis

    def __call__(self, results: Results) -> Results:
        ignored = {key: results.pop(key) for key in self.ignored if key in results}
        return merge_streams(results, self.skeleton, self.feats, self.axis) | ignored


class UniformSampleFrames:
    """Which frames are taken; those that are the same in every run."""

    def __init__(self, clip_len: int, num_clips: int = 1, test_mode: bool = False, seed: int = 255) -> None:
        self.clip_len, self.num_clips, self.test_mode, self.seed = clip_len, num_clips, test_mode, seed

    def __call__(self, results: Results) -> Results:
        frames = frames_for_testing(results['total_frames'], self.clip_len, self.num_clips, self.seed)
        return results | dict(frame_inds=frames.ravel(), clip_len=self.clip_len, num_clips=self.num_clips)


class PoseDecode:
    """The frames that are taken, or all."""

    def __call__(self, results: Results) -> Results:
        if 'frame_inds' not in results:
            return results
        keys = [key for key in ('keypoint', 'keypoint_score') if key in results]
        return results | {key: results[key][:, results['frame_inds']].astype(np.float32) for key in keys}


class FormatGCNInput:
    """The array that a graph network takes, (num_clips, num_person, T, V, C)."""

    def __init__(self, num_person: int = 2, mode: str = 'zero') -> None:
        self.num_person, self.mode = num_person, mode

    def __call__(self, results: Results) -> Results:
        keypoint = results['keypoint']
        if 'keypoint_score' in results:
            keypoint = np.concatenate([keypoint, results['keypoint_score'][..., None]], axis=-1)
        people, frames, *shape = keypoint.shape
        filled = np.zeros((self.num_person, frames, *shape), keypoint.dtype)
        filled[:people] = keypoint[: self.num_person]
        if self.mode == 'loop' and people == 1:
            filled[1:] = keypoint
        clips = results.get('num_clips', 1)
        filled = filled.reshape(self.num_person, clips, frames // clips, *shape).swapaxes(0, 1)
        return results | dict(keypoint=np.ascontiguousarray(filled))


_STEPS: Mapping[str, Callable[..., Step]] = {
    step.__name__: step
    for step in (
        FaceCamera,
        FormatGCNInput,
        GenSkeFeat,
        NormalizeBody,
        PoseDecode,
        PreNormalize2D,
        RemapSkeleton,
        RepeatOrDropFrames,
        ResampleFrames,
        UniformSampleFrames,
        UniformSampleSkeleton,
    )
}
# What makes tensors of arrays.
_PACKING = 'PackActionInputs'
# Where the steps name skeletons.
_NAMING = ('dataset', 'layout', 'source', 'target')


def _is_stock(layout: SkeletonLike) -> bool:
    """Whether it is a name that the framework knows itself; of other skeletons the declaration is kept."""
    return isinstance(layout, str) and layout in STOCK_LAYOUTS


# -- pipelines as data ------------------------------------------------------------------------------------


def describe_pipeline(steps: Sequence[Mapping[str, Any]], where: str) -> list[dict[str, Any]]:
    """The steps of a test pipeline with all their settings, as JSON has them, skeletons in full.

    Args:
        steps: As a config has them, for testing.
        where: For messages.

    Raises:
        InputError: One of them needs the framework, or draws at random.
    """
    described = []
    for settings in steps:
        told = dict(settings)
        name = told.pop('type', None)
        if name == _PACKING:
            continue
        if name not in _STEPS:
            raise InputError(
                f'{where}: step {name} of its test pipeline is not to be had without the framework; there are '
                f'{", ".join(_STEPS)}'
            )
        signature = inspect.signature(_STEPS[name])
        try:
            bound = signature.bind(**told)
        except TypeError as error:
            raise InputError(f'{where}: step {name} of its test pipeline: {error}') from None
        bound.apply_defaults()
        told = bound.arguments
        if told.get('test_mode') is False:
            raise InputError(f'{where}: step {name} of its test pipeline draws at random; give it test_mode=True')
        for key in _NAMING:
            if key in told and not _is_stock(told[key]):
                told[key] = declare(find_skeleton(told[key], name))
        described.append(dict(type=name, **told))
    return described


def declare(skeleton: Skeleton) -> dict[str, Any]:
    """The declaration of a skeleton as JSON has it; ``get_skeleton`` takes it."""
    return dict(
        name=skeleton.name,
        joints=list(skeleton.joints),
        parents=dict(skeleton.parents),
        connections=[list(pair) for pair in skeleton.connections],
        center=skeleton.center,
        mirror=[list(pair) for pair in skeleton.mirror],
    )


def build_pipeline(described: Sequence[Mapping[str, Any]]) -> Step:
    """One step of all that :func:`describe_pipeline` describes.

    Raises:
        InputError: A step is not known, or its settings are not its own.
    """
    steps = []
    for settings in described:
        told = dict(settings)
        name = told.pop('type', None)
        if name not in _STEPS:
            raise InputError(f'step {name} of the test pipeline is not known; there are {", ".join(_STEPS)}')
        for key in _NAMING:
            if key in told and not _is_stock(told[key]):
                if not isinstance(told[key], Mapping):  # the name of a file, which a stranger's would have us read
                    raise InputError(f'step {name} of the test pipeline has no declaration of a skeleton in {key}')
                told[key] = find_skeleton(told[key], name)
        try:
            steps.append(_STEPS[name](**told))
        except TypeError as error:
            raise InputError(f'step {name} of the test pipeline: {error}') from None

    def run(results: Results) -> Results:
        for step in steps:
            results = step(results)
        return results

    return run
