"""How long a clip takes to be recognised: the exported file in ONNX Runtime, against the framework.

    python benchmarks/recognition.py [--repeats N] [--threads N] [--config FILE --checkpoint FILE]

Both get the same clip, from the landmarks to the scores, test pipeline included, and are run in turn; the medians of
the repeats count, of processor time, which on one thread is what passes on a machine that does nothing else. First it
is proved that the scores are the same within 1e-4. Without a config the networks are those of configs/ with made-up
weights: full width and ten clips of 100 frames with places for two people (u100), half width and four clips of 32
frames for one (small).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

import blazepose_skl.mmaction2  # noqa: F401, registers what the configs name
from blazepose_skl.mmaction2.onnxexport import export_onnx
from blazepose_skl.mmaction2.recognizer import load_recognizer
from blazepose_skl.mmaction2.training import put_skeleton
from blazepose_skl.onnxform import made_up
from blazepose_skl.onnxmodel import load_onnx

CONFIGS = Path(__file__).parent.parent / 'configs'
NETWORKS = {
    'ST-GCN++ small': 'stgcnpp/stgcnpp_1xb16-joint-r32-40e-small_custom-blazepose.py',
    '2s-AGCN small': '2s-agcn/2s-agcn_1xb16-joint-r32-40e-small_custom-blazepose.py',
    'ST-GCN++ u100': 'stgcnpp/stgcnpp_8xb16-joint-u100-80e_custom-blazepose.py',
    'ST-GCN u100': 'stgcn/stgcn_8xb16-joint-u100-80e_custom-blazepose.py',
    '2s-AGCN u100': '2s-agcn/2s-agcn_8xb16-joint-u100-80e_custom-blazepose.py',
}
FRAMES = 150


def networks(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """Configs with checkpoints of made-up weights."""
    init_default_scope('mmaction')
    for name, file in NETWORKS.items():
        settings = Config.fromfile(CONFIGS / file)
        settings.num_classes = settings.model.cls_head.num_classes = 16
        config, checkpoint = folder / f'{name}.py', folder / f'{name}.pth'
        settings.dump(config)
        put_skeleton(settings)
        torch.manual_seed(0)
        torch.save(dict(state_dict=MODELS.build(settings.model).state_dict()), checkpoint)
        yield name, config, checkpoint


def compare(name: str, config: Path, checkpoint: Path, folder: Path, repeats: int, threads: int) -> None:
    out = folder / f'{name}.onnx'
    description = export_onnx(config, checkpoint, out)
    framework, exported = load_recognizer(config, checkpoint), load_onnx(out, threads)
    for people in sorted({1, description.people}):
        clip = made_up(framework.skeleton, description.coordinates, people, FRAMES)
        times: dict[str, list[float]] = {'framework': [], 'exported': []}
        difference = float(np.abs(framework.classify([clip]) - exported.classify([clip])).max())
        if difference > 1e-4:
            raise SystemExit(f'{name}: scores differ by {difference}')
        for _ in range(repeats):
            for way, recognizer in (('framework', framework), ('exported', exported)):
                start = time.process_time()
                recognizer.classify([clip])
                times[way].append(time.process_time() - start)
        before, after = (statistics.median(listed) for listed in times.values())
        print(
            f'{name:16} people {people}   framework {before * 1e3:7.1f} ms   exported {after * 1e3:7.1f} ms   '
            f'{after / before:.2f} of it   scores within {difference:.0e}',
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--repeats', type=int, default=9)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--config', type=Path)
    parser.add_argument('--checkpoint', type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = [('given', arguments.config, arguments.checkpoint)] if arguments.config else networks(folder)
        for network in given:
            compare(*network, folder, arguments.repeats, arguments.threads)


if __name__ == '__main__':
    main()
