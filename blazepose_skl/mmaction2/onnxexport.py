"""A trained graph network as one ONNX file, with all that recognition needs (:mod:`blazepose_skl.onnxform`)."""

from __future__ import annotations

import copy
import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmaction.models.backbones import AAGCN, STGCN
from mmaction.models.heads import GCNHead
from torch import Tensor, nn

from blazepose_skl.annotations import annotate
from blazepose_skl.errors import InputError
from blazepose_skl.labels import counted
from blazepose_skl.mmaction2.lowering import lower
from blazepose_skl.mmaction2.recognizer import Recognizer, load_recognizer
from blazepose_skl.onnxform import INPUT, KEY, OUTPUT, VERSION, Description, made_up, pack_description
from blazepose_skl.onnxmodel import load_onnx
from blazepose_skl.outfiles import appearing, check_place
from blazepose_skl.plainpipeline import Step, build_pipeline, declare, describe_pipeline

__all__ = ['export_onnx']

# Of ONNX; ONNX Runtime reads it since 1.14.
_OPSET = 18
# The scores of a file and of the framework.
_TOLERANCE = 1e-4


def export_onnx(
    config: Path | str, checkpoint: Path | str, out: Path, classes: Sequence[str] | None = None
) -> Description:
    """Write a network, from the input of its test pipeline to its scores, and try it against the framework.

    Args:
        config: See :func:`load_recognizer`.
        checkpoint: Likewise.
        out: The file, .onnx.
        classes: See :func:`load_recognizer`.

    Raises:
        InputError: The network or its test pipeline has a part that cannot be exported, or gives other scores then.
    """
    onnx = _need_onnx()
    check_place(out, '.onnx')
    recognizer = load_recognizer(config, checkpoint, 'cpu', classes)
    model, where = recognizer._model, str(config)
    _check(model, where)
    described = describe_pipeline(recognizer.steps, where)
    coordinates, inputs = _try(build_pipeline(described), recognizer, where)
    people = inputs.shape[1]
    network = _Exported(model, torch.from_numpy(inputs)).eval()
    written = onnx.load_from_string(_write(network, inputs, where))
    description = Description(
        version=VERSION,
        network=type(model.backbone).__name__,
        streams=_streams(described),
        classes=recognizer.classes,
        skeleton=declare(recognizer.skeleton),
        coordinates=coordinates,
        people=people,
        frames=recognizer.frames,
        fps=recognizer.fps,
        pipeline=tuple(described),
        proof=tuple(recognizer.classify([made_up(recognizer.skeleton, coordinates)])[0].tolist()),
    )
    onnx.helper.set_model_props(written, {KEY: pack_description(description)})
    with appearing(out) as part:
        part.write_bytes(written.SerializeToString())
        _compare(recognizer, part, description, where)
    return description


def _need_onnx() -> Any:
    try:
        import onnx
        import onnxruntime  # noqa: F401, for what is written is tried
    except ImportError as error:
        raise InputError(
            f"an export needs onnx and onnxruntime ({error}); pip install 'blazepose-skl[export]'"
        ) from None
    return onnx


def _check(model: Any, where: str) -> None:
    """Refuse what is no graph network as they are here."""
    parts = dict(
        backbone=(model.backbone, (STGCN, AAGCN), 'STGCN and AAGCN'), cls_head=(model.cls_head, (GCNHead,), 'GCNHead')
    )
    for name, (part, known, names) in parts.items():
        if not isinstance(part, known):
            raise InputError(f'{where}: {name} {type(part).__name__} cannot be exported; {names} can')
    if model.cls_head.average_clips not in ('prob', 'score'):
        raise InputError(
            f'{where}: average_clips={model.cls_head.average_clips} of cls_head cannot be exported, for then each '
            "of several clips has its own scores; 'prob' and 'score' can"
        )


def _try(pipeline: Step, recognizer: Recognizer, where: str) -> tuple[int, Any]:
    """How many coordinates the network takes, and its input of a clip, (clips, M, T, V, C)."""
    errors, wanted = [], recognizer._model.backbone.in_channels
    for coordinates in (2, 3):
        clip = made_up(recognizer.skeleton, coordinates)
        try:
            inputs = pipeline(annotate(clip, clip.source) | dict(start_index=0))['keypoint']
        except InputError as error:
            errors.append(str(error))
            continue
        if inputs.ndim == 5 and inputs.shape[-1] == wanted:
            return coordinates, inputs.astype(np.float32)
        errors.append(f'of {coordinates} coordinates it makes {inputs.shape}')
    raise InputError(
        f'{where}: its test pipeline does not make what its backbone takes, {wanted} channels: {"; ".join(errors)}'
    )


