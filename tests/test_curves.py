"""Curves of a training, from logs as MMEngine writes them."""

import json

import pytest

from blazepose_skl.curves import read_curves
from blazepose_skl.errors import InputError


def log(folder, epochs, date='20260101_000000', first=1, steps=4, last=''):
    """Two training entries and one of validation for each epoch."""
    lines = []
    for epoch in range(first, first + epochs):
        for half in (1, 2):
            step = (epoch - 1) * steps + half * steps // 2
            lines.append(dict(lr=0.1, loss=1 / step, top1_acc=0.5, time=0.1, epoch=epoch, iter=step, step=step))
        lines.append({'acc/top1': 0.1 * epoch, 'acc/mean1': 0.05, 'data_time': 0.1, 'step': epoch})
    path = folder / date / 'vis_data' / 'scalars.json'
    path.parent.mkdir(parents=True)
    path.write_text(''.join(json.dumps(line) + '\n' for line in lines) + last)
    return path


def test_epochs_of_a_log(tmp_path):
    found = read_curves(log(tmp_path, 2))
    assert found.loss.epochs == [0.5, 1, 1.5, 2]
    assert found.loss.values == [1 / 2, 1 / 4, 1 / 6, 1 / 8]
    assert found.training['top1_acc'].epochs == found.loss.epochs
    assert found.validation['acc/top1'].epochs == [1, 2]
    assert found.validation['acc/top1'].values == pytest.approx([0.1, 0.2])
    assert 'data_time' not in found.validation


def test_a_work_directory_with_a_training_that_was_resumed_and_a_test(tmp_path):
    log(tmp_path, 3, '20260101_000000')
    log(tmp_path, 2, '20260102_000000', first=3)
    tested = tmp_path / '20260103_000000/vis_data/scalars.json'
    tested.parent.mkdir(parents=True)
    tested.write_text('{"acc/top1": 0.9, "step": 0}\n')
    found = read_curves(tmp_path)
    assert found.validation['acc/top1'].epochs == [1, 2, 3, 4]
    assert found.loss.epochs == [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]


def test_a_log_that_is_being_written_and_a_loss_that_is_none(tmp_path):
    found = read_curves(log(tmp_path, 1, last='{"loss": NaN, "epoch": 2, "iter": 6}\n{"loss": 0.'))
    assert len(found.loss.values) == 3
    assert found.loss.values[2] != found.loss.values[2]


def test_what_is_no_log(tmp_path):
    with pytest.raises(InputError, match=r'scalars.json: cannot be read: No such file'):
        read_curves(tmp_path)
    path = log(tmp_path, 1)
    path.write_text('{"loss": 1}\n[1]\n')
    with pytest.raises(InputError, match=r'scalars.json, line 2: a list where an object was expected'):
        read_curves(path)
    path.write_text('epoch 1\nepoch 2\n')
    with pytest.raises(InputError, match=r'scalars.json, line 1: not a log as MMEngine writes it \(Expecting value\)'):
        read_curves(path)
    path.write_text('{"acc/top1": 0.9, "step": 0}\n')
    with pytest.raises(
        InputError, match=r'no loss of a training in it; give the --work-dir of a training, or its vis_d'
    ):
        read_curves(path)
