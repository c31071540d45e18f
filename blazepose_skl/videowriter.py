"""A video file from pictures: H.264 in MP4, as every player and browser opens it."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from blazepose_skl.errors import InputError
from blazepose_skl.outfiles import appearing

if TYPE_CHECKING:
    from blazepose_skl.draw import Picture

__all__ = ['VideoWriter', 'check_encoder']

_TICKS = 90_000  # in a second, as in MPEG
# Of a picture in H.264 at level 5.2: its longest side, and its area.
_LONGEST, _LARGEST = 4096, 36_864 * 16 * 16


def check_encoder() -> None:
    """Nothing, if there is an encoder for H.264.

    Raises:
        InputError: PyAV is not here, or without it.
    """
    try:
        # OpenCV goes first: its windows hang on the X libraries that PyAV brings if they are there already.
        import cv2  # noqa: F401, I001
        import av

        av.Codec('libx264', 'w')
    except (ImportError, ValueError) as error:
        raise InputError(
            f"videos are written by PyAV's H.264 encoder, which is not here ({error}); "
            "pip install 'blazepose-skl[video]'"
        ) from None


class VideoWriter:
    """Writes pictures of one size, each shown from its time on; the file appears when the block ends well.

    Pictures larger than H.264's level 5.2 allows, which is what players of 4K can show, are made smaller.

    OpenCV's own writer has no H.264 in the wheels, and the MPEG-4 that it has opens in no browser.

    Args:
        path: The file, .mp4.
        fps: About how many pictures come in a second; their times need not be regular.

    Raises:
        InputError: There is no encoder, or the file cannot be written.
    """

    def __init__(self, path: Path, fps: float) -> None:
        check_encoder()
        self._path, self._rate = path, Fraction(fps).limit_denominator(1001)
        self._stream: Any = None
        self._last = -1

    def __enter__(self) -> VideoWriter:
        import av

        with ExitStack() as stack:
            part = stack.enter_context(appearing(self._path))
            # The file that MP4 players can begin to show before they have all of it.
            options = {'movflags': '+faststart'}
            self._file = stack.enter_context(av.open(str(part), 'w', format='mp4', options=options))
            self._files = stack.pop_all()
        return self

    def add(self, picture: Picture, time: float) -> None:
        """Add a picture, (H, W, 3) uint8 in RGB, that is shown from ``time`` seconds on."""
        import av

        fitting = _fitting(picture)
        # H.264 has one colour for two by two pixels.
        even = np.pad(fitting, [(0, fitting.shape[0] % 2), (0, fitting.shape[1] % 2), (0, 0)], mode='edge')
        if self._stream is None:
            self._stream = self._file.add_stream('libx264', rate=self._rate)
            self._stream.height, self._stream.width = even.shape[:2]
            self._stream.pix_fmt = 'yuv420p'
            self._stream.options = {'crf': '20', 'preset': 'veryfast'}
            self._stream.codec_context.time_base = Fraction(1, _TICKS)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format='rgb24')
        self._last = max(round(time * _TICKS), self._last + 1)
        frame.pts, frame.time_base = self._last, Fraction(1, _TICKS)
        self._file.mux(self._stream.encode(frame))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._files:
            if error is not None:
                raise error
            if self._stream is not None:
                self._file.mux(self._stream.encode())


def _fitting(picture: Picture) -> Picture:
    """The picture, or a smaller one where it is too large for players."""
    import cv2

    height, width = picture.shape[:2]
    share = min(_LONGEST / max(height, width), (_LARGEST / (height * width)) ** 0.5)
    if share >= 1:
        return picture
    # Sides of whole blocks, so that none is begun beyond the area.
    size = [max(16, int(side * share) // 16 * 16) for side in (width, height)]
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
