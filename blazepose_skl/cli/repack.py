"""``blazepose-skl repack``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blazepose_skl.cli.app import app, progress

__all__ = ['repack']


@app.command()
def repack(
    source: Annotated[
        Path, typer.Argument(help='An annotation pickle (.pkl; nothing in it is executed) or an Arrow file (.arrow).')
    ],
    out: Annotated[Path, typer.Argument(help='The other, to write.')],
) -> None:
    """Turn an annotation pickle into an Arrow file, for sets larger than memory, or such a file into a pickle.

    Training takes either as ann_file. What one holds, the other holds.
    """
    from blazepose_skl.labels import counted
    from blazepose_skl.repack import repack as write_again

    print(f'{counted(write_again(source, out, progress("Repacking")), "clip")} written to {out}')
