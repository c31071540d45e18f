"""What both adapters do to their framework: wrap its methods, and say what is wrong in a sentence."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from blazepose_skl import partitions, steps
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import Skeleton, SkeletonLike

__all__ = ['add_modes', 'annotation_errors', 'check_batch', 'check_labels', 'extend', 'extend_steps', 'layout_name']


def extend(owner: Any, name: str, upstream: str, remedy: str) -> Callable[[Callable[..., Any]], None]:
    """Replace ``owner.name`` by a function that gets the original first; once, however often imported.

    In place, because a framework's modules refer to its classes by Python name.

    Args:
        owner: A class or a module.
        name: Of its method or function.
        upstream: What the framework and its version are called, for the error.
        remedy: What to install instead, for the error.

    Raises:
        InputError: There is no such method, so the framework is not the one that the adapter was written for.
    """
    if name not in vars(owner):
        raise InputError(
            f'{upstream}: {owner.__name__} has no method {name}, so this version is not known here; '
            f'install the one that is: {remedy}'
        )
    original = getattr(owner, name)

    def decorate(function: Callable[..., Any]) -> None:
        if getattr(original, 'extended_by', None) == function.__module__:
            return

        @functools.wraps(original)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return function(original, *args, **kwargs)

        wrapper.extended_by = function.__module__  # type: ignore[attr-defined]
        setattr(owner, name, wrapper)

    return decorate


def add_modes(graph: Any) -> None:
    """Give a framework's ``Graph`` the modes of :mod:`blazepose_skl.partitions`.

    Where it is not None, its attribute ``distances`` has the steps of each joint to the center.
    """

    def add(mode: str) -> None:
        def subsets(self: Any) -> Any:
            return partitions.partition(mode, self.num_node, self.inward, self.center, self.max_hop, self.distances)

        subsets.__name__, subsets.__doc__ = mode, f'See :func:`blazepose_skl.partitions.partition`, {mode}.'
        setattr(graph, mode, subsets)

    for mode in partitions.MODES:
        add(mode)


def extend_steps(
    extend: Callable[[Any, str], Callable[[Callable[..., Any]], None]],
    ours: ModuleType,
    poses: ModuleType,
    heatmaps: ModuleType,
    flips: ModuleType,
) -> None:
    """Let a framework's pipeline steps take a skeleton of any form where they take a stock name or lists of joints.

    A step of a skeleton of ours becomes an instance of the adapter's class of the same name: a data worker that is
    started afresh (spawn) and is sent the step then imports the adapter to read it.

    Args:
        extend: The adapter's :func:`extend`.
        ours: The adapter's module, with ``is_stock``, ``find_skeleton``, and its own ``JointToBone``, ``ToMotion``,
            ``GenSkeFeat``, ``GeneratePoseTarget`` and ``Flip``.
        poses: The framework's module with the stock ones.
        heatmaps: That with ``GeneratePoseTarget``.
        flips: That with ``Flip``.
    """

    @extend(poses.JointToBone, '__init__')
    def joint_to_bone(
        original: Callable[..., None], self: Any, dataset: SkeletonLike = 'nturgb+d', target: str = 'keypoint'
    ) -> None:
        if ours.is_stock(dataset):
            original(self, dataset, target)
            return
        self.__class__ = ours.JointToBone
        self.dataset, self.target = dataset, target
        self.skeleton = ours.find_skeleton(dataset, 'JointToBone')
        self.pairs = self.skeleton.bones

    @extend(poses.ToMotion, '__init__')
    def to_motion(
        original: Callable[..., None],
        self: Any,
        dataset: SkeletonLike = 'nturgb+d',
        source: str = 'keypoint',
        target: str = 'motion',
    ) -> None:
        original(self, dataset, source, target)
        if not ours.is_stock(dataset):
            self.__class__ = ours.ToMotion
            self.skeleton = ours.find_skeleton(dataset, 'ToMotion')

    @extend(poses.GenSkeFeat, '__init__')
    def gen_ske_feat(
        original: Callable[..., None],
        self: Any,
        dataset: SkeletonLike = 'nturgb+d',
        feats: Sequence[str] = ('j',),
        axis: int = -1,
    ) -> None:
        if ours.is_stock(dataset):
            original(self, dataset, list(feats), axis)
            return
        steps.check_streams(feats)
        self.__class__ = ours.GenSkeFeat
        self.dataset, self.feats, self.axis = dataset, list(feats), axis
        self.skeleton = ours.find_skeleton(dataset, 'GenSkeFeat')

    @extend(heatmaps.GeneratePoseTarget, '__init__')
    def generate_pose_target(
        original: Callable[..., None], self: Any, *args: Any, skeletons: Any = None, **settings: Any
    ) -> None:
        if isinstance(skeletons, (str, Mapping, Skeleton)):
            self.__class__ = ours.GeneratePoseTarget
            self.skeleton = ours.find_skeleton(skeletons, 'GeneratePoseTarget')
            settings = {**steps.limb_settings(self.skeleton), **settings}
        elif skeletons is not None:
            settings['skeletons'] = skeletons
        original(self, *args, **settings)

    @extend(flips.Flip, '__init__')
    def flip(original: Callable[..., None], self: Any, *args: Any, **settings: Any) -> None:
        named = {
            key: ours.find_skeleton(settings[key], 'Flip')
            for key in ('left_kp', 'right_kp')
            if isinstance(settings.get(key), (str, Mapping, Skeleton))
        }
        original(self, *args, **steps.flip_settings(settings, named))
        if named:
            self.__class__ = ours.Flip
            self.named = tuple(named.values())


def layout_name(layout: SkeletonLike) -> str:
    """What a layout of any form is called."""
    if isinstance(layout, Mapping):
        return str(layout.get('name', 'inline'))
    return layout.name if isinstance(layout, Skeleton) else layout


def check_batch(backbone: Any, batch: Any) -> None:
    """Refuse a batch (N, M, T, V, C) that has not the joints of a network's graph, or not its channels."""
    if batch.shape[3] != backbone.graph.num_node:
        raise InputError(
            f'{type(backbone).__name__}: the data has {batch.shape[3]} joints and the graph of layout '
            f"'{layout_name(backbone.graph.layout)}' has {backbone.graph.num_node}; give both the same skeleton "
            '(graph_cfg.layout of the model, dataset of GenSkeFeat in the pipelines)'
        )
    takes = getattr(backbone, 'in_channels', batch.shape[4])
    if batch.shape[4] != takes:
        raise InputError(
            f'{type(backbone).__name__}: the data has {batch.shape[4]} channels (coordinates and score) and the '
            f'network takes {takes}; set model.backbone.in_channels={batch.shape[4]}'
        )


