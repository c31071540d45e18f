"""What stands in an exported network besides the network: all that recognition needs, as JSON in the file's metadata.

The network itself takes ``keypoint`` (N, clips, M, T, V, C) float32, what the test pipeline makes of N clips, and
gives ``scores`` (N, K). Of N, clips and M there may be any number, M up to the people of the pipeline: who is left out
at the end is as one who is 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from blazepose_skl.clips import Clip
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import Skeleton

__all__ = ['INPUT', 'KEY', 'OUTPUT', 'VERSION', 'Description', 'made_up', 'pack_description', 'read_description']

VERSION = 1
# Of the metadata.
KEY = 'blazepose_skl'
INPUT, OUTPUT = 'keypoint', 'scores'


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What an exported network is.

    Attributes:
        version: Of this form.
        network: The backbone, in words.
        streams: What it sees: j, b, jm, bm.
        classes: The names of the K classes.
        skeleton: The declaration of the layout of clips.
        coordinates: 2 (pixels) or 3 (metres).
        people: So many are looked at together.
        frames: T of the median training clip, None where the checkpoint does not say.
        fps: Frames per second of the training clips, likewise.
        pipeline: Its steps (:mod:`blazepose_skl.plainpipeline`).
        proof: The scores of the clip that :func:`made_up` gives.
    """

    version: int
    network: str
    streams: tuple[str, ...]
    classes: tuple[str, ...]
    skeleton: dict[str, Any]
    coordinates: int
    people: int
    frames: float | None
    fps: float | None
    pipeline: tuple[dict[str, Any], ...]
    proof: tuple[float, ...]


def pack_description(description: Description) -> str:
    """As it stands in the metadata."""
    return msgspec.json.encode(description).decode()


def read_description(metadata: Mapping[str, str], where: str) -> Description:
    """What the metadata of a file says.

    Raises:
        InputError: It is not there, damaged, or of another version.
    """
    text = metadata.get(KEY)
    if text is None:
        raise InputError(f'{where}: an ONNX file, but not one of ours; write it with `blazepose-skl export`')
    try:
        version = msgspec.json.decode(text, type=dict[str, Any]).get('version')
        if version != VERSION:
            raise InputError(f'{where}: version {version} where {VERSION} is read here; export it again')
        return msgspec.json.decode(text, type=Description)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f'{where}: its description is damaged ({error}); export it again') from None


def made_up(skeleton: Skeleton, coordinates: int, people: int = 1, frames: int = 48) -> Clip:
    """A clip to try a network with, the same everywhere and every time; all joints are seen."""
    shape = (people, frames, skeleton.num_joints, coordinates)
    scale = 100.0 if coordinates == 2 else 0.5
    phase = np.arange(np.prod(shape)).reshape(shape)
    places = 2 * np.sin(phase[:, :1] * 0.7) + 0.3 * np.sin(phase * 0.013)
    landmarks = (places + (3 if coordinates == 2 else 0)) * scale
    return Clip(
        landmarks.astype(np.float32), np.full(shape[:3], 0.9, np.float32), skeleton.name, (640, 480), 30.0, 'made up'
    )
