"""``blazepose-skl configs``."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from blazepose_skl.cli.app import app

__all__ = ['configs']


@app.command()
def configs(
    parts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar='[NAME]...',
            help="A config, or parts of their names in any order, as in: 2s-agcn ntu60 3d, or 'stgcnpp/*ntu60*-3d'.",
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar='DIR', help='Copy them there with the bases they need.', show_default=False)
    ] = None,
) -> None:
    """List the configs that come with us, or copy them. Without a name a table of all.

    Training, testing and `demo` take their names. A file that is there and differs is not replaced.
    """
    from blazepose_skl.configs import choose_configs, config_names, copy_configs

    if to:
        chosen = choose_configs(*parts) if parts else config_names()
        copied = copy_configs(chosen, to)
        print(to / chosen[0] if len(chosen) == 1 else to)
        print(f'{len(copied)} files, bases among them', file=sys.stderr)
    elif parts:
        # Not in a table, which would break names.
        print(*choose_configs(*parts), sep='\n')
    else:
        _print_table(config_names())


def _print_table(names: Iterable[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    from blazepose_skl.configs import Kind, kind_of

    groups: dict[tuple[str, str], list[Kind]] = {}
    others: dict[str, int] = {}
    for name in names:
        kind = kind_of(name)
        if kind:
            groups.setdefault((kind.folder, kind.recipe), []).append(kind)
        else:
            folder = Path(name).parts[0]
            others[folder] = others.get(folder, 0) + 1
    table = Table(box=None, pad_edge=False)
    for heading in ('folder', 'recipe', 'input', 'data set', 'layout'):
        table.add_column(heading, overflow='fold', no_wrap=heading != 'data set')
    table.add_column(justify='right')
    for (folder, recipe), kinds in groups.items():
        table.add_row(
            folder,
            recipe,
            '\n'.join(sorted({kind.input for kind in kinds})),
            ', '.join(sorted({kind.data.partition('-')[0] for kind in kinds})),
            '\n'.join(
                [*sorted({kind.layout for kind in kinds}), ', '.join(sorted({kind.coordinates for kind in kinds}))]
            ),
            str(len(kinds)),
        )
    for folder, count in others.items():
        table.add_row(folder, '', '', '', '', str(count))
    Console(markup=False, highlight=False).print(table)
    print('`blazepose-skl configs PART …` lists those with every PART in their names, --to DIR copies them.')
