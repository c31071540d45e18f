"""``blazepose-skl export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blazepose_skl.cli.app import app

__all__ = ['export']


@app.command()
def export(
    pickle: Annotated[Path, typer.Argument(help='An annotation pickle; nothing in it is executed.')],
    folder: Annotated[Path, typer.Argument(help='Where to write a JSON dump for each clip.')],
) -> None:
    """Write the clips of an annotation pickle as dumps, which convert reads again, classes too, exact to float32."""
    from blazepose_skl.export import export_dumps
    from blazepose_skl.labels import counted

    print(f'{counted(export_dumps(pickle, folder), "dump")} written to {folder}')
