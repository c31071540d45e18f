"""The MMAction2 adapter: import it (``custom_imports``) and stock config lines take our skeletons.

What importing this module changes in MMAction2 1.x, and nothing else:

* ``Graph(layout=…)`` also takes the name of a registered skeleton or an inline one, and names the known
  layouts and modes when it gets another. ``JointToBone``, ``ToMotion`` and ``GenSkeFeat`` take the same
  in ``dataset=…``, and check the number of joints of every clip. The stock names reach the stock code.
* ``STGCN.forward`` and ``AAGCN.forward`` say so when the data's joints are not the graph's.
* The mends of :mod:`blazepose_skl.compat`.
* ``BaseHead.loss_by_feat`` counts training accuracy under bfloat16 autocast too.
* ``PoseDataset`` says in a sentence that a file or split is missing or empty.
* Registered beside the stock ones: the transforms ``NormalizeBody``, ``RandomRotateSkeleton``,
  ``RandomScaleSkeleton``, ``RandomFlipSkeleton``, ``ResampleFrames``, the optimiser wrapper
  ``AutocastOptimWrapper``, the hook ``CheckLabels`` and the runner ``PoseRunner``.

The methods are wrapped on the stock classes, because backbones and ``GenSkeFeat`` refer to these by Python
name; importing twice wraps once.
"""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from blazepose_skl import compat, features
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import Skeleton, SkeletonLike, get_skeleton, skeleton_names

compat.mend()

import mmengine
import torch
from mmaction.datasets import PoseDataset
from mmaction.datasets.transforms import pose_transforms
from mmaction.models.backbones import AAGCN, STGCN
from mmaction.models.heads import BaseHead
from mmaction.models.utils.graph import Graph
from mmaction.registry import HOOKS, OPTIM_WRAPPERS, RUNNERS, TRANSFORMS
from mmcv.transforms import BaseTransform
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner

STOCK_LAYOUTS = ('openpose', 'nturgb+d', 'coco')
GRAPH_MODES = ('stgcn_spatial', 'spatial', 'binary_adj')

Results = dict[str, Any]


# -- looking up skeletons -----------------------------------------------------------------------------


def _is_stock(layout: object) -> bool:
    return (isinstance(layout, str) and layout in STOCK_LAYOUTS) or (
        isinstance(layout, Mapping) and 'num_node' in layout
    )


def _skeleton(layout: SkeletonLike, where: str) -> Skeleton:
    try:
        return get_skeleton(layout)
    except InputError as error:
        if isinstance(layout, str):
            raise InputError(
                f'{where}: unknown layout {layout!r}; known are {", ".join((*STOCK_LAYOUTS, *skeleton_names()))}; '
                'declare others inline as dict(joints=[…], parents={…})'
            ) from None
        raise InputError(f'{where}: {error}') from None


def _check_joints(skeleton: Skeleton, results: Results, where: str) -> None:
    found = results['keypoint'].shape[-2]
    if found != skeleton.num_joints:
        raise InputError(
            f"{where}: clip '{results.get('frame_dir', '?')}' has {found} joints where '{skeleton.name}' has "
            f'{skeleton.num_joints}; name the layout of the data, or convert the data to this layout'
        )


# -- the stock classes, taking our skeletons ------------------------------------------------------------


def _extend(owner: type, method: str) -> Callable[[Callable[..., Any]], None]:
    """Replace ``owner.method`` by a function that gets the original first; once, however often imported."""

    def decorate(function: Callable[..., Any]) -> None:
        original = getattr(owner, method)
        if getattr(original, 'extended_by', None) == __name__:
            return

        @functools.wraps(original)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return function(original, *args, **kwargs)

        wrapper.extended_by = __name__  # type: ignore[attr-defined]
        setattr(owner, method, wrapper)

    return decorate


