"""Training from Arrow files: what stock ``PoseDataset`` gives of the pickle, clip by clip."""

from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('mmaction', reason='mmaction2 is absent')
pytest.importorskip('pyarrow', reason='pyarrow is absent')

from mmaction.datasets import PoseDataset
from mmaction.registry import DATASETS
from mmengine.dataset import ConcatDataset, RepeatDataset
from test_arrowset import assert_same, made, packed
from torch.utils.data import DataLoader

import blazepose_skl.mmaction2  # noqa: F401
from blazepose_skl.errors import InputError
from blazepose_skl.mmaction2.largesets import ArrowPoseDataset

ROOT = Path(__file__).parent.parent


def kinetics() -> dict[str, Any]:
    """Clips as those of Kinetics, with boxes."""
    data = made()
    for number, item in enumerate(data['annotations']):
        item['valid'] = {0.5: number + 1, 0.7: number}
        item['box_score'] = np.linspace(0, 1, 5).astype(np.float16)
    return data


CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    'a part': (made(), dict(split='train')),
    'another': (made(), dict(split='val', test_mode=True)),
    'all of a list': (made()['annotations'], {}),
    'one-hot labels': (made(), dict(split='train', multi_class=True, num_classes=4)),
    'by boxes': (kinetics(), dict(split='train', valid_ratio=0.5, box_thr=0.7)),
    'with videos': (made(), dict(split='train', data_prefix=dict(video='videos'))),
    'in a folder': (made(), dict(split='train', data_root='ROOT')),
    'the first': (made(), dict(split='train', indices=2)),
    'some': (made(), dict(split='train', indices=[3, 1])),
    'from memory': (made(), dict(split='train', serialize_data=False)),
    'initialised late': (made(), dict(split='train', lazy_init=True)),
}


def both(folder: Path, data: Any, settings: dict[str, Any]) -> tuple[Any, Any]:
    files = [packed(folder, data), folder / 'a.pkl']
    if 'data_root' in settings:
        settings, files = settings | dict(data_root=str(folder)), [Path(file.name) for file in files]
    return tuple(  # type: ignore[return-value]
        DATASETS.build(dict(type='PoseDataset', ann_file=str(file), pipeline=[], **settings)) for file in files
    )


def items(dataset: Any) -> list[Any]:
    return [
        {key: value.tolist() if hasattr(value, 'tolist') else value for key, value in dataset[place].items()}
        for place in range(len(dataset))
    ]


@pytest.mark.parametrize('case', CASES)
def test_equal_to_stock(case: str, tmp_path: Path) -> None:
    ours, stock = both(tmp_path, *CASES[case])
    assert (type(ours), type(stock)) == (ArrowPoseDataset, PoseDataset)
    assert isinstance(ours, PoseDataset)
    assert items(ours) == items(stock)
    assert len(ours)
    assert ours.metainfo == stock.metainfo
    assert ours.labels == stock.labels
    assert items(ours) == items(stock)  # nothing of the first reading is left behind


def test_equal_arrays_and_types(tmp_path: Path) -> None:
    ours, stock = both(tmp_path, kinetics(), dict(split='train'))
    for place in [*range(len(stock)), -1, -2]:
        assert_same(ours.get_data_info(place), stock.get_data_info(place))


@pytest.mark.parametrize('indices', [2, -2, [4, 0, 2], []])
def test_subsets(tmp_path: Path, indices: Any) -> None:
    ours, stock = both(tmp_path, made(), dict(split='train'))
    if indices != -2:  # which stock gets wrong
        assert items(ours.get_subset(indices)) == items(stock.get_subset(indices))
    else:
        assert items(ours.get_subset(indices)) == [
            item | dict(sample_idx=place) for place, item in enumerate(items(ours)[-2:])
        ]
    ours.get_subset_(indices)
    assert len(ours) == (abs(indices) if isinstance(indices, int) else len(indices))


@pytest.mark.parametrize(
    'wrap',
    [
        lambda dataset: RepeatDataset(dataset, times=3),
        lambda dataset: ConcatDataset([dataset, dataset]),
        copy.deepcopy,
        lambda dataset: pickle.loads(pickle.dumps(dataset)),
    ],
    ids=['repeated', 'concatenated', 'copied', 'pickled'],
)
def test_wrapped(wrap: Any, tmp_path: Path) -> None:
    ours, stock = map(wrap, both(tmp_path, made(), dict(split='train')))
    assert items(ours) == items(stock)


@pytest.mark.parametrize('method', ['spawn', 'fork'])
def test_in_workers(method: str, tmp_path: Path) -> None:
    settings = dict(num_workers=2, batch_size=2, multiprocessing_context=method, collate_fn=list)
    ours, stock = both(tmp_path, made(), dict(split='train'))
    loaded = [item for batch in DataLoader(ours, **settings) for item in batch]  # type: ignore[arg-type]
    for item, place in zip(loaded, range(len(stock)), strict=True):
        assert_same(item, stock[place])


def test_nothing_is_held_for_each_clip(tmp_path: Path) -> None:
    (few, _), (many, _) = (both(tmp_path, made(clips), dict(split='train')) for clips in (3, 300))
    assert len(pickle.dumps(many)) < len(pickle.dumps(few)) + 100


def test_messages(tmp_path: Path) -> None:
    path = packed(tmp_path, made())
    for settings, message in (
        (dict(split='test'), r"a\.arrow: no split 'test'; it has 'train' \(5 clips\), 'val' \(1 clips\)"),
        (dict(ann_file=str(tmp_path / 'b.arrow')), r'b\.arrow: no such file'),
    ):
        with pytest.raises(InputError, match=message):
            DATASETS.build(dict(dict(type='PoseDataset', ann_file=str(path), pipeline=[]), **settings))
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(InputError, match=r'a\.arrow: cut short'):
        DATASETS.build(dict(type='PoseDataset', ann_file=str(path), pipeline=[]))


def test_training_is_the_same(tmp_path: Path) -> None:
    """The stock recipe, by the command line, in a data worker of its own: the same losses to the last digit."""
    from test_training import NARROW, STOCK, annotations

    packed(tmp_path, annotations())
    losses = []
    for file in ('a.pkl', 'a.arrow'):
        settings = [f'ann_file={tmp_path / file}', 'num_classes=2', 'train_cfg.max_epochs=1', 'train_cfg.val_begin=1']
        settings += [*NARROW, 'train_dataloader.dataset.times=2', 'train_dataloader.batch_size=4']
        settings += ['train_dataloader.num_workers=1', 'default_hooks.logger.interval=1', 'randomness.seed=0']
        command = [sys.executable, ROOT / 'tools/train.py', STOCK, '--work-dir', tmp_path / file[2:]]
        done = subprocess.run([*command, '--cfg-options', *settings], capture_output=True, text=True, check=True)
        said = done.stdout + done.stderr
        losses.append(re.findall(r'(loss: \S+|acc/top1: \S+)', said))
    assert len(losses[0]) > 3
    assert losses[0] == losses[1]


def test_labels_are_checked(tmp_path: Path) -> None:
    from test_training import NARROW, STOCK, annotations

    path = packed(tmp_path, annotations())
    settings = [f'ann_file={path}', 'num_classes=1', *NARROW]
    command = [sys.executable, ROOT / 'tools/train.py', STOCK, '--work-dir', tmp_path / 'work']
    done = subprocess.run([*command, '--cfg-options', *settings], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "a.arrow, split 'train': label 1 where the model has classes 0 to 0" in done.stderr.splitlines()[-1]
