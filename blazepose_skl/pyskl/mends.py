"""Mends for PYSKL and mmcv 1.x: checkpoints, testing and MS-G3D on today's PyTorch, and machines without CUDA.

Every mend applies only where the fault is, and may be applied twice.
"""

from __future__ import annotations

import functools
import tempfile
from typing import Any

import torch
from mmcv.engine import test
from mmcv.parallel import MMDistributedDataParallel
from mmcv.runner import dist_utils
from pyskl.apis import train
from pyskl.models.gcns.utils.msg3d_utils import ST_MSGCN
from pyskl.models.recognizers.base import BaseRecognizer
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from blazepose_skl.compat import allow_numpy

__all__ = ['allow_cpu', 'allow_mmengine', 'allow_msg3d', 'allow_testing', 'mend']


def mend() -> None:
    """Apply all mends."""
    allow_numpy()  # the best score, which checkpoints keep, is a NumPy number
    allow_mmengine()
    allow_testing()
    allow_msg3d()
    if not torch.cuda.is_available():
        allow_cpu()


def allow_mmengine() -> None:
    """Let ``torch.load`` read MMAction2's checkpoints in its ``weights_only`` mode (torch >= 2.6).

    MMEngine stores beside the weights how training went, in a class that is not installed here; an empty one
    stands for it.
    """
    if hasattr(torch.serialization, 'add_safe_globals'):
        torch.serialization.add_safe_globals(
            [(_History, 'mmengine.logging.history_buffer.HistoryBuffer'), (_method, 'builtins.getattr')]
        )


class _History:
    """Stands for MMEngine's HistoryBuffer."""


def _method(owner: Any, name: str) -> str:
    """The only answer that a checkpoint gets to ``getattr``: it pickles its own methods so."""
    if getattr(owner, '__qualname__', '') != _History.__qualname__:  # a module that is reloaded leaves two of them
        raise PermissionError(
            f'the checkpoint asks for {name!r} of {owner!r}, which only code would do; '
            'it was not loaded. Load checkpoints from people you trust only'
        )
    return name


def allow_testing() -> None:
    """Let mmcv's parallel wrapper run a forward pass.

    It asks itself for an attribute that PyTorch's wrapper had before 2.1, and whose absence means no.
    """
    MMDistributedDataParallel._use_replicated_tensor_module = False  # before 2.1 every instance has its own


def allow_msg3d() -> None:
    """Let MS-G3D learn.

    It adds in place to what a ReLU gave, which PyTorch needs unchanged on the way back (PYSKL issue 242). What
    is added to is a copy here.
    """
    if hasattr(ST_MSGCN.__init__, '__wrapped__'):
        return
    original = ST_MSGCN.__init__

    @functools.wraps(original)
    def init(self: Any, *args: Any, **settings: Any) -> None:
        original(self, *args, **settings)
        self.mlp.register_forward_hook(_copy)

    ST_MSGCN.__init__ = init


def _copy(module: Any, inputs: Any, output: Any) -> Any:
    return output.clone()


def allow_cpu() -> None:
    """Let PYSKL's ``tools/dist_train.sh`` and ``dist_test.sh`` run on a machine without CUDA.

    They always start a process group, on CUDA devices. Here the processes meet over gloo, the model stays
    where it is, its wrapper gets no device, and the parts of a test are collected over files. What is
    changed fails without CUDA in any case.
    """
    dist_utils._init_dist_pytorch = _init_dist
    train.init_random_seed.__defaults__ = (None, 'cpu')
    BaseRecognizer.cuda = _stay
    torch.cuda.current_device = _no_device  # type: ignore[assignment]  # no device, not device 0
    MMDistributedDataParallel.__init__ = _wrap
    if not hasattr(test.collect_results_cpu, '__wrapped__'):
        collect = test.collect_results_cpu

        def collect_results(results: list[Any], size: int, tmpdir: str | None = None) -> Any:
            return collect(results, size, tmpdir or _common_folder())

        collect_results.__wrapped__ = collect  # type: ignore[attr-defined]
        test.collect_results_cpu = collect_results


def _init_dist(backend: str, **settings: Any) -> None:
    distributed.init_process_group(backend='gloo', **settings)


def _stay(self: Any, device: Any = None) -> Any:
    return self


def _no_device() -> None:
    return None


def _wrap(self: Any, module: Any, device_ids: Any = None, **settings: Any) -> None:
    DistributedDataParallel.__init__(self, module, **settings)


def _common_folder() -> str:
    """A new folder that rank 0 makes and all processes are told of."""
    folder = [tempfile.mkdtemp() if distributed.get_rank() == 0 else '']
    distributed.broadcast_object_list(folder)
    return folder[0]


mend()
