"""Few clips per class: from the weights of a network for COCO-17, against from scratch.

    python benchmarks/transfer.py PICKLE [--clips 5] [--seeds 3] [--channels 16] [--first 10] [--epochs 25]

PICKLE has BlazePose clips of at least four classes with a train and a val split. Every other class is remapped to
COCO-17, and a network learns it there. Then two networks for BlazePose-33 learn the other classes, of which
they get a few clips each: one begins with the weights of the first by the hook InitializeFrom, one from scratch.
No clip and no class is seen by both stages. Top-1 is over the val clips of the second's classes. The recipe is the
one for small sets, narrower and without the place in the picture.
"""

from __future__ import annotations

import argparse
import pickle
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from small_networks import small_network, train_and_test

from blazepose_skl.annotations import read_annotations, select_split
from blazepose_skl.remap import remap_pickle


def write_part(data: dict[str, Any], labels: Sequence[int], clips: int | None, seed: int, path: Path) -> None:
    """The clips of some classes, in training so many of each."""
    chosen = {}
    for split in ('train', 'val'):
        found: dict[int, list[dict[str, Any]]] = {label: [] for label in labels}
        for clip in select_split(data, split, 'PICKLE'):
            if clip['label'] in found:
                found[clip['label']].append({**clip, 'label': labels.index(clip['label'])})
        for some in found.values():
            random.Random(seed).shuffle(some)
        keep = clips if split == 'train' else None
        chosen[split] = [clip for some in found.values() for clip in some[:keep]]
    listed = {split: [clip['frame_dir'] for clip in some] for split, some in chosen.items()}
    annotations = [clip for some in chosen.values() for clip in some]
    path.write_bytes(pickle.dumps(dict(split=listed, annotations=annotations, skeleton='blazepose')))


def top1(
    data: Path, layout: str, classes: int, folder: Path, seed: int, given: argparse.Namespace, begin: Path | None = None
) -> float:
    """The share of val clips that a network gets right; its weights stand in the folder."""
    epochs = given.first if layout == 'coco' else given.epochs
    config = small_network(data, folder, layout, classes, epochs, given.channels, seed)
    if begin is not None:
        config.custom_hooks.append(dict(type='InitializeFrom', checkpoint=str(begin), layout='coco'))
    return float(train_and_test(config)['acc/top1'])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('pickle', type=Path)
    for option, default in dict(clips=5, seeds=3, channels=16, first=10, epochs=25).items():
        parser.add_argument(f'--{option}', type=int, default=default)
    given = parser.parse_args()
    torch.set_num_threads(1)
    data = read_annotations(given.pickle)
    classes = sorted({clip['label'] for clip in data['annotations']})
    before, after = classes[::2], classes[1::2]
    found: dict[str, list[float]] = {'COCO-17, all clips': [], 'from its weights': [], 'from scratch': []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in range(given.seeds):
            start = time.perf_counter()
            whole, coco, few = (folder / f'{part}_{seed}.pkl' for part in ('whole', 'coco', 'few'))
            write_part(data, before, None, seed, whole)
            remap_pickle(whole, coco, 'coco')
            write_part(data, after, given.clips, seed, few)
            first = folder / f'first_{seed}'
            found['COCO-17, all clips'].append(top1(coco, 'coco', len(before), first, seed, given))
            checkpoint = first / f'epoch_{given.first}.pth'
            for how, begin in (('from its weights', checkpoint), ('from scratch', None)):
                part = folder / f'{how.replace(" ", "_")}_{seed}'
                found[how].append(top1(few, 'blazepose', len(after), part, seed, given, begin))
            figures = ', '.join(f'{how} {values[-1]:.3f}' for how, values in found.items())
            print(f'seed {seed}: {figures}; {time.perf_counter() - start:.0f} s', flush=True)
    for how, values in found.items():
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        print(f'{how:24}{statistics.mean(values):.3f} ± {spread:.3f}')


if __name__ == '__main__':
    main()
