"""Loss and accuracy over a training, from what MMEngine logs: ``vis_data/scalars.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blazepose_skl.errors import InputError
from blazepose_skl.textfiles import read_text

__all__ = ['Curve', 'Curves', 'read_curves']

_LOG = 'vis_data/scalars.json'


@dataclass
class Curve:
    """Values of one number over the epochs; the fraction of an epoch says how far it had come."""

    epochs: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Curves:
    """What a training logged.

    Attributes:
        source: Its folder or file.
        loss: Of training.
        training: Accuracies on training clips by name, as ``top1_acc``.
        validation: Metrics on validation clips by name, as ``acc/top1``.
    """

    source: str
    loss: Curve
    training: dict[str, Curve]
    validation: dict[str, Curve]


def read_curves(path: Path) -> Curves:
    """The curves of a training.

    Args:
        path: A ``scalars.json``, or a work directory: the logs in it are read in the order of their dates, and
            where a later one goes on from a checkpoint, what it repeats is taken from it.

    Raises:
        InputError: There is no such log, it is damaged, or there is no loss in it.
    """
    files = sorted(path.glob(f'*/{_LOG}')) or [path / _LOG] if path.is_dir() else [path]
    entries: list[dict[str, Any]] = []
    for file in files:
        found = _read(file)
        first = min((_at(entry) for entry in found), default=None)
        if first is not None and any('loss' in entry for entry in found):  # tools/test.py logs a test alone
            entries = [entry for entry in entries if _at(entry) < first] + found
    steps = [entry for entry in entries if 'loss' in entry and 'iter' in entry and 'epoch' in entry]
    if not steps:
        raise InputError(f'{path}: no loss of a training in it; give the --work-dir of a training, or its {_LOG}')
    # The last step of an epoch is its whole number of steps.
    per_epoch = max(entry['iter'] / entry['epoch'] for entry in steps)
    curves = Curves(str(path), Curve(), {}, {})
    for entry in entries:
        if 'loss' in entry:
            at = entry.get('iter', 0) / per_epoch
            _add(curves.loss, at, entry['loss'])
            for name, value in entry.items():
                if name.endswith('_acc'):
                    _add(curves.training.setdefault(name, Curve()), at, value)
        else:
            for name, value in entry.items():
                if '/' in name:
                    _add(curves.validation.setdefault(name, Curve()), entry['step'], value)
    return curves


def _read(file: Path) -> list[dict[str, Any]]:
    lines = read_text(file).split('\n')
    entries = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)  # a loss that is NaN is written so, which is no JSON to stricter readers
        except json.JSONDecodeError as error:
            if number == len(lines):  # the training is still writing it, or was killed
                break
            raise InputError(f'{file}, line {number}: not a log as MMEngine writes it ({error.msg})') from None
        if not isinstance(entry, dict):
            raise InputError(f'{file}, line {number}: a {type(entry).__name__} where an object was expected')
        entries.append(entry)
    return entries


def _at(entry: dict[str, Any]) -> float:
    return float(entry.get('epoch', entry.get('step', 0)))


def _add(curve: Curve, epoch: float, value: object) -> None:
    if isinstance(value, (int, float)):
        curve.epochs.append(float(epoch))
        curve.values.append(float(value))
