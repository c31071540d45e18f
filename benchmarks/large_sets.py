"""What a set of very many clips takes to open and to read, as an Arrow file and as MMAction2 reads its pickle.

    python benchmarks/large_sets.py FOLDER [--clips N] [--frames T] [--stock N] [--reads N] [--rounds N]

Writes FOLDER/clips-NxT.arrow (unless it is there; a pickle first, which is removed) and prints, each in a process of
its own: the time to open it and the memory that only that process has, after opening and after so many random reads,
then that of each of two data workers after half as many. Beside it stock ``PoseDataset`` with pickles of as many
clips as it can hold (--stock), and, in one process, the time of a random clip of either over the same clips, in rounds
that take turns.

Memory is USS, which counts pages of a file that no other process has mapped. Arrays are read, not mapped, so that
theirs are not in it; the system keeps these for all processes as long as there is room. What it has read at random it
keeps in smaller pieces than what was written, and takes longer to copy: the race is run on a file just written, and
again after the system has forgotten the file and all clips were read once.
"""

from __future__ import annotations

import argparse
import logging
import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from blazepose_skl.annotations import write_annotations
from blazepose_skl.repack import repack

CLASSES = 400


def generate(path: Path, clips: int, frames: int) -> None:
    """A pickle of made-up clips, as ``convert`` writes them."""
    random = np.random.default_rng(0)
    keypoint = random.uniform(0, 1000, (1, frames, 33, 2)).astype(np.float32)
    score = random.uniform(0, 1, (1, frames, 33)).astype(np.float32)

    def annotations() -> Iterator[dict[str, Any]]:
        for number in shown(range(clips), f'Writing {path.name}'):
            yield dict(
                frame_dir=name(number),
                img_shape=(1080, 1920),
                original_shape=(1080, 1920),
                total_frames=frames,
                keypoint=keypoint + np.float32(number % 1000),
                keypoint_score=score,
                fps=30.0,
                missed=0.0,
                label=number % CLASSES,
            )

    def name(number: int) -> str:
        return f'{number % CLASSES:03}/{number:07}'

    names = [name(number) for number in range(clips)]
    write_annotations(path, annotations(), dict(split=dict(train=names[::2], val=names[1::2], all=names)))


def shown(items: Any, what: str) -> Iterable[Any]:
    console = Console(stderr=True)
    return track(items, what, console=console, transient=True, disable=not console.is_terminal)


def files(folder: Path, clips: int, frames: int, pickle: bool) -> Path:
    """The file of so many clips."""
    source, out = (folder / f'clips-{clips}x{frames}{suffix}' for suffix in ('.pkl', '.arrow'))
    if not (source if pickle else out).exists():
        if not source.exists():
            generate(source, clips, frames)
        if not out.exists():
            repack(source, out, lambda numbers: shown(numbers, f'Writing {out.name}'))
        if not pickle:
            source.unlink()
    return source if pickle else out


# -- in processes of their own ----------------------------------------------------------------------


def apart(function: Callable[..., Any], *args: Any) -> Any:
    with ProcessPoolExecutor(1, get_context('spawn')) as pool:
        return pool.submit(function, *args).result()


def uss() -> float:
    """MiB that only this process has."""
    fields = dict(line.split(':') for line in Path('/proc/self/smaps_rollup').read_text().splitlines()[1:])
    return sum(int(fields[key].split()[0]) for key in ('Private_Clean', 'Private_Dirty')) / 1024


def import_all() -> None:
    """What opening a set imports, which is the same for both."""
    warnings.simplefilter('ignore')
    logging.disable(logging.INFO)
    import pyarrow.ipc  # noqa: F401

    import blazepose_skl.mmaction2  # noqa: F401


def open_set(path: Path) -> Any:
    """The data set of a stock config, which is ours by the name of the file."""
    import_all()
    from mmaction.datasets import PoseDataset

    return PoseDataset(str(path), [], split='all')


def read(dataset: Any, reads: int, seed: int = 0, clock: Callable[[], float] = time.process_time) -> float:
    """Microseconds of a random clip, in CPU time, which a busy machine changes less."""
    order = np.random.default_rng(seed).integers(0, len(dataset), reads).tolist()
    start = clock()
    for number in order:
        dataset.get_data_info(number)
    return (clock() - start) / reads * 1e6


