"""The metric that MMEngine logs: the core's numbers, in one process and in two."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('mmaction', reason='mmaction2 is absent')
import torch
from mmaction.registry import METRICS, RUNNERS
from mmengine.config import Config
from mmengine.runner import Runner

import blazepose_skl.mmaction2  # noqa: F401, registers
from blazepose_skl.errors import InputError

ROOT = Path(__file__).parent.parent
CLIPS, CLASSES = 7, 6


def samples():
    rng = np.random.default_rng(0)
    scores = torch.from_numpy(rng.dirichlet(np.ones(CLASSES), CLIPS)).float()
    labels = [0, 0, 1, 2, 3, 4, 4]
    return [dict(pred_score=row, gt_label=torch.tensor([label])) for row, label in zip(scores, labels, strict=True)]


def evaluate(chosen, classes=None):
    metric = METRICS.build(dict(type='SensitivityMetric'))
    metric.dataset_meta = dict(classes=classes) if classes else {}
    metric.process(None, chosen)
    return metric.evaluate(len(chosen))


def test_what_is_logged():
    found = evaluate(samples(), [f'class {number}' for number in range(CLASSES)])
    right = [int(sample['pred_score'].argmax()) == int(sample['gt_label']) for sample in samples()]
    assert found['skl/top1'] == pytest.approx(sum(right) / CLIPS)
    assert 0 <= found['skl/ece'] <= 1
    assert found['skl/sensitivity']['class 0'] == pytest.approx((right[0] + right[1]) / 2)
    assert found['skl/sensitivity']['class 5'] is None
    known = [share for share in found['skl/sensitivity'].values() if share is not None]
    assert found['skl/mean1'] == pytest.approx(np.mean(known), abs=1e-4)
    assert found['skl/confusion'].sum() == CLIPS
    assert found['skl/confusion'].sum(axis=1).tolist() == [2, 1, 1, 1, 2, 0]


def test_no_top_5_among_five_classes():
    five = [dict(sample, pred_score=sample['pred_score'][:5]) for sample in samples()]
    assert 'skl/top5' in evaluate(samples())
    assert 'skl/top5' not in evaluate(five)
    assert list(evaluate(five)['skl/sensitivity']) == ['0', '1', '2', '3', '4']


def test_a_network_that_diverged_and_a_test_without_clips():
    with pytest.raises(InputError, match='SensitivityMetric: scores that are NaN or infinite; the network diverged'):
        evaluate([dict(sample, pred_score=sample['pred_score'] * float('nan')) for sample in samples()])
    with pytest.raises(InputError, match='SensitivityMetric: no clip was tested'):
        METRICS.build(dict(type='SensitivityMetric')).compute_metrics([])


TWO = """
import json, os, sys
import torch.distributed
from mmengine.dataset import DefaultSampler
sys.path.insert(0, sys.argv[1])
from test_mmaction2_metrics import METRICS, samples

torch.distributed.init_process_group('gloo')
sampler = DefaultSampler(samples(), shuffle=False)
places = list(sampler)
metric = METRICS.build(dict(type='SensitivityMetric'))
for start in range(0, len(places), 2):
    metric.process(None, [samples()[place] for place in places[start : start + 2]])
found = metric.evaluate(len(samples()))
found['skl/confusion'] = found['skl/confusion'].tolist()
with open(f'rank{os.environ["RANK"]}.json', 'w') as file:
    json.dump(dict(found=found, clips=len(places)), file)
torch.distributed.destroy_process_group()
"""


def test_two_processes_find_what_one_finds_and_count_no_padding(tmp_path):
    (tmp_path / 'two.py').write_text(TWO)
    processes = [
        subprocess.Popen(
            [sys.executable, 'two.py', str(ROOT / 'tests')],
            cwd=tmp_path,
            env=os.environ
            | dict(RANK=str(rank), WORLD_SIZE='2', MASTER_ADDR='127.0.0.1', MASTER_PORT='29531', OMP_NUM_THREADS='1'),
        )
        for rank in range(2)
    ]
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    wanted = evaluate(samples())
    wanted['skl/confusion'] = wanted['skl/confusion'].tolist()
    told = [json.loads((tmp_path / f'rank{rank}.json').read_text()) for rank in range(2)]
    assert [rank['clips'] for rank in told] == [4, 4]  # seven clips and one that pads
    for rank in told:
        assert rank['found'] == wanted


# -- TensorBoard ------------------------------------------------------------------------------------


@pytest.mark.parametrize('installed', [True, False])
def test_tensorboard_is_used_where_it_is_installed(installed, monkeypatch):
    if not installed:
        monkeypatch.setitem(sys.modules, 'tensorboard', None)
    else:
        pytest.importorskip('tensorboard', reason='TensorBoard is absent')
    monkeypatch.setattr(Runner, 'from_cfg', classmethod(lambda cls, config: config))
    config = Config.fromfile(ROOT / 'configs/stgcnpp/stgcnpp_1xb16-joint-r32-40e-small_custom-blazepose.py')
    backends = RUNNERS.get('PoseRunner').from_cfg(config).visualizer.vis_backends
    assert [backend.type for backend in backends] == ['LocalVisBackend'] + ['TensorboardVisBackend'] * installed
