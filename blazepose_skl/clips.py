"""A skeleton clip in memory: what every reader of dumps produces and every writer takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Clip:
    """The landmarks of one clip.

    Axes are M people, T frames, V joints, C channels.

    Attributes:
        landmarks: (M, T, V, 2 or 3) float32; x to the right, y down; NaN where nothing was seen.
            Image landmarks are in pixels of :attr:`size`, world landmarks in metres.
        scores: (M, T, V) float32 in 0..1; 0 where nothing was seen.
        skeleton: Name of the layout that the joints are in.
        size: (width, height) of the picture in pixels.
        fps: Frames per second, None where the dump does not say.
        source: Where the clip came from, for messages.
        label: The class that the dump names, None where it names none.
        label_index: The number that it gives the class.
        dialect: The dialect that the dump was in.
        coordinates: What the dump counted coordinates in.
        notes: What was recognised, assumed or repaired on the way, for reports.
    """

    landmarks: FloatArray
    scores: FloatArray
    skeleton: str
    size: tuple[int, int]
    fps: float | None = None
    source: str = ''
    label: str | None = None
    label_index: int | None = None
    dialect: str = ''
    coordinates: str = ''
    notes: tuple[str, ...] = ()

    @property
    def missed(self) -> NDArray[np.bool_]:
        """Frames in which nobody was found, (T,)."""
        return np.asarray(np.isnan(self.landmarks).all(axis=(0, 2, 3)))
