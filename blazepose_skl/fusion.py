"""The scores of several streams or runs as one: their weighted mean, clip by clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.errors import InputError
from blazepose_skl.evaluation import Scores
from blazepose_skl.metrics import probabilities

__all__ = ['Run', 'fuse', 'in_one_order', 'search_weights']

_STEPS = 1000
_SETTLED = 1e-7


@dataclass(frozen=True)
class Run:
    """The scores of one stream and where they come from, for messages."""

    source: str
    scores: Scores


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
            raise InputError(f'{run.source}: scores of {classes} classes where {first.source} has {wanted}')
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


def fuse(runs: Sequence[Run], weights: Sequence[float], softmax: bool = False) -> Scores:
    """The weighted mean of scores, in the order of the first run's clips.

    Args:
        runs: Any number of them.
        weights: One for each, at least 0; they are divided by their sum, so that probabilities stay such.
        softmax: Turn scores that are no probabilities into some first.

    Raises:
        InputError: The weights do not fit, or the runs do not (see :func:`in_one_order`).
    """
    if len(weights) != len(runs):
        raise InputError(f'{len(weights)} weights for {len(runs)} files of scores; give one for each')
    share = np.asarray(weights, np.float64)
    if not np.isfinite(share).all() or (share < 0).any() or not share.any():
        raise InputError(f'weights {", ".join(f"{weight:g}" for weight in weights)}: each at least 0 and one above 0')
    ordered = in_one_order(runs)
    total = np.zeros(ordered[0].scores.shape)
    for weight, scores in zip(share / share.sum(), ordered, strict=True):
        total += weight * (probabilities(scores.scores) if softmax else scores.scores)
    return Scores(total.astype(np.float32), ordered[0].labels, ordered[0].names)


def search_weights(validation: Sequence[Run], test: Sequence[Run]) -> NDArray[np.float64]:
    """The weights under which the fused probabilities of the validation clips' true classes are highest, (runs,).

    The mean logarithm of those has a single maximum, and it is found, for any number of runs, by the
    expectation-maximisation steps for the weights of a mixture. Counting right clips instead would fit the
    weights to single clips.

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
    both = sorted({name for run in test for name in run.scores.names} & set(ordered[0].names))
    if both:
        raise InputError(
            f"{validation[0].source}: clip '{both[0]}' is among those to fuse; weights are found on other clips "
            'than the ones they are judged by: give scores of a validation split'
        )
    right = np.stack(
        [probabilities(run.scores)[np.arange(len(run.labels)), run.labels] for run in ordered], axis=1
    )  # (clips, runs)
    weights = np.full(len(ordered), 1 / len(ordered))
    for _ in range(_STEPS):
        parts = np.maximum(right * weights, np.finfo(np.float64).tiny)
        before, weights = weights, np.asarray((parts / parts.sum(axis=1, keepdims=True)).mean(axis=0))
        if np.abs(weights - before).max() < _SETTLED:
            break
    return weights
