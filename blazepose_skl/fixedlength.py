"""Clips of one length, as the authors of ST-GCN and of "Enhanced-BlazePose" make them."""

from __future__ import annotations

import zlib

import numpy as np

from blazepose_skl.errors import InputError
from blazepose_skl.steps import Results

__all__ = ['RepeatOrDropFrames']


class RepeatOrDropFrames:
    """A clip of ``length`` frames: a short one begins again, a long one loses frames at random.

    "When the videos length did not reach the desired length, we repeated the initial frames the times needed.
    Alternatively, we randomly eliminated the difference in frames" (Enhanced-BlazePose, section III A). In testing
    the same frames are lost every time, chosen by the name of the clip.

    Required keys: keypoint (M, T, V, C), if there are scores keypoint_score (M, T, V). Modified: both, total_frames.
    Added: num_clips, clip_len.
    """

    def __init__(self, length: int = 300, test_mode: bool = False) -> None:
        if length < 1:
            raise InputError(f'RepeatOrDropFrames: length={length}; at least one frame is needed')
        self.length, self.test_mode = length, test_mode

    def __call__(self, results: Results) -> Results:
        frames = results['keypoint'].shape[1]
        if frames > self.length:
            # MMAction2's and PYSKL's generator in training, one of the clip's own in testing.
            seed = zlib.crc32(str(results.get('frame_dir', '')).encode())
            random = np.random.RandomState(seed) if self.test_mode else np.random
            kept = np.sort(random.permutation(frames)[: self.length])
        else:
            kept = np.arange(self.length) % frames
        for key in ('keypoint', 'keypoint_score'):
            if key in results:
                results[key] = results[key][:, kept]
        results['total_frames'] = results['clip_len'] = self.length
        results['num_clips'] = 1
        return results
