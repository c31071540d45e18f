"""Policies for missed frames."""

from __future__ import annotations

import numpy as np
import pytest

from blazepose_skl.clips import Clip
from blazepose_skl.errors import InputError
from blazepose_skl.gaps import POLICIES, fill_gaps


def ramp(frames: int, *missed: int) -> Clip:
    """One person whose every coordinate is the number of the frame."""
    landmarks = np.broadcast_to(np.arange(frames, dtype=np.float32)[None, :, None, None], (1, frames, 33, 2)).copy()
    scores = np.ones((1, frames, 33), np.float32)
    landmarks[:, list(missed)], scores[:, list(missed)] = np.nan, 0
    return Clip(landmarks, scores, 'blazepose', (640, 480))


def walk(clip: Clip) -> list[float]:
    return [float(x) for x in clip.landmarks[0, :, 0, 0]]


@pytest.mark.parametrize('policy', POLICIES)
def test_a_clip_without_gaps_stays_as_it_is(policy: str) -> None:
    np.testing.assert_array_equal(fill_gaps(ramp(5), policy).landmarks, ramp(5).landmarks)


@pytest.mark.parametrize('policy', ['interpolate', 'hold', 'zero'])
def test_the_time_base_stays(policy: str) -> None:
    assert fill_gaps(ramp(9, 0, 4, 8), policy).landmarks.shape[1] == 9


def test_a_straight_line_over_short_gaps() -> None:
    filled = fill_gaps(ramp(8, 0, 3, 4, 7), 'interpolate')
    np.testing.assert_allclose(walk(filled), [1, 1, 2, 3, 4, 5, 6, 6])
    assert (filled.scores == 1).all()


def test_longer_gaps_stay_unseen() -> None:
    filled = fill_gaps(ramp(8, 2, 3, 4), 'interpolate', longest=2)
    assert np.flatnonzero(filled.missed).tolist() == [2, 3, 4]
    assert not filled.scores[:, 2:5].any()


def test_hold_repeats_the_frame_before() -> None:
    np.testing.assert_array_equal(walk(fill_gaps(ramp(6, 0, 3, 4), 'hold')), [1, 1, 2, 2, 2, 5])


def test_drop_takes_missed_frames_out() -> None:
    np.testing.assert_array_equal(walk(fill_gaps(ramp(6, 0, 3, 4), 'drop')), [1, 2, 5])


def test_nobody_is_shown_before_having_come() -> None:
    one, other = ramp(6), ramp(6, 0, 1, 3)
    both = Clip(
        np.concatenate([one.landmarks, other.landmarks]),
        np.concatenate([one.scores, other.scores]),
        'blazepose',
        (1, 1),
    )
    filled = fill_gaps(both, 'interpolate')
    assert np.isnan(filled.landmarks[1, :2]).all()
    np.testing.assert_array_equal(filled.landmarks[1, 3], one.landmarks[0, 3])
    np.testing.assert_array_equal(fill_gaps(both, 'hold').landmarks, both.landmarks)


def test_an_unknown_policy() -> None:
    with pytest.raises(
        InputError, match="no policy 'guess' for missed frames; there are interpolate, hold, zero, drop"
    ):
        fill_gaps(ramp(3), 'guess')
