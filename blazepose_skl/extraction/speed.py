"""How fast the models are on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from blazepose_skl.errors import InputError
from blazepose_skl.extraction.document import Settings
from blazepose_skl.extraction.sampling import Sampling
from blazepose_skl.landmarker import Landmarker, Thresholds
from blazepose_skl.models import MODELS, find_model
from blazepose_skl.video import check_opencv, read_facts, read_frames

__all__ = ['Speed', 'measure_models']

# Frames before the clock starts: MediaPipe prepares its network at the first.
_WARM_UP = 3


@dataclass(frozen=True)
class Speed:
    """Frames, and frames per second from the file to landmarks."""

    frames: int
    rate: float


def measure_models(video: Path, settings: Settings) -> Iterator[tuple[str, Speed | InputError]]:
    """For lite, full and heavy in turn how fast it is in one process, or why it is not to be had.

    Raises:
        InputError: The video cannot be read, or is too short.
    """
    check_opencv()
    read_facts(video)
    for name in MODELS:
        try:
            model = find_model(name)
        except InputError as error:
            yield name, error
        else:
            yield name, _measure(video, model, settings)


def _measure(video: Path, model: Path, settings: Settings) -> Speed:
    thresholds = Thresholds(settings.detection, settings.presence, settings.tracking)
    sampling = Sampling(read_facts(video).fps, settings.every, settings.fps)
    frames, start = 0, perf_counter()
    with Landmarker(model, settings.people, thresholds, settings.smoothing) as landmarker:
        for picture, time, _ in read_frames(video, lambda time, number: sampling.take(time, number) is not None):
            landmarker.find(picture, time)
            frames += 1
            if frames == _WARM_UP:
                start = perf_counter()
        took = perf_counter() - start
    if frames <= _WARM_UP:
        raise InputError(f'{video}: too few frames to measure, {frames}; give a longer video')
    return Speed(frames, (frames - _WARM_UP) / took)
