"""What the networks of configs/ weigh, and that each learns.

    python benchmarks/model_zoo.py                          # parameters and FLOPs
    python benchmarks/model_zoo.py PICKLE [--epochs 4]      # and a few epochs of training on PICKLE

FLOPs are multiply-adds of one forward pass, as mmengine.analysis counts them (and MMAction2 in its tables): graph
networks on two people and 100 frames (small: one and 32), PoseC3D on 48 heatmaps of 56 x 56 (small: 16 of 32 x 32).
COCO-17 is MMAction2's own network, to compare with what it publishes.

Training is the recipe for small sets, joint stream, seed 0, the schedule as long as --epochs; the loss is the mean over
the first and the last epoch, the time the median epoch with one thread.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import torch
from mmaction.registry import MODELS
from mmengine.analysis import get_model_complexity_info
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from rich.progress import track
from small_networks import CONFIGS

from blazepose_skl.annotations import read_annotations
from blazepose_skl.mmaction2.training import PoseRunner, put_skeleton

# The config for each network, and the shape of what it takes: (M, T, V, C) or (C, T, H, W).
NETWORKS = {
    'ST-GCN': ('stgcn/stgcn_8xb16-joint-u100-80e_custom-{layout}.py', (2, 100, 33, 3)),
    'ST-GCN++': ('stgcnpp/stgcnpp_8xb16-joint-u100-80e_custom-{layout}.py', (2, 100, 33, 3)),
    '2s-AGCN (one stream)': ('2s-agcn/2s-agcn_8xb16-joint-u100-80e_custom-{layout}.py', (2, 100, 33, 3)),
    'ST-GCN, 3-D': ('stgcn/stgcn_8xb16-joint-u100-80e_custom-{layout}-3d.py', (2, 100, 33, 4)),
    'ST-GCN++, 3-D': ('stgcnpp/stgcnpp_8xb16-joint-u100-80e_custom-{layout}-3d.py', (2, 100, 33, 4)),
    'ST-GCN, small': ('stgcn/stgcn_1xb16-joint-r32-40e-small_custom-{layout}.py', (1, 32, 33, 5)),
    'ST-GCN++, small': ('stgcnpp/stgcnpp_1xb16-joint-r32-40e-small_custom-{layout}.py', (1, 32, 33, 5)),
    '2s-AGCN, small': ('2s-agcn/2s-agcn_1xb16-joint-r32-40e-small_custom-{layout}.py', (1, 32, 33, 5)),
    'PoseC3D, joints': ('posec3d/slowonly_8xb16-joint-u48-240e_custom-blazepose.py', (33, 48, 56, 56)),
    'PoseC3D, limbs': ('posec3d/slowonly_8xb16-limb-u48-240e_custom-{layout}.py', (None, 48, 56, 56)),
    'PoseC3D, joints, small': ('posec3d/slowonly_1xb16-joint-u16-40e-small_custom-blazepose.py', (33, 16, 32, 32)),
}
LEARNERS = ('ST-GCN, small', 'ST-GCN++, small', '2s-AGCN, small', 'PoseC3D, joints, small')


def weigh(name: str, layout: str) -> tuple[float, float]:
    """Parameters in millions, and FLOPs in thousands of millions."""
    path, shape = NETWORKS[name]
    config = Config.fromfile(
        CONFIGS / path.format(layout='blazepose' if layout == 'coco' else layout.replace('_', '-'))
    )
    if layout == 'coco':
        config.skeleton = 'coco'
        shape = tuple(17 if size == 33 else size for size in shape)
    put_skeleton(config)
    backbone: Any = MODELS.build(config.model).backbone
    backbone.eval()  # which of ResNet3d gives nothing back
    first = config.model.backbone.in_channels if shape[0] is None else shape[0]
    found = get_model_complexity_info(
        backbone, inputs=(torch.zeros(1, first, *shape[1:]),), show_table=False, show_arch=False
    )
    head = config.model.cls_head
    return (found['params'] + head.num_classes * (head.in_channels + 1)) / 1e6, found['flops'] / 1e9


class Clock(Hook):
    """The loss and the time of every epoch."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.seconds: list[float] = []

    def before_train_epoch(self, runner: Any) -> None:
        self.begun, self.now = time.perf_counter(), []

    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        self.now.append(float(outputs['loss']))

    def after_train_epoch(self, runner: Any) -> None:
        self.seconds.append(time.perf_counter() - self.begun)
        self.losses.append(statistics.mean(self.now))


def learn(name: str, data: Path, classes: int, epochs: int, folder: Path) -> str:
    """A row of the table."""
    config = Config.fromfile(CONFIGS / NETWORKS[name][0].format(layout='blazepose'))
    config.merge_from_dict(
        {
            'ann_file': str(data),
            'num_classes': classes,
            'train_cfg.max_epochs': epochs,
            'param_scheduler.1.end': epochs,
            'randomness': dict(seed=0),
            'log_level': 'WARNING',
            'work_dir': str(folder),
            'experiment_name': folder.name,
        }
    )
    config.val_cfg = config.val_dataloader = config.val_evaluator = None
    runner, clock = PoseRunner.from_cfg(config), Clock()
    runner.register_hook(clock)
    runner.train()
    top1 = runner.test()['acc/top1']
    losses, seconds = clock.losses, statistics.median(clock.seconds)
    return f'| {name} | {losses[0]:.2f} | {losses[-1]:.2f} | {top1:.3f} | {seconds:.0f} s |'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('pickle', type=Path, nargs='?')
    parser.add_argument('--epochs', type=int, default=4)
    given = parser.parse_args()
    warnings.filterwarnings('ignore')
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    init_default_scope('mmaction')
    rows = ['| network | layout | parameters | FLOPs |', '|---|---|---|---|']
    for name, (path, _) in track(NETWORKS.items(), 'weighing'):
        layouts = ['blazepose'] + ['enhanced_blazepose'] * ('limb' in path)
        for layout in layouts + ['coco'] * (name in ('ST-GCN', 'ST-GCN++', '2s-AGCN (one stream)')):
            parameters, flops = weigh(name, layout)
            rows.append(f'| {name} | {layout} | {parameters:.2f} M | {flops:.3g} G |')
    print('\n'.join(rows))
    if given.pickle:
        classes = 1 + max(clip['label'] for clip in read_annotations(given.pickle)['annotations'])
        print(f'\n| network | loss, epoch 1 | epoch {given.epochs} | top-1 | an epoch |\n|---|---|---|---|---|')
        with tempfile.TemporaryDirectory() as folder:
            for name in LEARNERS:
                place = Path(folder) / name.replace(' ', '_')
                print(learn(name, given.pickle, classes, given.epochs, place), flush=True)


if __name__ == '__main__':
    main()
