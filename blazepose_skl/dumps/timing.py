"""Frames in order and on their time base, from the numbers and times that a dump gives them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.clips import Clip
from blazepose_skl.dumps.recording import Recording
from blazepose_skl.errors import InputError

__all__ = ['order_frames', 'resample_clip']

# Dropped frames are put back as long as the clip does not become this many times as long (and then some):
# beyond that the numbers are something else.
_STRETCH, _SLACK = 10, 1000
# Recording one frame of so many may be meant; what numbers of larger steps are of is not known.
_STEP = 1000


def order_frames(recording: Recording, where: str) -> Recording:
    """The recording with frames in the order of their numbers, or else times, and dropped frames put back as missed.

    Numbers or times that repeat say nothing and are not used, which a note says. Frames before the first are not put
    back.

    Raises:
        InputError: The numbers leave gaps that are no dropped frames.
    """
    numbers, times = recording.numbers, recording.times
    if times is None and (numbers is None or _counts(numbers)):  # as most dumps are
        return recording
    fps = recording.metadata.fps
    if times is not None and len(times) > 1 and (step := _step(times)) > 0:
        # Nobody films at one frame in five seconds: these are milliseconds.
        seconds = step / 1000 if step >= 5 else step
        fps = fps or (1 / seconds if 0.1 <= 1 / seconds <= 1000 else None)
    recording = replace(recording, metadata=replace(recording.metadata, fps=fps))
    for values, name in ((numbers, 'numbers'), (times, 'times')):
        if values is None or len(values) < 2:
            continue
        if len(np.unique(values)) == len(values):
            return _lay_out(recording, values, name, where)
        recording = recording.noting(f'frame {name} repeat, not used')
    return recording


def _counts(numbers: NDArray[np.float64]) -> bool:
    """Whether every frame's number is one more than the last one's."""
    return bool((np.diff(numbers) == 1).all())


def _step(values: NDArray[np.float64]) -> float:
    steps = np.abs(np.diff(np.sort(values)))
    return float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0


def _lay_out(recording: Recording, values: NDArray[np.float64], name: str, where: str) -> Recording:
    order = np.argsort(values, kind='stable')
    notes: tuple[str, ...] = (
        () if (order[1:] > order[:-1]).all() else (f'frames were out of order, put in the order of their {name}',)
    )
    steps = np.diff(values[order])
    # Every second frame may have been recorded on purpose: what is usual is no gap. Times shake a little.
    usual = _step(values) if name == 'times' else max(np.min(steps), 1)
    jumps = np.maximum(np.round(steps / usual), 1)
    jumps[(steps < 1.75 * usual)] = 1
    length = jumps.sum() + 1
    if name == 'numbers' and usual > _STEP:
        notes += (f'frame numbers go up by {usual:.0f}, taken for one frame',)
    if length > _STRETCH * recording.length + _SLACK:
        raise InputError(f'{where}: frame {name} run over {length:.0f} frames where {recording.length} are listed')
    places = np.empty(recording.length, np.intp)
    places[order] = np.concatenate(([0], np.cumsum(jumps))).astype(np.intp)
    dropped = int(length) - recording.length
    if dropped:
        notes += ('dropped frames put back as missed',)
    if not notes:
        return recording
    frames = places[recording.frames]
    by_frame = np.argsort(frames, kind='stable')
    return replace(
        recording,
        length=int(length),
        frames=frames[by_frame],
        image=recording.image[by_frame] if recording.image is not None else None,
        world=recording.world[by_frame] if recording.world is not None else None,
        scores=recording.scores[by_frame],
        numbers=None,
        times=None,
        notes=recording.notes + notes,
    )


def resample_clip(clip: Clip, fps: float) -> Clip:
    """The clip at another rate, linear between frames; what lies beside an unseen frame is unseen.

    Raises:
        InputError: The clip does not say its rate.
    """
    if clip.fps is None:
        raise InputError(f'{clip.source}: no frame rate in the dump, so it cannot be resampled; --videos reads it')
    length = clip.landmarks.shape[1]
    positions = np.arange(0, length - 1 + 1e-6, clip.fps / fps)
    before = np.floor(positions + 1e-9).astype(np.intp)
    share = np.maximum(positions - before, 0).astype(np.float32)
    after = np.where(share > 1e-6, np.minimum(before + 1, length - 1), before)

    def between(values: NDArray[np.float32]) -> NDArray[np.float32]:
        part = share.reshape(1, -1, *[1] * (values.ndim - 2))
        return np.asarray(values[:, before] * (1 - part) + values[:, after] * part, np.float32)

    landmarks = between(clip.landmarks)
    scores = np.where(np.isnan(landmarks).any(-1), 0, between(clip.scores)).astype(np.float32)
    return replace(clip, landmarks=landmarks, scores=scores, fps=fps)
