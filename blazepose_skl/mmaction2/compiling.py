"""``torch.compile`` as a config line."""

from __future__ import annotations

import random
from typing import Any

import torch
from mmaction.registry import HOOKS
from mmengine.device import get_device
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

__all__ = ['CompileBackbone', 'why_not_compiled']


@HOOKS.register_module(force=True)
class CompileBackbone(Hook):  # type: ignore[misc]
    """Compile the backbone, where nearly all of a step's time goes, before training or testing.

    In place, so that checkpoints are as without it. The head, which counts on the CPU, stays as it is. Where nothing
    can be compiled (no compiler on the machine), a warning says why and training goes on without; it is worth its
    minute or so of compiling from some hundred steps on. MMEngine's own ``compile = True`` compiles all of
    ``train_step``, the optimiser with it.
    """

    priority = 'VERY_LOW'  # after the weights are loaded

    def before_train(self, runner: Any) -> None:
        self._compile(runner)

    def before_test(self, runner: Any) -> None:
        self._compile(runner)

    @staticmethod
    def _compile(runner: Any) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        if model.backbone._compiled_call_impl is not None:
            return
        reason = why_not_compiled(get_device())
        if reason is None:
            model.backbone.compile()
        else:
            runner.logger.warning(f'CompileBackbone: nothing is compiled, training goes on without ({reason})')


def why_not_compiled(device: str) -> str | None:
    """Why ``torch.compile`` does not work on a device here; None where it does. It compiles a line to find out."""

    def line(values: torch.Tensor) -> torch.Tensor:
        return torch.sin(values) + 1

    try:
        # Of any size, so that it comes from no cache, which would say nothing of the compiler.
        torch.compile(line, dynamic=False)(torch.ones(random.randrange(10**3, 10**6), device=device))
    except Exception as error:  # whatever compilers and their absence raise
        return str(error).strip().splitlines()[0][:200]
    return None
