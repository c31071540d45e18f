"""Videos to a video with its action named: extract, convert, train ST-GCN++ in the recipe for small sets, demo.

The classes are the folders, VIDEOS/<class>/<clip>.mp4. One video is held out of training and labelled in the end.
Every step is a command that you can type yourself; it is printed before it runs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer
from quickstart import CONFIG, run, train

from blazepose_skl.errors import InputError


def video_quickstart(
    videos: Annotated[Path, typer.Argument(help='Folder with videos, VIDEOS/<class>/<clip>.mp4.')],
    hold_out: Annotated[str, typer.Option(help='The video to label, <class>/<clip>.mp4; it is not trained on.')],
    work_dir: Annotated[Path, typer.Option(help='Where everything is written.')] = Path('video_quickstart'),
    model: Annotated[str, typer.Option(help="MediaPipe's: lite, full, heavy or a path.")] = 'full',
    epochs: Annotated[
        Optional[int],  # noqa: UP045, typer reads it
        typer.Option(help='Epochs of training; without it what gives a small set enough steps.', min=3),
    ] = None,
    cfg_options: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help='More settings of the config, as in model.backbone.base_channels=16; once for each.'),
    ] = None,
) -> None:
    """Extract, convert, train, label."""
    videos, work_dir = videos.resolve(), work_dir.resolve()
    if not (videos / hold_out).is_file():
        raise InputError(f'{videos / hold_out}: no such video to hold out')
    dumps, data, train_dir = work_dir / 'dumps', work_dir / 'data.pkl', work_dir / 'train'
    run('blazepose-skl', 'extract', videos, dumps, '--model', model)
    held = str(Path(hold_out).with_suffix(''))
    names = {str(path.relative_to(dumps)).removesuffix('.json') for path in dumps.rglob('*.json')}
    for part, clips in (('train', sorted(names - {held})), ('val', [held])):
        (work_dir / f'{part}.txt').write_text('\n'.join(clips) + '\n')
    lists = [word for part in ('train', 'val') for word in ('--list', f'{part}={work_dir / part}.txt')]
    run('blazepose-skl', 'convert', dumps, data, *lists)
    checkpoint = train(data, train_dir, epochs, least=1, options=cfg_options or [])
    network = ['--config', train_dir / CONFIG.name, '--checkpoint', checkpoint, '--model', model]
    outputs = ['--out', work_dir / 'labelled.mp4', '--segments', work_dir / 'segments.json']
    run('blazepose-skl', 'demo', videos / hold_out, *network, *outputs, '--headless')
    run('blazepose-skl', 'contact-sheet', videos / hold_out, work_dir / 'sheet.png', '--model', model)


if __name__ == '__main__':
    try:
        typer.run(video_quickstart)
    except InputError as error:
        sys.exit(f'video_quickstart: {error}')
