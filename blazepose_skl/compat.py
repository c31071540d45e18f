"""Mends for what is broken in MMAction2 1.2.0 and MMEngine 0.10.7 on today's PyTorch.

:func:`mend` is called by :mod:`blazepose_skl.mmaction2` before anything of ``mmaction.models`` is
imported. Every mend applies only where the fault is, and may be applied twice.
"""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import sys
from types import ModuleType
from typing import Any
from unittest import mock

__all__ = [
    'allow_checkpoints',
    'allow_distributed_cpu',
    'allow_numpy',
    'mend',
    'spell_infinity',
    'stand_in_for_drn',
]


def mend() -> None:
    """Apply all mends."""
    stand_in_for_drn()
    allow_checkpoints()
    allow_distributed_cpu()


_DRN = 'mmaction.models.localizers.drn'


def stand_in_for_drn() -> None:
    """Let ``mmaction.models`` be imported although its wheel lacks ``localizers/drn``.

    The 1.2.0 wheel left the folder out, and ``mmaction.models.localizers`` imports it
    (mmaction2 issue 2714). The stand-in's ``DRN`` says so when it is built.
    """
    if _DRN in sys.modules:
        return
    mmaction = importlib.util.find_spec('mmaction')
    for place in mmaction.submodule_search_locations or () if mmaction else ():
        # find_spec on the module itself would import mmaction.models, which is what fails.
        if importlib.machinery.PathFinder.find_spec('drn', [f'{place}/models/localizers/drn']):
            return

    class DRN:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            raise ImportError(
                'DRN is missing from the installed mmaction2 wheel (issue 2714 there); '
                'install mmaction2 from its repository to use it'
            )

    package, module = ModuleType(_DRN), ModuleType(f'{_DRN}.drn')
    package.__path__ = []
    vars(package)['drn'], vars(module)['DRN'] = module, DRN
    sys.modules[package.__name__] = package
    sys.modules[module.__name__] = module


# -- checkpoints --------------------------------------------------------------------------------------


def _history_buffer_method(owner: Any, name: str) -> Any:
    """The only answer that a checkpoint gets to ``getattr``: the statistics of a HistoryBuffer."""
    from mmengine.logging.history_buffer import HistoryBuffer

    if owner is not HistoryBuffer or name not in ('mean', 'max', 'min', 'current'):
        raise PermissionError(
            f'the checkpoint asks for {name!r} of {owner!r}, which only code would do; '
            'it was not loaded. Load checkpoints from people you trust only'
        )
    return getattr(owner, name)


def allow_checkpoints() -> None:
    """Let ``torch.load`` read MMEngine's checkpoints in its ``weights_only`` mode.

    torch >= 2.6 loads tensors and allow-listed classes only; MMEngine stores its message hub
    (``HistoryBuffer``, NumPy scalars and arrays) beside the weights and asks for nothing else. What it
    stores is allow-listed here; a checkpoint that would run code is still refused.
    """
    import torch
    from mmengine.logging.history_buffer import HistoryBuffer

    if not hasattr(torch.serialization, 'add_safe_globals'):  # before torch 2.5 nothing is refused
        return
    allow_numpy()
    # HistoryBuffer pickles its own methods as getattr(HistoryBuffer, name).
    torch.serialization.add_safe_globals([HistoryBuffer, (_history_buffer_method, 'builtins.getattr')])


def allow_numpy() -> None:
    """Let ``torch.load`` read NumPy's numbers and arrays in its ``weights_only`` mode (torch >= 2.6)."""
    import numpy as np
    import torch

    if not hasattr(torch.serialization, 'add_safe_globals'):
        return
    rebuilders: dict[str, Any] = {'_reconstruct': np.zeros(1).__reduce__()[0], 'scalar': np.float64(0).__reduce__()[0]}
    dtypes = [type(np.dtype(kind)) for kind in (*np.typecodes['AllInteger'], *np.typecodes['AllFloat'], '?', 'U', 'S')]
    torch.serialization.add_safe_globals([np.ndarray, np.dtype, *dtypes])
    torch.serialization.add_safe_globals(
        [
            (rebuild, f'{module}.{name}')
            for name, rebuild in rebuilders.items()
            for module in ('numpy._core.multiarray', 'numpy.core.multiarray')  # NumPy 2 and 1
        ]
    )


# -- names that NumPy 2 has not --------------------------------------------------------------------------


def spell_infinity(module: ModuleType) -> None:
    """Let a module of MMAction2 say ``np.Inf``, as ``PoseCompact`` does, which NumPy 2 calls ``np.inf``.

    The module gets a NumPy of its own with the old name in it; NumPy itself is not changed.
    """
    import numpy as np

    if vars(module)['np'] is not np or hasattr(np, 'Inf'):
        return
    older = ModuleType('numpy', np.__doc__)
    vars(older).update(vars(np), Inf=np.inf)
    vars(module)['np'] = older


# -- several processes without CUDA -------------------------------------------------------------------


def allow_distributed_cpu() -> None:
    """Let MMEngine's launchers start several processes on a machine without an accelerator.

    ``init_dist`` calls ``torch.cuda.set_device`` whatever the backend, and ``Runner.wrap_model`` gives
    the parallel wrapper a device number. Without an accelerator the processes meet over gloo, and the
    wrapper gets no device. With one, nothing is changed.
    """
    import torch
    from mmengine.device import get_device
    from mmengine.runner import Runner, runner

    if get_device() != 'cpu' or hasattr(runner.init_dist, '__wrapped__'):
        return

    start, wrap = runner.init_dist, Runner.wrap_model

    @functools.wraps(start)
    def init_dist(launcher: str, backend: str = 'gloo', **kwargs: Any) -> None:
        with mock.patch.object(torch.cuda, 'set_device'):
            start(launcher, backend='gloo', **kwargs)

    @functools.wraps(wrap)
    def wrap_model(self: Any, model_wrapper_cfg: Any, model: Any) -> Any:
        if self.distributed and model_wrapper_cfg is None:
            model_wrapper_cfg = dict(
                type='MMDistributedDataParallel',
                device_ids=None,
                broadcast_buffers=False,
                find_unused_parameters=self.cfg.get('find_unused_parameters', False),
            )
        return wrap(self, model_wrapper_cfg, model)

    runner.init_dist = init_dist
    Runner.wrap_model = wrap_model
