"""``blazepose-skl export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blazepose_skl.cli.app import app
from blazepose_skl.errors import InputError

__all__ = ['export']


@app.command()
def export(
    source: Annotated[
        Path,
        typer.Argument(help='An annotation pickle; with --config a checkpoint. Nothing in it is executed.'),
    ],
    target: Annotated[
        Path, typer.Argument(help='Where to write a JSON dump for each clip, a folder; of a network an .onnx file.')
    ],
    config: Annotated[
        Path | None, typer.Option(help='The config of the checkpoint; training leaves it in its work directory.')
    ] = None,
    classes: Annotated[
        Path | None,
        typer.Option(help="Of a network: the class names, one in each line; without it the checkpoint's."),
    ] = None,
) -> None:
    """Write clips as dumps, which convert reads again, classes too, exact to float32; or a network as ONNX.

    Of a graph network one file is made that holds all that recognition needs; demo takes it with --network.
    """
    if config is None:
        _export_clips(source, target, classes)
    else:
        _export_network(config, source, target, classes)


def _export_clips(pickle: Path, folder: Path, classes: Path | None) -> None:
    from blazepose_skl.export import export_dumps
    from blazepose_skl.labels import counted

    if classes is not None or folder.suffix == '.onnx':
        raise InputError('a network is exported with the --config of its checkpoint; give it')
    print(f'{counted(export_dumps(pickle, folder), "dump")} written to {folder}')


def _export_network(config: Path, checkpoint: Path, out: Path, classes: Path | None) -> None:
    from blazepose_skl.cli.demo import class_names, import_framework
    from blazepose_skl.labels import counted

    with import_framework():
        from blazepose_skl.mmaction2.onnxexport import export_onnx
    made = export_onnx(config, checkpoint, out, class_names(classes) if classes else None)
    print(
        f'{out}: {made.network}, {counted(len(made.classes), "class", "classes")}, {made.coordinates}-D clips of '
        f"'{made.skeleton['name']}', {counted(made.people, 'person', 'people')} together"
    )
