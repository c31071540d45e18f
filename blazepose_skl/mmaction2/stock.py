"""The stock classes, taking our skeletons and saying what is wrong."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from unittest import mock

import mmengine
import numpy as np
from mmaction import __version__
from mmaction.datasets import PoseDataset
from mmaction.datasets.transforms import pose_transforms, processing
from mmaction.models.backbones import AAGCN, STGCN
from mmaction.models.heads import BaseHead
from mmaction.models.utils.graph import Graph

from blazepose_skl import adapting, compat, partitions, steps
from blazepose_skl.errors import InputError
from blazepose_skl.mmaction2.layouts import is_stock
from blazepose_skl.skeletons import SkeletonLike
from blazepose_skl.steps import Results, find_skeleton

compat.spell_infinity(pose_transforms)

GRAPH_MODES = ('stgcn_spatial', 'spatial', 'binary_adj', *partitions.MODES)


extend = functools.partial(adapting.extend, upstream=f'mmaction2 {__version__}', remedy='pip install mmaction2==1.2.0')


@extend(Graph, '__init__')
def _graph_init(
    original: Callable[..., None],
    self: Any,
    layout: SkeletonLike = 'coco',
    mode: str = 'spatial',
    max_hop: int = 1,
) -> None:
    if mode not in GRAPH_MODES and not callable(getattr(type(self), mode, None)):
        raise InputError(f'Graph: unknown mode {mode!r}; known are {", ".join(GRAPH_MODES)}')
    stock = layout if is_stock(layout) else find_skeleton(layout, 'Graph').as_layout()
    self.distances = stock.get('distances') if isinstance(stock, Mapping) else None
    original(self, stock, mode, max_hop)
    self.layout = layout


adapting.add_modes(Graph)


def _backbone_forward(original: Callable[..., Any], self: Any, x: Any) -> Any:
    adapting.check_batch(self, x)
    return original(self, x)


for _backbone in (STGCN, AAGCN):
    extend(_backbone, 'forward')(_backbone_forward)


class JointToBone(pose_transforms.JointToBone):  # type: ignore[misc]
    def transform(self, results: Results) -> Results:
        return steps.joint_to_bone(results, self.skeleton, self.target)


class ToMotion(pose_transforms.ToMotion):  # type: ignore[misc]
    def transform(self, results: Results) -> Results:
        return steps.to_motion(results, self.skeleton, self.source, self.target)


class GenSkeFeat(pose_transforms.GenSkeFeat):  # type: ignore[misc]
    def transform(self, results: Results) -> Results:
        return steps.merge_streams(results, self.skeleton, self.feats, self.axis)


class GeneratePoseTarget(pose_transforms.GeneratePoseTarget):  # type: ignore[misc]
    def transform(self, results: Results) -> Results:
        steps.check_joints(self.skeleton, results, 'GeneratePoseTarget')
        return super().transform(results)  # type: ignore[no-any-return]


class Flip(processing.Flip):  # type: ignore[misc]
    def transform(self, results: Results) -> Results:
        for skeleton in self.named if 'keypoint' in results else ():
            steps.check_joints(skeleton, results, 'Flip')
        return super().transform(results)  # type: ignore[no-any-return]


adapting.extend_steps(extend, sys.modules[__name__], pose_transforms, pose_transforms, processing)


@extend(BaseHead, 'loss_by_feat')
def _loss_by_feat(original: Callable[..., Any], self: Any, cls_scores: Any, data_samples: Any) -> Any:
    # The head counts its training accuracy in NumPy, which has no bfloat16. For float32 this is the identity.
    return original(self, cls_scores.float(), data_samples)


@extend(PoseDataset, 'load_data_list')
def _load_data_list(original: Callable[..., list[Results]], self: Any) -> list[Results]:
    read, files = mmengine.load, []

    def load(*args: Any, **kwargs: Any) -> Any:
        files.append(read(*args, **kwargs))
        return files[-1]

    with adapting.annotation_errors(self.ann_file, self.split, read), mock.patch.object(mmengine, 'load', load):
        clips = original(self)  # it keeps nothing of the file but the clips
    if not clips:
        raise InputError(f"{self.ann_file}: split '{self.split}' has no clip; convert again with clips in it")
    self.labels = {clip['label'] for clip in clips if 'label' in clip}
    self._metainfo.update(_describe(files[-1] if files else None, clips))
    return clips


def _describe(file: Any, clips: Sequence[Results]) -> dict[str, Any]:
    """What a checkpoint should say of the clips that it was trained on, for whoever uses it without them."""
    told: dict[str, Any] = {}
    names = file.get('class_names') if isinstance(file, Mapping) else None
    if isinstance(names, (list, tuple)) and all(isinstance(name, str) for name in names):
        told['classes'] = list(names)
    for key, name in (('total_frames', 'frames'), ('fps', 'fps')):
        values = [clip[key] for clip in clips if key in clip]
        if len(values) == len(clips):
            told[name] = float(np.median(values))
    return told
