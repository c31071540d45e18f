"""Unbalanced sets: a sampler, MMEngine's wrapper, and weights of classes."""

import importlib
import logging
import pickle
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import clip

from blazepose_skl.errors import InputError

pytest.importorskip('mmaction', reason='mmaction2 is absent')
importlib.import_module('blazepose_skl.mmaction2')  # before what it mends

import torch
from mmaction.models.heads import GCNHead
from mmaction.registry import DATA_SAMPLERS, DATASETS, HOOKS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from blazepose_skl.mmaction2 import balance
from blazepose_skl.mmaction2.balance import ClassBalancedSampler, ClassWeights, clip_labels

ROOT = Path(__file__).parent.parent
COUNTS = (30, 5, 1)


class Made(list):
    """Annotations as a data set has them."""

    get_data_info = list.__getitem__


@pytest.fixture
def dataset(tmp_path):
    init_default_scope('mmaction')
    labels = np.repeat(range(len(COUNTS)), COUNTS)
    annotations = [
        clip(33, frames=3) | dict(frame_dir=f'clip{i}', label=int(label), total_frames=3, img_shape=(480, 640))
        for i, label in enumerate(labels)
    ]
    path = tmp_path / 'data.pkl'
    split = dict(train=[made['frame_dir'] for made in annotations])
    path.write_bytes(pickle.dumps(dict(split=split, annotations=annotations)))
    return dict(type='PoseDataset', ann_file=str(path), pipeline=[], split='train')


def test_every_class_comes_as_often(dataset):
    built = DATASETS.build(dataset)
    sampler = ClassBalancedSampler(built, seed=0)
    drawn = list(sampler)
    assert len(drawn) == len(sampler) == sum(COUNTS)
    labels = clip_labels(built)
    assert np.bincount(labels[drawn]).tolist() == [12, 12, 12]
    # No clip comes again before all of its class have come.
    for label, count in enumerate(COUNTS):
        times = np.bincount([index for index in drawn if labels[index] == label], minlength=len(labels))[
            labels == label
        ]
        assert times.max() - times.min() <= 1, count


def test_epochs_differ_and_reach_every_clip(dataset):
    built = DATASETS.build(dataset)
    sampler, seen = ClassBalancedSampler(built, seed=0), []
    for epoch in range(20):
        sampler.set_epoch(epoch)
        seen.append(tuple(sampler))
    assert len(set(seen)) == 20
    assert set().union(*map(set, seen)) == set(range(len(built)))
    sampler.set_epoch(3)
    assert tuple(sampler) == seen[3]


def test_processes_share_an_epoch(dataset, monkeypatch):
    built, shares = DATASETS.build(dataset), []
    monkeypatch.setattr(balance, 'get_dist_info', lambda: (0, 1))
    whole = list(ClassBalancedSampler(built, seed=1))
    for rank in range(2):
        monkeypatch.setattr(balance, 'get_dist_info', lambda rank=rank: (rank, 2))
        shares.append(list(ClassBalancedSampler(built, seed=1)))
    assert [len(share) for share in shares] == [18, 18]
    assert sorted(shares[0] + shares[1]) == sorted(whole)


def test_a_config_line_samples_a_repeated_set(dataset):
    loader = Runner.build_dataloader(
        dict(
            batch_size=6,
            num_workers=0,
            sampler=dict(type='ClassBalancedSampler'),
            dataset=dict(type='RepeatDataset', times=2, dataset=dataset),
            collate_fn=dict(type='pseudo_collate'),
        ),
        seed=0,
    )
    labels = [label for batch in loader for label in batch['label']]
    assert np.bincount(labels).tolist() == [24, 24, 24]


def test_the_wrapper_of_mmengine_takes_our_data(dataset):
    built = DATASETS.build(dict(type='ClassBalancedDataset', oversample_thr=0.25, dataset=dataset))
    counts = np.bincount(clip_labels(built))
    assert counts[0] == COUNTS[0]
    assert counts[2] == 3  # sqrt(0.25 / (1 / 36)) times


def test_weights_are_the_inverse_of_counts(dataset):
    head = GCNHead(num_classes=4, in_channels=8)
    runner = SimpleNamespace(
        model=SimpleNamespace(cls_head=head),
        train_dataloader=SimpleNamespace(dataset=DATASETS.build(dataset)),
        logger=logging.getLogger('test'),
    )
    ClassWeights().before_train(runner)
    weights = head.loss_cls.class_weight
    assert torch.allclose(weights, torch.tensor([12 / 30, 12 / 5, 12.0, 0.0]))
    per_clip = weights[clip_labels(runner.train_dataloader.dataset)]
    assert per_clip.mean().item() == pytest.approx(1)
    scores, labels = torch.randn(5, 4), torch.tensor([0, 1, 2, 0, 1])
    expected = torch.nn.functional.cross_entropy(scores, labels, weight=weights)
    assert head.loss_cls(scores, labels).item() == pytest.approx(expected.item())


def test_a_loss_without_weights_is_refused():
    head = SimpleNamespace(loss_cls=torch.nn.MSELoss(), num_classes=4)
    with pytest.raises(InputError, match='ClassWeights: MSELoss of the head takes no weights; use loss_cls='):
        ClassWeights().before_train(SimpleNamespace(model=SimpleNamespace(cls_head=head)))


def test_a_config_of_ours_takes_the_lines():
    leaf = ROOT / 'configs/stgcnpp/stgcnpp_1xb16-joint-r32-40e-small_custom-blazepose.py'
    lines = re.search(r'## Unbalanced sets.*?```python\n(.*?)```', (ROOT / 'docs/model_zoo.md').read_text(), re.S)[1]
    config = Config.fromstring(f'_base_ = {str(leaf)!r}\n{lines}', '.py')
    built = [dict(label=label) for label in (0, 0, 0, 1)]
    sampler = DATA_SAMPLERS.build(config.train_dataloader.sampler | dict(dataset=Made(built)))
    assert len(list(sampler)) == 4
    assert [HOOKS.build(hook) for hook in config.custom_hooks]
    assert config.model.cls_head.label_smooth_eps == 0.1


def test_a_clip_without_a_label_is_refused():
    with pytest.raises(InputError, match='clip 1 of the data set has no label; give every annotation its label'):
        clip_labels(Made([dict(label=0), {}]))


def test_no_order_but_a_random_one():
    with pytest.raises(InputError, match='ClassBalancedSampler: shuffle=False; it draws at random'):
        ClassBalancedSampler(Made([dict(label=0)]), shuffle=False)
