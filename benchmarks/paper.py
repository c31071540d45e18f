"""The experiment of "Enhanced-BlazePose" on a small set: does its order of topologies show?

    python benchmarks/paper.py PICKLE [--seeds 5] [--frames 60] [--channels 16] [--epochs 16] [--batch 16]
        [--splits spatial] [--out paper.md]

PICKLE has BlazePose clips with a train and a val split; OpenPose-18 is made of them by the config's RemapSkeleton. The
configs are those of configs/paper, scaled down to two cores: fewer frames, channels and epochs, smaller batches, and
the learning rate falls by a tenth after every eighth of the epochs, as it does in the paper. The last epoch counts.

The table has top-1 on the val clips for each seed, mean and standard deviation, and the difference from the first
topology with the p-value of a permutation test over clips, see topologies.py.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from rich.progress import track
from small_networks import CONFIGS, train_and_test
from topologies import Run, table

from blazepose_skl.annotations import read_annotations
from blazepose_skl.evaluation import read_scores
from blazepose_skl.outfiles import write_whole

TOPOLOGIES = ('blazepose', 'enhanced_blazepose', 'openpose')


def network(given: argparse.Namespace, topology: str, split: str, seed: int, classes: int, folder: Path) -> Config:
    """The paper's config for a topology, scaled down."""
    name = f'stgcn_1xb64-{split}-f300-80e_custom-{topology.replace("_", "-")}.py'
    config = Config.fromfile(CONFIGS / 'paper' / name)
    config.merge_from_dict(
        {
            'ann_file': str(given.pickle),
            'num_classes': classes,
            'model.backbone.base_channels': given.channels,
            'model.cls_head.in_channels': 4 * given.channels,
            'train_dataloader.batch_size': given.batch,
            'train_cfg.max_epochs': given.epochs,
            'param_scheduler.0.step_size': max(1, given.epochs // 8),
            'optim_wrapper.type': 'AutocastOptimWrapper',
            'randomness': dict(seed=seed),
            'log_level': 'WARNING',
            'work_dir': str(folder),
            'experiment_name': folder.name,
            'default_hooks.checkpoint.interval': given.epochs,
            'default_hooks.checkpoint.save_best': None,
            'test_evaluator': [
                dict(type='AccMetric'),
                dict(type='DumpResults', out_file_path=str(folder / 'scores.pkl')),
            ],
        }
    )
    for loader in ('train_dataloader', 'test_dataloader'):
        config[loader].update(num_workers=0, persistent_workers=False)
        dataset = config[loader].dataset
        for step in dataset.get('dataset', dataset).pipeline:
            if step.type == 'RepeatOrDropFrames':
                step.length = given.frames
    config.val_cfg = config.val_dataloader = config.val_evaluator = None
    return config


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('pickle', type=Path)
    parser.add_argument('--splits', nargs='+', default=['spatial'])
    for option, default in dict(seeds=5, frames=60, channels=16, epochs=16, batch=16).items():
        parser.add_argument(f'--{option}', type=int, default=default)
    parser.add_argument('--out', type=Path, help='Write the table to this file too.')
    given = parser.parse_args()
    torch.set_num_threads(1)
    classes = 1 + max(clip['label'] for clip in read_annotations(given.pickle)['annotations'])
    rounds = [(split, name, seed) for split in given.splits for name in TOPOLOGIES for seed in range(given.seeds)]
    right: dict[tuple[str, str], list[np.ndarray]] = {}
    with tempfile.TemporaryDirectory() as name:
        for split, topology, seed in track(rounds, 'networks'):
            folder = Path(name) / f'{split}-{topology}-{seed}'
            train_and_test(network(given, topology, split, seed, classes, folder))
            scores = read_scores(folder / 'scores.pkl')
            hits = (scores.predictions == scores.labels)[np.argsort(scores.names)]
            right.setdefault((split, topology), []).append(hits)
            print(split, topology, seed, f'{hits.mean():.3f}', flush=True)
    text = table([Run('stgcn', topology, split, np.array(hits)) for (split, topology), hits in right.items()])
    print(text)
    if given.out:
        write_whole(given.out, text.encode())


if __name__ == '__main__':
    main()
