"""Metrics: laws, cases counted by hand, and MMAction2's own functions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazepose_skl.metrics import (
    calibration_bins,
    calibration_error,
    confused_pairs,
    confusion,
    mean_class_accuracy,
    probabilities,
    ranks,
    reduce_confusion,
    sensitivity,
    top_k_accuracy,
)


def some_scores(clips=200, classes=12, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, clips)
    raw = rng.normal(0, 1, (clips, classes))
    raw[np.arange(clips), labels] += 1.5
    return probabilities(raw), labels


# -- laws -------------------------------------------------------------------------------------------


@given(st.integers(1, 60), st.integers(2, 30), st.integers(0, 1000))
def test_every_clip_is_counted_once(clips, classes, seed):
    scores, labels = some_scores(clips, classes, seed)
    matrix = confusion(labels, scores.argmax(1), classes)
    assert matrix.sum() == clips
    np.testing.assert_array_equal(matrix.sum(axis=1), np.bincount(labels, minlength=classes))
    reduced = reduce_confusion(matrix, 3, 3)
    assert reduced.matrix.sum() == clips
    assert len(reduced.classes) + reduced.others == classes
    assert np.trace(matrix) == round(clips * (scores.argmax(1) == labels).mean())


@given(st.integers(0, 1000))
def test_top_k_grows_with_k(seed):
    scores, labels = some_scores(50, 8, seed)
    found = [top_k_accuracy(scores, labels, k) for k in range(1, 8)]
    assert found == sorted(found)


def test_the_first_of_equals_is_the_best_as_argmax_says():
    scores = np.array([[0.4, 0.4, 0.2], [0.4, 0.4, 0.2], [0.2, 0.4, 0.4]])
    assert ranks(scores, np.array([0, 1, 2])).tolist() == [0, 1, 1]


def test_probabilities_stay_and_others_become_such():
    chances = np.array([[0.25, 0.75], [1, 0]])
    np.testing.assert_array_equal(probabilities(chances), chances)
    np.testing.assert_allclose(probabilities(np.array([[0.0, np.log(3)], [1000, 0]])), chances, atol=1e-12)


# -- by hand ----------------------------------------------------------------------------------------


def test_sensitivity_by_hand_and_a_class_without_a_clip():
    matrix = np.array([[3, 1, 0], [0, 0, 0], [2, 0, 2]])
    np.testing.assert_array_equal(sensitivity(matrix), [0.75, np.nan, 0.5])
    assert mean_class_accuracy(matrix) == pytest.approx(0.625)


def test_no_top_5_among_five_classes():
    scores, labels = some_scores(classes=5)
    assert top_k_accuracy(scores, labels, 5) is None
    assert top_k_accuracy(*some_scores(classes=6), 5) is not None


def test_calibration_by_hand():
    # Ten clips at 0.95, of which eight are right, and ten at 0.65, of which seven are.
    scores = np.array([[0.95, 0.05]] * 10 + [[0.65, 0.35]] * 10)
    labels = np.array([0] * 8 + [1] * 2 + [0] * 7 + [1] * 3)
    assert calibration_error(scores, labels, bins=10) == pytest.approx((0.15 * 10 + 0.05 * 10) / 20)
    low, high = calibration_bins(scores, labels, bins=10)
    assert (low.clips, low.accuracy, high.accuracy) == (10, 0.7, 0.8)
    assert (low.confidence, high.confidence) == (pytest.approx(0.65), pytest.approx(0.95))


def test_confidence_that_is_deserved_has_no_calibration_error():
    scores = np.array([[0.75, 0.25]] * 4)
    assert calibration_error(scores, np.array([0, 0, 0, 1])) == 0


def test_the_other_row_by_hand():
    """Five classes, the best and the worst stand for themselves, the three between are one."""
    matrix = np.array(
        [
            [2, 2, 0, 0, 0],  # 0.5
            [0, 4, 0, 0, 0],  # 1.0, the best
            [1, 0, 1, 1, 1],  # 0.25
            [0, 3, 0, 0, 1],  # 0.0, the worst
            [0, 1, 1, 0, 2],  # 0.5
        ]
    )
    reduced = reduce_confusion(matrix, 1, 1)
    assert (reduced.classes, reduced.others) == ((1, 3), 3)
    np.testing.assert_array_equal(
        reduced.matrix,
        [
            [4, 0, 0],  # class 1
            [3, 0, 1],  # class 3: three for 1, one for a class of the others
            [3, 1, 8],  # others: 2 + 0 + 1 for 1, 1 for 3, and 2 + 3 + 3 among themselves
        ],
    )


def test_few_classes_have_no_others_and_a_class_without_a_clip_is_one():
    matrix = np.diag([5, 0, 3])
    assert reduce_confusion(np.diag([5, 4, 3])).others == 0
    reduced = reduce_confusion(matrix)
    assert (reduced.classes, reduced.others) == ((0, 2), 1)
    np.testing.assert_array_equal(reduced.matrix, np.diag([5, 3, 0]))


def test_most_confused_pairs_by_hand():
    matrix = np.array([[10, 2, 0], [2, 2, 0], [0, 3, 1]])
    assert confused_pairs(matrix, 5) == [(2, 1, 3), (1, 0, 2), (0, 1, 2)]
    assert confused_pairs(matrix, 1) == [(2, 1, 3)]
    assert confused_pairs(np.diag([1, 2]), 5) == []


# -- MMAction2's own --------------------------------------------------------------------------------


def test_equal_to_mmaction2s_where_that_is_defined():
    pytest.importorskip('mmaction', reason='mmaction2 is absent')
    from blazepose_skl import compat

    compat.mend()
    from mmaction.evaluation import functional

    scores, labels = some_scores()
    for k in (1, 5):
        (stock,) = functional.top_k_accuracy(list(scores), labels.tolist(), (k,))
        assert top_k_accuracy(scores, labels, k) == pytest.approx(stock)
    matrix = confusion(labels, scores.argmax(1), 12)
    np.testing.assert_array_equal(matrix, functional.confusion_matrix(scores.argmax(1), labels))
    assert mean_class_accuracy(matrix) == pytest.approx(functional.mean_class_accuracy(list(scores), labels.tolist()))
