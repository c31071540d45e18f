"""``PoseDataset`` of an Arrow file, which is read where it lies (:mod:`blazepose_skl.arrowset`)."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmaction.datasets import PoseDataset
from mmaction.registry import DATASETS
from mmengine.dataset import BaseDataset
from mmengine.logging import MMLogger

from blazepose_skl.arrowform import is_arrow
from blazepose_skl.arrowset import ArrowSet, Clips
from blazepose_skl.mmaction2.stock import extend


class _Reading(BaseDataset):  # type: ignore[misc]
    """What stands below the stock classes in the place of what reads from memory."""

    data_list: Clips
    # Whether clips are left out by the confidence of their boxes, as of Kinetics.
    _by_box = False

    def get_data_info(self, idx: int) -> dict[str, Any]:
        if not self._fully_initialized:
            self.full_init()
        clips = self.data_list
        info = clips.source.clip(int(clips.numbers[idx]))
        if 'video' in self.data_prefix:
            for key in ('filename', 'frame_dir'):
                if key in info:
                    info[key] = os.path.join(self.data_prefix['video'], info[key])
        if self._by_box:
            info['anno_inds'] = info['box_score'] >= self.box_thr
        info['sample_idx'] = idx if idx >= 0 else len(clips) + idx
        return info


@DATASETS.register_module(force=True)
class ArrowPoseDataset(PoseDataset, _Reading):  # type: ignore[misc]
    """``PoseDataset`` that holds no clip: each is read from ``ann_file`` (.arrow) when it is asked for.

    The annotations are those of ``PoseDataset`` with the pickle that the file was written from. Nothing is held, so
    nothing is serialised, whatever ``serialize_data`` says; workers open the file again or share it.
    """

    def __init__(self, ann_file: str, pipeline: Any, *args: Any, **settings: Any) -> None:
        super().__init__(ann_file, pipeline, *args, **{**settings, 'serialize_data': False})

    def load_data_list(self) -> Clips:
        clips = Clips.in_part(ArrowSet(Path(self.ann_file)), self.split)
        self.labels = set(clips.values('label').tolist())
        names = clips.source.rest.get('class_names')
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            self._metainfo['classes'] = names
        for key, name in (('total_frames', 'frames'), ('fps', 'fps')):
            values = clips.values(key)
            if len(values) == len(clips):
                self._metainfo[name] = float(np.median(values))
        return clips

    def filter_data(self) -> Clips:
        self._by_box = isinstance(self.valid_ratio, float) and self.valid_ratio > 0
        if self._by_box:
            valid = (clip['valid'][self.box_thr] / clip['total_frames'] >= self.valid_ratio for clip in self.data_list)
            self.data_list = self.data_list.among(np.flatnonzero(np.fromiter(valid, bool)))
        logger = MMLogger.get_current_instance()
        logger.info(f'{len(self.data_list)} videos remain after valid thresholding')
        return self.data_list

    def _get_unserialized_subset(self, indices: int | Sequence[int]) -> Clips:
        if isinstance(indices, int):
            return super()._get_unserialized_subset(indices)  # type: ignore[no-any-return]
        return self.data_list.among(indices)


@extend(PoseDataset, '__init__')
def _init(original: Callable[..., None], self: Any, ann_file: Any, *args: Any, **settings: Any) -> None:
    if type(self) is PoseDataset and is_arrow(Path(ann_file)):
        self.__class__ = ArrowPoseDataset
        self.__init__(ann_file, *args, **settings)
        return
    original(self, ann_file, *args, **settings)
