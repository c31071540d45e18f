"""One video after another in a process of its own, so that a crash of native code is the failure of one video.

The process is ``python -m blazepose_skl.extraction.isolated``: it reads jobs from its standard input and says on its
standard output how far it is, a JSON text in each line. It ends when its input does, so it outlives nobody who
started it, and it works where :mod:`multiprocessing` would not: in a daemon process of dask's, in a script without
``if __name__ == '__main__'``.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import IO

import msgspec

from blazepose_skl.errors import InputError
from blazepose_skl.extraction.single import Extracted, Job, extract_video

__all__ = ['Crew', 'Failed', 'Isolated', 'extract_isolated']

# Libraries that would start a thread for each core in each of the processes.
_ONE_THREAD = dict.fromkeys(
    ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENCV_FOR_THREADS_NUM'), '1'
)


class Failed(msgspec.Struct, frozen=True, tag=True):
    """A video that has no dump, and why."""

    name: str
    reason: str


class _Frames(msgspec.Struct, tag=True):
    count: int


class _Done(msgspec.Struct, tag=True):
    extracted: Extracted


_Word = _Frames | _Done | Failed
_decode_word = msgspec.json.Decoder(_Word).decode


class Isolated:
    """Extracts in a process of its own, which is started when it is needed, and again after a crash.

    Args:
        cores: The processors that it may use; none for those that this process may use.
    """

    def __init__(self, cores: Sequence[int] = ()) -> None:
        self._cores = cores
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._closed = False

    def extract(self, job: Job, on_frames: Callable[[int], None] = lambda frames: None) -> Extracted | Failed:
        """What became of a video; see :func:`blazepose_skl.extraction.single.extract_video`."""
        if self._closed:
            return Failed(job.name, f'{job.video}: given up')
        process, errors = self._running()
        # What the libraries said about the video before is of no interest any more.
        errors.seek(0)
        errors.truncate()
        with suppress(BrokenPipeError):
            _write(process.stdin, job)
        for line in process.stdout or ():
            word = _decode_word(line)
            if isinstance(word, _Frames):
                on_frames(word.count)
            else:
                return word.extracted if isinstance(word, _Done) else word
        self._process = None
        return Failed(job.name, f'{job.video}: {_how(process.wait())}{_last_line(errors)}')

    def close(self) -> None:
        """End the process, in the middle of a video too."""
        self._closed = True
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _running(self) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
        # Whoever ended it while it had nothing to do did not end it for the next video.
        if self._process is None or self._errors is None or self._process.poll() is not None:
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
            self._process = subprocess.Popen(
                [sys.executable, '-m', __name__, *map(str, self._cores)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env={**os.environ, **_ONE_THREAD, **_imports()},
            )
        return self._process, self._errors


class Crew:
    """Processes that stand ready, each for one caller at a time.

    Args:
        jobs: How many share the processors that this process may use; 0 for no share of their own.
    """

    def __init__(self, jobs: int = 0) -> None:
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else []
        # Each with processors of its own: MediaPipe's threads of one process drive out the other's otherwise.
        shares = [cores[n::jobs] for n in range(jobs)] if 1 < jobs <= len(cores) else []
        self._all = [Isolated(share) for share in shares]
        self._idle = list(self._all)
        self._lock = threading.Lock()

    def extract(self, job: Job, on_frames: Callable[[int], None] = lambda frames: None) -> Extracted | Failed:
        """What became of a video, by whoever is idle."""
        with self._lock:
            if not self._idle:
                self._all.append(Isolated())
                self._idle.append(self._all[-1])
            one = self._idle.pop()
        try:
            return one.extract(job, on_frames)
        finally:
            with self._lock:
                self._idle.append(one)

    def close(self) -> None:
        """End the processes."""
        for one in self._all:
            one.close()


_crew = Crew()  # of the workers of dask's; no process is started before it is needed


def extract_isolated(job: Job) -> Extracted | Failed:
    """What became of a video, by a process that belongs to this one: what a worker of dask's is asked to do."""
    return _crew.extract(job)


def _imports() -> dict[str, str]:
    """What makes the process import what this one would, and nothing from the folder in which it happens to be."""
    return dict(PYTHONPATH=os.pathsep.join(path or os.getcwd() for path in sys.path), PYTHONSAFEPATH='1')


def _how(status: int) -> str:
    if status >= 0:
        return f'the process that worked on it ended with status {status}'
    with suppress(ValueError):
        return f'the process that worked on it was ended by {signal.Signals(-status).name}'
    return f'the process that worked on it was ended by signal {-status}'


def _last_line(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read()[-4096:].decode(errors='replace').split('\n')
    said = [line.strip() for line in lines if line.strip()]
    return f"; its last words: '{said[-1][:200]}'" if said else ''


# -- in the process ---------------------------------------------------------------------------------


def _write(stream: IO[bytes] | None, message: msgspec.Struct) -> None:
    if stream is not None:
        stream.write(msgspec.json.encode(message) + b'\n')
        stream.flush()


def _serve(cores: Sequence[int]) -> None:
    """Do jobs as they come, until there are no more."""
    if cores and hasattr(os, 'sched_setaffinity'):
        os.sched_setaffinity(0, cores)
    # Ctrl-C goes to all processes of a terminal; the one that gives out the work decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What libraries print must not stand between our words.
    answers = os.fdopen(os.dup(1), 'wb')
    os.dup2(2, 1)
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(jobs,), daemon=True).start()
    decode = msgspec.json.Decoder(Job).decode
    while True:
        job = decode(jobs.get())
        try:
            done = extract_video(job, lambda frames: _write(answers, _Frames(frames)))
        except InputError as error:
            _write(answers, Failed(job.name, str(error)))
        except Exception as error:  # whatever it is, it is this video's alone
            _write(answers, Failed(job.name, f'{job.video}: {type(error).__name__}: {error}'))
        else:
            _write(answers, _Done(done))


def _listen(jobs: queue.SimpleQueue[bytes]) -> None:
    for line in sys.stdin.buffer:
        jobs.put(line)
    # Whoever wanted this done is gone, and may have given it to another.
    os._exit(0)


if __name__ == '__main__':
    _serve([int(core) for core in sys.argv[1:]])
