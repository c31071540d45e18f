"""Models and dumps side by side on one or several sets of pictures: tables and the figure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.errors import InputError
from blazepose_skl.outfiles import write_folder
from blazepose_skl.quality import measures
from blazepose_skl.quality.estimates import Estimates
from blazepose_skl.quality.precision import PRECISIONS, average_precision
from blazepose_skl.quality.truth import Truth
from blazepose_skl.results.tables import Cell, Table
from blazepose_skl.skeletons import COCO

__all__ = ['Quality', 'Study', 'joint_table', 'measure', 'quality_table', 'study_table', 'write_study']

_MARK = 'quality.csv'
# The curve goes so far, or as far as the thresholds that are asked for.
_FARTHEST = 0.5


@dataclass(frozen=True)
class Quality:
    """How good a model or dump is on one truth. P people who count, V joints.

    Attributes:
        source: The model or the dump.
        truth: The name of the truth.
        pictures: How many there are in it.
        found: How many of the people were paired with an estimate, however far off.
        ratios: (P, V), see :func:`.measures.pck`; NaN where a joint is not marked or a person has no length.
        unmeasured: People without the marked joints for the length.
        precision: :data:`.precision.PRECISIONS`.
    """

    source: str
    truth: str
    pictures: int
    found: int
    ratios: NDArray[np.float64]
    unmeasured: int
    precision: tuple[float, ...]


@dataclass(frozen=True)
class Study:
    """All models and dumps on all truths.

    Attributes:
        norm: What distances are divided by, one of :data:`.measures.NORMS`.
        thresholds: At which PCK is given.
        rates: Frames per second of each source, None where it is not known; in the order of the rows.
        qualities: Source by source, each on all truths.
    """

    norm: str
    thresholds: tuple[float, ...]
    rates: dict[str, float | None]
    qualities: tuple[Quality, ...]


def measure(source: str, truth: Truth, estimates: Estimates, norm: str) -> Quality:
    """How near estimates are to the truth.

    People are paired within a picture by :func:`.measures.pair_people`; all joints of whoever was missed are wrong.

    Raises:
        InputError: Nobody has the marked joints for the length, or pycocotools is not here.
    """
    rows, found = [], 0
    for picture, here in zip(truth.pictures, estimates.found, strict=True):
        people = [person for person in picture.people if person.counts]
        if not people:
            continue
        marks, labelled = np.stack([p.points for p in people]), np.stack([p.labelled for p in people])
        alike = measures.similarity(here.points, marks, labelled, np.array([p.area for p in people]))
        pairs = measures.pair_people(alike)
        apart = np.full(labelled.shape, np.inf)
        hit = pairs >= 0
        apart[hit] = np.nan_to_num(np.linalg.norm(here.points[pairs[hit]] - marks[hit], axis=-1), nan=np.inf)
        long = measures.lengths(marks, labelled, np.array([p.box for p in people]), norm)
        rows.append(np.where(labelled, apart / long[:, None], np.nan))
        found += int(hit.sum())
    ratios = np.concatenate(rows)
    unmeasured = int(np.isnan(ratios).all(axis=1).sum())
    if unmeasured == len(ratios):
        raise InputError(
            f'{truth.path}: nobody in it has the marked joints for --norm {norm}, {measures.NORMS[norm]}; choose '
            'another of ' + ', '.join(measures.NORMS)
        )
    precision = average_precision(truth.pictures, estimates.found)
    return Quality(source, truth.name, len(truth.pictures), found, ratios, unmeasured, precision)


# -- tables -----------------------------------------------------------------------------------------


def _title(threshold: float) -> str:
    return f'PCK@{threshold:g}'


def study_table(study: Study) -> Table:
    """A row for each model, its frames per second and PCK on each truth: Table 1 of Wu et al."""
    truths = list(dict.fromkeys(quality.truth for quality in study.qualities))
    rows = []
    for source in study.rates:
        row: list[Cell] = [source, _rate(study, source)]
        for quality in study.qualities:
            if quality.source == source:
                row += _shares(quality.ratios, study)
        rows.append(row)
    columns = [f'{truth}, {_title(threshold)}' for truth in truths for threshold in study.thresholds]
    return Table(('model', 'frames/s', *columns), rows)


def quality_table(study: Study) -> Table:
    """PCK and average precision of each model on each truth."""
    return Table(
        (
            *('model', 'frames/s', 'truth', 'pictures', 'people', 'found', 'joints'),
            *map(_title, study.thresholds),
            *PRECISIONS,
        ),
        [
            (
                *(quality.source, _rate(study, quality.source), quality.truth),
                *(quality.pictures, len(quality.ratios), quality.found),
                *(_count(quality.ratios), *_shares(quality.ratios, study), *quality.precision),
            )
            for quality in study.qualities
        ],
    )


def joint_table(study: Study) -> Table:
    """PCK of each joint, a row for each in each truth."""
    rows = []
    for truth in dict.fromkeys(quality.truth for quality in study.qualities):
        sides = [quality.ratios for quality in study.qualities if quality.truth == truth]
        for joint, *beside in zip(COCO.joints, *(ratios.T for ratios in sides), strict=True):
            shares = [share for ratios in beside for share in _shares(ratios, study)]
            rows.append((truth, joint, _count(beside[0]), *shares))
    columns = [f'{source}, {_title(threshold)}' for source in study.rates for threshold in study.thresholds]
    return Table(('truth', 'joint', 'marked', *columns), rows)


def _rate(study: Study, source: str) -> str | None:
    rate = study.rates[source]
    return None if rate is None else f'{rate:.1f}'


def _count(ratios: NDArray[np.float64]) -> int:
    return int((~np.isnan(ratios)).sum())


def _shares(ratios: NDArray[np.float64], study: Study) -> list[float]:
    return [float(share) for share in measures.pck(ratios, np.array(study.thresholds))]


# -- files ------------------------------------------------------------------------------------------


def write_study(study: Study, folder: Path) -> None:
    """Write the tables as CSV and Markdown and the figure as PNG and SVG; the folder appears whole.

    Raises:
        InputError: There is another folder already, it cannot be written, or Matplotlib is not here.
    """
    check_folder(folder)
    from blazepose_skl import plots

    files: dict[str, bytes] = {}
    for name, table in dict(table1=study_table(study), quality=quality_table(study), joints=joint_table(study)).items():
        files[f'{name}.csv'], files[f'{name}.md'] = table.csv(), table.markdown()
    thresholds = np.linspace(0, max(_FARTHEST, *study.thresholds), 201)
    panels: dict[str, list[tuple[str, NDArray[np.float64]]]] = {}
    for quality in study.qualities:
        panels.setdefault(quality.truth, []).append((quality.source, measures.pck(quality.ratios, thresholds)))
    with plots.style([*study.rates, *panels]):
        figure = plots.draw_pck(panels, thresholds, study.thresholds, study.norm, study.rates)
        for kind in ('png', 'svg'):
            files[f'pck.{kind}'] = plots.render(figure, kind)
    write_folder(folder, files)


def check_folder(folder: Path) -> None:
    """Nothing, if a study can be written there. To be asked before long work.

    Raises:
        InputError: There is another folder already, or Matplotlib is not here.
    """
    if folder.exists() and not (folder / _MARK).is_file():
        raise InputError(f'{folder} exists already and holds no earlier result; name another folder with --out')
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"the figure needs {error.name}, which is not here: pip install 'blazepose-skl[quality]'"
        ) from None
