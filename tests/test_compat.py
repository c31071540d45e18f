"""The mends, each against the fault that it mends."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip('mmaction', reason='mmaction2 is absent')
import torch
from mmengine.logging import HistoryBuffer

from blazepose_skl import compat


@pytest.fixture(autouse=True, scope='module')
def _mended():
    compat.mend()


def test_mmaction_models_import_and_a_drn_says_what_is_missing():
    code = (
        'from blazepose_skl.compat import stand_in_for_drn as mend; mend(); mend()\n'
        'from mmaction.models import DRN, BMN\n'
        'DRN()'
    )
    result = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=False)
    assert 'ImportError: DRN is missing from the installed mmaction2 wheel' in result.stderr


def test_a_real_drn_is_left_alone(tmp_path, monkeypatch):
    real = tmp_path / 'mmaction' / 'models' / 'localizers' / 'drn' / 'drn.py'
    real.parent.mkdir(parents=True)
    real.touch()
    (tmp_path / 'mmaction' / '__init__.py').touch()
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.split('.')[0] == 'mmaction']:
        monkeypatch.delitem(sys.modules, name)
    compat.stand_in_for_drn()
    assert not [name for name in sys.modules if 'drn' in name]


def what_mmengine_stores():
    history = HistoryBuffer(max_length=10)
    for value in (1.0, 2.0):
        history.update(value)
    return dict(
        meta=dict(epoch=1, seed=0, cfg='x = 1', dataset_meta={}),
        message_hub=dict(log_scalars={'train/loss': history}, runtime_info={'loss': np.float32(1), 'n': np.int64(2)}),
        state_dict={'weight': torch.ones(2)},
        array=np.arange(3),
    )


def test_what_mmengine_stores_is_read(tmp_path):
    torch.save(what_mmengine_stores(), tmp_path / 'checkpoint.pth')
    loaded = torch.load(tmp_path / 'checkpoint.pth', weights_only=True)
    assert loaded['message_hub']['log_scalars']['train/loss'].mean() == 1.5
    assert loaded['message_hub']['runtime_info'] == {'loss': 1, 'n': 2}
    np.testing.assert_array_equal(loaded['array'], np.arange(3))


class Evil:
    """Pickles as a call."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    'payload',
    [
        lambda flag: Evil(eval, f'open({str(flag)!r}, "w").close()'),
        lambda flag: Evil(exec, f'open({str(flag)!r}, "w").close()'),
        lambda flag: Evil(getattr, HistoryBuffer, '__init__'),
        lambda flag: Evil(getattr, HistoryBuffer, 'register_statistics'),
        lambda flag: Evil(getattr, np.ndarray, 'tofile'),
        lambda flag: Evil(getattr, Evil(getattr, HistoryBuffer, 'mean'), '__globals__'),
    ],
    ids=['eval', 'exec', 'init', 'register', 'ndarray', 'globals'],
)
def test_a_checkpoint_that_would_run_code_is_refused(tmp_path, payload):
    flag, file = tmp_path / 'flag', tmp_path / 'evil.pth'
    torch.save(dict(what_mmengine_stores(), evil=payload(flag)), file)
    with pytest.raises((pickle.UnpicklingError, PermissionError)):
        torch.load(file, weights_only=True)
    assert not flag.exists()


def test_distributed_is_mended_only_without_an_accelerator():
    from mmengine.device import get_device
    from mmengine.runner import Runner, runner

    assert hasattr(runner.init_dist, '__wrapped__') == hasattr(Runner.wrap_model, '__wrapped__')
    assert hasattr(runner.init_dist, '__wrapped__') == (get_device() == 'cpu')
    compat.allow_distributed_cpu()
    assert not hasattr(getattr(runner.init_dist, '__wrapped__', None), '__wrapped__')


def test_a_module_gets_the_infinity_that_numpy_2_lost_and_numpy_stays():
    from types import ModuleType

    module = ModuleType('upstream')
    module.np = np
    compat.spell_infinity(module)
    compat.spell_infinity(module)
    assert module.np.Inf == np.inf
    assert module.np.ndarray is np.ndarray
    assert module.np.random is np.random
    assert hasattr(np, 'Inf') == np.__version__.startswith('1.')
