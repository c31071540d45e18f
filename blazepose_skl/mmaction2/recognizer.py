"""A trained network as a function from clips to scores, with the test pipeline of its config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import init_default_scope

from blazepose_skl.annotations import annotate
from blazepose_skl.clips import Clip, FloatArray
from blazepose_skl.configs import find_config
from blazepose_skl.errors import InputError
from blazepose_skl.launch import explain
from blazepose_skl.mmaction2.recipe import difference, read_recipe, tested_dataset
from blazepose_skl.mmaction2.training import put_skeleton
from blazepose_skl.skeletons import BLAZEPOSE, Skeleton, get_skeleton
from blazepose_skl.steps import RemapSkeleton

__all__ = ['Recognizer', 'load_recognizer']


@dataclass(frozen=True)
class Recognizer:
    """Gives the scores of clips, those that the framework's test gives.

    Attributes:
        skeleton: The layout of the clips.
        classes: The names of the K classes.
        frames: T of the median training clip, None where the checkpoint does not say.
        fps: Frames per second of the training clips, likewise.
        steps: Of the test pipeline, as the config has them.
    """

    skeleton: Skeleton
    classes: tuple[str, ...]
    frames: float | None
    fps: float | None
    steps: Sequence[Mapping[str, Any]]
    _model: Any
    _pipeline: Any

    def classify(self, clips: Sequence[Clip]) -> FloatArray:
        """The scores of N clips, (N, K); their gaps are filled already (``Filling.applied_to``).

        Raises:
            InputError: A clip has other joints or channels than the network takes.
        """
        if not clips:
            return np.zeros((0, len(self.classes)), np.float32)
        # What PoseDataset adds to an annotation.
        facts = dict(label=-1, modality='Pose', start_index=0, sample_idx=0)
        batch = pseudo_collate([self._pipeline(annotate(clip, clip.source) | facts) for clip in clips])
        with torch.inference_mode():
            samples = self._model.test_step(batch)
        return np.stack([sample.pred_score.float().cpu().numpy() for sample in samples])


def load_recognizer(
    config: Path | str, checkpoint: Path | str, device: str = 'cpu', classes: Sequence[str] | None = None
) -> Recognizer:
    """A recogniser from a config and the checkpoint that was trained with it.

    Args:
        config: A file; one that training left in its work directory says everything.
        checkpoint: A file; nothing in it is executed.
        device: Of PyTorch.
        classes: The names of the classes; without them those that the checkpoint holds, else numbers.

    Raises:
        InputError: One of them or the device cannot be had, the config is of no skeleton network, or they do not
            belong together.
    """
    place = _find_device(device)
    settings = _read_config(Path(config))
    put_skeleton(settings)
    weights, meta = _read_checkpoint(Path(checkpoint))
    count = _count_classes(weights, checkpoint)
    # In our configs the number of classes is left to the command line.
    given = settings.get('num_classes')
    if 'num_classes' in settings:
        settings.model.cls_head.num_classes = count if given is None else given
    expected = settings.model.cls_head.get('num_classes')
    if expected != count:
        raise InputError(f'{checkpoint}: {count} classes where {config} has {expected}; give the config it is from')
    recipe = read_recipe(str(meta.get('cfg', '')))
    other = difference(recipe, settings)
    if other:
        raise InputError(
            f'{checkpoint}: trained with {other} of {config}; give the config that training left in its work directory'
        )
    model = _build(settings, config)
    _load(model, weights, checkpoint, config)
    facts = meta.get('dataset_meta') or {}
    names = tuple(map(str, classes or facts.get('classes') or range(count)))
    if len(names) != count:
        raise InputError(f'{len(names)} class names where {checkpoint} has {count} classes; give the names of all')
    steps = tested_dataset(settings)['pipeline']
    pipeline = Compose(steps)
    return Recognizer(
        skeleton=_skeleton(settings, pipeline),
        classes=names,
        frames=facts.get('frames'),
        fps=facts.get('fps'),
        steps=[dict(step) for step in steps],
        _model=model.to(place).eval(),
        _pipeline=pipeline,
    )


def _find_device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0].rstrip('.')
        raise InputError(f"device '{name}': not to be had from PyTorch here ({reason}); 'cpu' always is") from None
    return device


def _read_config(path: Path) -> Any:
    path = find_config(path)
    try:
        settings = Config.fromfile(path)
    except Exception as error:  # a config is a program, and may fail in any way
        raise InputError(f'{path}: not a config that can be read ({type(error).__name__}: {error})') from None
    if 'model' not in settings or tested_dataset(settings).get('type') != 'PoseDataset':
        raise InputError(
            f'{path}: not a config of a skeleton network: it needs a model, and a test_dataloader of a PoseDataset'
        )
    init_default_scope(settings.get('default_scope') or 'mmaction')
    return settings


def _read_checkpoint(path: Path) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """The weights by name, and what stands beside them."""
    if not path.is_file():
        raise InputError(f'{path}: no such checkpoint')
    try:
        content = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # a damaged file may fail in any way
        sentence = explain(error) or f'the checkpoint was not loaded: it is damaged ({type(error).__name__}: {error})'
        raise InputError(f'{path}: {sentence}') from None
    weights = content.get('state_dict', content) if isinstance(content, Mapping) else {}
    weights = {name.removeprefix('module.'): value for name, value in weights.items() if torch.is_tensor(value)}
    if not weights:
        raise InputError(f'{path}: no weights in it; give a checkpoint that training saved')
    return weights, content.get('meta') or {}


def _count_classes(weights: Mapping[str, Any], where: Path | str) -> int:
    heads = [value for name, value in weights.items() if name.startswith('cls_head.') and value.ndim == 2]
    if not heads:
        raise InputError(f'{where}: no weights of a classification head in it; give a checkpoint of a recogniser')
    return int(heads[-1].shape[0])


def _build(settings: Any, where: Path | str) -> Any:
    try:
        return MODELS.build(settings.model)
    except Exception as error:
        sentence = explain(error)
        if sentence is None:
            raise
        raise InputError(f'{where}: {sentence}') from None


def _load(model: Any, weights: Mapping[str, Any], checkpoint: Path | str, config: Path | str) -> None:
    """Put weights into a model, all of them; the framework's loader goes on over what does not fit."""
    own = model.state_dict()
    for name in sorted({*own, *weights}):
        theirs, ours = (tuple(state[name].shape) if name in state else None for state in (weights, own))
        if theirs != ours:
            raise InputError(
                f'{checkpoint}: {name} is {theirs or "missing"} in it and {ours or "missing"} in the network of '
                f'{config}; give the config it was trained with'
            )
    # The graph of a network that does not train it; every skeleton of as many joints has this shape.
    fixed = [name for name, _ in model.named_buffers() if name.endswith('.A')]
    if any(not torch.allclose(weights[name], own[name].cpu()) for name in fixed):
        raise InputError(f'{checkpoint}: trained on another graph than that of {config}; name its layout and mode')
    model.load_state_dict(weights)


def _skeleton(settings: Any, pipeline: Any) -> Skeleton:
    """That of the clips: where the pipeline remaps them, the skeleton that they have before."""
    remaps = [step for step in pipeline.transforms if isinstance(step, RemapSkeleton)]
    if remaps:
        return remaps[0].source
    layout = (settings.model.get('backbone') or {}).get('graph_cfg', {}).get('layout')
    try:
        return get_skeleton(layout) if layout is not None else BLAZEPOSE
    except InputError:
        raise InputError(
            f"layout '{layout}' has no names of joints; recognition takes skeletons of this package"
        ) from None