def check_labels(labels: Iterable[int], classes: int, where: str) -> None:
    """Refuse labels that a model has no class for; ``where`` they stand is for the error."""
    outside = sorted(label for label in labels if not 0 <= label < classes)
    if outside:
        raise InputError(
            f'{where}: label {outside[0]} where the model has classes 0 to {classes - 1}; '
            'set num_classes to the number of classes in the file'
        )


@contextmanager
def annotation_errors(file: str, split: str | None, load: Callable[[str], Any]) -> Iterator[None]:
    """Turn what ``PoseDataset`` raises while it reads a file into a sentence.

    Args:
        file: The annotation file.
        split: The split that is wanted.
        load: The framework's own reader, to name the splits that there are.
    """
    wanted = (
        'an annotation file ends in .pkl and holds split and annotations; '
        'make one with blazepose-skl convert, or name yours as ann_file'
    )
    try:
        yield
    except FileNotFoundError:
        raise InputError(f'{file}: no such file; {wanted}') from None
    except (AssertionError, IndexError, TypeError, EOFError, pickle.UnpicklingError) as error:
        raise InputError(f'{file}: not an annotation file ({error or type(error).__name__}); {wanted}') from None
    except KeyError as error:
        if error.args == (split,):
            splits = load(file)['split'].items()
            known = ', '.join(f"'{name}' ({len(clips)} clips)" for name, clips in splits) or 'none'
            raise InputError(f"{file}: no split '{split}'; it has {known}") from None
        raise InputError(f'{file}: not an annotation file (no {error}); {wanted}') from None
