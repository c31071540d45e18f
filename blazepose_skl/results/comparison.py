"""Two runs on the same clips, side by side: which is better, and whether chance would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from blazepose_skl.fusion import Run, in_one_order
from blazepose_skl.results.facts import Results
from blazepose_skl.significance import Estimate, adjust, bootstrap, mcnemar

__all__ = ['ClassDifference', 'Comparison', 'compare']


@dataclass(frozen=True)
class ClassDifference:
    """One class in two runs.

    Attributes:
        name: Of the class.
        clips: How many there are of it.
        first: Sensitivity in the first run.
        second: In the second.
        only_first: Clips that the first alone has right.
        only_second: Clips that the second alone has right.
        p: Of McNemar's exact test.
        adjusted: The same, adjusted for the number of classes (Benjamini and Hochberg).
    """

    name: str
    clips: int
    first: float
    second: float
    only_first: int
    only_second: int
    p: float
    adjusted: float


@dataclass(frozen=True)
class Comparison:
    """Two runs on the same clips.

    Attributes:
        first: The name of the first run.
        second: Of the second.
        difference: Top-1 accuracy of the second less that of the first, with the paired bootstrap's interval.
        only_first: Clips that the first alone has right.
        only_second: Clips that the second alone has right.
        p: Of McNemar's exact test.
        by_class: The classes that have clips, in the order of their numbers.
    """

    first: str
    second: str
    difference: Estimate
    only_first: int
    only_second: int
    p: float
    by_class: Sequence[ClassDifference]


def compare(first: Results, second: Results) -> Comparison:
    """Two runs on the same clips, matched by name.

    Raises:
        InputError: They are not on the same clips or classes (see :func:`blazepose_skl.fusion.in_one_order`).
    """
    one, other = in_one_order([Run(first.source, first.scores), Run(second.source, second.scores)])
    right = [scores.predictions == scores.labels for scores in (one, other)]
    gain = right[1].astype(float) - right[0]
    only_first, only_second = int((gain < 0).sum()), int((gain > 0).sum())
    rows = []
    for number, name in enumerate(first.classes):
        here = one.labels == number
        if here.any():
            alone = int((gain[here] < 0).sum()), int((gain[here] > 0).sum())
            shares = float(right[0][here].mean()), float(right[1][here].mean())
            rows.append((name, int(here.sum()), *shares, *alone, mcnemar(*alone)))
    adjusted = adjust([row[-1] for row in rows])
    return Comparison(
        first=first.source,
        second=second.source,
        difference=bootstrap(lambda drawn: float(gain[drawn].mean()), len(gain)),
        only_first=only_first,
        only_second=only_second,
        p=mcnemar(only_first, only_second),
        by_class=[ClassDifference(*row, p) for row, p in zip(rows, adjusted, strict=True)],
    )
