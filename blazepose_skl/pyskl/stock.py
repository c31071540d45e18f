"""The stock classes, taking our skeletons and saying what is wrong."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import mmcv
from pyskl import __version__
from pyskl.datasets import PIPELINES, PoseDataset
from pyskl.datasets.pipelines import augmentations, heatmap_related, pose_related
from pyskl.models.builder import BACKBONES
from pyskl.models.gcns import AAGCN, CTRGCN, DGSTGCN, MSG3D, SGN, STGCN
from pyskl.utils.graph import Graph

from blazepose_skl import adapting, partitions, steps
from blazepose_skl.errors import InputError
from blazepose_skl.facing import FaceCamera
from blazepose_skl.fixedlength import RepeatOrDropFrames
from blazepose_skl.skeletons import SkeletonLike
from blazepose_skl.steps import Results

STOCK_LAYOUTS = ('openpose', 'nturgb+d', 'coco', 'handmp')
GRAPH_MODES = ('stgcn_spatial', 'spatial', 'binary_adj', 'random', *partitions.MODES)

extend = functools.partial(
    adapting.extend,
    upstream=f'PYSKL {__version__}',
    remedy='PYSKL 0.1.0, the main branch of github.com/kennymckormick/pyskl',
)


find_skeleton = functools.partial(steps.find_skeleton, stock=STOCK_LAYOUTS)


def is_stock(layout: object) -> bool:
    return isinstance(layout, str) and layout in STOCK_LAYOUTS


# -- graphs and networks ------------------------------------------------------------------------------


@extend(Graph, '__init__')
def _graph_init(
    original: Callable[..., None],
    self: Any,
    layout: SkeletonLike = 'coco',
    mode: str = 'spatial',
    *args: Any,
    **settings: Any,
) -> None:
    if mode not in GRAPH_MODES and not callable(getattr(type(self), mode, None)):
        raise InputError(f'Graph: unknown mode {mode!r}; known are {", ".join(GRAPH_MODES)}')
    self.skeleton = None if is_stock(layout) else find_skeleton(layout, 'Graph')
    self.distances = None if self.skeleton is None else self.skeleton.distances
    # It asserts a stock name before it asks get_layout for the edges.
    original(self, layout if self.skeleton is None else 'coco', mode, *args, **settings)
    self.layout = layout


@extend(Graph, 'get_layout')
def _get_layout(original: Callable[..., None], self: Any, layout: str) -> None:
    original(self, layout)
    if self.skeleton is not None:
        vars(self).update(self.skeleton.as_layout())
        self.self_link = [(i, i) for i in range(self.num_node)]
        self.outward = [(j, i) for i, j in self.inward]
        self.neighbor = self.inward + self.outward


adapting.add_modes(Graph)


def _backbone_forward(original: Callable[..., Any], self: Any, x: Any) -> Any:
    adapting.check_batch(self, x)
    return original(self, x)


for _backbone in (STGCN, AAGCN, CTRGCN, DGSTGCN, MSG3D):
    extend(_backbone, 'forward')(_backbone_forward)


@extend(DGSTGCN, '__init__')
def _dgstgcn_init(original: Callable[..., None], self: Any, graph_cfg: Any, *args: Any, **settings: Any) -> None:
    layout = graph_cfg.get('layout', 'coco')
    if not is_stock(layout):  # its temporal part has 25 joints unless told, and runs on no more
        settings.setdefault('tcn_num_joints', find_skeleton(layout, 'DGSTGCN').num_joints)
    original(self, graph_cfg, *args, **settings)


@extend(SGN, '__init__')
def _sgn_init(
    original: Callable[..., None], self: Any, *args: Any, layout: SkeletonLike | None = None, **settings: Any
) -> None:
    if layout is not None:
        settings['num_joints'] = find_skeleton(layout, 'SGN').num_joints
    original(self, *args, **settings)


@extend(SGN, 'forward')
def _sgn_forward(original: Callable[..., Any], self: Any, joint: Any) -> Any:
    for found, wanted, what in ((joint.shape[3], self.num_joints, 'joints'), (joint.shape[2], self.T, 'frames')):
        if found != wanted:
            raise InputError(
                f'SGN: the data has {found} {what} and the network takes {wanted}; give it '
                + ('the layout of the data (layout of the backbone)' if what == 'joints' else f'T={found}')
            )
    return original(self, joint)


BACKBONES.register_module(force=True, module=SGN)


# -- pipelines ------------------------------------------------------------------------------------------


class JointToBone(pose_related.JointToBone):  # type: ignore[misc]
    def __call__(self, results: Results) -> Results:
        return steps.joint_to_bone(results, self.skeleton, self.target)


class ToMotion(pose_related.ToMotion):  # type: ignore[misc]
    def __call__(self, results: Results) -> Results:
        return steps.to_motion(results, self.skeleton, self.source, self.target)


class GenSkeFeat(pose_related.GenSkeFeat):  # type: ignore[misc]
    def __call__(self, results: Results) -> Results:
        return steps.merge_streams(results, self.skeleton, self.feats, self.axis)


class GeneratePoseTarget(heatmap_related.GeneratePoseTarget):  # type: ignore[misc]
    def __call__(self, results: Results) -> Results:
        steps.check_joints(self.skeleton, results, 'GeneratePoseTarget')
        return super().__call__(results)  # type: ignore[no-any-return]


class Flip(augmentations.Flip):  # type: ignore[misc]
    def __call__(self, results: Results) -> Results:
        for skeleton in self.named if 'keypoint' in results else ():
            steps.check_joints(skeleton, results, 'Flip')
        return super().__call__(results)  # type: ignore[no-any-return]


adapting.extend_steps(extend, sys.modules[__name__], pose_related, heatmap_related, augmentations)

if PIPELINES.get('JointToBone') is None:
    PIPELINES.register_module(module=pose_related.JointToBone)


for _step in (*steps.STEPS, FaceCamera, RepeatOrDropFrames):
    PIPELINES.register_module(force=True, module=_step)


# -- annotation files -----------------------------------------------------------------------------------


@extend(PoseDataset, 'load_annotations')
def _load_annotations(original: Callable[..., list[Results]], self: Any) -> list[Results]:
    with adapting.annotation_errors(self.ann_file, self.split, mmcv.load):
        clips = original(self)
    if not clips:
        raise InputError(f"{self.ann_file}: split '{self.split}' has no clip; convert again with clips in it")
    return clips