@_extend(Graph, '__init__')
def _graph_init(
    original: Callable[..., None],
    self: Any,
    layout: SkeletonLike = 'coco',
    mode: str = 'spatial',
    max_hop: int = 1,
) -> None:
    if mode not in GRAPH_MODES and not callable(getattr(type(self), mode, None)):
        raise InputError(f'Graph: unknown mode {mode!r}; known are {", ".join(GRAPH_MODES)}')
    stock = layout if _is_stock(layout) else _skeleton(layout, 'Graph').as_layout()
    original(self, stock, mode, max_hop)
    self.layout = layout


def _backbone_forward(original: Callable[..., Any], self: Any, x: Any) -> Any:
    if x.shape[3] != self.graph.num_node:
        raise InputError(
            f'{type(self).__name__}: the data has {x.shape[3]} joints and the graph of layout '
            f"'{_layout_name(self.graph.layout)}' has {self.graph.num_node}; give both the same skeleton "
            '(graph_cfg.layout of the model, dataset of GenSkeFeat in the pipelines)'
        )
    return original(self, x)


def _layout_name(layout: SkeletonLike) -> str:
    if isinstance(layout, Mapping):
        return str(layout.get('name', 'inline'))
    return layout.name if isinstance(layout, Skeleton) else layout


for _backbone in (STGCN, AAGCN):
    _extend(_backbone, 'forward')(_backbone_forward)


def _has_score_channel(keypoint: Any, results: Results) -> bool:
    """Whether the last channel of a step's keypoints is a score.

    Where the scores stand apart (``keypoint_score``) it is not. Else it is the stock steps' rule for 2-D
    layouts: x, y and score, to which ours adds x, y, z and score.
    """
    return 'keypoint_score' not in results and keypoint.shape[-1] in (3, 4)


@_extend(pose_transforms.JointToBone, '__init__')
def _joint_to_bone_init(
    original: Callable[..., None], self: Any, dataset: SkeletonLike = 'nturgb+d', target: str = 'keypoint'
) -> None:
    if _is_stock(dataset):
        original(self, dataset, target)
    else:
        self.dataset, self.target = dataset, target
        self.skeleton = _skeleton(dataset, 'JointToBone')
        self.pairs = self.skeleton.bones


@_extend(pose_transforms.JointToBone, 'transform')
def _joint_to_bone(original: Callable[..., Results], self: Any, results: Results) -> Results:
    if _is_stock(self.dataset):
        return original(self, results)
    _check_joints(self.skeleton, results, 'JointToBone')
    keypoint = results['keypoint']
    results[self.target] = features.to_bone(keypoint, self.pairs, _has_score_channel(keypoint, results))
    return results


@_extend(pose_transforms.ToMotion, '__init__')
def _to_motion_init(
    original: Callable[..., None],
    self: Any,
    dataset: SkeletonLike = 'nturgb+d',
    source: str = 'keypoint',
    target: str = 'motion',
) -> None:
    original(self, dataset, source, target)
    if not _is_stock(dataset):
        self.skeleton = _skeleton(dataset, 'ToMotion')


@_extend(pose_transforms.ToMotion, 'transform')
def _to_motion(original: Callable[..., Results], self: Any, results: Results) -> Results:
    if _is_stock(self.dataset):
        return original(self, results)
    data = results[self.source]
    _check_joints(self.skeleton, {**results, 'keypoint': data}, 'ToMotion')
    results[self.target] = features.to_motion(data, _has_score_channel(data, results))
    return results


STREAMS = ('j', 'b', 'jm', 'bm')


@_extend(pose_transforms.GenSkeFeat, '__init__')
def _gen_ske_feat_init(
    original: Callable[..., None],
    self: Any,
    dataset: SkeletonLike = 'nturgb+d',
    feats: Sequence[str] = ('j',),
    axis: int = -1,
) -> None:
    if _is_stock(dataset):
        original(self, dataset, list(feats), axis)
        return
    unknown = [feat for feat in feats if feat not in STREAMS]
    if unknown or not feats:
        raise InputError(f'GenSkeFeat: unknown stream {unknown!r} in feats; known are {", ".join(STREAMS)}')
    self.dataset, self.feats, self.axis = dataset, list(feats), axis
    self.skeleton = _skeleton(dataset, 'GenSkeFeat')


