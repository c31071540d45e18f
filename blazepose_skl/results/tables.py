"""Tables of results, as CSV for programs and Markdown for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from blazepose_skl import metrics
from blazepose_skl.results.comparison import Comparison
from blazepose_skl.results.facts import Results
from blazepose_skl.significance import Estimate

__all__ = ['Table', 'class_table', 'clip_table', 'comparison_table', 'confusion_table', 'pair_table', 'summary_table']

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Rows of cells under a header; None is an empty cell."""

    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def csv(self) -> bytes:
        """Comma-separated, UTF-8, numbers in full."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator='\n')
        writer.writerows([self.header, *([_exact(cell) for cell in row] for row in self.rows)])
        return file.getvalue().encode()

    def texts(self) -> list[list[str]]:
        """The cells as people read them."""
        return [[text(cell) for cell in row] for row in self.rows]

    def is_words(self, column: int) -> bool:
        """Whether a column is of words, which are read from the left."""
        return any(isinstance(row[column], str) for row in self.rows)

    def markdown(self) -> bytes:
        """A Markdown table, UTF-8."""
        lines = [list(self.header), ['---'] * len(self.header), *self.texts()]
        return ''.join('| ' + ' | '.join(_escape(cell) for cell in line) + ' |\n' for line in lines).encode()


def _exact(cell: Cell) -> Cell:
    return None if isinstance(cell, float) and np.isnan(cell) else cell


def text(cell: Cell) -> str:
    """A cell as people read it: three decimals, and no number where there is none."""
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return ''
    return f'{cell:.3f}' if isinstance(cell, float) else str(cell)


def _escape(cell: str) -> str:
    return cell.replace('\\', '\\\\').replace('|', '\\|').replace('\n', ' ')


def _ends(estimate: Estimate | None) -> list[Cell]:
    return [estimate.value, estimate.low, estimate.high] if estimate else [None, None, None]


_INTERVAL = ('95 % from', '95 % to')


def summary_table(results: Sequence[Results]) -> Table:
    """The overall numbers of each run."""
    return Table(
        ('scores', 'metric', 'clips', 'value', *_INTERVAL),
        [
            (run.source, name, len(run.scores.labels), *_ends(found))
            for run in results
            for name, found in run.overall.items()
        ],
    )


def class_table(results: Results) -> Table:
    """Sensitivity of each class."""
    return Table(
        ('class', 'clips', 'right', 'sensitivity', *_INTERVAL, 'predicted', 'most often mistaken for'),
        [
            (item.name, item.clips, item.right, *_ends(item.sensitivity), item.predicted, item.mistaken_for)
            for item in results.by_class
        ],
    )


def confusion_table(results: Results) -> Table:
    """The confusion matrix in clips, truth in rows."""
    return Table(
        ('truth', *results.classes),
        [(name, *map(int, row)) for name, row in zip(results.classes, results.matrix, strict=True)],
    )


def pair_table(results: Results) -> Table:
    """The most frequent mistakes."""
    return Table(
        ('truth', 'taken for', 'clips', 'of'),
        [(pair.truth, pair.predicted, pair.count, pair.clips_of_truth) for pair in results.pairs],
    )


def clip_table(results: Results) -> Table:
    """Every clip: its class, what it was taken for and how surely."""
    scores = results.scores
    confidence = metrics.probabilities(scores.scores).max(axis=1)
    names = scores.names or [str(number) for number in range(len(scores.labels))]
    return Table(
        ('clip', 'truth', 'predicted', 'confidence', 'right'),
        [
            (name, results.classes[label], results.classes[best], float(sure), 'yes' if label == best else 'no')
            for name, label, best, sure in zip(names, scores.labels, scores.predictions, confidence, strict=True)
        ],
    )


def comparison_table(comparison: Comparison) -> Table:
    """Both runs, class by class, with McNemar's exact test."""
    first, second = comparison.first, comparison.second
    return Table(
        ('class', 'clips', first, second, f'only {first} right', f'only {second} right', 'p', 'p adjusted'),
        [
            (row.name, row.clips, row.first, row.second, row.only_first, row.only_second, row.p, row.adjusted)
            for row in comparison.by_class
        ],
    )
