"""Registers the pipeline steps of :mod:`blazepose_skl.steps`, and the one that stands for five of MMAction2's."""

from __future__ import annotations

from mmaction.registry import TRANSFORMS

from blazepose_skl.facing import FaceCamera
from blazepose_skl.fixedlength import RepeatOrDropFrames
from blazepose_skl.steps import STEPS
from blazepose_skl.uniformsample import UniformSampleSkeleton

for _step in (*STEPS, FaceCamera, RepeatOrDropFrames, UniformSampleSkeleton):
    TRANSFORMS.register_module(force=True, module=_step)
