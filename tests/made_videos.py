"""Factories: videos whose frames show their numbers, with any times, and turned."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

av = pytest.importorskip('av')

_CODECS = {'.mp4': 'libx264', '.mkv': 'libx264', '.webm': 'libvpx-vp9', '.h264': 'libx264'}
# Degrees clockwise to the first two columns of the matrix in an MP4's track header.
_TURNS = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


def write_video(path: Path, times: Sequence[int] | None = None, size: tuple[int, int] = (96, 64)) -> Path:
    """A video in which nobody is, with frames at these milliseconds; by default ten, 25 a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(_CODECS[path.suffix], rate=25)
        stream.width, stream.height = size
        stream.pix_fmt = 'yuv420p'
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, time in enumerate(range(0, 400, 40) if times is None else times):
            picture = np.full((size[1], size[0], 3), (10 + 10 * number) % 250, np.uint8)
            picture[: size[1] // 4, : size[0] // 4] = 255  # says which corner is the first
            frame = av.VideoFrame.from_ndarray(picture, 'rgb24')
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def number_of(picture: np.ndarray) -> int:
    """The number that a frame shows."""
    height, width = picture.shape[:2]
    middle = picture[height // 2 - 4 : height // 2 + 4, width // 2 - 4 : width // 2 + 4]
    return round((float(middle.mean()) - 10) / 10)


def turn_video(path: Path, degrees: int) -> Path:
    """The same MP4 with the wish that its pictures be turned clockwise, as phones write it."""
    data = bytearray(path.read_bytes())
    matrix = data.index(b'tkhd') + 4 + 40
    a, b, c, d = (number * 0x10000 & 0xFFFFFFFF for number in _TURNS[degrees])
    for place, number in zip((0, 4, 12, 16), (a, b, c, d), strict=True):
        data[matrix + place : matrix + place + 4] = number.to_bytes(4, 'big')
    path.write_bytes(data)
    return path
