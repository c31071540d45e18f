"""From recognitions of overlapping windows to who did what from when to when."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import msgspec
import numpy as np

from blazepose_skl.outfiles import write_whole
from blazepose_skl.recognition import Recognition

__all__ = ['SUFFIXES', 'Segment', 'find_segments', 'lay_out', 'write_segments']


@dataclass(frozen=True)
class Segment:
    """A stretch in which somebody did one thing.

    Attributes:
        person: The track; -1 for all together.
        action: The class.
        score: Its mean score.
        first: The first frame.
        last: The last frame.
        start: Seconds from the beginning to the first frame.
        stop: Seconds from the beginning to the end of the last frame.
    """

    person: int
    action: str
    score: float
    first: int
    last: int
    start: float
    stop: float


def lay_out(recognitions: Iterable[Recognition], stride: int) -> list[Recognition]:
    """The same without overlap: each has the frames about the middle of what was looked at.

    The first of a person's also has the frames before, and the last those after; likewise at a gap.

    >>> here = np.array([0.2, 0.8], np.float32)
    >>> [(r.start, r.stop) for r in lay_out([Recognition(0, 0, 8, here), Recognition(0, 4, 12, here)], 4)]
    [(0, 6), (6, 12)]
    """
    people: dict[int, list[Recognition]] = defaultdict(list)
    for recognition in recognitions:
        people[recognition.person].append(recognition)
    laid = []
    for person in people.values():
        start = person[0].start
        for this, following in zip(person, [*person[1:], None], strict=True):
            middle = (this.start + this.stop) // 2
            then = (following.start + following.stop) // 2 if following else 0
            if following and then - middle <= stride:
                stop = (middle + then) // 2
                laid.append(replace(this, start=start, stop=stop))
                start = stop
            else:
                laid.append(replace(this, start=start, stop=this.stop))
                start = max(this.stop, following.start) if following else 0
    return [recognition for recognition in laid if recognition.stop > recognition.start]


def find_segments(
    laid: Sequence[Recognition], classes: Sequence[str], threshold: float, times: Sequence[float]
) -> list[Segment]:
    """What is claimed, by person and time.

    Args:
        laid: Recognitions without overlap (:func:`lay_out`).
        classes: The names of the classes.
        threshold: Nothing is claimed where the best score is below it.
        times: Seconds of each frame, (T,).
    """
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    groups: list[list[Recognition]] = []
    for recognition in sorted(laid, key=lambda recognition: (recognition.person, recognition.start)):
        if recognition.score < threshold:
            continue
        last = groups[-1][-1] if groups else None
        if last and (last.person, last.stop, last.best) == (recognition.person, recognition.start, recognition.best):
            groups[-1].append(recognition)
        else:
            groups.append([recognition])
    return [
        Segment(
            person=group[0].person,
            action=classes[group[0].best],
            score=round(float(np.average([r.score for r in group], weights=[r.stop - r.start for r in group])), 4),
            first=group[0].start,
            last=group[-1].stop - 1,
            start=round(times[group[0].start], 3),
            stop=round(times[group[-1].stop - 1] + step, 3),
        )
        for group in groups
    ]


# What they are written as.
SUFFIXES = ('.json', '.csv')


def write_segments(segments: Sequence[Segment], path: Path) -> None:
    """Write segments as JSON or CSV, as the suffix says; times in seconds.

    Raises:
        InputError: It cannot be written.
    """
    if path.suffix.lower() == '.json':
        write_whole(path, msgspec.json.format(msgspec.json.encode(segments), indent=2) + b'\n')
        return
    table = io.StringIO()
    rows = csv.writer(table, lineterminator='\n')
    columns = [field.name for field in fields(Segment)]
    rows.writerow(columns)
    rows.writerows([getattr(segment, column) for column in columns] for segment in segments)
    write_whole(path, table.getvalue().encode())
