"""A network out of the file that ``blazepose-skl export`` wrote, as a function from clips to scores.

ONNX Runtime computes, on the CPU; no framework is imported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from blazepose_skl.annotations import annotate
from blazepose_skl.clips import Clip, FloatArray
from blazepose_skl.errors import InputError
from blazepose_skl.onnxform import INPUT, OUTPUT, Description, made_up, read_description
from blazepose_skl.plainpipeline import Step, build_pipeline
from blazepose_skl.skeletons import Skeleton, get_skeleton, skeleton_names

__all__ = ['OnnxRecognizer', 'load_onnx']


@dataclass(frozen=True)
class OnnxRecognizer:
    """Gives the scores of clips, those that the framework's test gives, within 1e-4.

    Attributes:
        skeleton: The layout of the clips.
        classes: The names of the K classes.
        frames: T of the median training clip, None where the file does not say.
        fps: Frames per second of the training clips, likewise.
        description: All that the file says of itself.
        where: The file, for messages.
    """

    skeleton: Skeleton
    classes: tuple[str, ...]
    frames: float | None
    fps: float | None
    description: Description
    where: str
    _session: Any
    _pipeline: Step

    def classify(self, clips: Sequence[Clip]) -> FloatArray:
        """The scores of N clips, (N, K); their gaps are filled already (``Filling.applied_to``).

        Raises:
            InputError: A clip has other joints or channels than the network takes.
        """
        scores = np.zeros((len(clips), len(self.classes)), np.float32)
        together: dict[tuple[int, ...], list[tuple[int, FloatArray]]] = defaultdict(list)
        for number, clip in enumerate(clips):
            inputs = self._prepare(clip)
            together[inputs.shape].append((number, inputs))
        for numbered in together.values():
            batch = np.stack([inputs for _, inputs in numbered])
            (found,) = self._session.run([OUTPUT], {INPUT: batch})
            scores[[number for number, _ in numbered]] = found
        return scores

    def _prepare(self, clip: Clip) -> FloatArray:
        """What the network takes of a clip, (clips, M, T, V, C), without what it need not compute."""
        self._check(clip)
        inputs: FloatArray = self._pipeline(annotate(clip, clip.source) | dict(start_index=0))['keypoint']
        if (inputs == inputs[:1]).all():  # as those of a clip that is as long as they are: their mean is one of them
            inputs = inputs[:1]
        there = np.flatnonzero(inputs.any(axis=(0, 2, 3, 4)))
        return inputs[:, : there[-1] + 1 if len(there) else 1].astype(np.float32, copy=False)

    def _check(self, clip: Clip) -> None:
        joints, coordinates = clip.landmarks.shape[2:]
        if joints != self.skeleton.num_joints or self._is_another(clip.skeleton):
            raise InputError(
                f"{clip.source or 'a clip'}: {joints} joints of '{clip.skeleton}' where the network of {self.where} "
                f"takes the {self.skeleton.num_joints} of '{self.skeleton.name}'; remap the clip, or export a "
                'network of its skeleton'
            )
        if coordinates != self.description.coordinates:
            raise InputError(
                f'{clip.source or "a clip"}: {coordinates} coordinates where the network of {self.where} takes '
                f'{self.description.coordinates}; read {"image" if coordinates == 3 else "world"} landmarks'
            )

    def _is_another(self, name: str) -> bool:
        """Whether it is the name of a skeleton with other joints, as far as is known."""
        return name in skeleton_names() and get_skeleton(name).joints != self.skeleton.joints


def load_onnx(path: Path | str, threads: int = 0) -> OnnxRecognizer:
    """A recogniser from a file that ``blazepose-skl export`` wrote; it is all that is needed.

    Args:
        path: The file.
        threads: Of ONNX Runtime; 0 for as many as there are cores.

    Raises:
        InputError: ONNX Runtime is absent, or the file is none, damaged, not one of ours, or of another version.
    """
    try:
        import onnxruntime
    except ImportError:
        raise InputError(
            f"{path}: an exported network needs onnxruntime, which is absent; pip install 'blazepose-skl[onnx]'"
        ) from None
    if not Path(path).is_file():
        raise InputError(f'{path}: no such file; `blazepose-skl export` writes one')
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # what is wrong is raised
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])
    except Exception as error:  # of many types, which it does not name
        reason = str(error).splitlines()[0]
        raise InputError(f'{path}: not an ONNX file that can be read, or damaged ({reason})') from None
    description = read_description(session.get_modelmeta().custom_metadata_map, str(path))
    try:
        skeleton, pipeline = get_skeleton(description.skeleton), build_pipeline(description.pipeline)
    except InputError as error:
        raise InputError(f'{path}: its description is damaged ({error}); export it again') from None
    recognizer = OnnxRecognizer(
        skeleton=skeleton,
        classes=description.classes,
        frames=description.frames,
        fps=description.fps,
        description=description,
        where=str(path),
        _session=session,
        _pipeline=pipeline,
    )
    _prove(recognizer)
    return recognizer


def _prove(recognizer: OnnxRecognizer) -> None:
    """Nothing, if the scores of the clip that all know are those that the file says."""
    description, where = recognizer.description, recognizer.where
    try:
        (scores,) = recognizer.classify([made_up(recognizer.skeleton, description.coordinates)])
        proved = np.allclose(scores, description.proof, atol=1e-3)
    except Exception as error:  # of ONNX Runtime, or of shapes that do not fit
        reason = str(error).splitlines()[0]
        raise InputError(f'{where}: damaged: it cannot be run ({reason}); export it again') from None
    if not proved:
        raise InputError(f'{where}: damaged: it gives other scores than when it was made; export it again')
