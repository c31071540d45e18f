"""A training step of stock ST-GCN++ in bfloat16 autocast, against the same step in float32.

    python benchmarks/training_step.py [--repeats N]

Eight clips of 100 frames and 33 joints; both ways in turn, the median of the repeats counts.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

import blazepose_skl.mmaction2  # noqa: F401, for what it registers and mends

from mmaction.registry import MODELS, OPTIM_WRAPPERS  # isort: skip
from mmaction.structures import ActionDataSample  # isort: skip

CONFIGS = Path(__file__).parent.parent / 'configs/stgcnpp'
STOCK = CONFIGS / 'stgcnpp_8xb16-joint-u100-80e_custom-blazepose.py'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--repeats', type=int, default=7)
    repeats = parser.parse_args().repeats
    init_default_scope('mmaction')
    model = MODELS.build(Config.fromfile(STOCK).model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    clips = [torch.randn(1, 1, 100, 33, 3) for _ in range(8)]
    batch = dict(inputs=clips, data_samples=[ActionDataSample().set_gt_label(i) for i in range(8)])
    wrappers = {
        'float32, OptimWrapper': OPTIM_WRAPPERS.build(dict(type='OptimWrapper', optimizer=optimizer)),
        'bfloat16, AutocastOptimWrapper': OPTIM_WRAPPERS.build(dict(type='AutocastOptimWrapper', optimizer=optimizer)),
    }
    seconds: dict[str, list[float]] = {name: [] for name in wrappers}
    for _ in range(repeats + 1):  # the first warms up
        for name, wrapper in wrappers.items():
            start = time.perf_counter()
            model.train_step(batch, wrapper)
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times[1:]) for name, times in seconds.items()}
    for name, median in medians.items():
        print(f'{name:32}{median:6.2f} s a step')
    full, half = medians.values()
    print(f'bfloat16 is {full / half:.2f} times as fast, {torch.get_num_threads()} threads')


if __name__ == '__main__':
    main()
