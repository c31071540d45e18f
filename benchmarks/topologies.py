"""Which skeleton and which graph serve best: the same networks on the same clips, over seeds, with paired tests.

    python benchmarks/topologies.py PICKLE [--models stgcn stgcnpp] [--layouts blazepose …] [--modes MODE …]
        [--seeds 3] [--channels 16] [--epochs 15] [--out topologies.md]

PICKLE has BlazePose clips with a train and a val split; for COCO-17 and OpenPose-18 they are remapped. The recipe is
the one for small sets, narrower and without the place in the picture, the mode without --modes the one of each
model's config. Every network is trained once for each seed.

The table has top-1 on the val clips, mean and standard deviation over the seeds, and against the first layout in the
first mode the difference and a paired test over clips: how many seeds had a clip right is compared with how many had
it right there, by permuting the signs of the differences. The p-values of a table are adjusted as Benjamini and
Hochberg have it. The clips are the sample: what other people and cameras would give, they do not say.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.stats
import torch
from numpy.typing import NDArray
from rich.progress import track
from small_networks import small_network, train_and_test

from blazepose_skl.annotations import read_annotations
from blazepose_skl.evaluation import read_scores
from blazepose_skl.outfiles import write_whole
from blazepose_skl.remap import remap_pickle
from blazepose_skl.significance import adjust

MODELS = ('stgcn', 'stgcnpp')
LAYOUTS = ('blazepose', 'enhanced_blazepose', 'blazepose_tree', 'coco', 'openpose')
REMAPPED = ('coco', 'openpose')


@dataclass(frozen=True)
class Run:
    """One network to be compared: which, and whether each seed had each clip right, (seeds, clips)."""

    model: str
    layout: str
    mode: str
    right: NDArray[np.bool_]

    def accuracies(self) -> list[float]:
        """Top-1 of each seed."""
        return [float(value) for value in self.right.mean(axis=1)]


def study(given: argparse.Namespace, folder: Path) -> Iterator[Run]:
    """Train and test every network."""
    data = {layout: given.pickle for layout in given.layouts}
    for layout in set(given.layouts) & set(REMAPPED):
        data[layout] = folder / f'{layout}.pkl'
        remap_pickle(given.pickle, data[layout], layout)
    classes = 1 + max(clip['label'] for clip in read_annotations(given.pickle)['annotations'])
    wanted = [
        (model, layout, mode) for model in given.models for mode in given.modes or [None] for layout in given.layouts
    ]
    rounds = [(*network, seed) for network in wanted for seed in range(given.seeds)]
    right: list[NDArray[np.bool_]] = []
    for model, layout, mode, seed in track(rounds, 'networks'):
        place = folder / f'{model}-{layout}-{mode}-{seed}'
        config = small_network(data[layout], place, layout, classes, given.epochs, given.channels, seed, model)
        if mode:
            config.model.backbone.graph_cfg.mode = mode
        dump = place / 'scores.pkl'
        config.test_evaluator = [dict(type='AccMetric'), dict(type='DumpResults', out_file_path=str(dump))]
        train_and_test(config)
        scores = read_scores(dump)
        order = np.argsort(scores.names)
        right.append((scores.predictions == scores.labels)[order])
        if len(right) == given.seeds:
            run = Run(model, layout, config.model.backbone.graph_cfg.mode, np.array(right))
            print(model, layout, run.mode, *(f'{value:.3f}' for value in run.accuracies()), flush=True)
            yield run
            right = []


def paired(run: Run, reference: Run) -> float:
    """The p-value of a permutation test over clips that two networks have as many right."""
    difference = run.right.mean(axis=0) - reference.right.mean(axis=0)
    if not difference.any():
        return 1.0
    test = scipy.stats.permutation_test((difference,), np.mean, permutation_type='samples', n_resamples=9999, rng=0)
    return float(test.pvalue)


def table(runs: list[Run]) -> str:
    """A table in Markdown for each model: every seed, mean and spread, and what differs from the first network."""
    text = []
    for model in dict.fromkeys(run.model for run in runs):
        reference, *others = [run for run in runs if run.model == model]
        p_values = adjust([paired(run, reference) for run in others])
        text += [f'| {model} | mode | seeds | top-1 | against the first | p |', '|---|---|---|---|---|---|']
        for run, p_value in zip([reference, *others], [None, *p_values], strict=True):
            accuracies = run.accuracies()
            mean = statistics.mean(accuracies)
            spread = f' ± {statistics.stdev(accuracies):.3f}' if len(accuracies) > 1 else ''
            seeds = ', '.join(f'{value:.3f}' for value in accuracies)
            against = f'{mean - statistics.mean(reference.accuracies()):+.3f} | {p_value:.2g}' if p_value else ' | '
            text.append(f'| {run.layout} | {run.mode} | {seeds} | {mean:.3f}{spread} | {against} |')
        text.append('')
    return '\n'.join(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('pickle', type=Path)
    parser.add_argument('--models', nargs='+', choices=MODELS, default=MODELS)
    parser.add_argument('--layouts', nargs='+', choices=LAYOUTS, default=LAYOUTS)
    parser.add_argument('--modes', nargs='+')
    for option, default in dict(seeds=3, channels=16, epochs=15).items():
        parser.add_argument(f'--{option}', type=int, default=default)
    parser.add_argument('--out', type=Path, help='Write the table to this file too.')
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        text = table(list(study(given, Path(name))))
    print(text)
    if given.out:
        write_whole(given.out, text.encode())


if __name__ == '__main__':
    main()
