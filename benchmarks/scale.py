"""Whether the rate and the memory of a conversion stay level as the number of clips grows.

    python benchmarks/scale.py FOLDER [--clips N] [--frames T] [--jobs N] [--clip-folder] [--report]

Generates N tiny clips of dialect 1 into FOLDER/clips.zip (unless it is there) in a process of its own, converts it, and
prints the rate of every tenth of the clips and the peak memory of the process and of the largest of those that it
started; with a report, what that took besides.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import time
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import msgspec
import numpy as np

from blazepose_skl.conversionreport import report_conversion, write_report
from blazepose_skl.convert import convert
from blazepose_skl.dumps.sources import Source
from blazepose_skl.splits import split_by_ratio

CLASSES = 400


def generate(path: Path, clips: int, frames: int) -> None:
    """Clips of dialect 1, numbers in full precision, in a zip."""
    random = np.random.default_rng(0)
    with zipfile.ZipFile(path.with_suffix('.new'), 'w', zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for clip in range(clips):
            numbers = random.uniform(0.2, 0.8, (frames, 99))
            data = [
                dict(frame_index=frame + 1, skeleton=[dict(pose=row[:66].tolist(), score=row[66:].tolist())])
                for frame, row in enumerate(numbers)
            ]
            label = clip % CLASSES
            dump = dict(data=data, label=f'class {label}', label_index=label)
            archive.writestr(f'{label:03}/{clip:07}.json', msgspec.json.encode(dump))
    path.with_suffix('.new').rename(path)


def by_tenths(sources: Sequence[Source]) -> Iterator[Source]:
    """The sources; says after each tenth of them how fast it was.

    CPU time is that of this process; beside it, a busy machine shows in the first number alone.
    """
    tenth = max(len(sources) // 10, 1)
    start, began = time.perf_counter(), time.process_time()
    for number, source in enumerate(sources, 1):
        yield source
        if number % tenth == 0:
            now, spent = time.perf_counter(), time.process_time()
            rates = f'{tenth / (now - start):8.0f} clips/s{tenth / (spent - began):8.0f} in a second of CPU time'
            print(f'{100 * number // len(sources):4} %{rates}   {peak()}', flush=True)
            start, began = now, spent


def peak() -> str:
    """The largest memory so far; that of processes is known when they have ended."""
    own, others = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return f'peak {own / 1024:.0f} MiB' + (f', largest process {others / 1024:.0f} MiB' if others else '')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path)
    parser.add_argument('--clips', type=int, default=300_000)
    parser.add_argument('--frames', type=int, default=3)
    parser.add_argument('--jobs', type=int, default=1)
    parser.add_argument('--clip-folder', action='store_true', help='a pickle for each clip, and an index')
    parser.add_argument('--report', action='store_true', help='look through the result as convert --report does')
    args = parser.parse_args()
    archive = args.folder / 'clips.zip'
    args.folder.mkdir(parents=True, exist_ok=True)
    if not archive.exists():
        with ProcessPoolExecutor(1, get_context('spawn')) as apart:  # its memory is not the conversion's
            apart.submit(generate, archive, args.clips, args.frames).result()
    clip_folder = args.folder / 'clips' if args.clip_folder else None
    if clip_folder:
        shutil.rmtree(clip_folder, ignore_errors=True)
    start, began = time.perf_counter(), time.process_time()
    summary = convert(
        archive, args.folder / 'out.pkl', split_by_ratio, track=by_tenths, jobs=args.jobs, clip_folder=clip_folder
    )
    took, spent = time.perf_counter() - start, time.process_time() - began
    size = sum(entry.file_size for entry in zipfile.ZipFile(archive).infolist()) / 1e6
    print(
        f'{len(summary.clips)} clips, {size:.0f} MB, in {took:.0f} s ({len(summary.clips) / took:.0f} clips/s), '
        f'{spent:.0f} s of CPU time ({size / spent:.0f} MB/s), {peak()}'
    )
    if args.report:
        start, began = time.perf_counter(), time.process_time()
        found = report_conversion(summary, args.folder / 'out.pkl', clip_folder)
        write_report(found, args.folder / 'report.json')
        took, spent = time.perf_counter() - start, time.process_time() - began
        print(f'report in {took:.0f} s, {spent:.0f} s of CPU time, {peak()}', *found.faults, *found.warnings, sep='\n')


if __name__ == '__main__':
    main()
