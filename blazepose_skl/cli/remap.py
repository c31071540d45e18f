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
    clip_folder: Annotated[
        Path | None, typer.Option(help='The folder with the clips, if the pickle is an index of them.')
    ] = None,
    out_folder: Annotated[
        Path | None, typer.Option(help='The new folder for the clips, with --clip-folder; OUT is their index.')
    ] = None,
) -> None:
    """Write an annotation pickle again with the joints of another skeleton, for networks that know only that one."""
    from blazepose_skl.remap import remap_pickle

    count = remap_pickle(pickle, out, to, given, progress('Remapping'), clip_folder, out_folder)
    print(
        f'{count} clips written to {out}' if not out_folder else f'{count} clips written to {out_folder}, index {out}'
    )
