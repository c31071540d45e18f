"""How long a stream's recogniser takes for a frame and for a window, and whether its memory grows.

    python benchmarks/streaming.py [--frames 100000] [--length 60] [--stride 30] [--people 1]

The network is ST-GCN++ as the recipe for small sets has it, untrained, which takes as long as a trained one. The
frames are those of synthetic clips, one after another, with the frames in which nobody was found. Finding people in
pictures is not part of it: ``blazepose-skl extract --benchmark`` measures that.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import blazepose_skl.mmaction2  # noqa: F401 - before mmaction is imported
from blazepose_skl.mmaction2.recognizer import Recognizer, load_recognizer
from blazepose_skl.recognition import Sliding, StreamRecognizer
from blazepose_skl.synthetic import ACTIONS, generate_clip

CONFIG = Path(__file__).parent.parent / 'configs/stgcnpp/stgcnpp_1xb16-joint-r32-40e-small_custom-blazepose.py'


def untrained(config: Path) -> Recognizer:
    """The network of a config with as many classes as there are synthetic actions."""
    import torch
    from mmaction.registry import MODELS
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    settings = Config.fromfile(config)
    init_default_scope('mmaction')
    settings.model.cls_head.num_classes = len(ACTIONS)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / 'untrained.pth'
        torch.save(dict(state_dict=MODELS.build(settings.model).state_dict()), checkpoint)
        return load_recognizer(config, checkpoint, classes=list(ACTIONS))


def landmarks(people: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Landmarks (P, V, 2) and scores (P, V) without end; people stand side by side."""
    rng = np.random.default_rng(0)
    clips = [generate_clip(action, rng, frames=90).clip() for action in ACTIONS]
    while True:
        for clip in clips:
            for frame in range(clip.landmarks.shape[1]):
                here = np.repeat(clip.landmarks[:, frame, :, :2], people, axis=0)
                here = here + np.arange(people, dtype=np.float32)[:, None, None] * [clip.size[0], 0]
                there = ~np.isnan(here).all(axis=(1, 2))
                yield here[there].astype(np.float32), np.repeat(clip.scores[:, frame], people, axis=0)[there]


def resident() -> float:
    """MiB of this process in memory."""
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--frames', type=int, default=100_000)
    parser.add_argument('--length', type=int, default=60)
    parser.add_argument('--stride', type=int, default=30)
    parser.add_argument('--people', type=int, default=1)
    options = parser.parse_args()
    sliding = Sliding(options.length, options.stride)
    stream = StreamRecognizer(untrained(CONFIG), (1280, 720), sliding, options.people)
    taken: dict[str, list[tuple[float, float]]] = {'frame': [], 'window': []}
    for number, (here, scores) in zip(range(options.frames), landmarks(options.people), strict=False):
        wall, cpu = time.perf_counter(), time.process_time()
        stream.add(here, scores)
        full = stream.frames - sliding.length
        kind = 'window' if full >= 0 and full % sliding.stride == 0 else 'frame'
        if kind == 'window' or number < 10_000:
            taken[kind].append((time.perf_counter() - wall, time.process_time() - cpu))
        if (number + 1) % (options.frames // 10) == 0:
            print(f'{number + 1:8} frames   {resident():6.0f} MiB', flush=True)
    for kind, times in taken.items():
        (wall, cpu), (slow, _) = np.median(times, axis=0) * 1000, np.percentile(times, 95, axis=0) * 1000
        print(f'a {kind:8} {wall:8.3f} ms, 95 of 100 below {slow:.3f} ms; {cpu:.3f} ms of CPU time')


if __name__ == '__main__':
    main()
