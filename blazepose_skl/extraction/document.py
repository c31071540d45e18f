"""The dump that we write: MediaPipe Tasks' own structure, and what it was made of.

A dump is one JSON object, perhaps gzipped, with :class:`Head` as its keys and the frames under ``frames``, the head and
each frame on a line of its own. ``convert`` reads it as dialect 'tasks'.
"""

from __future__ import annotations

import gzip
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import IO

import msgspec
import numpy as np

from blazepose_skl.clips import FloatArray
from blazepose_skl.dumps.outline import decode_beginning
from blazepose_skl.landmarker import Poses
from blazepose_skl.outfiles import appearing

__all__ = ['DIALECT', 'DumpWriter', 'Head', 'ModelFacts', 'Settings', 'read_head']

DIALECT = 'blazepose-skl 1'

# A ten-thousandth of a pixel in a picture 1,000 pixels wide, and of a millimetre; float32 holds not much more.
_DECIMALS = 7
# What is kept in memory of the frames of one video before they go to the disk.
_SPOOL = 1 << 24
# No head is longer.
_LONGEST_HEAD = 1 << 16


class Settings(msgspec.Struct, frozen=True):
    """How people are looked for.

    Attributes:
        people: At most so many in a frame.
        detection: What MediaPipe wants to be sure of to see somebody, 0 to 1.
        presence: Likewise to go on with somebody.
        tracking: Likewise to take somebody for the one in the frame before.
        smoothing: Whether landmarks are smoothed over time, which MediaPipe does for one person only.
        every: Every so manieth frame.
        fps: Or so many frames a second.
    """

    people: int = 1
    detection: float = 0.5
    presence: float = 0.5
    tracking: float = 0.5
    smoothing: bool = True
    every: int = 1
    fps: float | None = None


class ModelFacts(msgspec.Struct, frozen=True):
    """The model: lite, full or heavy, or the name of its file; and the checksum of that."""

    name: str
    sha256: str


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a dump says beside its frames.

    Attributes:
        format: :data:`DIALECT`.
        program: Ours and MediaPipe, with their versions.
        video: The name of the video, from the folder that was given.
        video_bytes: Its size.
        video_fps: Its own rate on average.
        video_frames: The frames that it says it has.
        rotation: Degrees clockwise by which its pictures were turned.
        width: Of the upright pictures.
        height: Likewise.
        fps: Frames per second of the dump.
        model: See there.
        settings: See there.
        listed: Frames in the dump.
        detected: Those in which somebody was found.
        note: What is strange about the video, '' if nothing.
    """

    format: str
    program: str
    video: str
    video_bytes: int
    video_fps: float | None
    video_frames: int | None
    rotation: int
    width: int
    height: int
    fps: float | None
    model: ModelFacts
    settings: Settings
    listed: int
    detected: int
    note: str


class _Landmark(msgspec.Struct, gc=False):
    x: float
    y: float
    z: float
    visibility: float
    presence: float


class _WorldLandmark(msgspec.Struct, gc=False):
    x: float
    y: float
    z: float


class _Frame(msgspec.Struct, gc=False):
    frame: int
    video_frame: int
    timestamp_ms: float
    pose_landmarks: list[list[_Landmark]]
    pose_world_landmarks: list[list[_WorldLandmark]]


class DumpWriter:
    """Writes a dump that is there as a whole, when it is finished, or not at all.

    Args:
        path: The dump, gzipped if its name ends in .gz.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # Beside the dump: a folder for temporary files may be too small for an hour of frames.
        self._frames: IO[bytes] = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - closed in the end
            _SPOOL, dir=str(path.parent)
        )
        self._encode = msgspec.json.Encoder().encode
        self.listed = self.detected = 0

    def add(self, frame: int, number: int, time: float, poses: Poses) -> None:
        """Add a frame.

        Args:
            frame: Where it stands in the dump.
            number: Where it stands in the video.
            time: Seconds.
            poses: The people in it.
        """
        marks = np.concatenate([poses.image, poses.visibility[..., None], poses.presence[..., None]], axis=-1)
        people = [[_Landmark(*mark) for mark in person] for person in _numbers(marks)]
        worlds = [[_WorldLandmark(*mark) for mark in person] for person in _numbers(poses.world)]
        self._frames.write(b',\n' if self.listed else b'\n')
        self._frames.write(self._encode(_Frame(frame, number, round(time * 1000, 3), people, worlds)))
        self.listed += 1
        self.detected += bool(people)

    def finish(self, head: Head) -> None:
        """Put the head before the frames, and the dump in its place."""
        with appearing(self._path) as part, part.open('wb') as raw, self._packing(raw) as file:
            file.write(self._encode(head)[:-1] + b',"frames":[')
            self._frames.seek(0)
            shutil.copyfileobj(self._frames, file, 1 << 20)
            file.write(b'\n]}\n')

    def _packing(self, raw: IO[bytes]) -> AbstractContextManager[IO[bytes]]:
        if self._path.suffix != '.gz':
            return nullcontext(raw)
        # Without name and time in it the same video gives the same bytes.
        return gzip.GzipFile('', 'wb', 6, raw, mtime=0)  # type: ignore[return-value]

    def __enter__(self) -> DumpWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._frames.close()


def _numbers(values: FloatArray) -> Sequence[Sequence[Sequence[float]]]:
    """Nested lists of float32 without the digits that float64 would show."""
    rounded: list[list[list[float]]] = np.round(values.astype(np.float64), _DECIMALS).tolist()
    return rounded


def read_head(dump: Path) -> Head | None:
    """The head of a dump, None if there is none or it is not one of ours."""
    try:
        with gzip.open(dump) if dump.suffix == '.gz' else dump.open('rb') as file:
            beginning = file.read(_LONGEST_HEAD)
        head = msgspec.convert(decode_beginning(beginning), Head)
    except (OSError, EOFError, msgspec.MsgspecError, RecursionError):
        return None
    return head if head.format == DIALECT else None
