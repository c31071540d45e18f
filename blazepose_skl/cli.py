"""The command line: one function for each command. A user's error is one sentence and exit status 1."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blazepose_skl.errors import InputError

if TYPE_CHECKING:
    from blazepose_skl.convert import Summary
    from blazepose_skl.dumps.sources import Source
    from blazepose_skl.inspection import Inspection
    from blazepose_skl.official import Lists, Ntu
    from blazepose_skl.splits import Split

__all__ = ['app', 'main']

app = typer.Typer(
    help='MediaPipe BlazePose skeletons for the graph networks of MMAction2 and PYSKL.',
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _commands() -> None:
    """MediaPipe BlazePose skeletons for the graph networks of MMAction2 and PYSKL."""


def main() -> None:
    """Run the command line."""
    try:
        app()
    except InputError as error:
        print(f'blazepose-skl: {error}', file=sys.stderr)
        sys.exit(1)


# -- convert ----------------------------------------------------------------------------------------

_SPLIT = 'Split (choose one; without any: by share)'


@app.command()
def convert(
    dumps: Annotated[Path, typer.Argument(help='Folder with dumps, in folders of any depth; or one dump.')],
    out: Annotated[Path, typer.Argument(help='The annotation pickle to write.')],
    labels: Annotated[
        Path | None,
        typer.Option(help='CSV or JSON with the class of each clip; without it, the folder of a clip is its class.'),
    ] = None,
    classes: Annotated[
        Path | None, typer.Option(help='Class names, one in each line, in the order of their numbers.')
    ] = None,
    val: Annotated[float, typer.Option(help="Share of each class held out as 'val'.", rich_help_panel=_SPLIT)] = 0.2,
    test: Annotated[float, typer.Option(help="Share of each class held out as 'test'.", rich_help_panel=_SPLIT)] = 0.0,
    seed: Annotated[int, typer.Option(help='Seed of the random split.', rich_help_panel=_SPLIT)] = 0,
    group: Annotated[
        str | None,
        typer.Option(
            help="Regular expression that finds in a clip's name its group (subject, camera, source video); "
            'no group is on both sides. With --val, --test and --seed.',
            rich_help_panel=_SPLIT,
        ),
    ] = None,
    last: Annotated[
        int | None,
        typer.Option(help="Hold out the last N clips of each class as 'val'.", rich_help_panel=_SPLIT),
    ] = None,
    list_: Annotated[
        list[str] | None,
        typer.Option(
            '--list',
            metavar='NAME=FILE',
            help='Clips of a part, one in each line; once for each part, as in train=a.txt.',
            rich_help_panel=_SPLIT,
        ),
    ] = None,
    official: Annotated[
        str | None,
        typer.Option(
            help='An official split: ucf101, hmdb51, kinetics, ntu60-xsub, ntu60-xview, ntu120-xsub or ntu120-xset.',
            rich_help_panel=_SPLIT,
        ),
    ] = None,
    official_lists: Annotated[
        Path | None,
        typer.Option(
            help='Folder with the official lists, which say the class of each clip too; for NTU, whose names say it, '
            "the authors' file with the samples to leave out (NTU_RGBD_samples_with_missing_skeletons.txt or "
            'NTU_RGBD120_samples_with_missing_skeletons.txt), which does not come with this program.',
            rich_help_panel=_SPLIT,
        ),
    ] = None,
    official_number: Annotated[
        int,
        typer.Option(help='Which of the three splits of UCF-101 and HMDB-51.', rich_help_panel=_SPLIT, min=1, max=3),
    ] = 1,
    missed: Annotated[
        str, typer.Option(help='Frames in which nobody was found: interpolate, hold, zero or drop.')
    ] = 'interpolate',
    max_gap: Annotated[int, typer.Option(help='The longest gap, in frames, that is interpolated.')] = 15,
    size: Annotated[
        str | None,
        typer.Option(metavar='WxH', help='Picture size of dumps that do not say theirs; without it 1920x1080.'),
    ] = None,
    videos: Annotated[
        Path | None,
        typer.Option(
            help='Folder with the videos of the dumps, of the same names: picture size and frame rate of dumps that do '
            'not say theirs (needs OpenCV).'
        ),
    ] = None,
    coords: Annotated[
        str | None,
        typer.Option(
            help='image: 2-D, in pixels. world: 3-D, in metres about the body. Without it image if it is there.'
        ),
    ] = None,
    coordinates: Annotated[
        str | None,
        typer.Option(
            help='What the dumps count coordinates in: fraction (of the picture), width or height (shares of that side '
            'alone), pixels, metres or centimetres; without it seen from the bulk of the values.'
        ),
    ] = None,
    y_up: Annotated[
        bool | None,
        typer.Option('--y-up/--y-down', help='Where y of world landmarks points; without it seen from the values.'),
    ] = None,
    least_joints: Annotated[
        float, typer.Option(help='Share of the joints that a dump must have; the others are unseen, with score 0.')
    ] = 0.3,
    fps: Annotated[float | None, typer.Option(help='Resample all clips to this rate.', min=0.1, max=1000)] = None,
    dialect: Annotated[
        str | None, typer.Option(help='The dialect of the dumps; without it seen from their structure.')
    ] = None,
    people: Annotated[int, typer.Option(help='People to keep in each clip.', min=1)] = 1,
    person: Annotated[
        str, typer.Option(help='Whom to keep if there are more: longest, largest or confident.')
    ] = 'longest',
    jobs: Annotated[
        int | None,
        typer.Option(help='Processes; without it one for each core and hundred dumps.', min=1),
    ] = None,
    clip_folder: Annotated[
        Path | None,
        typer.Option(
            help='For sets larger than memory: write each clip to a pickle of its own in this new folder and only an '
            "index to OUT; configs then say data_prefix=dict(skeleton='CLIP_FOLDER')."
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help='Write a report here, JSON: what is in the set, by class, and what is wrong.')
    ] = None,
) -> None:
    """Turn MediaPipe dumps into an annotation pickle with splits.

    Exit status 1 if a dump was rejected; rejected dumps are listed in OUT.rejects.jsonl.
    """
    from blazepose_skl import labels as label_files
    from blazepose_skl import official as official_sets
    from blazepose_skl.convert import Filling, rejects_path
    from blazepose_skl.convert import convert as convert_dumps
    from blazepose_skl.dumps import Reading
    from blazepose_skl.dumps.coordinates import UNITS
    from blazepose_skl.dumps.people import POLICIES as PERSON_POLICIES
    from blazepose_skl.dumps.reading import DIALECT_NAMES
    from blazepose_skl.dumps.videos import check_videos
    from blazepose_skl.gaps import POLICIES as GAP_POLICIES

    _one_of('--missed', missed, GAP_POLICIES)
    _one_of('--person', person, PERSON_POLICIES)
    _one_of('--coords', coords, ('image', 'world'))
    _one_of('--coordinates', coordinates, UNITS)
    _one_of('--dialect', dialect, DIALECT_NAMES)
    _one_of('--official', official, official_sets.OFFICIAL)
    given = official_sets.read_official(official, official_lists, official_number) if official else None
    summary = convert_dumps(
        dumps,
        out,
        split=_splitter(val, test, seed, group, last, list_, given),
        reading=Reading(
            dialect=dialect,
            coords=coords,
            coordinates=coordinates,
            y_up=y_up,
            size=_size(size),
            videos=check_videos(videos) if videos else None,
            people=people,
            person=person,
            least_joints=least_joints,
        ),
        filling=Filling(missed, max_gap, fps),
        labels=label_files.read_label_file(labels) if labels else given,
        classes=label_files.read_class_list(classes) if classes else None,
        track=_progress,
        jobs=jobs,
        clip_folder=clip_folder,
    )
    _show(summary, out)
    if report is not None:
        from blazepose_skl.report import report_conversion, write_report

        found = report_conversion(summary, out, clip_folder)
        write_report(found, report)
        for warning in [*found.faults, *found.warnings]:
            print(f'warning: {warning}', file=sys.stderr)
    if official in official_sets.NTU_PROTOCOLS and official_lists is None:
        print(
            'warning: the samples with bad skeletons are still in the split; get the list of their authors '
            f'({official_sets.MISSING_LISTS}) and give it with --official-lists',
            file=sys.stderr,
        )
    if summary.rejected:
        for rejected in summary.rejected[:20]:
            print(f'rejected: {rejected.reason}', file=sys.stderr)
        if len(summary.rejected) > 20:
            print(f'… and {len(summary.rejected) - 20} more', file=sys.stderr)
        print(f'All rejected dumps: {rejects_path(out)}', file=sys.stderr)
        raise typer.Exit(1)


def _one_of(option: str, value: str | None, known: Sequence[str]) -> None:
    if value is not None and value not in known:
        raise InputError(f"{option} '{value}' is not one of {', '.join(known)}")


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, _, height = text.lower().partition('x')
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise InputError(f"--size '{text}' is no picture size; give width x height, as in 1920x1080")
    return int(width), int(height)


def _splitter(
    val: float,
    test: float,
    seed: int,
    group: str | None,
    last: int | None,
    lists: list[str] | None,
    official: Lists | Ntu | None,
) -> Callable[[dict[str, str]], Split]:
    from blazepose_skl import splits
    from blazepose_skl.textfiles import read_lines

    given = {'--group': group, '--last': last, '--list': lists or None, '--official': official}
    chosen = [option for option, value in given.items() if value is not None]
    if len(chosen) > 1:
        raise InputError(f'{" and ".join(chosen)} are different splits; choose one')
    if lists:
        named: dict[str, list[str]] = {}
        for item in lists:
            name, equals, path = item.partition('=')
            if not (name and equals and path):
                raise InputError(f"--list '{item}' names no part; write NAME=FILE, as in train=train.txt")
            named[name] = read_lines(Path(path))
        return lambda labels: splits.split_by_lists(labels, named)
    if official is not None:
        return official.split
    if last is not None:
        return lambda labels: splits.split_last(labels, last)
    if group is not None:
        return lambda labels: splits.split_by_group(labels, group, val, test, seed)
    return lambda labels: splits.split_by_ratio(labels, val, test, seed)


def _progress(sources: Sequence[Source]) -> Iterable[Source]:
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(sources, 'Converting', console=console, transient=True, disable=not console.is_terminal)


def _show(summary: Summary, out: Path) -> None:
    from collections import Counter

    from rich.console import Console
    from rich.table import Table

    table = Table(title=str(out))
    for column in ('class', 'clips', *summary.split, 'frames', 'missed'):
        table.add_column(column, justify='left' if column == 'class' else 'right')
    label_of = {clip.name: clip.label.name for clip in summary.clips}
    parts = {part: Counter(label_of[clip] for clip in clips) for part, clips in summary.split.items()}
    for name in summary.classes:
        clips = [clip for clip in summary.clips if clip.label.name == name]
        numbers = [
            len(clips),
            *(counts[name] for counts in parts.values()),
            sum(clip.frames for clip in clips),
            sum(clip.missed for clip in clips),
        ]
        table.add_row(name, *map(str, numbers))
    table.add_section()
    totals = [
        len(summary.clips),
        *(len(clips) for clips in summary.split.values()),
        summary.frames,
        summary.missed,
    ]
    table.add_row(f'{len(summary.classes)} classes', *map(str, totals))
    console = Console()
    console.print(table)
    print(
        f'{len(summary.clips)} clips, {len(summary.classes)} classes, {summary.frames} frames, '
        f'{summary.missed} missed, {len(summary.rejected)} rejected'
    )
    for note, count in summary.notes.items():
        print(f'{count} clips: {note}')


# -- synthesize -------------------------------------------------------------------------------------


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


# -- doctor -----------------------------------------------------------------------------------------


@app.command()
def doctor() -> None:
    """Say what is installed, what is wrong and what mends it; exit status 0 if this machine can train."""
    from blazepose_skl import doctor as diagnosis

    raise typer.Exit(diagnosis.doctor())


# -- inspect ----------------------------------------------------------------------------------------


@app.command()
def inspect(
    pickle: Annotated[Path, typer.Argument(help="An annotation pickle, ours or anybody's; nothing in it is executed.")],
    skeleton: Annotated[str, typer.Option(help='The layout that it is meant for.')] = 'blazepose',
    clip_folder: Annotated[
        Path | None, typer.Option(help='The folder with the clips, if the pickle is an index of them.')
    ] = None,
    as_json: Annotated[bool, typer.Option('--json', help='Print JSON.')] = False,
) -> None:
    """Show what is in an annotation pickle, and what would make training fail or flatter.

    Exit status 1 if there is something that makes training fail.
    """
    import msgspec

    from blazepose_skl.annotations import read_annotations
    from blazepose_skl.clipfolder import with_clips
    from blazepose_skl.inspection import inspect_annotations
    from blazepose_skl.skeletons import get_skeleton

    data = read_annotations(pickle)
    if clip_folder is not None:
        data = with_clips(data, clip_folder)
    found = inspect_annotations(data, get_skeleton(skeleton).num_joints)
    if as_json:
        print(msgspec.json.encode(found).decode())
    else:
        _show_inspection(found, pickle)
    if found.faults:
        raise typer.Exit(1)


def _show_inspection(found: Inspection, path: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=str(path))
    columns = ('clips', 'frames', 'missed', 'shortest', 'median', 'longest')
    for column in ('class', *columns, 'median score'):
        table.add_column(column, justify='left' if column == 'class' else 'right')
    rows = [*found.classes.items(), (f'{len(found.classes)} classes', found.overall)]
    for place, (name, facts) in enumerate(rows):
        numbers = [f'{getattr(facts, column):.0f}' for column in columns]
        score = f'{facts.scores["50%"]:.2f}' if facts.scores else ''
        table.add_row(name, *numbers, score, end_section=place == len(rows) - 2)
    Console().print(table)
    for title, counts in (
        ('People x joints x channels', found.shapes),
        ('Splits', found.splits),
        ('Coordinates', found.overall.coordinates),
        ('Pictures', found.overall.sizes),
    ):
        print(f'{title}: ' + ('; '.join(f'{key} ({count})' for key, count in counts.items()) or 'none'))
    if found.overall.scores:
        print('Scores: ' + ', '.join(f'{place} below {score:.2f}' for place, score in found.overall.scores.items()))
    for fault in found.faults:
        print(f'FAULT    {fault}')
    for warning in found.warnings:
        print(f'warning  {warning}')
    if not found.faults and not found.warnings:
        print('Nothing wrong was found.')


# -- export -----------------------------------------------------------------------------------------


@app.command()
def export(
    pickle: Annotated[Path, typer.Argument(help='An annotation pickle; nothing in it is executed.')],
    folder: Annotated[Path, typer.Argument(help='Where to write a JSON dump for each clip.')],
) -> None:
    """Write the clips of an annotation pickle out as dumps, which convert reads again, exact to float32."""
    from blazepose_skl.annotations import read_annotations
    from blazepose_skl.export import export_dumps

    print(f'{export_dumps(read_annotations(pickle), folder)} dumps written to {folder}')
