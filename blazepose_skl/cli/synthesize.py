"""``blazepose-skl synthesize``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blazepose_skl.cli.app import app

__all__ = ['synthesize']


@app.command()
def synthesize(
    out: Annotated[Path, typer.Argument(help='Folder to write into, OUT/<action>/synthetic_person01_take01.json.')],
    clips_per_class: Annotated[int, typer.Option(help='Clips of every action.', min=1)] = 30,
    people: Annotated[int, typer.Option(help='Made-up people, who take turns.', min=1)] = 10,
    seed: Annotated[int, typer.Option(help='The same seed gives the same files.', min=0)] = 0,
    dialect: Annotated[
        str, typer.Option(help='keypoints (a list of frames) or tasks (MediaPipe Tasks in Python).')
    ] = 'keypoints',
) -> None:
    """Write synthetic MediaPipe dumps of ten actions, for a first run, tests and load; not for results.

    To hold people out of training: convert --group 'person(\\d+)'.
    """
    from blazepose_skl.synthetic import ACTIONS, write_dumps

    paths = write_dumps(out, clips_per_class, people, seed, dialect)
    print(f'{out}: {len(paths)} synthetic dumps of {len(ACTIONS)} actions by {people} people')
