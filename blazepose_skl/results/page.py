"""A folder of results: tables, figures, and one HTML page that needs nothing else."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import blazepose_skl
from blazepose_skl.curves import Curves
from blazepose_skl.errors import InputError
from blazepose_skl.metrics import reduce_confusion
from blazepose_skl.outfiles import write_folder
from blazepose_skl.results import sheets, tables
from blazepose_skl.results.comparison import Comparison
from blazepose_skl.results.facts import Results, annotations_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ['PAGE', 'Story', 'write_report']

PAGE = 'index.html'

# Classes of which a whole confusion matrix is legible; of more than the second number a reduced one is drawn.
_WHOLE, _REDUCED = 40, 20
_CLIPS = 3  # of a pair, on its contact sheet


@dataclass(frozen=True)
class Story:
    """What a report tells.

    Attributes:
        results: Of the run.
        against: Of another run on the same clips, and both side by side.
        curves: Of its training.
        data: The annotations that were tested on, for contact sheets.
    """

    results: Results
    against: tuple[Results, Comparison] | None = None
    curves: Curves | None = None
    data: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class _Drawing:
    """A figure to be drawn: the name of its files, what is said above it, and how.

    A contact sheet is made of pixels, which a vector file would only wrap.
    """

    name: str
    caption: str
    draw: Callable[[], Figure]
    pixels: bool = False


@dataclass(frozen=True)
class _Picture:
    caption: str
    address: str
    fit: bool


@dataclass(frozen=True)
class _Section:
    title: str
    figures: Sequence[Any] = ()
    table: tables.Table | None = None
    words: str = ''
    folded: bool = True


def write_report(
    story: Story, folder: Path, track: Callable[[Sequence[_Drawing]], Iterable[_Drawing]] = lambda items: items
) -> Path:
    """Write a report; its page.

    The folder appears whole. One that is there is replaced if it is a report, else left alone.

    Args:
        story: What it tells.
        folder: Where.
        track: Wraps the figures, to show progress.

    Raises:
        InputError: There is another folder already, it cannot be written, or a package is missing.
    """
    try:
        import jinja2

        from blazepose_skl import plots
    except ImportError as error:
        raise InputError(
            f'figures and the page need {error.name}, which is not installed: pip install "blazepose-skl[plots]"'
        ) from None
    if folder.exists() and not (folder / PAGE).is_file():
        raise InputError(f'{folder} exists already and is no report; name another folder with --out')
    files: dict[str, bytes] = {}
    for name, table in _tables(story).items():
        files[f'{name}.csv'], files[f'{name}.md'] = table.csv(), table.markdown()
    sections = _sections(story)
    pictures = {}
    with plots.style([*story.results.classes, *story.results.scores.names]):
        for drawing in track([drawing for section in sections for drawing in section.figures]):
            figure = drawing.draw()
            for kind in ('png',) if drawing.pixels else ('png', 'svg'):
                files[f'{drawing.name}.{kind}'] = shown = plots.render(figure, kind)
            mime = 'image/png' if drawing.pixels else 'image/svg+xml'
            address = f'data:{mime};base64,{base64.b64encode(shown).decode()}'
            pictures[drawing.name] = _Picture(drawing.caption, address, drawing.pixels)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader('blazepose_skl.results', '.'), autoescape=True, undefined=jinja2.StrictUndefined
    )
    files[PAGE] = (
        environment.get_template('page.html')
        .render(
            title=story.results.source,
            subtitle=f'{len(story.results.scores.labels)} clips, {len(story.results.classes)} classes',
            notes=story.results.notes,
            sections=[
                _Section(
                    section.title,
                    [pictures[drawing.name] for drawing in section.figures],
                    section.table,
                    section.words,
                    section.folded,
                )
                for section in sections
            ],
            program=f'blazepose-skl {blazepose_skl.__version__}',
        )
        .encode()
    )
    write_folder(folder, files)
    return folder / PAGE


def _tables(story: Story) -> dict[str, tables.Table]:
    found = dict(
        summary=tables.summary_table([story.results, *(story.against[:1] if story.against else ())]),
        classes=tables.class_table(story.results),
        confusion=tables.confusion_table(story.results),
        pairs=tables.pair_table(story.results),
        clips=tables.clip_table(story.results),
    )
    if story.against:
        found['comparison'] = tables.comparison_table(story.against[1])
    return found


def _sections(story: Story) -> list[_Section]:
    from blazepose_skl import plots

    run = story.results
    found = [_Section('Overall', table=_tables(story)['summary'], folded=False,
                      words='Intervals of 95 %, by drawing the clips again 2000 times.')]  # fmt: skip
    if story.against:
        found.append(_compared(story.against[1]))
    if story.curves is not None:
        curves = story.curves
        found.append(
            _Section('Training', [_Drawing('training', f'From {curves.source}.', lambda: plots.draw_curves(curves))])
        )
    found.append(
        _Section('Confusion', _confusions(run), tables.confusion_table(run) if len(run.classes) <= _WHOLE else None)
    )
    mean = run.overall['mean class accuracy'].value
    found.append(
        _Section(
            'Sensitivity by class',
            [
                _Drawing(
                    'sensitivity',
                    "The share of a class's clips that were recognised, TP / (TP + FN), with Wilson's interval.",
                    lambda: plots.draw_sensitivity(run.by_class, mean),
                )
            ],
            tables.class_table(run),
        )
    )
    if run.pairs:
        found.append(_Section('Most frequent mistakes', _contact_sheets(story), tables.pair_table(run), folded=False))
    error = run.overall['calibration error'].value
    found.append(
        _Section(
            'Confidence',
            [
                _Drawing(
                    'calibration',
                    'Below the dashed line the network is surer than it is right.',
                    lambda: plots.draw_calibration(run.bins, error),
                )
            ],
        )
    )
    groups = [
        _Drawing(name, caption, lambda part=part, what=what: plots.draw_groups(part, what))  # type: ignore[misc]
        for name, caption, part, what in (
            ('lengths', 'About equally many clips in each part.', run.lengths, 'frames'),
            ('missed', 'By the share of frames in which nobody was found.', run.missed, 'missed frames'),
        )
        if part
    ]
    if groups:
        found.append(_Section('Length and missed frames', groups))
    return found


def _compared(comparison: Comparison) -> _Section:
    from blazepose_skl import plots

    gain = comparison.difference
    return _Section(
        'Side by side',
        [
            _Drawing(
                'comparison',
                'Sensitivity by class, the largest gain first. A star: a difference that chance would hardly make '
                "(McNemar's exact test, adjusted for the number of classes, below 0.05).",
                lambda: plots.draw_comparison(comparison),
            )
        ],
        tables.comparison_table(comparison),
        f'Top-1 of {comparison.second} less {comparison.first}: {gain.value:+.3f} '
        f'(95 % from {gain.low:+.3f} to {gain.high:+.3f}). {comparison.only_first} clips only {comparison.first} has '
        f"right, {comparison.only_second} only {comparison.second}; McNemar's exact test: p = {comparison.p:.2g}.",
    )


def _confusions(run: Results) -> list[_Drawing]:
    from blazepose_skl import plots

    found = []
    if len(run.classes) > _REDUCED:
        reduced = reduce_confusion(run.matrix)
        found.append(
            _Drawing(
                'confusion_best_worst',
                'The ten classes of highest and the ten of lowest sensitivity; what lies between is one, "other", '
                'whose diagonal holds confusions among the others too.',
                lambda: plots.draw_reduced_confusion(reduced, run.classes),
            )
        )
    if len(run.classes) <= _WHOLE:
        found.append(_Drawing('confusion', 'Truth in rows.', lambda: plots.draw_confusion(run.matrix, run.classes)))
    return found


def _contact_sheets(story: Story) -> list[_Drawing]:
    from blazepose_skl import plots

    skeleton = sheets.skeleton_of(story.data) if story.data is not None else None
    if story.data is None or skeleton is None or not story.results.scores.names:
        return []
    clips = annotations_of(story.results.source, story.results.scores, story.data)
    found = []
    for number, pair in enumerate(story.results.pairs, 1):
        chosen = [clips[place] for place in pair.places[:_CLIPS] if 'keypoint' in clips[place]]
        if chosen:
            found.append(
                _Drawing(
                    f'pair_{number:02}',
                    f'{pair.truth}, taken for {pair.predicted}: {pair.count} of {pair.clips_of_truth} clips; here the '
                    'surest mistakes.',
                    lambda chosen=chosen: plots.draw_strips(  # type: ignore[misc]
                        [
                            (str(clip.get('frame_dir', clip.get('filename'))), sheets.draw_strip(clip, skeleton))
                            for clip in chosen
                        ]
                    ),
                    pixels=True,
                )
            )
    return found
