"""Clips that are the same or cuts of one video."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import make_motion

from blazepose_skl.dumps import Reading, find_dumps, read_clip
from blazepose_skl.leaks import find_joined, find_same, key_poses


def keypoint(frames: int = 30, seed: int = 0) -> np.ndarray:
    return make_motion(frames, seed)[..., :2] * np.array([640, 480], np.float32)


def stack(*clips: np.ndarray) -> np.ndarray:
    poses = [key_poses(clip) for clip in clips]
    assert all(shown is not None for shown in poses)
    return np.stack(poses)  # type: ignore[arg-type]


def test_the_same_at_another_size_and_with_noise() -> None:
    clips = [keypoint(seed=seed) for seed in range(20)]
    noise = np.random.default_rng(0).normal(0, 0.3, clips[0].shape).astype(np.float32)
    copies = [clips[3] * np.array([3, 2], np.float32), clips[5] + noise]
    assert find_same(stack(*clips, *copies)) == [(3, 20), (5, 21)]


def test_cuts_of_one_video() -> None:
    whole = keypoint(frames=90)
    cuts = [whole[:, :30], whole[:, 30:61], whole[:, 62:]]  # a frame is left out
    others = [keypoint(seed=seed) for seed in range(1, 20)]
    assert find_joined(stack(*others, *cuts)) == [(19, 20), (20, 21)]
    assert find_same(stack(*others, *cuts)) == []


def test_missed_frames_do_not_matter() -> None:
    whole = keypoint(frames=60)
    cuts = [whole[:, :30].copy(), whole[:, 30:].copy()]
    cuts[0] = np.concatenate([cuts[0], np.zeros_like(cuts[0][:, :3])], axis=1)
    assert find_joined(stack(*cuts)) == [(0, 1)]
    assert key_poses(np.zeros((1, 5, 33, 2), np.float32)) is None


@pytest.mark.parametrize('count', [0, 1, 2, 3])
def test_few_clips_of_wild_numbers(count: int) -> None:
    wild = np.full((count, 3, 33, 2), 9e5, np.float32)
    wild[:, :, 0] = 0
    assert find_same(wild) == [(one, other) for one in range(count) for other in range(one + 1, count)]
    assert len(find_joined(wild)) <= count
    assert key_poses(np.full((1, 3, 33, 2), 1e30, np.float32)) is None


def test_a_real_recording_in_one_go(real_data: Callable[[str], Path]) -> None:
    """Clips of one action follow one another there: half of the successors are found, and hardly another pair."""
    names, poses = [], []
    for source in find_dumps(real_data('actions16')):
        names.append(source.name)
        poses.append(key_poses(read_clip(source, Reading()).landmarks))
    pairs = find_joined(np.stack(poses))  # type: ignore[arg-type]
    right = [(a, b) for a, b in pairs if follows(names[a], names[b])]
    assert len(right) > 392
    assert len(right) >= 0.98 * len(pairs)


def follows(one: str, other: str) -> bool:
    numbers = [int(re.findall(r'\d+', name)[-1]) for name in (one, other)]
    return one.split('/')[0] == other.split('/')[0] and numbers[1] == numbers[0] + 1
