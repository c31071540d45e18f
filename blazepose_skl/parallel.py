"""Work spread over processes: results come in the order of the items, and few of either are held at a time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

__all__ = ['cores', 'in_order']

Item = TypeVar('Item')
Result = TypeVar('Result')

# Items that go to a process at once: small ones are done faster than they are sent.
_CHUNK = 16


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def in_order(work: Callable[[Item], Result], items: Iterable[Item], jobs: int) -> Iterator[Result]:
    """What ``work`` makes of each item, in the order of the items.

    Args:
        work: A function of a module or a partial of one; what it raises is raised here.
        items: Taken as they are needed: one at a time, or some chunks ahead with several processes.
        jobs: Processes; with one the work is done in this one.

    >>> list(in_order(abs, [-2, 1, -3], jobs=1))
    [2, 1, 3]
    """
    if jobs == 1:
        yield from map(work, items)
        return
    iterator = iter(items)
    # Not forked: a progress bar has its own thread, and what that holds at the moment of a fork stays held.
    context = multiprocessing.get_context('spawn')
    pending: deque[Future[list[Result]]] = deque()
    with ProcessPoolExecutor(jobs, context, initializer=_begin) as pool:
        try:
            while chunk := list(islice(iterator, _CHUNK)):
                with _uninterrupted():
                    pending.append(pool.submit(_work_through, work, chunk))
                if len(pending) > 2 * jobs:
                    yield from pending.popleft().result()
            while pending:
                yield from pending.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Processes started here never hear Ctrl-C, not even before :func:`_begin`: they inherit what is blocked."""
    if not hasattr(signal, 'pthread_sigmask'):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work_through(work: Callable[[Item], Result], chunk: list[Item]) -> list[Result]:
    return list(map(work, chunk))


def _begin() -> None:
    # Ctrl-C goes to all processes of a terminal; the one that gives out the work decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