@_extend(pose_transforms.GenSkeFeat, 'transform')
def _gen_ske_feat(original: Callable[..., Results], self: Any, results: Results) -> Results:
    if _is_stock(self.dataset):
        return original(self, results)
    _check_joints(self.skeleton, results, 'GenSkeFeat')
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


# -- pipeline steps of ours -----------------------------------------------------------------------------


@TRANSFORMS.register_module(force=True)
class NormalizeBody(BaseTransform):  # type: ignore[misc]
    """Express keypoints in heights of the body, from the middle of the shoulders.

    Place and height are measured once per clip (:func:`blazepose_skl.features.measure_body`), on the
    person with the highest scores, so that people keep their places to one another and a person who walks
    or falls still does; joints that were not seen take no part. Takes pixels or metres: before it no step
    may divide x and y by different numbers.

    Required keys: keypoint (M, T, V, 2 or 3), keypoint_score (M, T, V). Modified: keypoint.

    Args:
        layout: The skeleton of the data.
        threshold: A joint is seen where its score reaches this.
    """

    def __init__(self, layout: SkeletonLike = 'blazepose', threshold: float = 0.5) -> None:
        self.skeleton = _skeleton(layout, 'NormalizeBody')
        self.threshold = threshold

    def transform(self, results: Results) -> Results:
        _check_joints(self.skeleton, results, 'NormalizeBody')
        keypoint, score = results['keypoint'], _scores(results, 'NormalizeBody')
        person = int(score.sum(axis=(1, 2)).argmax())
        body = features.measure_body(keypoint[person], score[person], self.skeleton, self.threshold)
        normal = ((keypoint - body.center) / body.height).astype(np.float32)
        # An unseen joint stays at the origin, where zero-filled frames and padding people are too.
        results['keypoint'] = np.where(score[..., None] > 0, normal, np.float32(0))
        return results


def _scores(results: Results, where: str) -> Any:
    if 'keypoint_score' not in results:
        raise InputError(
            f"{where}: clip '{results.get('frame_dir', '?')}' has no keypoint_score; put the step before "
            'GenSkeFeat and FormatGCNInput, and give every annotation its scores'
        )
    return results['keypoint_score']


@TRANSFORMS.register_module(force=True)
class RandomRotateSkeleton(BaseTransform):  # type: ignore[misc]
    """Turn all frames of a clip by the same random angle, uniform in ±degrees.

    About the origin: put :class:`NormalizeBody` before it. In 3-D (x right, y down, z away) about each axis.

    Args:
        degrees: One number, or for 3-D three (about x, y, z).
    """

    def __init__(self, degrees: float | Sequence[float] = 15.0) -> None:
        self.degrees = degrees

    def transform(self, results: Results) -> Results:
        axes = 1 if results['keypoint'].shape[-1] == 2 else 3
        limits = np.broadcast_to(np.deg2rad(self.degrees), axes)
        results['keypoint'] = features.rotate(results['keypoint'], list(np.random.uniform(-limits, limits)))
        return results


@TRANSFORMS.register_module(force=True)
class RandomScaleSkeleton(BaseTransform):  # type: ignore[misc]
    """Stretch a clip along each axis by a random factor, uniform in 1 ± amount; scores stay."""

    def __init__(self, amount: float = 0.2) -> None:
        self.amount = amount

    def transform(self, results: Results) -> Results:
        keypoint = results['keypoint']
        factors = np.random.uniform(1 - self.amount, 1 + self.amount, keypoint.shape[-1])
        results['keypoint'] = (keypoint * factors).astype(np.float32)
        return results


