"""What every reader of a dump gives: the detections as they stand in the file, nothing decided yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.clips import FloatArray

__all__ = ['Metadata', 'Recording', 'to_float32']


def to_float32(values: NDArray[np.floating[Any]]) -> FloatArray:
    """The same in float32, infinite where that cannot hold them: :func:`.reading.clip_of` refuses such."""
    with np.errstate(over='ignore'):
        return values.astype(np.float32)


@dataclass(frozen=True)
class Metadata:
    """What a dump says about its clip; None where it says nothing.

    Attributes:
        size: (width, height) of the picture in pixels.
        fps: Frames per second.
        label: The name of the class.
        label_index: The number of the class.
    """

    size: tuple[int, int] | None = None
    fps: float | None = None
    label: str | None = None
    label_index: int | None = None


@dataclass(frozen=True)
class Recording:
    """The detections of one clip. Axes are N detections (one person in one frame), T frames, V joints.

    Attributes:
        dialect: Name of the dialect it was read as.
        length: T, the frames listed in the file, those without a person included.
        frames: (N,) the frame of each detection, 0 to T - 1, ascending.
        image: (N, V, 2 or 3) float32, x, y and perhaps depth as the file has them, NaN where unseen; None if
            the file has no landmarks in the picture.
        world: (N, V, 3) float32, likewise for landmarks about the body.
        scores: (N, V) float32 as the file has them, NaN where it has none.
        numbers: (T,) the numbers that the file gives its frames, None if it gives none.
        times: (T,) the seconds that it gives its frames, None if it gives none.
        metadata: What else the file says.
        notes: What was repaired or recognised while reading, for the report.
        deeper: Reads the same with depth and world landmarks, where these were left out; else None.
    """

    dialect: str
    length: int
    frames: NDArray[np.intp]
    image: FloatArray | None
    world: FloatArray | None
    scores: FloatArray
    numbers: NDArray[np.float64] | None = None
    times: NDArray[np.float64] | None = None
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()
    deeper: Callable[[], Recording] | None = None

    def noting(self, *notes: str) -> Recording:
        """The same with more notes."""
        return replace(self, notes=self.notes + notes)
