"""``blazepose-skl convert``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blazepose_skl.cli.app import app, end_with_rejected, one_of, progress
from blazepose_skl.errors import InputError

if TYPE_CHECKING:
    from blazepose_skl.convert import Summary
    from blazepose_skl.official import Lists, Ntu
    from blazepose_skl.splits import Split

__all__ = ['convert']

_SPLIT = 'Split (choose one; without any: by share)'


@app.command()
def convert(
    ctx: typer.Context,
    dumps: Annotated[Path, typer.Argument(help='Folder with dumps, in folders of any depth; or one dump.')],
    out: Annotated[
        Path,
        typer.Argument(
            help='What to write: an annotation pickle (.pkl), or an Arrow file (.arrow), of which training reads each '
            'clip when it needs it.'
        ),
    ],
    labels: Annotated[
        Path | None,
        typer.Option(
            help='CSV or JSON with the class of each clip. Without it the class is what the dump says, if it says its '
            'number (label_index) too; else the folder of the clip; else the label in a dump that lies in none.'
        ),
    ] = None,
    classes: Annotated[
        Path | None, typer.Option(help='Class names, one in each line, in the order of their numbers.')
    ] = None,
    val: Annotated[
        float,
        typer.Option(help="Share of each class held out as 'val'; 0 for none, 1 for all.", rich_help_panel=_SPLIT),
    ] = 0.2,
    test: Annotated[
        float, typer.Option(help="Share of each class held out as 'test', beside --val.", rich_help_panel=_SPLIT)
    ] = 0.0,
    seed: Annotated[int, typer.Option(help='Seed of the random split.', rich_help_panel=_SPLIT, min=0)] = 0,
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
            'NTU_RGBD120_samples_with_missing_skeletons.txt, or a folder with them), which does not come with this '
            'program.',
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
    max_gap: Annotated[int, typer.Option(help='The longest gap, in frames, that is interpolated.', min=0)] = 15,
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
        float,
        typer.Option(
            help='Share of the joints that a dump must have; the others are unseen, with score 0.', min=0, max=1
        ),
    ] = 0.3,
    skeleton: Annotated[
        str,
        typer.Option(
            help="Whose joints the dumps have: blazepose; holistic or hand, from MediaPipe's Holistic or Hands; "
            'another name, or a .toml or .json file that declares one.'
        ),
    ] = 'blazepose',
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

    Exit status 1 if a dump was rejected; rejected dumps are listed in OUT.rejects.jsonl. Interrupted, the same
    command goes on where it was.
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
    from blazepose_skl.outfiles import check_place
    from blazepose_skl.skeletons import get_skeleton

    one_of('--missed', missed, GAP_POLICIES)
    one_of('--person', person, PERSON_POLICIES)
    one_of('--coords', coords, ('image', 'world'))
    one_of('--coordinates', coordinates, UNITS)
    one_of('--dialect', dialect, DIALECT_NAMES)
    one_of('--official', official, official_sets.OFFICIAL)
    _refuse_idle(ctx, missed, official)
    _refuse_contradiction(coords, coordinates, y_up)
    if report is not None:
        check_place(report, '.json')
    lists = _read_lists(list_ or [])
    given = official_sets.read_official(official, official_lists, official_number) if official else None
    try:
        summary = convert_dumps(
            dumps,
            out,
            split=_splitter(val, test, seed, group, last, lists, given),
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
                skeleton=get_skeleton(skeleton),
            ),
            filling=Filling(missed, max_gap, fps),
            labels=label_files.read_label_file(labels) if labels else given,
            classes=label_files.read_class_list(classes) if classes else None,
            track=progress('Converting'),
            jobs=jobs,
            clip_folder=clip_folder,
            besides=[*filter(None, (labels, classes, report)), *official_sets.list_files(official, official_lists)],
            tell=lambda sentence: print(f'blazepose-skl: {sentence}', file=sys.stderr),
        )
    except KeyboardInterrupt:
        print('blazepose-skl: interrupted; the same command goes on where it was', file=sys.stderr)
        raise typer.Exit(130) from None
    _show(summary, out)
    warnings = [*summary.warnings, *_unknown(lists, summary)]
    if official in official_sets.NTU_PROTOCOLS and official_lists is None:
        warnings.append(
            'the samples with bad skeletons are still in the split; get the list of their authors '
            f'({" or ".join(official_sets.MISSING_LISTS)}) and give it with --official-lists'
        )
    if report is not None:
        from blazepose_skl.conversionreport import report_conversion, write_report

        found = report_conversion(summary, out, clip_folder, get_skeleton(skeleton))
        write_report(found, report)
        warnings += [*found.faults, *found.warnings]
    for warning in warnings:
        print(f'warning: {warning}', file=sys.stderr)
    end_with_rejected(summary.rejected, 'dumps', rejects_path(out))


def _refuse_idle(ctx: typer.Context, missed: str, official: str | None) -> None:
    """Refuse options that what else was chosen has no use for."""

    def given(*options: str) -> str:
        names = {option: option.strip('-').replace('-', '_') for option in options} | {'--list': 'list_'}
        sources = {option: ctx.get_parameter_source(names[option]) for option in options}
        # Typer brings its own copy of Click's enumeration.
        return ' and '.join(option for option in options if getattr(sources[option], 'name', '') == 'COMMANDLINE')

    shares = given('--val', '--test', '--seed')
    other = given('--last', '--list', '--official')
    if shares and other:
        raise InputError(f'{shares} with {other}: shares and seeds are for a split by share or --group; leave them out')
    lists = given('--official-lists', '--official-number')
    if lists and official is None:
        raise InputError(f'{lists} without --official: name the official split too')
    if given('--official-number') and official not in ('ucf101', 'hmdb51'):
        raise InputError(f"--official-number with '{official}', which has one split; leave it out")
    if given('--max-gap') and missed != 'interpolate':
        raise InputError(f'--max-gap with --missed {missed}, which knows no longest gap; leave it out')


def _refuse_contradiction(coords: str | None, coordinates: str | None, y_up: bool | None) -> None:
    """Refuse what is said of landmarks in the picture together with what is said of those about the body."""
    from blazepose_skl.dumps.coordinates import WORLD_UNITS

    if coords and coordinates and (coords == 'world') != (coordinates in WORLD_UNITS):
        of = 'about the body' if coordinates in WORLD_UNITS else 'in the picture'
        raise InputError(f'--coords {coords} with --coordinates {coordinates}, which is of landmarks {of}; choose one')
    if coords == 'image' and y_up is not None:
        raise InputError('--y-up and --y-down with --coords image, where y points down; leave them out')


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, _, height = text.lower().partition('x')
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise InputError(f"--size '{text}' is no picture size; give width x height, as in 1920x1080")
    return int(width), int(height)


def _read_lists(items: list[str]) -> dict[str, list[str]]:
    """The names in the list of each part."""
    from blazepose_skl.textfiles import read_lines

    lists: dict[str, list[str]] = {}
    for item in items:
        name, equals, path = item.partition('=')
        if not (name and equals and path):
            raise InputError(f"--list '{item}' names no part; write NAME=FILE, as in train=train.txt")
        if name in lists:
            raise InputError(f"--list gives '{name}' twice; put its clips into one file")
        lists[name] = read_lines(Path(path))
    return lists


def _splitter(
    val: float,
    test: float,
    seed: int,
    group: str | None,
    last: int | None,
    lists: dict[str, list[str]],
    official: Lists | Ntu | None,
) -> Callable[[dict[str, str]], Split]:
    from blazepose_skl import splits

    given = {'--group': group, '--last': last, '--list': lists or None, '--official': official}
    chosen = [option for option, value in given.items() if value is not None]
    if len(chosen) > 1:
        raise InputError(f'{" and ".join(chosen)} are different splits; choose one')
    if lists:
        return lambda labels: splits.split_by_lists(labels, lists)
    if official is not None:
        return official.split
    if last is not None:
        return lambda labels: splits.split_last(labels, last)
    if group is not None:
        return lambda labels: splits.split_by_group(labels, group, val, test, seed)
    return lambda labels: splits.split_by_ratio(labels, val, test, seed)


def _unknown(lists: dict[str, list[str]], summary: Summary) -> list[str]:
    """Warnings of names in lists that fit no dump."""
    from blazepose_skl.labels import first_few
    from blazepose_skl.splits import unknown_names

    dumps = [*(clip.name for clip in summary.clips), *(rejected.name for rejected in summary.rejected)]
    return [
        f'clips in the list for {part} that are not among the dumps: {len(names)} of {len(lists[part])} '
        f'({first_few(names)})'
        for part, names in unknown_names(dumps, lists).items()
        if names
    ]


def _show(summary: Summary, out: Path) -> None:
    from collections import Counter

    from rich.console import Console
    from rich.table import Table

    from blazepose_skl.labels import counted

    table = Table(title=str(out))
    for column in ('class', 'clips', *summary.split, 'frames', 'missed'):
        table.add_column(column, justify='left' if column == 'class' else 'right')
    label_of = {clip.name: clip.label.name for clip in summary.clips}
    parts = [Counter(label_of[clip] for clip in clips) for clips in summary.split.values()]
    clips, frames, missed = Counter(label_of.values()), Counter[str](), Counter[str]()
    for clip in summary.clips:
        frames[clip.label.name] += clip.frames
        missed[clip.label.name] += clip.missed
    columns = (clips, *parts, frames, missed)
    for name in summary.classes:
        if clips[name]:
            table.add_row(name, *(str(counts[name]) for counts in columns))
    table.add_section()
    table.add_row(counted(len(summary.classes), 'class', 'classes'), *(str(counts.total()) for counts in columns))
    Console().print(table)
    print(
        f'{counted(len(summary.clips), "clip")}, {counted(len(summary.classes), "class", "classes")}, '
        f'{counted(summary.frames, "frame")}, {summary.missed} missed, {len(summary.rejected)} rejected'
    )
    for note, count in summary.notes.items():
        print(f'{counted(count, "clip")}: {note}')
