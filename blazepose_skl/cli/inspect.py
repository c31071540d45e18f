"""``blazepose-skl inspect``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blazepose_skl.cli.app import app

if TYPE_CHECKING:
    from blazepose_skl.inspection import Inspection

__all__ = ['inspect']


@app.command()
def inspect(
    pickle: Annotated[
        Path, typer.Argument(help="An annotation pickle or Arrow file, ours or anybody's; nothing in it is executed.")
    ],
    skeleton: Annotated[
        str | None,
        typer.Option(help='The layout that it is meant for; without it the one that it names itself, else blazepose.'),
    ] = None,
    clip_folder: Annotated[
        Path | None, typer.Option(help='The folder with the clips, if the pickle is an index of them.')
    ] = None,
    as_json: Annotated[bool, typer.Option('--json', help='Print JSON.')] = False,
) -> None:
    """Show what is in an annotation pickle, and what would make training fail or flatter.

    Exit status 1 if there is something that makes training fail.
    """
    import msgspec

    from blazepose_skl.inspection import inspect_pickle
    from blazepose_skl.skeletons import get_skeleton

    found = inspect_pickle(pickle, clip_folder, get_skeleton(skeleton).num_joints if skeleton else None)
    if as_json:
        print(msgspec.json.encode(found).decode())
    else:
        _show_inspection(found, pickle)
    if found.faults:
        raise typer.Exit(1)


def _show_inspection(found: Inspection, path: Path) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from blazepose_skl.labels import counted

    table = Table(title=Text(str(path)))
    columns = ('clips', 'frames', 'missed', 'shortest', 'median', 'longest')
    for column in ('class', *columns, 'median score'):
        table.add_column(column, justify='left' if column == 'class' else 'right')
    rows = [*found.classes.items(), (counted(len(found.classes), 'class', 'classes'), found.overall)]
    for place, (name, facts) in enumerate(rows):
        numbers = [f'{getattr(facts, column):.0f}' for column in columns]
        score = f'{facts.scores["50%"]:.2f}' if facts.scores else ''
        table.add_row(Text(name), *numbers, score, end_section=place == len(rows) - 2)
    Console().print(table)
    for title, counts in (
        ('People x joints x channels', found.shapes),
        ('Splits', found.splits),
        ('Coordinates', found.overall.coordinates),
        ('Pictures', found.overall.sizes),
    ):
        print(f'{title}: ' + ('; '.join(f'{key} ({count})' for key, count in counts.items()) or 'none'))
    if found.overall.scores:
        print('Scores: ' + ', '.join(f'{place} below {score:.2f}' for place, score in found.overall.scores.items()))
    for fault in found.faults:
        print(f'FAULT    {fault}')
    for warning in found.warnings:
        print(f'warning  {warning}')
    if not found.faults and not found.warnings:
        print('Nothing wrong was found.')
