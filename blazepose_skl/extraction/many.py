"""A tree of videos to a tree of dumps: who does what, and what became of each."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from blazepose_skl.dumps.sources import natural_key
from blazepose_skl.errors import InputError
from blazepose_skl.extraction.document import ModelFacts, Settings
from blazepose_skl.extraction.isolated import Crew, Failed, extract_isolated
from blazepose_skl.extraction.sampling import check_sampling
from blazepose_skl.extraction.shards import Shard
from blazepose_skl.extraction.single import Extracted, Job, existing_dump
from blazepose_skl.landmarker import check_mediapipe
from blazepose_skl.models import MODELS, checksum, find_model
from blazepose_skl.parallel import cores
from blazepose_skl.rejects import Rejected, write_rejects
from blazepose_skl.video import SUFFIXES, check_opencv

__all__ = ['Summary', 'Tracker', 'extract', 'find_videos', 'path_of', 'rejects_path']

_LOG = logging.getLogger(__name__)

# Seconds to wait for a scheduler.
_PATIENCE = 10


@dataclass(frozen=True)
class Summary:
    """What an extraction did: the videos that have a dump, and those that have none or show nobody."""

    videos: tuple[Extracted, ...]
    rejected: tuple[Rejected, ...]

    @property
    def frames(self) -> int:
        """Frames in the dumps that were made now."""
        return sum(video.frames for video in self.videos if not video.before)


class Tracker(Protocol):
    """Shows how far an extraction is; called from several threads."""

    def begin(self, videos: Sequence[Path]) -> None:
        """These are to be extracted."""

    def frames(self, count: int) -> None:
        """So many more frames are done."""

    def video(self) -> None:
        """One more video is done."""


class _Silent:
    def begin(self, videos: Sequence[Path]) -> None:
        pass

    def frames(self, count: int) -> None:
        pass

    def video(self) -> None:
        pass


def rejects_path(dumps: Path, shard: Shard | None = None) -> Path:
    """Where the rejected videos of an extraction are listed, one JSON object in each line: beside the dumps."""
    part = f'.{shard.number}-of-{shard.of}' if shard else ''
    folder = dumps.resolve()
    return folder.with_name(f'{folder.name}{part}.rejects.jsonl')


def extract(
    videos: Path,
    dumps: Path,
    model: str = 'full',
    settings: Settings | None = None,
    compress: bool = False,
    jobs: int | None = None,
    shard: Shard | None = None,
    scheduler: str | None = None,
    tracker: Tracker | None = None,
) -> Summary:
    """Make a dump of each video under a folder, beside the same relative path.

    Dumps that are there, of the same video with the same settings, are left as they are, so that an extraction that
    was interrupted goes on when it is started again. A video that cannot be extracted is listed in the summary and
    beside the dumps (:func:`rejects_path`), and the others are done.

    Args:
        videos: A folder, or one video.
        dumps: The folder for the dumps.
        model: lite, full, heavy or the path of a .task file.
        settings: How people are looked for.
        compress: Whether dumps are gzipped.
        jobs: Processes on this machine; None for one for each core. Each has its own share of the cores.
        shard: Do only this share of the videos.
        scheduler: The address of a scheduler of dask.distributed, whose workers do it then; they need to see videos,
            dumps and a model that is given by its path under the same paths.
        tracker: Told how far it is.

    Raises:
        InputError: There is no video, no model or no MediaPipe, the dumps cannot be written, or some are there that
            were made with other settings.
    """
    settings = settings or Settings()
    check_sampling(settings.every, settings.fps)
    found = find_videos(videos)
    same = _same_dump(found, videos)
    if shard:
        found = shard.of_these(found)
    rejected = [same[name] for name, _ in found if name in same]
    path = find_model(model)
    facts = model_facts(path)
    _make_folder(dumps)
    # Other machines are in other folders.
    place: Callable[[Path], str] = (lambda path: str(path.resolve())) if scheduler else str
    asked = [
        Job(
            name=name,
            video=place(video),
            dump=place(dumps / _dump_name(name, compress)),
            model=model if model in MODELS else place(path),
            model_facts=facts,
            settings=settings,
        )
        for name, video in found
        if name not in same
    ]
    done: list[Extracted] = []
    left: list[Job] = []
    for job in asked:
        _check_packing(Path(job.dump))
        existing = existing_dump(job)
        if existing:
            done.append(existing)
        else:
            left.append(job)
    if left and scheduler is None:
        check_opencv()
        check_mediapipe()
    tracker = tracker or _Silent()
    tracker.begin([Path(job.video) for job in left])
    for outcome in _outcomes(left, jobs, scheduler, tracker):
        tracker.video()
        if isinstance(outcome, Failed):
            rejected.append(Rejected(outcome.name, outcome.reason))
        else:
            done.append(outcome)
    done.sort(key=lambda video: natural_key(video.name))
    rejected += [
        Rejected(video.name, f'{path_of(video.name, videos)}: nobody was found in any of its {video.frames} frames')
        for video in done
        if not video.detected
    ]
    rejected.sort(key=lambda video: natural_key(video.name))
    write_rejects(rejects_path(dumps, shard), rejected)
    return Summary(tuple(done), tuple(rejected))


def model_facts(path: Path) -> ModelFacts:
    """The name of an official model, or of its file for another, and its checksum."""
    found = checksum(path)
    return ModelFacts(next((model.name for model in MODELS.values() if model.sha256 == found), path.name), found)


def path_of(name: str, videos: Path) -> Path:
    """A video by its name in a folder of videos, or the one video that was given."""
    return videos / name if videos.is_dir() else videos


def find_videos(videos: Path) -> list[tuple[str, Path]]:
    """The names and paths of the videos under a folder, in natural order.

    Raises:
        InputError: There is none, or the name of one is no text.
    """
    if videos.is_file():
        return [(videos.name, videos)]
    if not videos.is_dir():
        raise InputError(f'{videos}: there is no such file or folder; give the folder with the videos')
    paths = [
        Path(folder, name)
        for folder, _, names in os.walk(videos, followlinks=True)
        for name in names
        if Path(name).suffix.lower() in SUFFIXES
    ]
    found = sorted(((path.relative_to(videos).as_posix(), path) for path in paths), key=lambda it: natural_key(it[0]))
    if not found:
        raise InputError(f'{videos}: no video in this folder or below it (looked for {", ".join(SUFFIXES)})')
    for name, _ in found:
        if any('\ud800' <= character <= '\udfff' for character in name):  # bytes that are no UTF-8
            raise InputError(f'{videos}: the name {name!r} holds what is no text; rename it')
    return found


def _same_dump(found: Sequence[tuple[str, Path]], videos: Path) -> dict[str, Rejected]:
    """Videos that differ in the suffix only, by name: which of them their dump would be of is not to be guessed."""
    sharing: dict[str, list[str]] = defaultdict(list)
    for name, _ in found:
        sharing[_dump_name(name, compress=False)].append(name)
    rejected = {}
    for dump, names in sharing.items():
        for name in names if len(names) > 1 else ():
            others = ' and '.join(other for other in names if other != name)
            reason = f'{videos / name}: {others} would have the same dump {dump}; rename one of them'
            rejected[name] = Rejected(name, reason)
    return rejected


def _dump_name(name: str, compress: bool) -> str:
    return str(PurePosixPath(name).with_suffix('.json.gz' if compress else '.json'))


def _make_folder(dumps: Path) -> None:
    try:
        dumps.mkdir(parents=True, exist_ok=True)
        for folder in (dumps, rejects_path(dumps).parent):
            with tempfile.TemporaryFile(dir=folder):
                pass
    except OSError as error:
        raise InputError(f'{dumps}: cannot be written: {error.strerror}; choose another folder') from None


def _check_packing(dump: Path) -> None:
    other = dump.with_suffix('') if dump.suffix == '.gz' else dump.with_name(dump.name + '.gz')
    if other.exists():
        raise InputError(
            f'{other}: there already, packed otherwise, and two dumps of one video are two clips; remove it'
        )


# -- who does it ------------------------------------------------------------------------------------


def _outcomes(
    left: Sequence[Job], jobs: int | None, scheduler: str | None, tracker: Tracker
) -> Iterator[Extracted | Failed]:
    """What became of each, as it becomes known."""
    if not left:
        return
    here = _on_this_machine(min(jobs or cores(), len(left)), tracker)
    with _on_a_cluster(scheduler) if scheduler else here as (executor, work):
        futures = {executor.submit(work, job): job for job in left}
        for future in as_completed(futures):
            outcome = _result(future, futures.pop(future))
            if scheduler and isinstance(outcome, Extracted):
                tracker.frames(outcome.frames)
            yield outcome


Work = Callable[[Job], Extracted | Failed]


@contextmanager
def _on_this_machine(jobs: int, tracker: Tracker) -> Iterator[tuple[Executor, Work]]:
    """A thread for each process, which waits for it."""
    crew = Crew(jobs)
    pool = ThreadPoolExecutor(jobs)
    try:
        yield pool, partial(crew.extract, on_frames=tracker.frames)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        crew.close()


@contextmanager
def _on_a_cluster(scheduler: str) -> Iterator[tuple[Executor, Work]]:
    try:
        distributed: Any = import_module('distributed')  # it carries few types
    except ImportError as error:
        raise InputError(
            f'a cluster is reached with dask.distributed, which is not here ({error}); pip install '
            "'blazepose-skl[distributed]'"
        ) from None
    try:
        # A client that cannot connect is not to be closed without noise: see first whether somebody answers.
        socket.create_connection(distributed.comm.get_address_host_port(scheduler), _PATIENCE).close()
        client = distributed.Client(scheduler, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f'{scheduler}: no scheduler of dask.distributed answers: {error}; give the address that it printed when it '
            'started, as in tcp://10.0.0.1:8786'
        ) from None
    with client:
        if not client.scheduler_info()['workers']:
            _LOG.warning('%s: no worker has joined yet; waiting for one, as `dask worker %s` starts', *[scheduler] * 2)
        # Two videos that are alike are two videos; what is written on the way counts, so nothing is a pure function.
        yield client.get_executor(pure=False), extract_isolated


def _result(future: Future[Extracted | Failed], job: Job) -> Extracted | Failed:
    try:
        return future.result()
    except CancelledError:
        raise InputError(
            'the scheduler is gone; start it and its workers and this again, which goes on where it was'
        ) from None
    except Exception as error:  # the machine that had it is gone for the last time, or does not have this program
        return Failed(job.name, f'{job.video}: not extracted: {type(error).__name__}: {error}')
