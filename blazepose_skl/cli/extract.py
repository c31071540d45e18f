"""``blazepose-skl extract``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blazepose_skl.cli.app import app, end_with_rejected
from blazepose_skl.cli.quiet import quiet_libraries
from blazepose_skl.errors import InputError

if TYPE_CHECKING:
    from blazepose_skl.extraction import Settings, Summary

__all__ = ['extract', 'show_summary']

_LOOKING = 'How people are looked for'
_WHERE = 'Who does the work'


@app.command()
def extract(
    videos: Annotated[Path, typer.Argument(help='Folder with videos, in folders of any depth; or one video.')],
    dumps: Annotated[
        Path | None, typer.Argument(help='Folder for the dumps, each beside the same relative path as its video.')
    ] = None,
    model: Annotated[
        str, typer.Option(help='lite, full, heavy or the path of a .task file.', rich_help_panel=_LOOKING)
    ] = 'full',
    people: Annotated[
        int, typer.Option(help='People to find in a frame, at most.', min=1, rich_help_panel=_LOOKING)
    ] = 1,
    detection: Annotated[
        float,
        typer.Option(help='How sure MediaPipe must be to see somebody.', min=0, max=1, rich_help_panel=_LOOKING),
    ] = 0.5,
    presence: Annotated[
        float,
        typer.Option(help='How sure it must be that somebody is still there.', min=0, max=1, rich_help_panel=_LOOKING),
    ] = 0.5,
    tracking: Annotated[
        float,
        typer.Option(
            help='How sure it must be that somebody is who was in the frame before.',
            min=0,
            max=1,
            rich_help_panel=_LOOKING,
        ),
    ] = 0.5,
    smoothing: Annotated[
        bool,
        typer.Option(
            help='Smooth landmarks over time; MediaPipe does so only when it looks for one person.',
            rich_help_panel=_LOOKING,
        ),
    ] = True,
    every: Annotated[int, typer.Option(help='Take every n-th frame.', min=1, rich_help_panel=_LOOKING)] = 1,
    fps: Annotated[
        float | None,
        typer.Option(
            help='Take so many frames a second; slower videos keep their rate.',
            min=0.1,
            max=1000,
            rich_help_panel=_LOOKING,
        ),
    ] = None,
    gzip: Annotated[bool, typer.Option('--gzip', help='Write .json.gz.')] = False,
    jobs: Annotated[
        int | None, typer.Option(help='Processes; without it one for each core.', min=1, rich_help_panel=_WHERE)
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar='I/N', help='Do the I-th of N shares, as a task of a Slurm array does.', rich_help_panel=_WHERE
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar='tcp://HOST:PORT',
            help='Let the workers of this scheduler of dask.distributed do it; they see the same paths.',
            rich_help_panel=_WHERE,
        ),
    ] = None,
    benchmark: Annotated[
        bool, typer.Option('--benchmark', help='Print how fast each model is on one video; no dumps are written.')
    ] = False,
) -> None:
    """Find people in videos with MediaPipe and write a dump of each video.

    Dumps that are there are left as they are, so that an interrupted extraction goes on. Exit status 1 if a video
    cannot be extracted or shows nobody; such are listed in DUMPS.rejects.jsonl.
    """
    from blazepose_skl.cli.framesbar import frames_bar
    from blazepose_skl.extraction import Settings, Shard, path_of, rejects_path
    from blazepose_skl.extraction import extract as extract_videos

    settings = Settings(people, detection, presence, tracking, smoothing and people == 1, every, fps)
    if benchmark:
        _benchmark(videos, settings)
        return
    if dumps is None:
        raise InputError('no folder for the dumps is given; write extract VIDEOS DUMPS')
    part = Shard.parse(shard) if shard else None
    with frames_bar(settings) as tracker:
        summary = extract_videos(videos, dumps, model, settings, gzip, jobs, part, scheduler, tracker)
    show_summary(summary)
    for video in summary.videos:
        if video.note:
            print(f'warning: {path_of(video.name, videos)}: {video.note}', file=sys.stderr)
    end_with_rejected(summary.rejected, 'videos', rejects_path(dumps, part))


def show_summary(summary: Summary) -> None:
    """Print one line in which each video is counted once."""
    from blazepose_skl.labels import counted

    shown = [video for video in summary.videos if video.detected]
    before = sum(video.before for video in shown)
    rejected, nobody = len(summary.rejected), len(summary.videos) - len(shown)
    missed = sum(video.frames - video.detected for video in summary.videos if not video.before)
    print(
        f'{counted(len(shown) - before, "video")} extracted, {before} there before, {rejected} rejected'
        f'{f" ({nobody} with nobody in it)" if nobody else ""}; {counted(summary.frames, "frame")}, {missed} missed'
    )


@quiet_libraries()
def _benchmark(video: Path, settings: Settings) -> None:
    from rich.console import Console
    from rich.table import Table

    from blazepose_skl.extraction.speed import measure_models

    table = Table()
    for column in ('model', 'frames/s', 'ms a frame', 'frames'):
        table.add_column(column, justify='left' if column == 'model' else 'right')
    missing: list[str] = []
    for name, speed in measure_models(video, settings):
        if isinstance(speed, InputError):
            missing.append(f'{name}: {speed}')
        else:
            table.add_row(name, f'{speed.rate:.1f}', f'{1000 / speed.rate:.1f}', str(speed.frames))
    print(video)
    Console().print(table)
    for reason in missing:
        print(f'not measured: {reason}', file=sys.stderr)
    if not table.row_count:
        raise typer.Exit(1)
