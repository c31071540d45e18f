"""Registers the pipeline steps of :mod:`blazepose_skl.steps`."""

from __future__ import annotations

from mmaction.registry import TRANSFORMS

from blazepose_skl.steps import STEPS

for _step in STEPS:
    TRANSFORMS.register_module(force=True, module=_step)
