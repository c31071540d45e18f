"""How fast a clip becomes what a network takes: UniformSampleSkeleton and the small recipe, against MMAction2's steps.

    python benchmarks/loader.py [--repeats N] [--layout blazepose]

MMAction2's steps are PreNormalize2D (PreNormalize3D for nturgb+d), GenSkeFeat, UniformSampleFrames, PoseDecode and
FormatGCNInput; what follows, PackActionInputs, is the same for both and not counted. With a layout that it does not
know, GenSkeFeat makes the bones as the adapter does, which is faster than its own loop. Both get the same clips and
random numbers and are run in turn; the medians of the repeats count. First it is proved, clip by clip, that the arrays
and the random numbers afterwards are the same.

Two people in ten clips are 0.8 MB. Where glibc hands such arrays back to the system and asks for them anew, new pages
cost both about 0.2 ms; in the environment MALLOC_TRIM_THRESHOLD_=268435456 MALLOC_MMAP_THRESHOLD_=33554432 avoids
that.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope

import blazepose_skl.mmaction2  # noqa: F401, for what it registers and mends
from blazepose_skl.skeletons import get_skeleton

SMALL = Path(__file__).parent.parent / 'configs/stgcnpp/stgcnpp_1xb16-{}-r32-40e-small_custom-blazepose.py'
STREAMS = dict(j='joint', b='bone', jm='joint-motion', bm='bone-motion')
FRAMES, CLIP_LEN, CLIPS = (100, 186, 300), 100, 8
SAMPLING = dict(training=dict(num_clips=1), testing=dict(num_clips=10, test_mode=True))

Clip = dict[str, Any]


def make_clips(layout: str, people: int, frames: int) -> list[Clip]:
    """People of made-up numbers: with scores, or for NTU-25 in metres."""
    random = np.random.default_rng(frames)
    shape = (people, frames, get_skeleton(layout).num_joints)
    flat = layout != 'nturgb+d'
    clips = []
    for number in range(CLIPS):
        clip = dict(frame_dir=str(number), label=0, total_frames=frames, img_shape=(480, 640))
        clip['keypoint'] = random.normal(240, 60, (*shape, 2 if flat else 3)).astype(np.float32)
        if flat:
            clip['keypoint_score'] = random.uniform(size=shape).astype(np.float32)
        clips.append(clip)
    return clips


def stock(layout: str, feat: str, people: int, sampling: Clip) -> Compose:
    return Compose(
        [
            dict(type='PreNormalize3D' if layout == 'nturgb+d' else 'PreNormalize2D'),
            dict(type='GenSkeFeat', dataset=layout, feats=[feat]),
            dict(type='UniformSampleFrames', clip_len=CLIP_LEN, **sampling),
            dict(type='PoseDecode'),
            dict(type='FormatGCNInput', num_person=people),
        ]
    )


def ours(layout: str, feat: str, people: int, sampling: Clip) -> Compose:
    normalize = 'PreNormalize3D' if layout == 'nturgb+d' else 'PreNormalize2D'
    told = dict(layout=layout, feats=[feat], clip_len=CLIP_LEN, num_person=people, normalize=normalize, **sampling)
    return Compose([dict(type='UniformSampleSkeleton', **told)])


def copied(clips: Sequence[Clip]) -> list[Clip]:
    """As a data set hands them out: MMAction2's steps write into them."""
    return [{key: value.copy() if isinstance(value, np.ndarray) else value for key, value in c.items()} for c in clips]


def prove_equal(ways: Sequence[Callable[[Clip], Clip]], clips: Sequence[Clip]) -> None:
    for number in range(len(clips)):
        made = []
        for way in ways:
            np.random.seed(number)
            inputs = way(copied(clips)[number])['keypoint']
            made.append((inputs.shape, inputs.dtype, inputs.tobytes(), np.random.randint(2**31, size=4).tolist()))
        if made[0] != made[1]:
            raise SystemExit(f'clip {number} of {clips[0]["keypoint"].shape}: not the same')


def seconds(way: Callable[[Clip], Clip], clips: Sequence[Clip]) -> float:
    """For a clip, of this process's CPU time, so that others on a busy machine count for little."""
    inputs = copied(clips)
    np.random.seed(0)
    start = time.process_time()
    for clip in inputs:
        way(clip)
    return (time.process_time() - start) / len(clips)


def medians(ways: Sequence[Callable[[Clip], Clip]], clips: Sequence[Clip], repeats: int) -> list[float]:
    spent: list[list[float]] = [[] for _ in ways]
    for _ in range(repeats):
        for way, times in zip(ways, spent, strict=True):
            times.append(seconds(way, clips))
    return [statistics.median(times) for times in spent]


def print_row(title: str, cells: Sequence[str]) -> None:
    print(f'{title:26}' + ''.join(f'{cell:>22}' for cell in cells), flush=True)


def print_cell(before: float, now: float) -> str:
    return f'{before * 1e6:.0f} / {now * 1e6:.0f} us = {before / now:.1f}'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--repeats', type=int, default=15)
    parser.add_argument('--layout', default='blazepose')
    args = parser.parse_args()
    init_default_scope('mmaction')
    print(f'{args.layout}, a clip: MMAction2 / UniformSampleSkeleton = ratio, medians of {args.repeats}; results equal')
    print_row('', list(STREAMS))
    for name, sampling in SAMPLING.items():
        for people in (1, 2):
            for frames in FRAMES:
                clips, cells = make_clips(args.layout, people, frames), []
                for feat in STREAMS:
                    ways = [made(args.layout, feat, people, sampling) for made in (stock, ours)]
                    prove_equal(ways, clips)
                    cells.append(print_cell(*medians(ways, clips, args.repeats)))
                print_row(f'{name}, {people} x {frames} frames', cells)
    if args.layout == 'blazepose':
        small_recipe(args.repeats)


def small_recipe(repeats: int) -> None:
    print('MMAction2 / the recipe for small sets, which makes other things of a clip')
    for name in ('train', 'test'):
        for frames in FRAMES:
            clips, cells = make_clips('blazepose', 1, frames), []
            for feat, stream in STREAMS.items():
                loader = Config.fromfile(str(SMALL).format(stream))[f'{name}_dataloader']
                sampling = SAMPLING['training' if name == 'train' else 'testing']
                ways = [stock('blazepose', feat, 1, sampling), Compose(loader.dataset.pipeline[:-1])]
                cells.append(print_cell(*medians(ways, clips, repeats)))
            print_row(f'{name}, 1 x {frames} frames', cells)


if __name__ == '__main__':
    main()
