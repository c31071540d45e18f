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


def brute_same(poses: np.ndarray, parts: np.ndarray) -> set[tuple[int, int]]:
    """Each clip beside all of other parts."""
    flat = poses.reshape(len(poses), -1, poses.shape[-1])
    flat = (flat - flat.min(axis=1, keepdims=True)) / np.ptp(flat, axis=1, keepdims=True)
    pairs = set()
    for one, pose in enumerate(flat):
        distances = np.linalg.norm(flat - pose, axis=-1).mean(axis=-1)
        distances[parts == parts[one]] = np.inf
        other = int(distances.argmin())
        if distances[other] <= 0.005:
            pairs.add((min(one, other), max(one, other)))
    return pairs


def brute_joined(poses: np.ndarray) -> set[tuple[int, int]]:
    """The end of each clip beside the beginnings of all others."""
    sizes = np.linalg.norm(np.ptp(poses, axis=2), axis=-1).mean(axis=1)
    distances = np.stack([np.linalg.norm(poses[:, 0] - end, axis=-1).mean(axis=-1) for end in poses[:, -1]])
    distances[distances > np.float32(0.02) * np.minimum(sizes, sizes[:, None])] = np.inf
    np.fill_diagonal(distances, np.inf)
    nearest, before = distances.argmin(axis=1), distances.argmin(axis=0)
    return {
        (one, int(other))
        for one, other in enumerate(nearest)
        if np.isfinite(distances[one, other]) and before[other] == one
    }


def wanderers(random: np.random.Generator, count: int) -> np.ndarray:
    """Clips of any pose, each going on about where another ends, or the same as another, half of the time."""
    poses = random.uniform(100, 400, (count, 3, 33, 2))
    for clip in range(1, count):
        at, near = int(random.integers(clip)), random.normal(0, random.uniform(0, 6), (33, 2))
        if clip % 4 == 0:
            poses[clip, 0] = poses[at, -1] + near
        elif clip % 4 == 1:
            poses[clip] = (poses[at] + near / 4) * random.uniform(0.2, 3)
    return poses.astype(np.float32)


def beginners(random: np.random.Generator, count: int) -> np.ndarray:
    """Clips that begin in a few poses, and some that end in them."""
    poses = random.uniform(100, 400, (count, 3, 33, 2))
    starts = random.uniform(100, 400, (count // 40, 33, 2))
    poses[:, 0] = starts[random.integers(len(starts), size=count)] + random.normal(0, 2, (count, 33, 2))
    poses[::5, -1] = starts[random.integers(len(starts), size=len(poses[::5]))]
    return poses.astype(np.float32)


def sitters(random: np.random.Generator, count: int) -> np.ndarray:
    """Clips of people who do not move, fifty of each."""
    people = random.uniform(100, 400, (count // 50, 1, 33, 2))
    clips = people[random.integers(len(people), size=count)]
    return (clips + random.normal(0, random.uniform(0, 3), (count, 3, 33, 2))).astype(np.float32)


def repeaters(random: np.random.Generator, count: int) -> np.ndarray:
    """Few different clips, each many times without any difference."""
    return random.uniform(100, 400, (10, 3, 33, 2)).astype(np.float32)[random.integers(10, size=count)]


@pytest.mark.parametrize('make', [wanderers, beginners, sitters, repeaters])
@pytest.mark.parametrize('seed', range(4))
def test_nothing_is_lost_for_speed(make: Callable[[np.random.Generator, int], np.ndarray], seed: int) -> None:
    random = np.random.default_rng(seed)
    poses, parts = make(random, 500), random.integers(1 + seed, size=500)
    same, joined = find_same(poses, parts), find_joined(poses)
    assert set(same.pairs) == brute_same(poses, parts)
    assert set(joined.pairs) == brute_joined(poses)
    assert same.crowded == joined.crowded == []


def test_a_crowd_is_named_and_copies_in_it_are_found() -> None:
    random = np.random.default_rng(0)
    crowd = random.uniform(100, 400, (33, 2)) + random.normal(0, 0.5, (3000, 3, 33, 2))
    others = wanderers(random, 500)
    poses, parts = np.concatenate([others, crowd, crowd[:50]]).astype(np.float32), np.arange(3550) % 2
    parts[3500:] = 1 - parts[500:550]
    same, joined = find_same(poses, parts), find_joined(poses)
    assert set(same.crowded) == set(joined.crowded) == set(range(500, 3550))
    assert set(same.pairs) >= {(500 + copy, 3500 + copy) for copy in range(50)} | brute_same(others, parts[:500])
    assert set(joined.pairs) >= brute_joined(others)


def test_the_same_at_another_size_and_with_noise() -> None:
    clips = [keypoint(seed=seed) for seed in range(20)]
    noise = np.random.default_rng(0).normal(0, 0.3, clips[0].shape).astype(np.float32)
    copies = [clips[3] * np.array([3, 2], np.float32), clips[5] + noise]
    assert find_same(stack(*clips, *copies), np.arange(22)).pairs == [(3, 20), (5, 21)]
    assert find_same(stack(*clips, *copies), np.arange(22) // 21).pairs == [(5, 21)]


def test_cuts_of_one_video() -> None:
    whole = keypoint(frames=90)
    cuts = [whole[:, :30], whole[:, 30:61], whole[:, 62:]]  # a frame is left out
    others = [keypoint(seed=seed) for seed in range(1, 20)]
    assert find_joined(stack(*others, *cuts)).pairs == [(19, 20), (20, 21)]
    assert find_same(stack(*others, *cuts), np.arange(22)).pairs == []


def test_missed_frames_do_not_matter() -> None:
    whole = keypoint(frames=60)
    cuts = [whole[:, :30].copy(), whole[:, 30:].copy()]
    cuts[0] = np.concatenate([cuts[0], np.zeros_like(cuts[0][:, :3])], axis=1)
    assert find_joined(stack(*cuts)).pairs == [(0, 1)]
    assert key_poses(np.zeros((1, 5, 33, 2), np.float32)) is None


@pytest.mark.parametrize('count', [0, 1, 2, 3])
def test_few_clips_of_wild_numbers(count: int) -> None:
    wild = np.full((count, 3, 33, 2), 9e5, np.float32)
    wild[:, :, 0] = 0
    assert find_same(wild, np.arange(count)).pairs == [(0, other) for other in range(1, count)]
    assert len(find_joined(wild).pairs) <= count
    assert key_poses(np.full((1, 3, 33, 2), 1e30, np.float32)) is None


def test_a_real_recording_in_one_go(real_data: Callable[[str], Path]) -> None:
    """Clips of one action follow one another there: half of the successors are found, and hardly another pair."""
    names, poses = [], []
    for source in find_dumps(real_data('actions16')):
        names.append(source.name)
        poses.append(key_poses(read_clip(source, Reading()).landmarks))
    pairs = find_joined(np.stack(poses)).pairs  # type: ignore[arg-type]
    right = [(a, b) for a, b in pairs if follows(names[a], names[b])]
    assert len(right) > 392
    assert len(right) >= 0.98 * len(pairs)


def follows(one: str, other: str) -> bool:
    numbers = [int(re.findall(r'\d+', name)[-1]) for name in (one, other)]
    return one.split('/')[0] == other.split('/')[0] and numbers[1] == numbers[0] + 1
