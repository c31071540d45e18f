"""Intervals and tests against known values."""

import numpy as np
import pytest

pytest.importorskip('scipy', reason='SciPy is absent')

from blazepose_skl.significance import adjust, bootstrap, mcnemar, wilson


def test_wilson_against_the_published_formula():
    found = wilson(81, 263)  # Newcombe, 1998, table I
    assert (found.low, found.high) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))
    assert wilson(10, 10).high == 1
    assert wilson(10, 10).low == pytest.approx(10 / (10 + 1.959964**2))


def test_mcnemar_by_hand():
    assert mcnemar(1, 9) == pytest.approx(2 * (1 + 10) / 2**10)
    assert mcnemar(9, 1) == mcnemar(1, 9)
    assert mcnemar(5, 5) == 1
    assert mcnemar(0, 0) == 1


def test_the_bootstrap_of_a_mean_is_near_its_normal_interval_and_always_the_same():
    right = np.random.default_rng(0).random(400) < 0.7
    found = bootstrap(lambda drawn: right[drawn].mean(), 400)
    half = 1.96 * np.sqrt(right.mean() * (1 - right.mean()) / 400)
    assert found.value == right.mean()
    assert found.low == pytest.approx(right.mean() - half, abs=0.01)
    assert found.high == pytest.approx(right.mean() + half, abs=0.01)
    assert bootstrap(lambda drawn: right[drawn].mean(), 400) == found


def test_one_clip_has_no_interval():
    assert np.isnan(bootstrap(lambda drawn: 1.0, 1).low)


def test_many_tests_are_adjusted():
    assert adjust([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert adjust([]) == []
