"""Who is who: nobody becomes somebody else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from blazepose_skl.dumps import Reading, find_dumps, read_clip
from blazepose_skl.dumps.people import PeopleLinker, choose_people, link_people

BODY = np.random.default_rng(0).uniform(-0.5, 0.5, (33, 2))


def bodies(*people: dict[int, tuple[float, float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frames, landmarks and owners of people who are at (x, size) in the frames given; their order is shuffled."""
    seen = [(frame, owner, *place) for owner, person in enumerate(people) for frame, place in person.items()]
    order = np.random.default_rng(1).permutation(len(seen))
    seen = sorted((seen[n] for n in order), key=lambda item: item[0])
    landmarks = np.stack([BODY * size + [x, 0] for _, _, x, size in seen]).astype(np.float32)
    return np.array([item[0] for item in seen]), landmarks, np.array([item[1] for item in seen])


def assert_told_apart(tracks: np.ndarray, owners: np.ndarray) -> None:
    """Each track is one person, and each person one track."""
    pairs = set(zip(tracks.tolist(), owners.tolist(), strict=True))
    assert len(pairs) == len(set(tracks.tolist())) == len(set(owners.tolist()))


# -- laws -------------------------------------------------------------------------------------------


def test_two_who_walk_side_by_side() -> None:
    frames, landmarks, owners = bodies(
        {t: (10 * t, 200) for t in range(40)}, {t: (10 * t + 120, 200) for t in range(40)}
    )
    assert_told_apart(link_people(frames, landmarks), owners)


def test_who_was_out_of_sight_for_a_while_is_the_same() -> None:
    frames, landmarks, owners = bodies(
        {t: (0, 200) for t in range(40)}, {t: (300 + t, 200) for t in range(40) if not 10 <= t < 30}
    )
    assert_told_apart(link_people(frames, landmarks), owners)


def test_somebody_large_who_comes_takes_no_one_elses_place() -> None:
    """The joints of a large person are far from everybody's in anybody's sizes but their own."""
    frames, landmarks, owners = bodies(
        {t: (0, 200) for t in range(40)}, {t: (150, 40) for t in range(10)}, {15: (300, 900)}
    )
    assert_told_apart(link_people(frames, landmarks), owners)


def test_one_person_is_one_track_wherever_they_are() -> None:
    frames, landmarks, _ = bodies({0: (0, 100), 1: (900, 100), 99: (0, 300)})
    assert not link_people(frames, landmarks).any()


def test_frame_by_frame_is_the_same() -> None:
    frames, landmarks, _ = bodies(
        {t: (10 * t, 200) for t in range(60)},
        {t: (10 * t + 120, 200) for t in range(60) if not 10 <= t < 50},
        {t: (2000 - 30 * t, 100) for t in range(20, 60)},
    )
    linker = PeopleLinker()
    tracks = [track for t in range(60) for track in linker.link(t, landmarks[frames == t])]
    assert tracks == link_people(frames, landmarks).tolist()


@pytest.mark.parametrize(('policy', 'first'), [('longest', 0), ('largest', 1), ('confident', 2)])
def test_whom_to_keep(policy: str, first: int) -> None:
    people = {t: (0, 100) for t in range(20)}, {t: (1000, 800) for t in range(10)}, {t: (3000, 100) for t in range(10)}
    frames, landmarks, owners = bodies(*people)
    scores = np.repeat(np.where(owners == 2, 0.9, 0.5)[:, None], 33, 1).astype(np.float32)
    kept = choose_people(link_people(frames, landmarks), landmarks, scores, 1, policy)
    assert [set(owners[at]) for at in kept] == [{first}]


# -- a real file ------------------------------------------------------------------------------------


def test_nobody_jumps(real_data: Callable[[str], Path]) -> None:
    """Two men and two hallucinations of six frames a second, told apart by eye in pictures drawn over the video."""
    (source,) = find_dumps(real_data('dialects') / 'tasks_asdict_several_people.json')
    landmarks = read_clip(source, Reading(people=10)).landmarks
    present = [np.flatnonzero(~np.isnan(person[:, 0, 0])) for person in landmarks]
    assert [(at[0], at[-1]) for at in present] == [(21, 39), (45, 56), (38, 45), (19, 23)]
    for person, at in zip(landmarks, present, strict=True):
        assert (np.diff(at) == 1).all()
        centres = person[at].mean(axis=1)
        sizes = np.linalg.norm(np.ptp(person[at], axis=1), axis=-1)
        steps = np.linalg.norm(np.diff(centres, axis=0), axis=-1)
        assert (steps <= 0.5 * np.minimum(sizes[1:], sizes[:-1])).all()
