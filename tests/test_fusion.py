"""Fusion against NumPy by hand, whatever the order of the clips."""

import numpy as np
import pytest

pytest.importorskip('scipy', reason='SciPy is absent')

from blazepose_skl.errors import InputError
from blazepose_skl.evaluation import Scores
from blazepose_skl.fusion import Run, as_probabilities, fuse, search_weights
from blazepose_skl.metrics import probabilities


def run(seed=0, clips=30, classes=4, sure=2.0, part='test', raw=False):
    """A run whose probabilities are the surer of the true class the larger ``sure``."""
    labels = np.random.default_rng(100).integers(0, classes, clips)
    scores = np.random.default_rng(seed).normal(0, 1, (clips, classes))
    scores[np.arange(clips), labels] += sure
    values = scores if raw else probabilities(scores)
    names = tuple(f'{part}/{number:02}' for number in range(clips))
    return Run(f'{part}{seed}.pkl', Scores(values.astype(np.float32), labels, names))


def shuffled(run, seed=0):
    return Run(run.source, run.scores.take(np.random.default_rng(seed).permutation(len(run.scores.labels))))


def changed(run, **fields):
    return Run(run.source, Scores(**{**vars(run.scores), **fields}))


# -- laws -------------------------------------------------------------------------------------------


def test_one_run_is_itself():
    np.testing.assert_array_equal(fuse([run()], [3]).scores, run().scores.scores)


def test_the_weighted_mean_by_hand_matched_by_name():
    a, b, c = run(0), run(1), run(2)
    fused = fuse([a, shuffled(b), shuffled(c, 1)], [2, 1, 1])
    wanted = (2 * a.scores.scores.astype(float) + b.scores.scores + c.scores.scores) / 4
    np.testing.assert_allclose(fused.scores, wanted, rtol=1e-6)
    assert fused.names == a.scores.names
    np.testing.assert_array_equal(fused.labels, a.scores.labels)
    np.testing.assert_allclose(fused.scores.sum(axis=1), 1, rtol=1e-5)


def test_softmax_or_raw():
    a, b = run(0, raw=True), run(1, raw=True)
    np.testing.assert_allclose(fuse([a, b], [1, 1]).scores, (a.scores.scores + b.scores.scores) / 2, rtol=1e-6)
    one, other = (np.exp(r.scores.scores) / np.exp(r.scores.scores).sum(axis=1, keepdims=True) for r in (a, b))
    np.testing.assert_allclose(
        fuse([as_probabilities(a), as_probabilities(b)], [1, 1]).scores, (one + other) / 2, rtol=1e-5
    )


def chosen_right(runs, weights):
    """Mean logarithm of the probability of the true class, as a choice by the exponential of the weighted sum."""
    total = sum(weight * run.scores.scores.astype(float) for weight, run in zip(weights, runs, strict=True))
    chances = np.exp(total) / np.exp(total).sum(axis=1, keepdims=True)
    return np.log(chances[np.arange(len(total)), runs[0].scores.labels]).mean()


def test_the_weights_found_are_the_best_of_a_fine_grid():
    validation = [run(0, part='val', sure=1.0), run(1, part='val', sure=0.6)]
    weights = search_weights([validation[0], shuffled(validation[1])], [run(0), run(1)])
    grid = [(a, b) for a in np.linspace(0, 6, 121) for b in np.linspace(0, 6, 121)]
    first, second = max(grid, key=lambda pair: chosen_right(validation, pair))
    assert weights.sum() == pytest.approx(1)
    assert weights[0] == pytest.approx(first / (first + second), abs=0.02)


def test_a_run_that_knows_nothing_gets_no_weight_and_equals_get_the_same():
    lost = run(5, part='val', sure=-3)
    weights = search_weights([run(0, part='val'), lost], [run(0), run(5)])
    assert weights[1] < 0.02
    again = search_weights([run(0, part='val'), run(0, part='val')], [run(0), run(0)])
    np.testing.assert_allclose(again, 0.5, atol=1e-6)
    np.testing.assert_allclose(search_weights([lost, lost], [run(5), run(5)]), 0.5)


# -- bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('other', 'message'),
    [
        (run(1, clips=29), r"test1.pkl: no scores for clip 'test/29', which test0.pkl has; test all runs on the same"),
        (run(1, clips=32), r"test0.pkl: no scores for clip 'test/30' and 1 more, which test1.pkl has"),
        (run(1, part='val'), r"val1.pkl: no scores for clip 'test/00' and 29 more, which test0.pkl has"),
        (changed(run(1), names=()), 'test1.pkl: scores without names of clips, which cannot be matched; give the ann'),
        (
            changed(run(1), scores=run(1).scores.scores[:, :3]),
            'test1.pkl: scores of 3 classes where test0.pkl has 4',
        ),
        (
            changed(run(1), labels=(run(1).scores.labels + 1) % 4),
            r"test1.pkl: clip 'test/00' is of class \d where test0.pkl says \d",
        ),
    ],
)
def test_runs_that_do_not_fit(other, message):
    with pytest.raises(InputError, match=message):
        fuse([run(), other], [1, 1])


@pytest.mark.parametrize('weights', [[1, -1], [0, 0], [1, float('nan')], [1, float('inf')]])
def test_weights_that_are_none(weights):
    with pytest.raises(InputError, match='each at least 0 and one above 0'):
        fuse([run(), run(1)], weights)


def test_too_few_weights():
    with pytest.raises(InputError, match='1 weights for 2 files of scores; give one for each'):
        fuse([run(), run(1)], [1])


def test_weights_are_never_found_on_what_is_fused():
    with pytest.raises(InputError, match="clip 'test/00' is among those to fuse; weights are found on other clips"):
        search_weights([run(), run(1)], [run(), run(1)])
    with pytest.raises(InputError, match='1 files of validation scores for 2 to fuse'):
        search_weights([run(part='val')], [run(), run(1)])


def test_raw_scores_beside_probabilities_are_refused():
    runs = [run(0), run(1, raw=True)]
    with pytest.raises(InputError, match=r'test1\.pkl: scores that are no probabilities, beside others .* --softmax'):
        fuse(runs, [1, 1])
    fuse([as_probabilities(each) for each in runs], [1, 1])


def test_validation_scores_of_other_classes_are_refused():
    validation = [run(0, classes=5, part='val'), run(1, classes=5, part='val')]
    with pytest.raises(InputError, match=r'val0\.pkl: scores of 5 classes where test0\.pkl has 4; give validation'):
        search_weights(validation, [run(0), run(1)])
