"""What training needs beside the model: precision, the command line's data set, a look at the labels."""

from __future__ import annotations

import importlib.util
from contextlib import contextmanager
from typing import Any

import torch
from mmaction.datasets import PoseDataset
from mmaction.registry import HOOKS, OPTIM_WRAPPERS, RUNNERS
from mmengine.device import get_device
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner

from blazepose_skl.adapting import check_labels
from blazepose_skl.errors import InputError


@OPTIM_WRAPPERS.register_module(force=True)
class AutocastOptimWrapper(OptimWrapper):  # type: ignore[misc]
    """bfloat16 autocast on whatever device trains, the CPU too, which ``AmpOptimWrapper`` refuses.

    bfloat16 has the range of float32, so nothing is scaled and checkpoints are as ``OptimWrapper``'s.
    """

    @contextmanager
    def optim_context(self, model: Any) -> Any:
        with super().optim_context(model), torch.autocast(get_device(), torch.bfloat16):
            yield


@RUNNERS.register_module(force=True)
class PoseRunner(Runner):  # type: ignore[misc]
    """``Runner`` that puts a config's top-level ``ann_file`` and ``num_classes`` where they belong.

    ``--cfg-options ann_file=data.pkl num_classes=16`` is then enough; where they are None the values in the
    data loaders and the head stand. Used by ``runner_type = 'PoseRunner'``.

    A ``TensorboardVisBackend`` is taken out where TensorBoard is not installed, so that configs may name it.
    """

    @classmethod
    def from_cfg(cls, cfg: Any) -> Any:
        cfg = cfg.copy()
        if cfg.get('ann_file') is not None:
            for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
                if cfg.get(loader) is not None:
                    dataset = cfg[loader].dataset
                    while 'dataset' in dataset:
                        dataset = dataset.dataset
                    dataset.ann_file = cfg.ann_file
        if cfg.get('num_classes') is not None:
            cfg.model.cls_head.num_classes = cfg.num_classes
        if cfg.get('visualizer', {}).get('vis_backends') and importlib.util.find_spec('tensorboard') is None:
            backends = cfg.visualizer.vis_backends
            cfg.visualizer.vis_backends = [item for item in backends if item.type != 'TensorboardVisBackend']
        return super().from_cfg(cfg)


@HOOKS.register_module(force=True)
class CheckLabels(Hook):  # type: ignore[misc]
    """Refuse labels that the model has no class for, and classes without a training clip, before training."""

    def before_train(self, runner: Any) -> None:
        self._check(runner, runner.train_dataloader.dataset, complete=True)

    def before_val(self, runner: Any) -> None:
        self._check(runner, runner.val_dataloader.dataset)

    def before_test(self, runner: Any) -> None:
        self._check(runner, runner.test_dataloader.dataset)

    @staticmethod
    def _check(runner: Any, dataset: Any, complete: bool = False) -> None:
        while hasattr(dataset, 'dataset'):
            dataset = dataset.dataset
        if not isinstance(dataset, PoseDataset):
            return
        labels = dataset.labels
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        classes, where = model.cls_head.num_classes, f"{dataset.ann_file}, split '{dataset.split}'"
        check_labels(labels, classes, where)
        absent = sorted(set(range(classes)) - labels)
        if complete and absent:
            raise InputError(
                f'{where}: no training clip of class {", ".join(map(str, absent[:10]))}; '
                f'add clips, or set num_classes to the number of classes in the file'
            )
