"""Which frames of a clip ``UniformSampleFrames`` of MMAction2 takes, for the same random state the same ones.

They are drawn from NumPy's global state, which is left as the stock step leaves it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ['frames_for_testing', 'frames_for_training']

Frames = NDArray[np.int64]


def frames_for_training(total: int, clip_len: int, num_clips: int = 1) -> Frames:
    """A random frame of each of ``clip_len`` equal parts of a clip, (num_clips, clip_len).

    A clip shorter than ``clip_len`` begins at a random frame and is gone through as often as it takes.
    """
    if total < clip_len:
        return _around([np.random.randint(0, total) for _ in range(num_clips)], total, clip_len)
    return _one_of_each_part(total, clip_len, num_clips)


def frames_for_testing(total: int, clip_len: int, num_clips: int = 1, seed: int = 255) -> Frames:
    """The same of every clip in every run, (num_clips, clip_len): NumPy's global state is seeded anew.

    A clip shorter than ``clip_len`` begins at even distances.
    """
    np.random.seed(seed)
    if total < clip_len:
        starts = [clip if total < num_clips else clip * total // num_clips for clip in range(num_clips)]
        return _around(starts, total, clip_len)
    return _one_of_each_part(total, clip_len, num_clips)


def _around(starts: list[int], total: int, clip_len: int) -> Frames:
    frames: Frames = np.array(starts)[:, None] + np.arange(clip_len)
    frames %= total
    return frames


def _one_of_each_part(total: int, clip_len: int, num_clips: int) -> Frames:
    if total < 2 * clip_len:  # all frames but total - clip_len
        left_out = np.zeros((num_clips, clip_len + 1), np.int64)
        for clip in left_out:
            # What np.random.choice(clip_len + 1, …, replace=False) does, without its checks.
            clip[np.random.permutation(clip_len + 1)[: total - clip_len]] = 1
        kept: Frames = np.arange(clip_len) + left_out.cumsum(1)[:, :-1]
        return kept
    bounds = np.arange(clip_len + 1) * total // clip_len
    # One draw for all clips takes the same numbers from the state as one for each.
    return bounds[:-1] + np.random.randint(np.broadcast_to(np.diff(bounds), (num_clips, clip_len)))
