"""Training: weights of another layout to begin with, and a look at the labels before it begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from mmcv.parallel import is_module_wrapper
from mmcv.runner import BaseRunner, CheckpointLoader, EpochBasedRunner, EvalHook
from pyskl.apis import train
from pyskl.datasets import ConcatDataset, PoseDataset, RepeatDataset

from blazepose_skl.adapting import check_labels
from blazepose_skl.errors import InputError
from blazepose_skl.pyskl.stock import extend
from blazepose_skl.steps import find_skeleton
from blazepose_skl.weights import begin_with

# PYSKL takes no hooks from a config; ``load_from`` is its place for weights, and training that is resumed passes it by.


@extend(train, 'cache_checkpoint')
def _cache_checkpoint(original: Callable[..., str], filename: Any, *args: Any, **settings: Any) -> Any:
    if not isinstance(filename, Mapping):
        return original(filename, *args, **settings)
    missing = [key for key in ('checkpoint', 'layout') if key not in filename]
    unknown = [str(key) for key in filename if key not in ('checkpoint', 'layout', 'target')]
    if missing or unknown:
        raise InputError(
            f'load_from: {"unknown key" if unknown else "no"} {", ".join(unknown) or " and no ".join(missing)}; write '
            "dict(checkpoint='weights.pth', layout='coco'), layout being that of the weights "
            "(for SGN, which has no graph, also target='blazepose', the layout of the data)"
        )
    return {**filename, 'checkpoint': original(filename['checkpoint'], *args, **settings)}


@extend(BaseRunner, 'load_checkpoint')
def _load_checkpoint(original: Callable[..., Any], self: Any, filename: Any, *args: Any, **settings: Any) -> Any:
    if not isinstance(filename, Mapping):
        return original(self, filename, *args, **settings)
    layout = find_skeleton(filename['layout'], 'load_from')
    read = partial(CheckpointLoader.load_checkpoint, map_location='cpu')
    self.logger.info(
        begin_with(_model(self), filename['checkpoint'], layout, filename.get('target'), read, 'load_from')
    )
    return None


@extend(EpochBasedRunner, 'run')
def _run(original: Callable[..., None], self: Any, data_loaders: list[Any], *args: Any, **settings: Any) -> None:
    classes: int = getattr(getattr(_model(self), 'cls_head', None), 'num_classes', 0)
    validation = [hook.dataloader for hook in self.hooks if isinstance(hook, EvalHook)]
    for loader in (*data_loaders, *validation) if classes else ():
        for dataset in _pose_datasets(loader.dataset):
            where = f"{dataset.ann_file}, split '{dataset.split}'" if dataset.split else dataset.ann_file
            labels = [clip.get('label') for clip in dataset.video_infos]
            check_labels({int(label) for label in labels if isinstance(label, (int, np.integer))}, classes, where)
    original(self, data_loaders, *args, **settings)


def _model(runner: Any) -> Any:
    return runner.model.module if is_module_wrapper(runner.model) else runner.model


def _pose_datasets(dataset: Any) -> list[Any]:
    """What a data set reads clips from, as far as each of these has one label."""
    if isinstance(dataset, RepeatDataset):
        return _pose_datasets(dataset.dataset)
    if isinstance(dataset, ConcatDataset):
        return [inner for part in dataset.datasets for inner in _pose_datasets(part)]
    return [dataset] if isinstance(dataset, PoseDataset) and not dataset.multi_class else []
