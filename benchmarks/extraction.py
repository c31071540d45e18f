"""How fast videos become dumps: one process against the bare MediaPipe loop, and two processes against one.

    python benchmarks/extraction.py VIDEO [--model full] [--repeats N] [--copies N]

The bare loop reads the video with OpenCV and calls MediaPipe on each frame, nothing else. It and ours are run in turn,
warm, on the same video; then so many copies of the video are extracted by one and by two processes in turn, from
their start to their end. Medians, and the ratios of neighbouring runs. On a machine that does other work the figures
mean little: see that it is idle.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import cv2
import mediapipe
from mediapipe.tasks.python import BaseOptions, vision

from blazepose_skl.extraction import Job, Settings, extract
from blazepose_skl.extraction.isolated import Isolated
from blazepose_skl.extraction.many import model_facts
from blazepose_skl.models import find_model


def bare(video: Path, model: Path) -> float:
    """Frames per second of what everybody writes."""
    start, frames = perf_counter(), 0
    options = vision.PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)), running_mode=vision.RunningMode.VIDEO
    )
    capture = cv2.VideoCapture(str(video))
    with vision.PoseLandmarker.create_from_options(options) as landmarker:
        while True:
            there, picture = capture.read()
            if not there:
                break
            rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=rgb)
            landmarker.detect_for_video(image, int(capture.get(cv2.CAP_PROP_POS_MSEC)))
            frames += 1
    return frames / (perf_counter() - start)


def ours(one: Isolated, video: Path, model: Path, folder: Path) -> float:
    """Frames per second of a process that is there already, dump included."""
    dump = folder / 'alone.json'
    dump.unlink(missing_ok=True)
    start = perf_counter()
    job = Job(video.name, str(video), str(dump), str(model), model_facts(model), Settings())
    done = one.extract(job)
    return done.frames / (perf_counter() - start)  # type: ignore[union-attr]


def together(copies: Path, model: Path, folder: Path, jobs: int) -> float:
    """Frames per second of so many processes, their start included."""
    with tempfile.TemporaryDirectory(dir=folder) as dumps:
        start = perf_counter()
        summary = extract(copies, Path(dumps) / 'dumps', str(model), jobs=jobs)
        return summary.frames / (perf_counter() - start)


def compare(name: str, work: Callable[[], float], other: str, other_work: Callable[[], float], repeats: int) -> None:
    """Both in turn; the first of each warms up."""
    pairs = [(work(), other_work()) for _ in range(repeats + 1)][1:]
    for title, rates in zip((name, other), zip(*pairs, strict=True), strict=True):
        print(f'{title:16}{statistics.median(rates):8.1f} frames/s')
    ratios = sorted(second / first for first, second in pairs)
    print(f'{other} / {name}: {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('video', type=Path)
    parser.add_argument('--model', default='full', help='lite, full, heavy or a path')
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--copies', type=int, default=8, help='of the video, for two processes against one')
    args = parser.parse_args()
    video, model = args.video.resolve(), find_model(args.model)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one = Isolated()
        compare(
            'the bare loop',
            lambda: bare(video, model),
            'extract',
            lambda: ours(one, video, model, folder),
            args.repeats,
        )
        one.close()
        copies = folder / 'copies'
        copies.mkdir()
        for number in range(args.copies):
            os.symlink(video, copies / f'{number}{video.suffix}')
        one_process, two_processes = (lambda jobs=jobs: together(copies, model, folder, jobs) for jobs in (1, 2))
        compare('1 process', one_process, '2 processes', two_processes, args.repeats)


if __name__ == '__main__':
    main()
