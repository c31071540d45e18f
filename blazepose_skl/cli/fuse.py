"""``blazepose-skl fuse``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blazepose_skl.cli.app import app
from blazepose_skl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from blazepose_skl.fusion import Run

__all__ = ['fuse']


@app.command()
def fuse(
    scores: Annotated[list[Path], typer.Argument(help='Scores of streams or runs on the same clips.')],
    out: Annotated[Path, typer.Option(help='Where to write the fused scores, a file that report and fuse read.')],
    weights: Annotated[
        str | None, typer.Option(help='A weight for each, as in 2,2,1,1; without it all weigh the same.')
    ] = None,
    validation: Annotated[
        list[Path] | None,
        typer.Option(
            help='Find the weights on these scores of a validation split, one for each of SCORES in the same order; '
            'its clips must not be among those of SCORES. Repeat the option.'
        ),
    ] = None,
    softmax: Annotated[
        bool, typer.Option('--softmax', help='Turn scores that are no probabilities into some before the sum.')
    ] = False,
    data: Annotated[
        Path | None, typer.Option(help='The annotation pickle that was tested on, for scores without names of clips.')
    ] = None,
    split: Annotated[str | None, typer.Option(help='The split that SCORES without names are of.')] = None,
) -> None:
    """Add up the scores of several streams or runs, clip by clip, matched by name."""
    from blazepose_skl import fusion
    from blazepose_skl.annotations import read_annotations
    from blazepose_skl.evaluation import write_scores
    from blazepose_skl.outfiles import check_not_input, check_place

    if weights is not None and validation:
        raise InputError('--weights and --validation: weights are either given or found; choose one')
    check_place(out, '.pkl', '.pickle')
    for path in (*scores, *(validation or ()), *([data] if data else ())):
        check_not_input(out, str(path))
    annotations = read_annotations(data) if data is not None else None
    runs = _read(scores, annotations, split, softmax)
    found: list[float] = [1.0] * len(runs)
    if weights is not None:
        found = _numbers(weights)
    elif validation:
        found = list(map(float, fusion.search_weights(_read(validation, annotations, None, softmax), runs)))
    fused = fusion.fuse(runs, found)
    write_scores(fused, out)
    _show(runs, found, fusion.Run(str(out), fused))


def _read(paths: list[Path], data: Mapping[str, Any] | None, split: str | None, softmax: bool) -> list[Run]:
    from blazepose_skl.evaluation import read_scores
    from blazepose_skl.fusion import Run, as_probabilities

    runs = [Run(str(path), read_scores(path, data, split)) for path in paths]
    return [as_probabilities(run) for run in runs] if softmax else runs


def _numbers(text: str) -> list[float]:
    try:
        return [float(number) for number in text.split(',')]
    except ValueError:
        raise InputError(f"--weights '{text}': numbers with commas between were expected, as in 2,2,1,1") from None


def _show(runs: list[Run], weights: list[float], fused: Run) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for column in ('scores', 'weight', 'top-1'):
        table.add_column(column, justify='left' if column == 'scores' else 'right', overflow='fold')
    for number, (run, weight) in enumerate(zip(runs, weights, strict=True), 1):
        share = f'{weight / sum(weights):.3f}'
        table.add_row(run.source, share, f'{run.scores.top1():.3f}', end_section=number == len(runs))
    table.add_row(fused.source, '', f'{fused.scores.top1():.3f}')
    Console().print(table)
