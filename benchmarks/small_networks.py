"""The recipe for small sets, narrower and for any layout, as the studies here train it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmengine.config import Config

import blazepose_skl.mmaction2  # noqa: F401, for what it registers and mends
from blazepose_skl.mmaction2.training import PoseRunner

CONFIGS = Path(__file__).parent.parent / 'configs'


def small_network(
    data: Path, folder: Path, layout: str, classes: int, epochs: int, channels: int, seed: int, model: str = 'stgcnpp'
) -> Config:
    """The config of a network, to be changed further.

    Without the place in the picture: the stock steps that answer for stock layouts know x, y and a score.
    """
    config = Config.fromfile(CONFIGS / model / f'{model}_1xb16-joint-r32-40e-small_custom-blazepose.py')
    config.merge_from_dict(
        {
            'ann_file': str(data),
            'num_classes': classes,
            'model.backbone.base_channels': channels,
            'model.backbone.in_channels': 3,
            'skeleton': layout,
            'model.cls_head.in_channels': 4 * channels,
            'train_cfg.max_epochs': epochs,
            'param_scheduler.1.end': epochs,
            'randomness': dict(seed=seed),
            'log_level': 'WARNING',
            'work_dir': str(folder),
            'experiment_name': folder.name,
            'default_hooks.checkpoint.interval': epochs,
        }
    )
    for loader in ('train_dataloader', 'test_dataloader'):
        config[loader].update(num_workers=0, persistent_workers=False)
        pipeline = [step for step in config[loader].dataset.pipeline if step.type != 'RandomPlace']
        for step in pipeline:
            if step.type == 'NormalizeBody':
                step.place = False
        config[loader].dataset.pipeline = pipeline
    config.val_cfg = config.val_dataloader = config.val_evaluator = None
    return config


def train_and_test(config: Config) -> dict[str, Any]:
    """Train, and say what the last epoch's network is worth on the val clips."""
    runner = PoseRunner.from_cfg(config)
    runner.train()
    return dict(runner.test())
