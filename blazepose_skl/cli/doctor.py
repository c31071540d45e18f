"""``blazepose-skl doctor``."""

from __future__ import annotations

import typer

from blazepose_skl.cli.app import app

__all__ = ['doctor']


@app.command()
def doctor() -> None:
    """Say what is installed, what is wrong and what mends it; exit status 0 if this machine can train."""
    from blazepose_skl import doctor as diagnosis

    raise typer.Exit(diagnosis.doctor())
