"""Training begins with the weights of a checkpoint for another skeleton."""

from __future__ import annotations

from functools import partial
from typing import Any

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import CheckpointLoader

from blazepose_skl.skeletons import SkeletonLike
from blazepose_skl.steps import find_skeleton
from blazepose_skl.weights import begin_with


@HOOKS.register_module(force=True)
class InitializeFrom(Hook):  # type: ignore[misc]
    """Take what fits from a checkpoint that was trained on another layout, and say in the log what that is.

    For ``custom_hooks``, in the place of ``load_from``; see :mod:`blazepose_skl.weights`. Training that is resumed
    goes on with its own weights.

    Args:
        checkpoint: A file or an address, as in ``load_from``; of MMAction2 or PYSKL.
        layout: The skeleton that it was trained on.
        target: The network's skeleton, where it has no graph to say so.
    """

    def __init__(self, checkpoint: str, layout: SkeletonLike, target: SkeletonLike | None = None) -> None:
        self.checkpoint, self.layout, self.target = checkpoint, find_skeleton(layout, 'InitializeFrom'), target

    def before_train(self, runner: Any) -> None:
        if runner.iter > 0:
            return
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        read = partial(CheckpointLoader.load_checkpoint, map_location='cpu')
        runner.logger.info(begin_with(model, self.checkpoint, self.layout, self.target, read, 'InitializeFrom'))
