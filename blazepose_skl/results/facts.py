"""The facts of a run: accuracy with intervals, by class, by pair of classes, by length and missed frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazepose_skl import metrics
from blazepose_skl.errors import InputError
from blazepose_skl.evaluation import Scores
from blazepose_skl.significance import Estimate, bootstrap, wilson

__all__ = ['ByClass', 'Group', 'Pair', 'Results', 'annotations_of', 'by_length', 'by_missed', 'class_names', 'evaluate']

# Pairs of classes that are shown; parts of the clips by length; shares of missed frames that part them.
_PAIRS, _PARTS, _MISSED = 10, 5, (0.0, 0.05, 0.2, 0.5)


@dataclass(frozen=True)
class ByClass:
    """One class.

    Attributes:
        name: Its name.
        clips: How many there are of it.
        right: How many of them were recognised.
        sensitivity: Their share with Wilson's interval; None without a clip.
        predicted: How many clips were taken for this class, rightly or wrongly.
        mistaken_for: The class that its clips were wrongly taken for most often, '' if never.
    """

    name: str
    clips: int
    right: int
    sensitivity: Estimate | None
    predicted: int
    mistaken_for: str


@dataclass(frozen=True)
class Pair:
    """Clips of one class that were taken for another, the surest mistakes first."""

    truth: str
    predicted: str
    count: int
    clips_of_truth: int
    places: tuple[int, ...]


@dataclass(frozen=True)
class Group:
    """Clips that have something in common, and their accuracy with Wilson's interval."""

    name: str
    clips: int
    accuracy: Estimate


@dataclass(frozen=True)
class Results:
    """All that is known of a run.

    Attributes:
        source: The file of its scores.
        scores: What it holds.
        classes: The names of all classes.
        overall: Named numbers on all clips with bootstrap intervals.
        by_class: A fact sheet for each class, in the order of their numbers.
        matrix: The confusion matrix, truth in rows.
        bins: Clips by confidence.
        pairs: The most frequent mistakes.
        lengths: Accuracy by the clips' frames; nothing where these are not known or all the same.
        missed: Accuracy by the share of frames in which nobody was found; likewise.
        notes: What a reader has to know.
    """

    source: str
    scores: Scores
    classes: tuple[str, ...]
    overall: Mapping[str, Estimate]
    by_class: Sequence[ByClass]
    matrix: NDArray[np.int64]
    bins: Sequence[metrics.Bin]
    pairs: Sequence[Pair]
    lengths: Sequence[Group]
    missed: Sequence[Group]
    notes: Sequence[str]


def class_names(data: Mapping[str, Any] | None, count: int, where: str) -> tuple[str, ...]:
    """The names of the classes that scores are of, their numbers where no annotations say them.

    Raises:
        InputError: The annotations have another number of classes.
    """
    names = (data or {}).get('class_names')
    if not names:
        return tuple(map(str, range(count)))
    if len(names) != count:
        raise InputError(
            f'{where}: scores of {count} classes where the annotations have {len(names)}; give the annotations that '
            'were tested on'
        )
    return tuple(map(str, names))


def evaluate(source: str, scores: Scores, data: Mapping[str, Any] | None = None) -> Results:
    """The facts of a run.

    Args:
        source: The name of the file, for headings and messages.
        scores: What it holds.
        data: The annotations that were tested on: names of the classes, lengths and missed frames of the clips.

    Raises:
        InputError: The annotations are of other classes or clips.
    """
    classes = class_names(data, scores.scores.shape[1], source)
    matrix = scores.confusion(len(classes))
    right = scores.predictions == scores.labels
    notes = []
    absent = [name for name, count in zip(classes, matrix.sum(axis=1), strict=True) if not count]
    if absent:
        more = f' and {len(absent) - 5} more' if len(absent) > 5 else ''
        notes.append(
            f'No clip of class {", ".join(absent[:5])}{more}: no sensitivity, and not in the mean class accuracy.'
        )
    if not metrics.are_probabilities(scores.scores):
        notes.append('The scores are no probabilities; confidence and calibration are those of their softmax.')
    lengths, missed = [], []
    if data is not None:
        frames, share = _frames_of(source, scores, data)
        lengths, missed = by_length(frames, right), by_missed(share, right)
        if not lengths:
            notes.append(f'All clips have {frames[0]} frames: accuracy is not shown by length.')
        if not missed:
            notes.append('Somebody was found in every frame: accuracy is not shown by missed frames.')
    return Results(
        source=source,
        scores=scores,
        classes=classes,
        overall=_overall(scores, len(classes)),
        by_class=_by_class(matrix, classes),
        matrix=matrix,
        bins=metrics.calibration_bins(scores.scores, scores.labels),
        pairs=_pairs(scores, matrix, classes),
        lengths=lengths,
        missed=missed,
        notes=notes,
    )


