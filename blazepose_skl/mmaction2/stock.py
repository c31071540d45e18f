"""The stock classes, taking our skeletons and saying what is wrong."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from unittest import mock

import mmengine
import numpy as np
from mmaction import __version__
from mmaction.datasets import PoseDataset
from mmaction.datasets.transforms import pose_transforms
from mmaction.models.backbones import AAGCN, STGCN
from mmaction.models.heads import BaseHead
from mmaction.models.utils.graph import Graph

from blazepose_skl import features, partitions
from blazepose_skl.errors import InputError
from blazepose_skl.mmaction2.layouts import is_stock, layout_name
from blazepose_skl.skeletons import Skeleton, SkeletonLike
from blazepose_skl.steps import Results, check_joints, find_skeleton, limb_settings

GRAPH_MODES = ('stgcn_spatial', 'spatial', 'binary_adj', *partitions.MODES)
STREAMS = ('j', 'b', 'jm', 'bm')


def extend(owner: type, method: str) -> Callable[[Callable[..., Any]], None]:
    """Replace ``owner.method`` by a function that gets the original first; once, however often imported."""

    def decorate(function: Callable[..., Any]) -> None:
        if method not in vars(owner):
            raise InputError(
                f'mmaction2 {__version__}: {owner.__name__} has no method {method}, so this version is not known here; '
                'install the one that is: pip install mmaction2==1.2.0'
            )
        original = getattr(owner, method)
        if getattr(original, 'extended_by', None) == __name__:
            return

        @functools.wraps(original)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return function(original, *args, **kwargs)

        wrapper.extended_by = __name__  # type: ignore[attr-defined]
        setattr(owner, method, wrapper)

    return decorate


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


def _add_mode(mode: str) -> None:
    def subsets(self: Any) -> Any:
        return partitions.partition(mode, self.num_node, self.inward, self.center, self.max_hop, self.distances)

    subsets.__name__, subsets.__doc__ = mode, f'See :func:`blazepose_skl.partitions.partition`, {mode}.'
    setattr(Graph, mode, subsets)


for _mode in partitions.MODES:
    _add_mode(_mode)


def _backbone_forward(original: Callable[..., Any], self: Any, x: Any) -> Any:
    if x.shape[3] != self.graph.num_node:
        raise InputError(
            f'{type(self).__name__}: the data has {x.shape[3]} joints and the graph of layout '
            f"'{layout_name(self.graph.layout)}' has {self.graph.num_node}; give both the same skeleton "
            '(graph_cfg.layout of the model, dataset of GenSkeFeat in the pipelines)'
        )
    if x.shape[4] != self.in_channels:
        raise InputError(
            f'{type(self).__name__}: the data has {x.shape[4]} channels (coordinates and score) and the network takes '
            f'{self.in_channels}; set model.backbone.in_channels={x.shape[4]}'
        )
    return original(self, x)


for _backbone in (STGCN, AAGCN):
    extend(_backbone, 'forward')(_backbone_forward)


def _has_score_channel(keypoint: Any, results: Results) -> bool:
    """Whether the last channel of a step's keypoints is a score.

    Where the scores stand apart (``keypoint_score``) it is not. Else it is the stock steps' rule for 2-D
    layouts: x, y and score, to which ours adds x, y, z and score.
    """
    return 'keypoint_score' not in results and keypoint.shape[-1] in (3, 4)


@extend(pose_transforms.JointToBone, '__init__')
def _joint_to_bone_init(
    original: Callable[..., None], self: Any, dataset: SkeletonLike = 'nturgb+d', target: str = 'keypoint'
) -> None:
    if is_stock(dataset):
        original(self, dataset, target)
    else:
        self.dataset, self.target = dataset, target
        self.skeleton = find_skeleton(dataset, 'JointToBone')
        self.pairs = self.skeleton.bones


@extend(pose_transforms.JointToBone, 'transform')
def _joint_to_bone(original: Callable[..., Results], self: Any, results: Results) -> Results:
    if is_stock(self.dataset):
        return original(self, results)
    check_joints(self.skeleton, results, 'JointToBone')
    keypoint = results['keypoint']
    results[self.target] = features.to_bone(keypoint, self.pairs, _has_score_channel(keypoint, results))
    return results


@extend(pose_transforms.ToMotion, '__init__')
def _to_motion_init(
    original: Callable[..., None],
    self: Any,
    dataset: SkeletonLike = 'nturgb+d',
    source: str = 'keypoint',
    target: str = 'motion',
) -> None:
    original(self, dataset, source, target)
    if not is_stock(dataset):
        self.skeleton = find_skeleton(dataset, 'ToMotion')


@extend(pose_transforms.ToMotion, 'transform')
def _to_motion(original: Callable[..., Results], self: Any, results: Results) -> Results:
    if is_stock(self.dataset):
        return original(self, results)
    data = results[self.source]
    check_joints(self.skeleton, {**results, 'keypoint': data}, 'ToMotion')
    results[self.target] = features.to_motion(data, _has_score_channel(data, results))
    return results


@extend(pose_transforms.GenSkeFeat, '__init__')
def _gen_ske_feat_init(
    original: Callable[..., None],
    self: Any,
    dataset: SkeletonLike = 'nturgb+d',
    feats: Sequence[str] = ('j',),
    axis: int = -1,
) -> None:
    if is_stock(dataset):
        original(self, dataset, list(feats), axis)
        return
    unknown = [feat for feat in feats if feat not in STREAMS]
    if unknown or not feats:
        raise InputError(f'GenSkeFeat: unknown stream {unknown!r} in feats; known are {", ".join(STREAMS)}')
    self.dataset, self.feats, self.axis = dataset, list(feats), axis
    self.skeleton = find_skeleton(dataset, 'GenSkeFeat')


@extend(pose_transforms.GenSkeFeat, 'transform')
def _gen_ske_feat(original: Callable[..., Results], self: Any, results: Results) -> Results:
    if is_stock(self.dataset):
        return original(self, results)
    check_joints(self.skeleton, results, 'GenSkeFeat')
    joint = results.pop('keypoint')
    score = results.pop('keypoint_score', None)
    if score is not None:
        joint = np.concatenate([joint, score[..., None]], -1)
    # Without keypoint_score three channels are x, y, z: a 2-D clip always brings its scores.
    scored = score is not None
    streams = {'j': joint, 'b': joint, 'jm': joint, 'bm': joint}
    if {'b', 'bm'} & set(self.feats):
        streams['b'] = features.to_bone(joint, self.skeleton.bones, scored)
    for motion, source in (('jm', 'j'), ('bm', 'b')):
        if motion in self.feats:
            streams[motion] = features.to_motion(streams[source], scored)
    results['keypoint'] = np.concatenate([streams[feat] for feat in self.feats], axis=self.axis)
    return results


@extend(pose_transforms.GeneratePoseTarget, '__init__')
def _generate_pose_target_init(
    original: Callable[..., None], self: Any, *args: Any, skeletons: Any = None, **settings: Any
) -> None:
    if skeletons is None:
        original(self, *args, **settings)
    elif not isinstance(skeletons, (str, Mapping, Skeleton)):
        original(self, *args, skeletons=skeletons, **settings)
    else:
        original(self, *args, **{**limb_settings(find_skeleton(skeletons, 'GeneratePoseTarget')), **settings})


@extend(BaseHead, 'loss_by_feat')
def _loss_by_feat(original: Callable[..., Any], self: Any, cls_scores: Any, data_samples: Any) -> Any:
    # The head counts its training accuracy in NumPy, which has no bfloat16. For float32 this is the identity.
    return original(self, cls_scores.float(), data_samples)


@extend(PoseDataset, 'load_data_list')
def _load_data_list(original: Callable[..., list[Results]], self: Any) -> list[Results]:
    wanted = 'an annotation file ends in .pkl and holds split and annotations; make one with blazepose-skl convert'
    read, files = mmengine.load, []

    def load(*args: Any, **kwargs: Any) -> Any:
        files.append(read(*args, **kwargs))
        return files[-1]

    try:
        with mock.patch.object(mmengine, 'load', load):  # it keeps nothing of the file but the clips
            clips = original(self)
    except FileNotFoundError:
        raise InputError(f'{self.ann_file}: no such file; {wanted}') from None
    except (AssertionError, IndexError, TypeError, EOFError, pickle.UnpicklingError) as error:
        raise InputError(
            f'{self.ann_file}: not an annotation file ({error or type(error).__name__}); {wanted}'
        ) from None
    except KeyError as error:
        if error.args == (self.split,):
            splits = mmengine.load(self.ann_file)['split'].items()
            known = ', '.join(f"'{name}' ({len(clips)} clips)" for name, clips in splits) or 'none'
            raise InputError(f"{self.ann_file}: no split '{self.split}'; it has {known}") from None
        raise InputError(f'{self.ann_file}: not an annotation file (no {error}); {wanted}') from None
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
