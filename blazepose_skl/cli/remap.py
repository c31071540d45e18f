"""``blazepose-skl remap``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blazepose_skl.cli.app import app, progress

__all__ = ['remap']


@app.command()
def remap(
    pickle: Annotated[Path, typer.Argument(help='An annotation pickle; nothing in it is executed.')],
    out: Annotated[Path, typer.Argument(help='The pickle to write.')],
    to: Annotated[str, typer.Option(help='The skeleton to have: coco, openpose, nturgb+d, or a .toml or .json file.')],
    given: Annotated[
        str | None, typer.Option('--from', help='The skeleton that it has, if the pickle does not say so itself.')
    ] = None,
) -> None:
    """Write an annotation pickle again with the joints of another skeleton, for networks that know only that one."""
    from blazepose_skl.remap import remap_pickle

    print(f'{remap_pickle(pickle, out, to, given, progress("Remapping"))} clips written to {out}')
