"""Videos to a video with its action named: extract, convert, train ST-GCN++ in the recipe for small sets, demo.

The classes are the folders, VIDEOS/<class>/<clip>.mp4. One video is held out of training and labelled in the end.
Every step is a command that you can type yourself; it is printed before it runs. Videos in no such folder, and those
that are rejected on the way, are left out with a warning.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Optional

import typer
from quickstart import CONFIG, run, train

import blazepose_skl.convert as conversion
from blazepose_skl.annotations import read_annotations
from blazepose_skl.errors import InputError
from blazepose_skl.extraction import many
from blazepose_skl.extraction.document import read_head
from blazepose_skl.labels import counted, first_few, folder_label


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
    if not videos.is_dir():
        raise InputError(f'{videos}: there is no such folder; give the folder with the videos')
    if work_dir.is_relative_to(videos):
        raise InputError(f'{work_dir} lies among the videos; give another --work-dir')
    names = [name for name, _ in many.find_videos(videos)]
    if Path(hold_out).as_posix() not in names:
        raise InputError(f'{videos / hold_out}: no such video to hold out; give it as <class>/<clip>.mp4')
    loose = [name for name in names if not folder_label(name)]
    held, clips = clip_name(hold_out), {clip_name(name) for name in names if name not in loose}
    check_clips(clips, held, f'{videos} has', 'lies in no folder of a class')
    source = without_loose(videos, loose, work_dir / 'videos_in_classes') if loose else videos
    dumps, data, train_dir = work_dir / 'dumps', work_dir / 'data.pkl', work_dir / 'train'
    run_leniently(dumps, many.rejects_path(dumps), 'extract', source, dumps, '--model', model)
    clips = {clip for clip in clips if (head := read_head(dumps / f'{clip}.json')) and head.detected}
    check_clips(clips, held, 'after extract there are', 'was rejected, as it says above')
    for part, chosen in (('train', sorted(clips - {held})), ('val', [held])):
        (work_dir / f'{part}.txt').write_text('\n'.join(chosen) + '\n')
    lists = [word for part in ('train', 'val') for word in ('--list', f'{part}={work_dir / part}.txt')]
    data.unlink(missing_ok=True)
    run_leniently(data, conversion.rejects_path(data), 'convert', dumps, data, *lists)
    split = read_annotations(data)['split']
    check_clips({*split['train'], *split['val']}, held, 'after convert there are', 'was rejected, as it says above')
    checkpoint = train(data, train_dir, epochs, least=1, options=cfg_options or [])
    network = ['--config', train_dir / CONFIG.name, '--checkpoint', checkpoint, '--model', model]
    outputs = ['--out', work_dir / 'labelled.mp4', '--segments', work_dir / 'segments.json']
    run('blazepose-skl', 'demo', videos / hold_out, *network, *outputs, '--headless')
    run('blazepose-skl', 'contact-sheet', videos / hold_out, work_dir / 'sheet.png', '--model', model)


def clip_name(video: str) -> str:
    """What the dump and the clip of a video are called."""
    return Path(video).with_suffix('').as_posix()


def check_clips(clips: Collection[str], held: str, where: str, why: str) -> None:
    """Nothing, if the clip that is held out is there, and two classes to train on.

    Raises:
        InputError: They are not.
    """
    if held not in clips:
        raise InputError(f'the video to hold out, {held}, {why}; hold out another')
    classes = sorted({label.name for clip in clips if clip != held and (label := folder_label(clip))})
    if len(classes) < 2:
        raise InputError(
            f'{where} videos to train on in {len(classes)} of the two classes that it takes at least'
            f'{f" ({classes[0]})" if classes else ""}; put them into VIDEOS/<class>/<clip>.mp4'
        )


def without_loose(videos: Path, loose: list[str], links: Path) -> Path:
    """A folder with links to the folders of the classes, beside which nothing lies."""
    warn(f'left out, since in no folder of a class: {counted(len(loose), "video")} ({first_few(loose)})')
    links.mkdir(parents=True, exist_ok=True)
    for link in links.iterdir():
        if link.is_symlink():
            link.unlink()
    for folder in videos.iterdir():
        if folder.is_dir():
            (links / folder.name).symlink_to(folder)
    return links


def run_leniently(made: Path, rejects: Path, command: str, *words: object) -> None:
    """Run a command of ours that lists what it rejects and makes something of the rest.

    Raises:
        InputError: It failed otherwise.
    """
    rejects.unlink(missing_ok=True)
    try:
        run('blazepose-skl', command, *words)
    except SystemExit as end:
        if end.code != 1 or not rejects.exists() or not made.exists():
            raise InputError(f'{command} failed, for the reason that it gives above') from None
        warn(f'{command} rejected the files that it names above; the rest goes on without')


def warn(sentence: str) -> None:
    """Say what the user did not ask for, where errors are said."""
    print(f'video_quickstart: warning: {sentence}', file=sys.stderr, flush=True)


if __name__ == '__main__':
    try:
        typer.run(video_quickstart)
    except InputError as error:
        sys.exit(f'video_quickstart: {error}')
