"""How fast dumps are read: against the standard library with loops, and against msgspec's decoding alone.

    python benchmarks/throughput.py FOLDER [--clips N]

FOLDER holds dumps of one file for each clip; ``--kinetics N`` makes N clips of dialect 1 with 300 frames instead,
numbers in full precision as real files have them. Everything is read into memory first; the ways are run in turn,
and the medians of several runs are printed, with the ratios of ours to the others and of two processes to one.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from blazepose_skl.dumps import Reading
from blazepose_skl.dumps.documents import _decoder, read_json, recognise
from blazepose_skl.dumps.joints import BLAZEPOSE
from blazepose_skl.dumps.reading import clip_of


def with_loops(text: bytes) -> np.ndarray:
    """The standard library and the obvious loops: for dialect 1 the steps of ST-GCN's ``Feeder_kinetics``."""
    dump = json.loads(text)
    return like_the_feeder(dump['data']) if isinstance(dump, dict) else landmark_by_landmark(dump)


def like_the_feeder(frames: list[dict[str, Any]], kept: int = 5, people: int = 2) -> np.ndarray:
    """What ST-GCN's feeder does with a decoded dump: fill, centre, clear what was not seen, the surest people first."""
    array = np.zeros((3, len(frames), BLAZEPOSE.num_joints, kept))
    for frame in frames:
        index = frame['frame_index'] - 1
        for person, skeleton in enumerate(frame['skeleton'][:kept]):
            array[0, index, :, person] = skeleton['pose'][0::2]
            array[1, index, :, person] = skeleton['pose'][1::2]
            array[2, index, :, person] = skeleton['score']
    array[:2] -= 0.5
    array[:2, array[2] == 0] = 0
    by_score = np.argsort(-array[2].sum(axis=1), axis=1)
    for index, order in enumerate(by_score):
        array[:, index] = array[:, index][:, :, order]
    return array[..., :people]


def landmark_by_landmark(dump: list[dict[str, Any]]) -> np.ndarray:
    """What people write who have a list of frames with keypoints."""
    array = np.zeros((4, len(dump), BLAZEPOSE.num_joints, 1), np.float32)
    for index, frame in enumerate(dump):
        for joint, landmark in enumerate(frame['keypoints']):
            array[0, index, joint, 0] = landmark['x']
            array[1, index, joint, 0] = landmark['y']
            array[2, index, joint, 0] = landmark['z']
            array[3, index, joint, 0] = landmark['visibility']
    return array


def decode_alone(text: bytes) -> Any:
    """msgspec's typed decoding of the same text, to objects."""
    return _decoder(recognise(text, 'dump')).decode(text)


def to_clip(text: bytes) -> Any:
    """What the converter does with a dump, up to the arrays of a clip."""
    return clip_of(read_json(text, 'dump', depth=False), Reading(), 'dump').landmarks.shape


def file_to_clip(path: Path) -> Any:
    """The same from a file."""
    return to_clip(path.read_bytes())


OURS = 'blazepose-skl'
WAYS: dict[str, Callable[[bytes], Any]] = {
    'json + loops': with_loops,
    'msgspec decoding alone': decode_alone,
    OURS: to_clip,
}


def kinetics_clip(seed: int, frames: int = 300) -> bytes:
    """A made-up clip of dialect 1 with one person."""
    random = np.random.default_rng(seed)
    data = [
        dict(
            frame_index=frame + 1,
            skeleton=[dict(pose=random.uniform(size=66).tolist(), score=random.uniform(size=33).tolist())],
        )
        for frame in range(frames)
    ]
    return msgspec.json.encode(dict(data=data, label='made up', label_index=0))


def rate(work: Callable[[bytes], Any], texts: list[bytes]) -> float:
    """MB in a second of this process's CPU time, so that others on a busy machine count for little."""
    start = time.process_time()
    for text in texts:
        work(text)
    return sum(map(len, texts)) / 1e6 / (time.process_time() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path, nargs='?')
    parser.add_argument('--clips', type=int, default=10_000, help='read at most so many')
    parser.add_argument('--kinetics', type=int, default=0, help='make so many clips of dialect 1')
    parser.add_argument('--repeats', type=int, default=5, help='runs of each way')
    args = parser.parse_args()
    if args.kinetics:
        texts = [kinetics_clip(seed) for seed in range(args.kinetics)]
    else:
        texts = [path.read_bytes() for path in sorted(args.folder.rglob('*.json'))[: args.clips]]
    print(f'{len(texts)} dumps, {sum(map(len, texts)) / 1e6:.0f} MB, medians of {args.repeats} runs')
    rates: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(args.repeats):
        for name, work in WAYS.items():
            rates[name].append(rate(work, texts))
    medians = {name: statistics.median(speeds) for name, speeds in rates.items()}
    for name, speed in medians.items():
        ratio = '' if name == OURS else f'   {OURS} / this: {medians[OURS] / speed:.2f}'
        print(f'{name:24}{speed:8.0f} MB/s{ratio}')
    with_processes(texts, args.repeats)


def with_processes(texts: list[bytes], repeats: int) -> None:
    """One process against two, both pools warm and in turn; dumps reach the processes as they would from files."""
    # Processes read the dumps themselves; sent through a pipe, they would measure the pipe.
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(1) as one, ProcessPoolExecutor(2) as two:
        paths = [Path(folder, str(number)) for number in range(len(texts))]
        for path, text in zip(paths, texts, strict=True):
            path.write_bytes(text)
        size = sum(map(len, texts)) / 1e6
        rates: dict[int, list[float]] = {1: [], 2: []}
        for run in range(repeats + 1):
            for workers, pool in ((1, one), (2, two)):
                start = time.perf_counter()
                for _ in pool.map(file_to_clip, paths, chunksize=8):
                    pass
                if run:  # the first one warms up
                    rates[workers].append(size / (time.perf_counter() - start))
    alone, together = (statistics.median(speeds) for speeds in rates.values())
    print(f'1 process, warm         {alone:8.0f} MB/s')
    print(f'2 processes, warm       {together:8.0f} MB/s   2 processes / 1: {together / alone:.2f}')


if __name__ == '__main__':
    main()