def _overall(scores: Scores, classes: int) -> dict[str, Estimate]:
    clips, labels = len(scores.labels), scores.labels
    rank = metrics.ranks(scores.scores, labels)
    found = {'top-1 accuracy': bootstrap(lambda drawn: float((rank[drawn] < 1).mean()), clips)}
    if classes > 5:
        found['top-5 accuracy'] = bootstrap(lambda drawn: float((rank[drawn] < 5).mean()), clips)
    found['mean class accuracy'] = bootstrap(lambda drawn: _class_mean(labels[drawn], rank[drawn] < 1), clips)
    # Clips drawn twice make a worse calibration of any run: no interval.
    found['calibration error'] = Estimate(metrics.calibration_error(scores.scores, labels), float('nan'), float('nan'))
    return found


def _class_mean(labels: NDArray[np.int64], right: NDArray[np.bool_]) -> float:
    clips = np.bincount(labels)
    return float((np.bincount(labels, right)[clips > 0] / clips[clips > 0]).mean())


def _by_class(matrix: NDArray[np.int64], classes: Sequence[str]) -> list[ByClass]:
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    found = []
    for number, name in enumerate(classes):
        clips, right = int(matrix[number].sum()), int(matrix[number, number])
        found.append(
            ByClass(
                name=name,
                clips=clips,
                right=right,
                sensitivity=wilson(right, clips) if clips else None,
                predicted=int(matrix[:, number].sum()),
                mistaken_for=classes[int(wrong[number].argmax())] if wrong[number].any() else '',
            )
        )
    return found


def _pairs(scores: Scores, matrix: NDArray[np.int64], classes: Sequence[str]) -> list[Pair]:
    confidence = metrics.probabilities(scores.scores).max(axis=1)
    found = []
    for truth, predicted, count in metrics.confused_pairs(matrix, _PAIRS):
        places = np.flatnonzero((scores.labels == truth) & (scores.predictions == predicted))
        surest = places[np.argsort(-confidence[places], kind='stable')]
        found.append(Pair(classes[truth], classes[predicted], count, int(matrix[truth].sum()), tuple(map(int, surest))))
    return found


# -- clips ------------------------------------------------------------------------------------------


def annotations_of(source: str, scores: Scores, data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The annotation of each clip, by name.

    Raises:
        InputError: A clip has none.
    """
    known = {str(clip.get('frame_dir', clip.get('filename'))): clip for clip in data['annotations']}
    absent = [name for name in scores.names if name not in known]
    if absent:
        more = f' and {len(absent) - 1} more' if len(absent) > 1 else ''
        raise InputError(
            f"{source}: clip '{absent[0]}'{more} is not in the annotations; give the ones that were tested on"
        )
    return [known[name] for name in scores.names]


def _frames_of(source: str, scores: Scores, data: Mapping[str, Any]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Frames of each clip, and the share of its recording's in which nobody was found.

    ``convert`` notes the share; where the annotation does not say it, it is that of frames in which nobody is.
    """
    frames, missed = [], []
    for clip in annotations_of(source, scores, data):
        keypoint = np.asarray(clip.get('keypoint', np.ones((1, 1, 1, 2))))
        frames.append(int(clip.get('total_frames', keypoint.shape[1])))
        nobody = (keypoint == 0).all(axis=(0, 2, 3))
        missed.append(float(clip['missed'] if 'missed' in clip else nobody.mean()))
    return np.array(frames), np.array(missed)


def by_length(frames: NDArray[np.int64], right: NDArray[np.bool_]) -> list[Group]:
    """Accuracy of about equally many clips each, from the shortest to the longest; nothing if all are as long."""
    edges = np.unique(np.quantile(frames, np.linspace(0, 1, _PARTS + 1), method='lower'))
    if len(edges) < 2:
        return []
    part = np.searchsorted(edges[1:-1], frames, side='right')
    groups = []
    for number in range(len(edges) - 1):
        here = part == number
        if here.any():
            low, high = frames[here].min(), frames[here].max()
            groups.append(_group(str(low) if low == high else f'{low}–{high}', right[here]))
    return groups


def by_missed(share: NDArray[np.floating[Any]], right: NDArray[np.bool_]) -> list[Group]:
    """Accuracy by the share of missed frames; nothing if no frame was missed."""
    if not share.any():
        return []
    names = ['none', *(f'up to {high:.0%}' for high in _MISSED[1:]), 'more']
    part = np.searchsorted(_MISSED, share, side='left')
    return [_group(name, right[part == number]) for number, name in enumerate(names) if (part == number).any()]


def _group(name: str, right: NDArray[np.bool_]) -> Group:
    return Group(name, len(right), wilson(int(right.sum()), len(right)))
