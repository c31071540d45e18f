"""Figures of results, from 2 classes to 400, in colours that the colour-blind can tell apart.

Every function gives a Matplotlib figure of its own; nothing of pyplot's state is touched. Draw and save within
:func:`style`.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from blazepose_skl.curves import Curves
from blazepose_skl.metrics import Bin, Reduced
from blazepose_skl.results.comparison import Comparison
from blazepose_skl.results.facts import ByClass, Group

__all__ = [
    'draw_calibration',
    'draw_comparison',
    'draw_confusion',
    'draw_curves',
    'draw_groups',
    'draw_pck',
    'draw_reduced_confusion',
    'draw_sensitivity',
    'draw_strips',
    'render',
    'style',
]

# Okabe and Ito's, which differ in lightness too.
_FIRST, _SECOND, _INK, _FAINT = '#0072B2', '#D55E00', '#222222', '#BBBBBB'
_SHADES = 'Blues'
_ROWS = 60  # classes below one another before there is another column
_ROW = 0.19  # inches
_LONGEST = 36  # letters of a name


@contextmanager
def style(names: Iterable[str] = ()) -> Iterator[None]:
    """Our look, with fonts that have the letters of these names."""
    settings: Any = {
        'font.family': _families(names),
        'font.size': 9,
        'axes.titlesize': 10,
        'axes.titlelocation': 'left',
        'axes.spines.top': False,
        'axes.spines.right': False,
        'axes.edgecolor': _INK,
        'text.color': _INK,
        'text.parse_math': False,  # a class may be called $5
        'legend.frameon': False,
        'svg.hashsalt': 'blazepose-skl',  # the same figure is the same file
        'savefig.bbox': 'tight',
        'savefig.pad_inches': 0.12,
        'savefig.facecolor': 'white',
    }
    with mpl.rc_context(settings):
        yield


def _families(names: Iterable[str]) -> list[str]:
    """DejaVu Sans, which comes with Matplotlib, and installed fonts for letters that it lacks."""
    families = ['DejaVu Sans']
    missing = {ord(letter) for name in names for letter in name}
    if not missing:
        return families
    missing -= set(font_manager.get_font(font_manager.findfont('DejaVu Sans')).get_charmap())
    for font in font_manager.fontManager.ttflist:
        if not missing:
            break
        # Matplotlib's fonts of last resort have a box for everything.
        if font.style == 'normal' and font.weight in (400, 'normal', 'regular') and 'Last Resort' not in font.name:
            found = missing & set(font_manager.get_font(font.fname).get_charmap())
            if found:
                families.append(font.name)
                missing -= found
    return families


def render(figure: Figure, kind: str) -> bytes:
    """The figure as a file: 'png' or 'svg'."""
    file = io.BytesIO()
    figure.savefig(file, format=kind, dpi=150, metadata={'Date': None} if kind == 'svg' else None)
    return file.getvalue()


def _short(name: str) -> str:
    """A name, its middle left out if it is long: beginnings and ends tell classes apart."""
    return name if len(name) <= _LONGEST else f'{name[: _LONGEST - 12]}…{name[-11:]}'


# -- confusion --------------------------------------------------------------------------------------


def draw_confusion(matrix: NDArray[np.int64], names: Sequence[str], breaks: Sequence[int] = ()) -> Figure:
    """A confusion matrix, truth in rows, each row in percent of its clips; a class without a clip is blank.

    Args:
        matrix: (K, K) counts, K up to about 60.
        names: Of the classes.
        breaks: Rows and columns before which a line is drawn.
    """
    count = len(matrix)
    cell = 0.5 if count <= 12 else 0.36
    figure = Figure(figsize=(count * cell + 2, count * cell + 2))
    axes = figure.add_axes((0.2, 0.2, count * cell / (count * cell + 2), count * cell / (count * cell + 2)))
    clips = matrix.sum(axis=1)
    shares = matrix / np.maximum(clips[:, None], 1)
    axes.imshow(np.where(clips[:, None] > 0, shares, np.nan), cmap=_SHADES, vmin=0, vmax=1)
    for row, column in np.argwhere(matrix > 0):
        share = shares[row, column]
        text = f'{100 * share:.0f}' if share >= 0.005 else '·'
        axes.text(column, row, text, ha='center', va='center', size=8, color='white' if share > 0.55 else _INK)
    axes.set_xticks(range(count), [_short(name) for name in names], rotation=90)
    axes.set_yticks(range(count), [f'{_short(name)} ({n})' for name, n in zip(names, clips, strict=True)])
    axes.tick_params(length=0)
    axes.set_xticks(np.arange(1, count) - 0.5, minor=True)
    axes.set_yticks(np.arange(1, count) - 0.5, minor=True)
    axes.grid(which='minor', color='white', linewidth=1)
    axes.tick_params(which='minor', length=0)
    axes.spines[:].set_visible(False)
    for place in breaks:
        axes.axhline(place - 0.5, color=_INK, linewidth=1)
        axes.axvline(place - 0.5, color=_INK, linewidth=1)
    axes.set_xlabel('predicted')
    axes.set_ylabel('truth (clips)')
    axes.set_title('% of the clips of a class')
    return figure


def draw_reduced_confusion(reduced: Reduced, names: Sequence[str], best: int = 10) -> Figure:
    """The best and the worst classes, and all others as one, as in Figs. 5 and 6 of Alsawadi et al."""
    labels = [names[number] for number in reduced.classes]
    breaks = [best] if len(labels) > best else []
    if reduced.others:
        breaks.append(len(labels))
        labels.append(f'other: {reduced.others} class{"es" if reduced.others > 1 else ""}')
    return draw_confusion(reduced.matrix, labels, breaks)


# -- by class ---------------------------------------------------------------------------------------


def _columns(rows: int, width: float) -> tuple[Figure, list[tuple[Axes, slice]]]:
    """Axes beside one another for so many rows, each with the rows that it takes."""
    columns = math.ceil(rows / _ROWS)
    each = math.ceil(rows / columns)
    figure = Figure(figsize=(width * columns, max(each, 2) * _ROW + 1.1), layout='constrained')
    grid = figure.subplots(1, columns, squeeze=False)[0]
    parts = [(axes, slice(number * each, min((number + 1) * each, rows))) for number, axes in enumerate(grid)]
    for axes, _ in parts:
        axes.set_ylim(max(each, 2) - 0.4, -0.6)
        axes.tick_params(axis='y', length=0)
        axes.grid(axis='x', color='#E5E5E5', linewidth=0.8)
        axes.set_axisbelow(True)
        axes.spines['left'].set_visible(False)
    return figure, parts


def draw_sensitivity(classes: Sequence[ByClass], mean: float) -> Figure:
    """Sensitivity of each class with its interval, the best first; the dashed line is the mean.

    Classes without a clip are left out.
    """
    shown = [(item, item.sensitivity) for item in classes if item.sensitivity is not None]
    shown.sort(key=lambda pair: (-pair[1].value, -pair[0].clips))
    figure, parts = _columns(len(shown), 4.6)
    for axes, part in parts:
        here = shown[part]
        rows = np.arange(len(here))
        axes.hlines(rows, [e.low for _, e in here], [e.high for _, e in here], color=_FIRST, alpha=0.45, linewidth=2.5)
        axes.plot([e.value for _, e in here], rows, 'o', color=_FIRST, markersize=5, clip_on=False)
        axes.axvline(mean, color=_SECOND, linestyle='--', linewidth=1)
        axes.set_yticks(rows, [f'{_short(item.name)} ({item.clips})' for item, _ in here])
        axes.set_xlim(-0.02, 1.02)
        axes.set_xlabel('sensitivity, 95 % interval')
    parts[0][0].set_title(f'class (clips); mean {mean:.2f}')
    return figure


def draw_comparison(comparison: Comparison) -> Figure:
    """Sensitivity of each class in two runs, the largest gain first; a star where chance would hardly do."""
    shown = sorted(comparison.by_class, key=lambda item: (item.first - item.second, item.name))
    figure, parts = _columns(len(shown), 4.6)
    for axes, part in parts:
        here = shown[part]
        rows = np.arange(len(here))
        first, second = [item.first for item in here], [item.second for item in here]
        axes.hlines(rows, first, second, color=_FAINT, linewidth=2)
        # Larger, so that it is seen around the other too; the markers at 0 and 1 are whole.
        axes.plot(first, rows, 'o', color=_FIRST, markersize=8, label=comparison.first, clip_on=False)
        axes.plot(second, rows, 'D', color=_SECOND, markersize=4, label=comparison.second, clip_on=False)
        stars = [' *' if item.adjusted < 0.05 else '' for item in here]
        axes.set_yticks(
            rows, [f'{_short(item.name)} ({item.clips}){star}' for item, star in zip(here, stars, strict=True)]
        )
        axes.set_xlim(-0.02, 1.02)
        axes.set_xlabel('sensitivity')
    handles, labels = parts[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc='outside upper left', ncols=1)
    return figure


# -- calibration, groups, curves --------------------------------------------------------------------


def draw_calibration(bins: Sequence[Bin], error: float) -> Figure:
    """Accuracy against confidence; on the dashed line they are the same. The bars below count clips."""
    figure = Figure(figsize=(4.4, 4.8), layout='constrained')
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    above.plot([0, 1], [0, 1], '--', color=_FAINT)
    above.plot([part.confidence for part in bins], [part.accuracy for part in bins], 'o-', color=_FIRST)
    above.set(xlim=(0, 1), ylim=(-0.03, 1.03), ylabel='accuracy')
    above.set_title(f'expected calibration error {error:.3f}')
    middles = [(part.low + part.high) / 2 for part in bins]
    below.bar(middles, [part.clips for part in bins], width=0.9 * (bins[0].high - bins[0].low), color=_FAINT)
    below.set(xlabel='confidence', ylabel='clips')
    return figure


def draw_groups(groups: Sequence[Group], what: str) -> Figure:
    """Accuracy of groups of clips, with their intervals."""
    figure = Figure(figsize=(max(3.2, 1.1 * len(groups) + 1), 3.2), layout='constrained')
    axes = figure.subplots()
    values = [group.accuracy for group in groups]
    places = np.arange(len(groups))
    axes.vlines(places, [e.low for e in values], [e.high for e in values], color=_FIRST, alpha=0.45, linewidth=3)
    axes.plot(places, [e.value for e in values], 'o', color=_FIRST)
    axes.set_xticks(places, [f'{group.name}\n({group.clips})' for group in groups])
    axes.set(xlim=(-0.6, len(groups) - 0.4), ylim=(-0.03, 1.03), xlabel=f'{what} (clips)', ylabel='top-1 accuracy')
    axes.set_title('95 % intervals')
    return figure


def draw_curves(curves: Curves) -> Figure:
    """Loss and accuracy over the epochs of a training."""
    figure = Figure(figsize=(8.4, 3.2), layout='constrained')
    left, right = figure.subplots(1, 2)
    left.plot(curves.loss.epochs, curves.loss.values, color=_FIRST, linewidth=1.2)
    left.set(xlabel='epoch', title='training loss')
    left.set_ylim(bottom=0)
    lines: list[tuple[Any, str, str, str]] = [
        (curves.training.get('top1_acc'), 'top-1, training batches', _FAINT, '-'),
        (curves.validation.get('acc/top1'), 'top-1, validation', _FIRST, 'o-'),
    ]
    for curve, label, color, line in lines:
        if curve is not None:
            right.plot(curve.epochs, curve.values, line, color=color, label=label, linewidth=1.2, markersize=4)
    right.set(xlabel='epoch', title='accuracy', ylim=(-0.03, 1.03))
    if right.lines:
        figure.legend(loc='outside right center')
    return figure


# Okabe and Ito's once more, as many as there are that are seen on white; beyond that lines are broken otherwise.
_MANY = (_FIRST, _SECOND, '#009E73', '#CC79A7', '#E69F00', '#56B4E9')
_BROKEN = ('-', '--', '-.', ':')


def draw_pck(
    panels: Mapping[str, Sequence[tuple[str, NDArray[np.float64]]]],
    thresholds: NDArray[np.float64],
    marked: Sequence[float],
    norm: str,
    rates: Mapping[str, float | None],
) -> Figure:
    """PCK over the threshold, a panel for each set of pictures, and the frames per second beside it.

    Args:
        panels: By set of pictures, of each model PCK at the thresholds.
        thresholds: (A,).
        marked: Thresholds at which a line stands.
        norm: What they are parts of.
        rates: Frames per second of each model; None where it is not known.
    """
    known = {name: rate for name, rate in rates.items() if rate is not None}
    looks = {
        name: dict(color=_MANY[place % len(_MANY)], linestyle=_BROKEN[place % len(_BROKEN)])
        for place, name in enumerate(rates)
    }
    columns = len(panels) + bool(known)
    figure = Figure(figsize=(3.6 * columns + 0.4, 3.4 + 0.18 * len(rates)), layout='constrained')
    grid = figure.subplots(1, columns, squeeze=False)[0]
    for axes, (title, curves) in zip(grid, panels.items(), strict=False):
        for level in marked:
            axes.axvline(level, color=_FAINT, linewidth=0.8, linestyle=':')
        for name, shares in curves:
            axes.plot(thresholds, shares, linewidth=1.6, **looks[name])
        axes.set(xlim=(0, thresholds[-1]), ylim=(-0.03, 1.03), xlabel=f'threshold, in parts of the {norm}')
        axes.set_title(_short(title))
    grid[0].set_ylabel('PCK, share of the joints')
    if known:
        axes = grid[-1]
        places = np.arange(len(known))
        axes.barh(places, list(known.values()), height=0.5, color=[looks[name]['color'] for name in known])
        for place, rate in zip(places, known.values(), strict=True):
            axes.text(rate, place, f' {rate:.1f}', va='center')
        axes.set_yticks(places, [_short(name) for name in known])
        axes.set(ylim=(max(len(known), 3) - 0.4, -0.6), xlim=(0, 1.2 * max(known.values())), xlabel='frames per second')
        axes.tick_params(axis='y', length=0)
        axes.set_title('speed')
    handles = [Line2D([], [], linewidth=1.6, label=_short(name), **look) for name, look in looks.items()]  # type: ignore[arg-type]
    figure.legend(handles=handles, loc='outside lower left')
    return figure


def draw_strips(strips: Sequence[tuple[str, NDArray[np.uint8]]]) -> Figure:
    """Pictures below one another, each under its heading."""
    width = 8.0
    heights = [width * picture.shape[0] / picture.shape[1] + 0.3 for _, picture in strips]
    figure = Figure(figsize=(width, sum(heights)))
    top = 1.0
    for (heading, picture), height in zip(strips, heights, strict=True):
        share = height / sum(heights)
        axes = figure.add_axes((0, top - share, 1, share * (height - 0.3) / height))
        axes.imshow(picture, interpolation='antialiased')
        axes.set_axis_off()
        axes.set_title(heading, size=8, pad=3)
        top -= share
    return figure
