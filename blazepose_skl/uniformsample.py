"""The pipeline step that does what five stock ones do, for the frames that are kept and no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazepose_skl import features
from blazepose_skl.errors import InputError
from blazepose_skl.prenormalize import Alignment, align, to_picture
from blazepose_skl.skeletons import SkeletonLike
from blazepose_skl.steps import STOCK_LAYOUTS, Results, check_joints, check_streams, find_skeleton
from blazepose_skl.uniform import frames_for_testing, frames_for_training

__all__ = ['UniformSampleSkeleton']

Array = NDArray[Any]
Frames = NDArray[np.int64]

_NAME = 'UniformSampleSkeleton'

# What may stand in normalize, and its settings, as the stock steps have them.
_NORMALIZATIONS: dict[str, dict[str, Any]] = {
    'PreNormalize2D': dict(img_shape=(1080, 1920)),
    'PreNormalize3D': dict(zaxis=(0, 1), xaxis=(8, 4), align_spine=True, align_shoulder=True),
}


class UniformSampleSkeleton:
    """Frames of a clip at uniform distances, as the array that a graph network takes.

    In the place of MMAction2's ``PreNormalize2D`` or ``PreNormalize3D``, ``GenSkeFeat``, ``UniformSampleFrames``,
    ``PoseDecode`` and ``FormatGCNInput``, one behind the other: equal to them in every bit for the same state of
    NumPy's random numbers, which it leaves as they do. Frames are drawn first; what is normalised, and of what bones
    and motion are made, are these and their successors alone.

    What the stock steps only assert, or do wrongly without a word, is refused with a sentence: joints that are not
    the layout's, ``total_frames`` that are not the array's, 3-D keypoints with scores in a stock layout.

    Required keys: keypoint (M, T, V, C). Taken where they are: keypoint_score (M, T, V), total_frames, img_shape
    (h, w), start_index, offset. Modified: keypoint, which becomes (num_clips, num_person, clip_len, V, C') float32,
    the score its last channel; the array that comes in stays as it is. Added: frame_inds, clip_len, frame_interval,
    num_clips, with ``PreNormalize3D`` body_center.

    Args:
        layout: The skeleton of the data; for a stock name it is done as stock does it.
        feats: Streams (j, b, jm, bm), one behind the other along the channels.
        clip_len: Frames of a clip.
        num_clips: Clips of a sample.
        test_mode: The same frames in every run, by ``seed``.
        seed: What NumPy's random numbers are seeded with in testing.
        num_person: People who are kept or, where there are fewer, made up.
        mode: Who is made up is 0 (``zero``) or, where there is one person, the same again (``loop``).
        normalize: ``PreNormalize2D``, ``PreNormalize3D``, None, or one of them with its settings, ``dict(type=…)``.
    """

    def __init__(
        self,
        layout: SkeletonLike,
        feats: Sequence[str] = ('j',),
        *,
        clip_len: int,
        num_clips: int = 1,
        test_mode: bool = False,
        seed: int = 255,
        num_person: int = 2,
        mode: str = 'zero',
        normalize: str | Mapping[str, Any] | None = 'PreNormalize2D',
    ) -> None:
        check_streams(feats, _NAME)
        if mode not in ('zero', 'loop'):
            raise InputError(f'{_NAME}: unknown mode {mode!r}; known are zero, loop')
        for name, number in (('clip_len', clip_len), ('num_clips', num_clips), ('num_person', num_person)):
            if number < 1:
                raise InputError(f'{_NAME}: {name} is {number}; give 1 or more')
        self.skeleton = find_skeleton(layout, _NAME)
        self.stock = layout if isinstance(layout, str) and layout in STOCK_LAYOUTS else None
        self.feats, self.clip_len, self.num_clips = tuple(feats), clip_len, num_clips
        self.test_mode, self.seed, self.num_person, self.mode = test_mode, seed, num_person, mode
        self.normalize, self.settings = _read_normalization(normalize)
        joints = [*self.settings.get('zaxis', ()), *self.settings.get('xaxis', ())]
        if max(joints, default=0) >= self.skeleton.num_joints:
            raise InputError(
                f"{_NAME}: PreNormalize3D aligns joints {joints}, and '{self.skeleton.name}' has "
                f'{self.skeleton.num_joints}; give zaxis and xaxis of this skeleton'
            )

    def __call__(self, results: Results) -> Results:
        check_joints(self.skeleton, results, _NAME)
        keypoint, score = results['keypoint'], results.pop('keypoint_score', None)
        total = results.setdefault('total_frames', keypoint.shape[1])
        scored = self._check(results, keypoint, score)
        kept = min(len(keypoint), self.num_person)
        alignment = self._align(results, keypoint) if self.normalize == 'PreNormalize3D' else None
        if alignment is not None:
            total = results['total_frames'] = len(alignment.frames)
            results['body_center'] = alignment.center

        def joints(frames: Frames | slice) -> Array:
            """Normalised, with their scores, (M, frames, V, C)."""
            if alignment is not None:
                people = np.array(alignment.people[:kept])
                return alignment(keypoint[people[:, None], alignment.frames[frames]])
            chosen = keypoint[:kept, frames]
            if self.normalize == 'PreNormalize2D':
                channels = to_picture(chosen, results.get('img_shape', self.settings['img_shape']))
            else:
                channels = [chosen[..., axis] for axis in range(chosen.shape[-1])]
            if score is not None:
                channels.append(score[:kept, frames])
            return features.stack_channels(channels)

        frames = self._draw(results, total)
        shown = frames + results.get('offset', 0)
        if shown.min() < 0 or shown.max() >= total:
            raise _wrong(results, f'start_index and offset lead out of its {total} frames; leave both out')
        streams = features.streams_at(joints, shown, total, self.feats, self.skeleton.bones, scored)
        results['frame_inds'] = frames.ravel().astype(np.int32)
        results.update(clip_len=self.clip_len, frame_interval=None, num_clips=self.num_clips)
        results['keypoint'] = self._make_up_people(streams, len(keypoint))
        return results

    def _check(self, results: Results, keypoint: Array, score: Array | None) -> bool:
        """Refuse what cannot be read; whether the last channel is a score once scores are merged into it."""
        if keypoint.ndim != 4 or (score is not None and score.shape != keypoint.shape[:3]):
            shapes = f'keypoint {keypoint.shape}' + ('' if score is None else f' and keypoint_score {score.shape}')
            raise _wrong(results, f'{shapes} where (M, T, V, C) and (M, T, V) are wanted; convert the data again')
        frames = keypoint.shape[1]
        if results['total_frames'] != frames or not frames:
            said = f'total_frames {results["total_frames"]} and {frames} frames of keypoints'
            raise _wrong(results, f'{said}; both must be the same and not 0: convert the data again')
        if score is not None and self.normalize == 'PreNormalize3D':
            raise _wrong(results, 'keypoint_score, and PreNormalize3D takes keypoints without; leave it out')
        if self.stock is None:
            return score is not None
        if score is not None and (self.stock == 'nturgb+d' or keypoint.shape[-1] != 2):
            takes = 'no keypoint_score' if self.stock == 'nturgb+d' else 'keypoint_score with 2-D keypoints only'
            found = f'{keypoint.shape[-1]}-D keypoints with keypoint_score'
            raise _wrong(results, f"{found}, and the stock layout '{self.stock}' takes {takes}")
        channels = keypoint.shape[-1] + (score is not None)
        if channels not in (2, 3):
            raise _wrong(results, f"{channels} channels, and the stock layout '{self.stock}' takes 2 or 3")
        return channels == 3 and self.stock != 'nturgb+d'

    def _align(self, results: Results, keypoint: Array) -> Alignment | None:
        if keypoint.shape[-1] != 3 or len(keypoint) not in (1, 2):
            raise _wrong(results, f'keypoint {keypoint.shape}, and PreNormalize3D takes one or two people with x, y, z')
        try:
            return align(keypoint, **self.settings)
        except InputError as error:
            raise _wrong(results, str(error)) from None

    def _draw(self, results: Results, total: int) -> Frames:
        if self.test_mode:
            frames = frames_for_testing(total, self.clip_len, self.num_clips, self.seed)
        else:
            frames = frames_for_training(total, self.clip_len, self.num_clips)
        return frames + int(results.get('start_index', 0))

    def _make_up_people(self, streams: Array, people: int) -> Array:
        missing = self.num_person - streams.shape[1]
        if not missing:
            return np.ascontiguousarray(streams)
        shape = (len(streams), self.num_person, *streams.shape[2:])
        filled = np.zeros(shape, streams.dtype)
        filled[:, : streams.shape[1]] = streams
        if self.mode == 'loop' and people == 1:
            filled[:, 1:] = streams
        return filled


def _read_normalization(normalize: str | Mapping[str, Any] | None) -> tuple[str | None, dict[str, Any]]:
    """Its name and all of its settings."""
    if normalize is None:
        return None, {}
    given = dict(type=normalize) if isinstance(normalize, str) else dict(normalize)
    name = given.pop('type', None)
    if name not in _NORMALIZATIONS:
        known = ', '.join(_NORMALIZATIONS)
        raise InputError(f'{_NAME}: unknown normalize {name!r}; known are {known}, None')
    settings = _NORMALIZATIONS[name]
    unknown = sorted(set(given) - set(settings))
    if unknown:
        raise InputError(f'{_NAME}: {name} has no setting {", ".join(unknown)} here; there are {", ".join(settings)}')
    return name, {**settings, **given}


def _wrong(results: Results, what: str) -> InputError:
    return InputError(f"{_NAME}: clip '{results.get('frame_dir', '?')}': {what}")
