"""Frames of a video or a camera, upright, with the times that the container gives them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.errors import InputError

__all__ = ['SUFFIXES', 'Frame', 'VideoFacts', 'check_opencv', 'cut_short', 'read_facts', 'read_frames']

# What is taken for a video in a folder.
SUFFIXES = (
    '.3gp', '.avi', '.flv', '.gif', '.m2ts', '.m4v', '.mkv', '.mov', '.mp4', '.mpeg', '.mpg', '.ogv', '.ts', '.webm',
    '.wmv',
)  # fmt: skip

# A video of which less than this share of the promised time can be read is said to be cut short.
_WHOLE = 0.9


@dataclass(frozen=True)
class VideoFacts:
    """What a video says about itself.

    Attributes:
        width: Of the upright picture, in pixels.
        height: Likewise.
        fps: Frames per second on average, None if it does not say.
        frames: How many it says there are, exact in some containers only; None if it does not say.
        rotation: Degrees clockwise by which its pictures are turned to be upright: 0, 90, 180 or 270.
    """

    width: int
    height: int
    fps: float | None = None
    frames: int | None = None
    rotation: int = 0


class Frame(NamedTuple):
    """One frame: the upright picture, (H, W, 3) uint8 in RGB; seconds since the first; its number from 0."""

    picture: NDArray[np.uint8]
    time: float
    number: int


def check_opencv() -> None:
    """Nothing, if OpenCV is here.

    Raises:
        InputError: It is not.
    """
    try:
        _opencv()
    except ImportError as error:
        raise InputError(
            f'videos are read with OpenCV, which is not here ({error}); pip install opencv-python-headless'
        ) from None


def read_facts(source: Path | str | int) -> VideoFacts:
    """What a video, or a camera by its index, says about itself; no frame is decoded.

    Raises:
        InputError: It is no video that OpenCV reads, or there is no such camera.
    """
    video = _open(_place(source))
    try:
        return _facts(video)
    finally:
        video.release()


def read_frames(source: Path | str | int, wanted: Callable[[float, int], bool] | None = None) -> Iterator[Frame]:
    """The frames of a video, or of a camera by its index, in order.

    A rotation that the container asks for is done. Times are the container's own, so that they are true where the
    rate varies; where they stand still, as in bare streams without times, frames follow at the average rate. A
    camera's times are those at which its frames came.

    Args:
        source: The path of the video, or the index of a camera.
        wanted: Says from its time and number whether a frame is; others are passed over.

    Raises:
        InputError: It is no video that OpenCV reads, has no frames, or there is no such camera.
    """
    cv2 = _opencv()
    source = _place(source)
    video = _open(source)
    try:
        step = 1 / (_facts(video).fps or 25)
        last, start = -step, time.monotonic()
        number = 0
        while True:
            if not video.grab():
                break
            told = video.get(cv2.CAP_PROP_POS_MSEC) / 1000 if isinstance(source, Path) else time.monotonic() - start
            last = told if told > last else last + step
            if wanted is None or wanted(last, number):
                there, picture = video.retrieve()
                if not there:
                    break
                yield Frame(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), last, number)
            number += 1
    finally:
        video.release()
    if not number:
        raise InputError(f'{_name(source)}: no frame in it could be read; the file is damaged or has no pictures')


def cut_short(facts: VideoFacts, last: float) -> str:
    """That a video ended before the time that it promises, '' if it did not.

    Args:
        facts: What it says about itself.
        last: Seconds from the first frame that could be read to the last.
    """
    if not (facts.frames and facts.fps):
        return ''
    read, promised = last + 1 / facts.fps, facts.frames / facts.fps
    return f'only {read:.1f} of its {promised:.1f} seconds could be read' if read < _WHOLE * promised else ''


def _opencv() -> Any:
    # What is wrong with a file is said in one sentence of ours, not by each of the libraries beneath.
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
    import cv2

    if 'OPENCV_LOG_LEVEL' not in os.environ:  # which is too late to set if somebody imported it before
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2


def _place(source: Path | str | int) -> Path | int:
    return Path(source) if isinstance(source, str) else source


def _name(source: Path | int) -> str:
    return str(source) if isinstance(source, Path) else f'camera {source}'


def _open(source: Path | int) -> Any:
    cv2 = _opencv()
    if isinstance(source, Path):
        try:
            if source.is_dir():
                raise InputError(f'{source}: a folder; give one video')
            if not source.stat().st_size:
                raise InputError(f'{source}: the file is empty; a video was expected')
        except OSError as error:
            raise InputError(f'{source}: cannot be read: {error.strerror}') from None
    video = cv2.VideoCapture(str(source) if isinstance(source, Path) else source)
    if video.isOpened() and (video.get(cv2.CAP_PROP_FRAME_WIDTH) >= 1 or not isinstance(source, Path)):
        return video
    video.release()
    if isinstance(source, Path):
        raise InputError(
            f'{source}: not a video that OpenCV can read; remove it, or re-encode it, as with ffmpeg -i OLD NEW.mp4'
        )
    raise InputError(f'camera {source}: there is none that can be opened; cameras are counted from 0')


def _facts(video: Any) -> VideoFacts:
    cv2 = _opencv()
    width, height = (round(video.get(key)) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    fps, frames = video.get(cv2.CAP_PROP_FPS), video.get(cv2.CAP_PROP_FRAME_COUNT)
    return VideoFacts(
        width=width,
        height=height,
        fps=float(fps) if 0.1 <= fps <= 1000 else None,
        frames=round(frames) if 0 < frames < 1e9 else None,
        rotation=round(video.get(cv2.CAP_PROP_ORIENTATION_META)) % 360,
    )