def alone(path: Path, reads: int) -> tuple[float, float, float, float]:
    """Seconds to open; MiB before, behind that, and after so many reads."""
    import_all()
    before, start = uss(), time.perf_counter()
    dataset = open_set(path)
    took, opened = time.perf_counter() - start, uss()
    read(dataset, reads)
    return took, before, opened, uss()


_set: Any = None


def hold(dataset: Any) -> None:
    """Begin a worker, as data loaders do: the data set is sent once, or is there already."""
    global _set
    import_all()
    _set = dataset if dataset is not None else _set


def in_worker(reads: int, seed: int) -> float:
    read(_set, reads, seed)
    return uss()


def workers(path: Path, reads: int, method: str) -> tuple[float, float]:
    """MiB of each of two workers after so many reads."""
    global _set
    _set = open_set(path)
    sent = _set if method == 'spawn' else None
    pools = [ProcessPoolExecutor(1, get_context(method), hold, (sent,)) for _ in range(2)]
    jobs = [pool.submit(in_worker, reads, seed) for seed, pool in enumerate(pools)]
    first, second = (job.result() for job in jobs)
    for pool in pools:
        pool.shutdown()
    return first, second


def race(arrow: Path, pickle: Path, reads: int, rounds: int, forgotten: bool) -> tuple[float, float]:
    """Microseconds of CPU time of a random clip of either, medians of rounds that take turns; both must be equal."""
    ours, stock = open_set(arrow), open_set(pickle)
    for number in np.random.default_rng(0).integers(0, len(stock), 300).tolist():
        np.testing.assert_equal(ours.get_data_info(number), stock.get_data_info(number))
    if forgotten:
        forget(arrow)
        for number in np.random.default_rng(1).permutation(len(ours)).tolist():
            ours.get_data_info(number)
    read(ours, reads), read(stock, reads)
    times = [(read(ours, reads, seed), read(stock, reads, seed)) for seed in shown(range(rounds), 'Taking turns')]
    ours_median, stock_median = np.median(times, axis=0)
    return float(ours_median), float(stock_median)


def forget(path: Path) -> None:
    """Have the system drop what it keeps of a file."""
    with open(path, 'rb') as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def from_disk(path: Path, reads: int) -> float:
    """Microseconds of a random clip of a file that the system has forgotten."""
    forget(path)
    dataset = open_set(path)
    return read(dataset, reads, clock=time.perf_counter)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path)
    parser.add_argument('--clips', type=int, nargs='+', default=[30_000, 300_000])
    parser.add_argument('--frames', type=int, default=32)
    parser.add_argument('--stock', type=int, nargs='+', default=[30_000])
    parser.add_argument('--reads', type=int, default=100_000)
    parser.add_argument('--rounds', type=int, default=7)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    print(f'{given.frames} frames a clip, {given.reads} random reads, MiB of USS')
    print('            clips     file      open  imports   opened     read   spawned workers    forked workers')
    plan = [('stock', clips) for clips in given.stock] + [('arrow', clips) for clips in given.clips]
    for kind, clips in plan:
        path = apart(files, given.folder, clips, given.frames, kind == 'stock')
        took, before, opened, after = apart(alone, path, given.reads)
        spawned, forked = (apart(workers, path, given.reads // 2, method) for method in ('spawn', 'fork'))
        print(
            f'{kind:7}{clips:10}{path.stat().st_size / 1e9:6.1f} GB{took:8.2f} s{before:9.0f}{opened:9.0f}{after:9.0f}'
            f'{spawned[0]:9.0f}{spawned[1]:9.0f}{forked[0]:9.0f}{forked[1]:9.0f}',
            flush=True,
        )
    for clips in given.stock:
        pickle = apart(files, given.folder, clips, given.frames, True)
        arrow = pickle.with_suffix('.arrow')
        apart(repack, pickle, arrow)
        for forgotten in (False, True):
            ours, stock = apart(race, arrow, pickle, min(given.reads, 20_000), given.rounds, forgotten)
            how = 'read again at random' if forgotten else 'just written'
            print(f'a random clip of {clips}, {how}: {ours:.1f} us, stock {stock:.1f} us, ratio {ours / stock:.2f}')
    print(f'forgotten by the system: {apart(from_disk, path, 2000):.0f} us a clip, the first 2000 reads')


if __name__ == '__main__':
    main()