@TRANSFORMS.register_module(force=True)
class RandomFlipSkeleton(BaseTransform):  # type: ignore[misc]
    """Mirror a clip about x = 0 with a probability, left and right joints and their scores exchanged.

    Put :class:`NormalizeBody` before it. Not for data sets whose classes name a side.
    """

    def __init__(self, layout: SkeletonLike = 'blazepose', probability: float = 0.5) -> None:
        self.mirror = _skeleton(layout, 'RandomFlipSkeleton').mirror
        self.probability = probability

    def transform(self, results: Results) -> Results:
        if np.random.rand() < self.probability:
            results['keypoint'], results['keypoint_score'] = features.flip(
                results['keypoint'], _scores(results, 'RandomFlipSkeleton'), self.mirror
            )
        return results


@TRANSFORMS.register_module(force=True)
class ResampleFrames(BaseTransform):  # type: ignore[misc]
    """A stretch of a clip, as ``length`` frames, linear between frames.

    In training the stretch is at a random place and covers a random share of the clip, from ``min_share``
    to all of it; in testing all of it. ``UniformSampleFrames`` repeats the beginning of a clip that is
    shorter than its ``clip_len``; here time is stretched, and no frame follows the last one.

    Required keys: keypoint (M, T, V, C), keypoint_score. Modified: both, total_frames.
    """

    def __init__(self, length: int = 64, min_share: float = 0.5, test_mode: bool = False) -> None:
        self.length, self.min_share, self.test_mode = length, min_share, test_mode

    def transform(self, results: Results) -> Results:
        last = results['keypoint'].shape[1] - 1
        share = 1.0 if self.test_mode else np.random.uniform(self.min_share, 1)
        start = 0.0 if self.test_mode else np.random.uniform(0, (1 - share) * last)
        positions = np.linspace(start, start + share * last, self.length)
        for key in ('keypoint', 'keypoint_score'):
            if key in results:
                results[key] = features.resample(results[key], positions)
        results['total_frames'] = self.length
        return results


# -- training ---------------------------------------------------------------------------------------------


@OPTIM_WRAPPERS.register_module(force=True)
class AutocastOptimWrapper(OptimWrapper):  # type: ignore[misc]
    """bfloat16 autocast on whatever device trains, the CPU too, which ``AmpOptimWrapper`` refuses.

    bfloat16 has the range of float32, so nothing is scaled and checkpoints are as ``OptimWrapper``'s.
    """

    @contextmanager
    def optim_context(self, model: Any) -> Any:
        from mmengine.device import get_device

        with super().optim_context(model), torch.autocast(get_device(), torch.bfloat16):
            yield


@RUNNERS.register_module(force=True)
class PoseRunner(Runner):  # type: ignore[misc]
    """``Runner`` that puts a config's top-level ``ann_file`` and ``num_classes`` where they belong.

    ``--cfg-options ann_file=data.pkl num_classes=16`` is then enough; where they are None the values in the
    data loaders and the head stand. Used by ``runner_type = 'PoseRunner'``.
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
        return super().from_cfg(cfg)


@_extend(BaseHead, 'loss_by_feat')
def _loss_by_feat(original: Callable[..., Any], self: Any, cls_scores: Any, data_samples: Any) -> Any:
    # The head counts its training accuracy in NumPy, which has no bfloat16. For float32 this is the identity.
    return original(self, cls_scores.float(), data_samples)


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
        outside = sorted(label for label in labels if not 0 <= label < classes)
        if outside:
            raise InputError(
                f'{where}: label {outside[0]} where the model has classes 0 to {classes - 1}; '
                'set num_classes to the number of classes in the file'
            )
        absent = sorted(set(range(classes)) - labels)
        if complete and absent:
            raise InputError(
                f'{where}: no training clip of class {", ".join(map(str, absent[:10]))}; '
                f'add clips, or set num_classes to the number of classes in the file'
            )


@_extend(PoseDataset, 'load_data_list')
def _load_data_list(original: Callable[..., list[Results]], self: Any) -> list[Results]:
    wanted = 'an annotation file ends in .pkl and holds split and annotations; make one with blazepose-skl convert'
    try:
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
    return clips
