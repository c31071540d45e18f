"""The scores of several streams or runs as one: their weighted mean, clip by clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.errors import InputError
from blazepose_skl.evaluation import Scores
from blazepose_skl.metrics import are_probabilities, probabilities, softmax

__all__ = ['Run', 'as_probabilities', 'fuse', 'in_one_order', 'search_weights']

_HELD = 1e-4


@dataclass(frozen=True)
class Run:
    """The scores of one stream and where they come from, for messages."""

    source: str
    scores: Scores


def as_probabilities(run: Run) -> Run:
    """The run with the softmax of its scores, unless they are probabilities already."""
    return Run(run.source, replace(run.scores, scores=probabilities(run.scores.scores).astype(np.float32)))


def in_one_order(runs: Sequence[Run]) -> list[Scores]:
    """The scores of all runs with the clips in the order of the first run's, matched by name.

    Raises:
        InputError: A run has no names, other clips, another number of classes or another class for a clip.
    """
    first = runs[0]
    ordered = []
    for run in runs:
        if not run.scores.names:
            raise InputError(
                f'{run.source}: scores without names of clips, which cannot be matched; give the annotation pickle '
                'that they were made from with --data'
            )
        for here, there in ((run, first), (first, run)):
            absent = sorted(set(there.scores.names) - set(here.scores.names))
            if absent:
                more = f' and {len(absent) - 1} more' if len(absent) > 1 else ''
                raise InputError(
                    f"{here.source}: no scores for clip '{absent[0]}'{more}, which {there.source} has; "
                    'test all runs on the same clips'
                )
        classes, wanted = run.scores.scores.shape[1], first.scores.scores.shape[1]
        if classes != wanted:
            raise InputError(
                f'{run.source}: scores of {classes} classes where {first.source} has {wanted}; '
                'give runs with the same classes'
            )
        place = {name: number for number, name in enumerate(run.scores.names)}
        scores = run.scores.take([place[name] for name in first.scores.names])
        differing = np.flatnonzero(scores.labels != first.scores.labels)
        if len(differing):
            at = differing[0]
            raise InputError(
                f"{run.source}: clip '{scores.names[at]}' is of class {scores.labels[at]} where {first.source} says "
                f'{first.scores.labels[at]}; test all runs on the same annotations'
            )
        ordered.append(scores)
    return ordered


def fuse(runs: Sequence[Run], weights: Sequence[float]) -> Scores:
    """The weighted mean of scores, in the order of the first run's clips.

    Args:
        runs: Any number of them.
        weights: One for each, at least 0; they are divided by their sum, so that probabilities stay such.

    Raises:
        InputError: The weights do not fit, or the runs do not (see :func:`in_one_order`).
    """
    if len(weights) != len(runs):
        raise InputError(f'{len(weights)} weights for {len(runs)} files of scores; give one for each')
    share = np.asarray(weights, np.float64)
    if not np.isfinite(share).all() or (share < 0).any() or not share.any():
        raise InputError(f'weights {", ".join(f"{weight:g}" for weight in weights)}: each at least 0 and one above 0')
    ordered = in_one_order(runs)
    _refuse_mixture(runs)
    total = np.zeros(ordered[0].scores.shape)
    for weight, scores in zip(share / share.sum(), ordered, strict=True):
        total += weight * scores.scores
    return Scores(total.astype(np.float32), ordered[0].labels, ordered[0].names)


def _refuse_mixture(runs: Sequence[Run]) -> None:
    """Refuse raw scores beside probabilities, whose weights would mean nothing: the larger numbers would decide."""
    raw = [run for run in runs if not are_probabilities(run.scores.scores)]
    if 0 < len(raw) < len(runs):
        raise InputError(
            f'{raw[0].source}: scores that are no probabilities, beside others that are; '
            'give --softmax, which turns them into some'
        )


def search_weights(validation: Sequence[Run], test: Sequence[Run]) -> NDArray[np.float64]:
    """The weights under which a choice by the weighted sum of scores best explains the validation clips, (runs,).

    The class of a clip is chosen with a probability that grows with the exponential of its weighted sum
    (McFadden's conditional logit): the rule by which fused scores are read, and a likelihood with one maximum,
    for any number of runs. Counting right clips over a grid instead fits the weights to single clips.

    Args:
        validation: Scores on clips that were not trained on.
        test: The scores to be fused, in the same order; only the names of their clips are looked at.

    Raises:
        InputError: A clip is in both, or the runs do not fit together.
    """
    if len(validation) != len(test):
        raise InputError(
            f'{len(validation)} files of validation scores for {len(test)} to fuse; give one for each, in one order'
        )
    ordered = in_one_order(validation)
    classes, wanted = ordered[0].scores.shape[1], test[0].scores.scores.shape[1]
    if classes != wanted:
        raise InputError(
            f'{validation[0].source}: scores of {classes} classes where {test[0].source} has {wanted}; '
            'give validation scores of the runs to fuse'
        )
    both = sorted({name for run in test for name in run.scores.names} & set(ordered[0].names))
    if both:
        raise InputError(
            f"{validation[0].source}: clip '{both[0]}' is among those to fuse; weights are found on other clips "
            'than the ones they are judged by: give scores of a validation split'
        )
    try:
        from scipy.optimize import minimize
    except ImportError:
        raise InputError('finding weights needs SciPy: pip install "blazepose-skl[plots]"') from None
    scores = np.stack([run.scores for run in ordered]).astype(np.float64)  # (runs, clips, classes)
    labels = ordered[0].labels
    true = scores[:, np.arange(len(labels)), labels]

    def surprise(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Mean negative log-likelihood and its gradient; weights that may grow without end are held back."""
        chances = softmax(np.tensordot(weights, scores, 1))
        loss = -np.log(np.maximum(chances[np.arange(len(labels)), labels], np.finfo(np.float64).tiny)).mean()
        slope = ((scores * chances).sum(axis=2) - true).mean(axis=1)
        return float(loss + _HELD * weights @ weights / 2), slope + _HELD * weights

    start = np.ones(len(ordered))
    found = minimize(surprise, start, jac=True, method='L-BFGS-B', bounds=[(0, None)] * len(ordered)).x
    return np.asarray(found / found.sum() if found.any() else start / len(start))
