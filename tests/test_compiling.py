"""The backbone compiled by a config line."""

import importlib
import logging
from types import SimpleNamespace

import pytest

pytest.importorskip('mmaction', reason='mmaction2 is absent')
importlib.import_module('blazepose_skl.mmaction2')  # before what it mends

import torch

from blazepose_skl.mmaction2 import compiling
from blazepose_skl.mmaction2.compiling import CompileBackbone, why_not_compiled


@pytest.fixture
def runner():
    backbone = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU())
    return SimpleNamespace(model=SimpleNamespace(backbone=backbone), logger=logging.getLogger('test'))


def test_a_compiled_backbone_gives_the_same_and_saves_the_same(runner, monkeypatch):
    monkeypatch.setattr(compiling, 'get_device', lambda: 'cpu')
    reason = why_not_compiled('cpu')
    if reason:
        pytest.skip(f'nothing can be compiled here: {reason}')
    backbone = runner.model.backbone
    values, names = torch.randn(5, 3), list(backbone.state_dict())
    before = backbone(values)
    CompileBackbone().before_train(runner)
    assert backbone._compiled_call_impl is not None
    assert torch.allclose(backbone(values), before, atol=1e-6)
    assert list(backbone.state_dict()) == names
    once = backbone._compiled_call_impl
    CompileBackbone().before_test(runner)
    assert backbone._compiled_call_impl is once


def test_without_a_compiler_training_goes_on_with_a_sentence(runner, monkeypatch, caplog):
    monkeypatch.setattr(compiling, 'get_device', lambda: 'cpu')
    monkeypatch.setattr('torch._inductor.config.cpp.cxx', ('no-such-compiler',))
    CompileBackbone().before_train(runner)
    assert runner.model.backbone._compiled_call_impl is None
    (record,) = (record for record in caplog.records if record.name == 'test')
    assert record.message.startswith('CompileBackbone: nothing is compiled, training goes on without (')
    assert runner.model.backbone(torch.zeros(1, 3)).shape == (1, 4)
