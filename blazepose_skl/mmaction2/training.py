"""What training needs beside the model: precision, the command line's data set, a look at the labels."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
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
from blazepose_skl.mmaction2.recipe import innermost
from blazepose_skl.steps import find_skeleton


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
    """``Runner`` that puts a config's top-level ``ann_file``, ``num_classes`` and ``skeleton`` where they belong.

    ``--cfg-options ann_file=data.pkl num_classes=16 skeleton=mine.toml`` is then enough; where they are None the
    values in the data loaders, the model and the steps stand. Used by ``runner_type = 'PoseRunner'``.

    A ``TensorboardVisBackend`` is taken out where TensorBoard is not installed, so that configs may name it.
    """

    @classmethod
    def from_cfg(cls, cfg: Any) -> Any:
        cfg = cfg.copy()
        if cfg.get('ann_file') is not None:
            for dataset in _datasets(cfg):
                dataset.ann_file = cfg.ann_file
        if cfg.get('num_classes') is not None:
            cfg.model.cls_head.num_classes = cfg.num_classes
        put_skeleton(cfg)
        if cfg.get('visualizer', {}).get('vis_backends') and importlib.util.find_spec('tensorboard') is None:
            backends = cfg.visualizer.vis_backends
            cfg.visualizer.vis_backends = [item for item in backends if item.type != 'TensorboardVisBackend']
        return super().from_cfg(cfg)


# Where the stock steps and ours name the skeleton of the data; ours have a default that need not be written.
_NAMING = ('layout', 'dataset', 'skeletons', 'left_kp', 'right_kp')
_OURS = ('FaceCamera', 'NormalizeBody', 'RandomFlipSkeleton')


def put_skeleton(cfg: Any) -> None:
    """Put a config's top-level ``skeleton``, where it has one, into its graph and into the steps of its pipelines."""
    skeleton = cfg.get('skeleton')
    if skeleton is None:
        return
    backbone = cfg.model.backbone
    if 'graph_cfg' in backbone:
        backbone.graph_cfg.layout = skeleton
    for dataset in _datasets(cfg):
        if any(step['type'] == 'RemapSkeleton' for step in dataset.pipeline):
            raise InputError(
                'skeleton: the pipeline remaps the data, so that there are two; name the one of the data in '
                "RemapSkeleton's source, and the other in the steps behind it and in the graph"
            )
        for step in dataset.pipeline:
            if step['type'] in _OURS:
                step['layout'] = skeleton
            for key in _NAMING:
                if isinstance(step.get(key), (str, Mapping)):
                    step[key] = skeleton
            if step['type'] == 'GeneratePoseTarget' and 'in_channels' in backbone:  # a heatmap for each of them
                known = find_skeleton(skeleton, 'skeleton')
                backbone.in_channels = len(known.limbs) if step['with_limb'] else known.num_joints


def _datasets(cfg: Any) -> Iterator[Any]:
    """What the data loaders read, without what is wrapped around it."""
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        if cfg.get(loader) is not None:
            yield innermost(cfg[loader].dataset)


@HOOKS.register_module(force=True)
class CheckLabels(Hook):  # type: ignore[misc]
    """Refuse what would train for nothing, before training.

    Labels that the model has no class for, and clips without any; classes without a training clip, if the file does
    not name as many classes as the model has (then a warning counts them: part of a data set may be at hand); and
    world landmarks before steps that are for pictures.
    """

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
        if not labels:
            raise InputError(f'{where}: no clip has a label; give every annotation its label')
        check_labels(labels, classes, where)
        _check_dimensions(dataset, where)
        absent = sorted(set(range(classes)) - labels)
        if complete and absent:
            named = ', '.join(map(str, absent[:10])) + (', …' if len(absent) > 10 else '')
            found = f'{where}: no training clip of {len(absent)} of {classes} classes ({named})'
            if len(dataset.metainfo.get('classes', ())) != classes:
                raise InputError(f'{found}; add clips, or set num_classes to the number of classes in the file')
            runner.logger.warning(found)


# Steps that are for what is seen in a picture, x and y in pixels.
_OF_PICTURES = ('PreNormalize2D', 'PoseCompact', 'MMCompact', 'RandomPlace')


def _check_dimensions(dataset: Any, where: str) -> None:
    """Refuse world landmarks, x, y and z with scores, where a pipeline takes them for places in a picture."""
    clip = dataset.get_data_info(0)
    if np.shape(clip.get('keypoint'))[-1:] != (3,) or 'keypoint_score' not in clip:
        return
    for step in dataset.pipeline.transforms:
        name = type(step).__name__
        # What UniformSampleSkeleton does with coordinates, and NormalizeBody with the picture.
        settings = getattr(step, 'normalize', None), getattr(step, 'place', False)
        if name in _OF_PICTURES or settings[0] == 'PreNormalize2D' or settings[1]:
            raise InputError(
                f'{where}: world landmarks (x, y, z), and {name} takes x and y in a picture; '
                'train a config that ends in -3d, or convert with --coords image'
            )