def _streams(described: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(feat for step in described for feat in step.get('feats', ()))


def _compare(recognizer: Recognizer, file: Path, description: Description, where: str) -> None:
    exported = load_onnx(file)
    for people in {1, description.people}:
        for frames in (31, 173):
            clip = made_up(recognizer.skeleton, description.coordinates, people, frames)
            difference = float(np.abs(exported.classify([clip]) - recognizer.classify([clip])).max())
            if not difference <= _TOLERANCE:
                raise InputError(
                    f'{where}: exported, the network gives scores that differ by {difference:.2g} from those of the '
                    f'framework, for {counted(people, "person", "people")} in {frames} frames; something in it is not '
                    'known here'
                )


# -- the network ------------------------------------------------------------------------------------------


class _Exported(nn.Module):
    """From (N, clips, M, T, V, C) to scores (N, K), as RecognizerGCN in testing.

    The backbone knows one person at a time, so that what it makes of one who is 0 is the same every time: for each
    place among the people it is computed here, and in recognition no more.

    Args:
        model: The trained one.
        inputs: Of a clip, (clips, M, T, V, C) with as many people as there may be.
    """

    rest: Tensor
    scale: Tensor
    shift: Tensor

    def __init__(self, model: Any, inputs: Tensor) -> None:
        super().__init__()
        self.backbone: Any = copy.deepcopy(model.backbone).eval()
        self.fc, self.average = copy.deepcopy(model.cls_head.fc), model.cls_head.average_clips
        self.people = inputs.shape[1]
        lower(self.backbone)
        self._take_normalization(inputs)
        with torch.no_grad():
            nobody = self._look(torch.zeros_like(inputs[:1]))[0]  # (M, C)
        # Of the people from each place on: all, all but the first, ..., none.
        rest = [nobody[number:].sum(0) for number in range(self.people + 1)]
        self.register_buffer('rest', torch.stack(rest))

    def _take_normalization(self, inputs: Tensor) -> None:
        """Of the batch norm in front a scale and a shift of each number, (M or 1, 1, V, C)."""
        norm, (_, people, _, joints, channels) = self.backbone.data_bn, inputs.shape
        self.backbone.data_bn, kind = nn.Identity(), self.backbone.data_bn_type
        self.backbone.data_bn_type = None
        shape = (people if kind == 'MVC' else 1, 1, joints, channels)
        scale, shift = torch.ones(shape), torch.zeros(shape)
        if not isinstance(norm, nn.Identity):
            scale = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().reshape(shape)
            shift = norm.bias.detach().reshape(shape) - norm.running_mean.reshape(shape) * scale
        self.register_buffer('scale', scale)
        self.register_buffer('shift', shift)

    def _look(self, x: Tensor) -> Tensor:
        """The features of people, (N, M, C)."""
        count = x.shape[1] if len(self.scale) > 1 else 1
        x = x * self.scale[:count] + self.shift[:count]
        features: Tensor = self.backbone(x).mean((3, 4))
        return features

    def forward(self, x: Tensor) -> Tensor:
        count, clips, people = x.shape[:3]
        features = self._look(x.reshape(count * clips, *x.shape[2:]))
        scores: Tensor = self.fc((features.sum(1) + self.rest[people]) / self.people).reshape(count, clips, -1)
        return (scores.softmax(2) if self.average == 'prob' else scores).mean(1)


def _write(network: nn.Module, inputs: Any, where: str) -> bytes:
    file = io.BytesIO()
    # Two of each, lest one be taken for a number that never changes.
    example = torch.from_numpy(np.stack([inputs[:1].repeat(2, 0)] * 2))
    axes = {0: 'clips', 1: 'views', 2: 'people'}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # that there is another exporter, which takes thrice as long
            torch.onnx.export(
                network,
                (example,),
                file,  # type: ignore[arg-type]
                dynamo=False,
                opset_version=_OPSET,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_axes={INPUT: axes, OUTPUT: {0: 'clips'}},
            )
    except Exception as error:  # an operation that ONNX has not may fail in any way
        reason = str(error).strip().splitlines()[0]
        raise InputError(f'{where}: its network cannot be exported ({type(error).__name__}: {reason})') from None
    return file.getvalue()
