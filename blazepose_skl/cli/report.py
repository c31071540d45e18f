"""``blazepose-skl report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blazepose_skl.cli.app import app, progress

if TYPE_CHECKING:
    from blazepose_skl.results.page import Story

__all__ = ['report']


@app.command()
def report(
    scores: Annotated[Path, typer.Argument(help="What tools/test.py --dump wrote; PYSKL's --out with --data.")],
    data: Annotated[
        Path | None,
        typer.Option(
            help='The annotation pickle that was tested on: names of the classes, lengths, missed frames, contact '
            'sheets; and names of the clips, if the scores have none.'
        ),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help='Its split, for scores without names; without it the one that fits.')
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(help='Scores of another run on the same clips: both side by side, with a paired test.'),
    ] = None,
    log: Annotated[
        Path | None, typer.Option(help='The --work-dir of the training, or its scalars.json: loss and accuracy.')
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help='Folder for page, figures and tables; without it SCORES_report beside SCORES.')
    ] = None,
) -> None:
    """Say what a recogniser's scores are worth: tables, figures and one HTML page.

    The page needs no other file and no network. Figures are also written as PNG and SVG, tables as CSV and Markdown.
    """
    from blazepose_skl.annotations import read_annotations
    from blazepose_skl.curves import read_curves
    from blazepose_skl.evaluation import read_scores
    from blazepose_skl.results.comparison import compare
    from blazepose_skl.results.facts import evaluate
    from blazepose_skl.results.page import Story, write_report

    annotations = read_annotations(data) if data is not None else None
    curves = read_curves(log) if log is not None else None
    name, other = _apart(scores, against)
    results = evaluate(name, read_scores(scores, annotations, split), annotations)
    both = None
    if against is not None:
        second = evaluate(other, read_scores(against, annotations, split), annotations)
        both = second, compare(second, results)
    story = Story(results, both, curves, annotations)
    page = write_report(story, out or scores.with_name(f'{scores.stem}_report'), progress('Drawing'))
    _show(story)
    print(page)


def _apart(first: Path, second: Path | None) -> tuple[str, str]:
    """Names of two files that tell them apart."""
    if second is None or first.name != second.name:
        return first.name, second.name if second else ''
    return str(first), str(second)


def _show(story: Story) -> None:
    from rich.console import Console
    from rich.table import Table

    from blazepose_skl.results.tables import summary_table

    content = summary_table([story.results, *(story.against[:1] if story.against else ())])
    table = Table()
    for column in content.header:
        table.add_column(column, justify='left' if column in ('scores', 'metric') else 'right')
    for row in content.texts():
        table.add_row(*row)
    Console().print(table)
    for note in story.results.notes:
        print(note)
    if story.against:
        comparison = story.against[1]
        print(
            f'{comparison.second} less {comparison.first}: {comparison.difference.value:+.3f} '
            f'({comparison.difference.low:+.3f} to {comparison.difference.high:+.3f}), '
            f"McNemar's exact test p = {comparison.p:.2g}"
        )
