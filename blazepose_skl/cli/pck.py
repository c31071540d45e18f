"""``blazepose-skl pck``."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blazepose_skl.cli.app import app, one_of, progress
from blazepose_skl.errors import InputError

if TYPE_CHECKING:
    from blazepose_skl.quality.estimates import Estimates
    from blazepose_skl.quality.study import Quality, Study
    from blazepose_skl.quality.truth import Truth

__all__ = ['pck']


@app.command()
def pck(
    truth: Annotated[
        list[Path],
        typer.Argument(help="Marked joints in COCO's form, as person_keypoints_val2017.json; one or several."),
    ],
    pictures: Annotated[
        list[Path] | None,
        typer.Option(
            help='The folder of the pictures and videos, without it that of TRUTH; for several, one for all or one for '
            'each. Repeat the option.'
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help='lite, full, heavy or the path of a .task file. Repeat the option; without it and without --dumps '
            'all three, as far as they are to be had.'
        ),
    ] = None,
    dumps: Annotated[
        list[Path] | None,
        typer.Option(help='Dumps of the pictures, of any dialect, named as these. Repeat the option.'),
    ] = None,
    norm: Annotated[str, typer.Option(help='What distances are divided by: torso, head or box.')] = 'torso',
    thresholds: Annotated[str, typer.Option(help='PCK at these, with commas between.')] = '0.1,0.2,0.5',
    out: Annotated[
        Path | None, typer.Option(help='Folder for tables and figure; without it TRUTH_pck beside the first TRUTH.')
    ] = None,
) -> None:
    """Say how near MediaPipe's models, or any dumps, are to joints that somebody marked.

    PCK, by joint and together, COCO's average precision (OKS-AP), and frames per second of the landmarker alone. PCK
    is the share of the joints whose distance over the length is at most the threshold; Wu et al. print it upside down.
    Exit status 1 if a model that was named is not to be had, or none is.
    """
    from blazepose_skl.quality.measures import NORMS
    from blazepose_skl.quality.precision import check_pycocotools
    from blazepose_skl.quality.study import Study, check_folder, write_study

    one_of('--norm', norm, list(NORMS))
    levels = _levels(thresholds)
    folder = out or truth[0].with_name(f'{truth[0].stem}_pck')
    check_folder(folder)
    check_pycocotools()
    places = _folders(truth, pictures)
    truths = _read(truth)
    rates: dict[str, float | None] = {}
    qualities: list[Quality] = []
    looked = [(_unlike(path, dumps or []), path) for path in dumps or ()]
    chosen, absent = _models(model, bool(dumps))
    names = [name for name, _ in (*looked, *chosen)]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two models or dumps are called '{name}'; give each once, or rename one")
    for name, path in looked:
        rates[name] = None
        qualities += _look_up(path, name, truths, norm)
    for name, path in chosen:
        found, rate = _run(path, name, truths, places, norm)
        qualities += found
        rates[name] = rate
    for reason in absent:
        print(f'not measured: {reason}', file=sys.stderr)
    if not qualities:
        raise typer.Exit(1)
    study = Study(norm, levels, rates, tuple(qualities))
    write_study(study, folder)
    _show(study)
    print(folder)


def _levels(text: str) -> tuple[float, ...]:
    try:
        levels = tuple(sorted({float(number) for number in text.split(',')}))
    except ValueError:
        levels = ()
    if not levels or not all(0 < level <= 10 for level in levels):
        raise InputError(f"--thresholds '{text}': numbers above 0 and up to 10 with commas between were expected")
    return levels


def _unlike(path: Path, among: list[Path]) -> str:
    """The name of a file or folder, or all of its path where that tells it from others."""
    return path.name if [other.name for other in among].count(path.name) == 1 else str(path)


def _read(paths: list[Path]) -> list[Truth]:
    from blazepose_skl.quality.truth import read_truth

    stems = [path.stem for path in paths]
    return [read_truth(path, path.stem if stems.count(path.stem) == 1 else str(path)) for path in paths]


def _folders(truth: list[Path], pictures: list[Path] | None) -> list[Path]:
    if not pictures:
        return [path.parent for path in truth]
    if len(pictures) not in (1, len(truth)):
        raise InputError(
            f'--pictures: {len(pictures)} folders for {len(truth)} sets of pictures; give one or {len(truth)}'
        )
    return pictures * (len(truth) if len(pictures) == 1 else 1)


def _models(named: list[str] | None, others: bool) -> tuple[list[tuple[str, Path]], list[str]]:
    """The models to measure, with their names; and of those that nobody asked for, why they are not to be had."""
    from blazepose_skl.models import MODELS, find_model

    if named:
        return [(name if name in MODELS else Path(name).name, find_model(name)) for name in named], []
    found: list[tuple[str, Path]] = []
    absent: list[str] = []
    for name in () if others else MODELS:
        try:
            found.append((name, find_model(name)))
        except InputError as error:
            absent.append(f'{name}: {error}')
    return found, absent


def _look_up(path: Path, name: str, truths: list[Truth], norm: str) -> list[Quality]:
    from blazepose_skl.quality.estimates import read_estimates
    from blazepose_skl.quality.study import measure

    found = []
    for truth in truths:
        estimates = read_estimates(path, truth)
        if estimates.unknown:
            print(
                f'warning: {path}: no dump of {len(estimates.unknown)} of the {len(truth.pictures)} pictures of '
                f'{truth.path}, as {estimates.unknown[0]}; whoever is in them counts as missed',
                file=sys.stderr,
            )
        found.append(measure(name, truth, estimates, norm))
    return found


def _run(
    model: Path, name: str, truths: list[Truth], folders: list[Path], norm: str
) -> tuple[list[Quality], float | None]:
    from blazepose_skl.quality.estimates import estimate
    from blazepose_skl.quality.study import measure

    found: list[Quality] = []
    seconds: list[float] = []
    for truth, folder in zip(truths, folders, strict=True):
        estimates: Estimates = estimate(model, truth, folder, progress(f'{name}, {truth.name}'))
        found.append(measure(name, truth, estimates, norm))
        seconds += estimates.seconds
    return found, len(seconds) / sum(seconds) if seconds else None


# What a terminal has no room for, as joints at more than one threshold; it is in the files.
_ASIDE = ('pictures', 'joints', 'AP50', 'AP75')


def _show(study: Study) -> None:
    from rich.console import Console
    from rich.table import Table

    from blazepose_skl.quality.measures import NORMS
    from blazepose_skl.quality.study import joint_table, quality_table

    unmeasured = {quality.truth: quality.unmeasured for quality in study.qualities}
    aside = _ASIDE if len(unmeasured) > 1 else (*_ASIDE, 'truth')
    middle = replace(study, thresholds=(study.thresholds[len(study.thresholds) // 2],))
    for content in (quality_table(study), joint_table(middle)):
        table = Table()
        shown = [place for place, column in enumerate(content.header) if column not in aside]
        for place in shown:
            words = content.header[place] in ('model', 'truth', 'joint')
            table.add_column(content.header[place], justify='left' if words else 'right', overflow='fold')
        for row in content.texts():
            table.add_row(*(row[place] for place in shown))
        Console().print(table)
    print(
        f'PCK@a: the share of the marked joints that are no further off than a times the {study.norm}: '
        f'{NORMS[study.norm]}.'
    )
    for truth, people in unmeasured.items():
        if people:
            print(f'{truth}: {people} people have no such length and do not count for PCK.')
