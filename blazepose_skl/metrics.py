"""Numbers on the scores of N clips over K classes: accuracy, sensitivity, confusion, calibration.

Arrays in, numbers out. ``scores`` is (N, K), the higher the likelier; ``labels`` and ``predictions`` are
(N,) class numbers; a confusion ``matrix`` is (K, K) counts with the true classes in rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    'Bin',
    'Reduced',
    'are_probabilities',
    'calibration_bins',
    'calibration_error',
    'confused_pairs',
    'confusion',
    'mean_class_accuracy',
    'probabilities',
    'ranks',
    'reduce_confusion',
    'sensitivity',
    'softmax',
    'top_k_accuracy',
]

Floats = NDArray[np.floating[Any]]
Counts = NDArray[np.int64]


def are_probabilities(scores: Floats) -> bool:
    """Whether every row is at least 0 and sums to 1, as the frameworks' scores do."""
    return bool((scores >= 0).all() and np.allclose(scores.sum(axis=1), 1, atol=1e-3))


def probabilities(scores: Floats) -> NDArray[np.float64]:
    """The scores if they are probabilities, else their softmax."""
    values = np.asarray(scores, np.float64)
    return values if are_probabilities(values) else softmax(values)


def softmax(values: Floats) -> NDArray[np.float64]:
    """The softmax of every row."""
    raised = np.exp(np.asarray(values, np.float64) - values.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def ranks(scores: Floats, labels: Counts) -> Counts:
    """The place of the true class among the classes of each clip, 0 the best, (N,); of equals the first is better."""
    true = np.take_along_axis(scores, labels[:, None], axis=1)
    before = np.arange(scores.shape[1]) < labels[:, None]
    return np.asarray(((scores > true) | ((scores == true) & before)).sum(axis=1), np.int64)


def top_k_accuracy(scores: Floats, labels: Counts, k: int) -> float | None:
    """Share of clips whose true class is among the best k; None where there are no more than k classes to choose from.

    >>> scores = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]])
    >>> top_k_accuracy(scores, np.array([1, 2]), 1), top_k_accuracy(scores, np.array([1, 2]), 5)
    (0.5, None)
    """
    if k >= scores.shape[1]:
        return None
    return float((ranks(scores, labels) < k).mean())


def confusion(labels: Counts, predictions: Counts, num_classes: int) -> Counts:
    """Clips counted by true class (rows) and predicted class (columns), (K, K)."""
    matrix = np.zeros((num_classes, num_classes), np.int64)
    np.add.at(matrix, (labels, predictions), 1)
    return matrix


def sensitivity(matrix: Counts) -> NDArray[np.float64]:
    """TP / (TP + FN) of each class, (K,); NaN for a class without a clip."""
    clips = matrix.sum(axis=1)
    return np.where(clips > 0, np.diag(matrix) / np.maximum(clips, 1), np.nan)


def mean_class_accuracy(matrix: Counts) -> float:
    """The mean sensitivity of the classes that have clips.

    MMAction2's ``mean_class_accuracy`` counts a class that was predicted and has no clip as 0.
    """
    return float(np.nanmean(sensitivity(matrix)))


# -- calibration ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bin:
    """The clips of a part of the confidences: their number, mean confidence and accuracy."""

    low: float
    high: float
    clips: int
    confidence: float
    accuracy: float


def calibration_bins(scores: Floats, labels: Counts, bins: int = 15) -> list[Bin]:
    """Clips by the probability of their best class, in equal parts of 0..1; parts without a clip are left out."""
    chances = probabilities(scores)
    confidence, right = chances.max(axis=1), scores.argmax(axis=1) == labels
    # A confidence on an edge belongs to the part below it, as in Guo et al., 2017.
    places = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    found = []
    for place in range(bins):
        here = places == place
        if here.any():
            means = float(confidence[here].mean()), float(right[here].mean())
            found.append(Bin(place / bins, (place + 1) / bins, int(here.sum()), *means))
    return found


def calibration_error(scores: Floats, labels: Counts, bins: int = 15) -> float:
    """The expected calibration error (ECE): how far accuracy is from confidence, over the bins, weighted by clips.

    Guo et al., On Calibration of Modern Neural Networks, 2017.
    """
    found = calibration_bins(scores, labels, bins)
    return sum(part.clips * abs(part.accuracy - part.confidence) for part in found) / len(labels)


# -- confusion of many classes ----------------------------------------------------------------------


@dataclass(frozen=True)
class Reduced:
    """A confusion matrix of some classes, with all others counted as one.

    Attributes:
        classes: The numbers of the classes that stand for themselves, by sensitivity, the best first.
        matrix: Their counts; where there are others, these are the last row and column.
        others: How many classes are counted as one.
    """

    classes: tuple[int, ...]
    matrix: Counts
    others: int


def reduce_confusion(matrix: Counts, best: int = 10, worst: int = 10) -> Reduced:
    """The classes of highest and of lowest sensitivity, the rest as one, as in Figs. 5 and 6 of Alsawadi et al.

    Of equal sensitivity the class with more clips, then the lower number, goes first. A class without a clip
    is neither good nor bad: it is among the others.
    """
    values = sensitivity(matrix)
    order = sorted(
        np.flatnonzero(~np.isnan(values)).tolist(),
        key=lambda number: (-values[number], -matrix[number].sum(), number),
    )
    chosen = order if len(order) <= best + worst else order[:best] + order[len(order) - worst :]
    rest = np.setdiff1d(np.arange(len(matrix)), chosen)
    groups = np.zeros((len(chosen) + bool(len(rest)), len(matrix)), np.int64)
    groups[np.arange(len(chosen)), chosen] = 1
    if len(rest):
        groups[-1, rest] = 1
    return Reduced(tuple(chosen), groups @ matrix @ groups.T, len(rest))


def confused_pairs(matrix: Counts, most: int) -> list[tuple[int, int, int]]:
    """(true class, predicted class, clips) of the most frequent mistakes, the most frequent first.

    Of equal numbers the one that takes the larger share of the true class goes first.
    """
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    shares = wrong / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    places = np.argwhere(wrong > 0).tolist()
    places.sort(key=lambda place: (-wrong[tuple(place)], -shares[tuple(place)], place))
    return [(truth, predicted, int(wrong[truth, predicted])) for truth, predicted in places[:most]]
