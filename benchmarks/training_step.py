"""A training step of stock ST-GCN++ in float32, in bfloat16 autocast, and in bfloat16 with its backbone compiled.

    python benchmarks/training_step.py [--repeats N] [--batch 8]

Clips of 100 frames and 33 joints; the ways in turn, the median of the repeats counts.
"""

from __future__ import annotations

import argparse
import copy
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
# The optimiser's wrapper of each way, and whether the backbone is compiled.
WAYS = {
    'float32, OptimWrapper': ('OptimWrapper', False),
    'bfloat16, AutocastOptimWrapper': ('AutocastOptimWrapper', False),
    'bfloat16, CompileBackbone': ('AutocastOptimWrapper', True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--repeats', type=int, default=7)
    parser.add_argument('--batch', type=int, default=8)
    given = parser.parse_args()
    init_default_scope('mmaction')
    first = MODELS.build(Config.fromfile(STOCK).model)
    clips = [torch.randn(1, 1, 100, 33, 3) for _ in range(given.batch)]
    batch = dict(inputs=clips, data_samples=[ActionDataSample().set_gt_label(i) for i in range(given.batch)])
    steps = {}
    for name, (wrapper, compiled) in WAYS.items():
        model = copy.deepcopy(first)
        if compiled:
            model.backbone.compile()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        steps[name] = (model, OPTIM_WRAPPERS.build(dict(type=wrapper, optimizer=optimizer)))
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(given.repeats + 1):  # the first warms up
        for name, (model, wrapper) in steps.items():
            start = time.perf_counter()
            model.train_step(batch, wrapper)
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times[1:]) for name, times in seconds.items()}
    full = next(iter(medians.values()))
    for name, median in medians.items():
        print(f'{name:32}{median:6.2f} s a step, {full / median:.2f} times')
    print(f'{torch.get_num_threads()} threads')


if __name__ == '__main__':
    main()
