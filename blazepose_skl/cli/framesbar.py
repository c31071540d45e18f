"""The progress bar of an extraction: frames, videos, frames per second, time left."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

    from blazepose_skl.extraction import Settings, Tracker

__all__ = ['frames_bar']


@contextmanager
def frames_bar(settings: Settings) -> Iterator[Tracker | None]:
    """A progress bar that an extraction tells how far it is, where standard error is a terminal; else None."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    text = TextColumn('{task.completed:.0f} frames, {task.fields[videos]} videos, {task.fields[rate]}')
    bar = Progress(BarColumn(), text, TimeRemainingColumn(), console=console, transient=True, speed_estimate_period=60)
    with bar:
        yield _FramesBar(bar, settings)


class _FramesBar:
    def __init__(self, bar: Progress, settings: Settings) -> None:
        self._bar, self._settings = bar, settings
        self._task = bar.add_task('', total=None, videos='', rate='')
        self._all = self._done = 0
        self._lock = threading.Lock()

    def begin(self, videos: Sequence[Path]) -> None:
        self._all = len(videos)
        self._show(0)
        # Meanwhile the work begins: to look into each of very many videos takes a while.
        threading.Thread(target=self._count, args=(videos,), daemon=True).start()

    def frames(self, count: int) -> None:
        self._show(count)

    def video(self) -> None:
        with self._lock:
            self._done += 1
        self._show(0)

    def _count(self, videos: Sequence[Path]) -> None:
        from blazepose_skl.extraction.single import expected_frames

        self._bar.update(self._task, total=sum(expected_frames(video, self._settings) for video in videos))

    def _show(self, advance: int) -> None:
        speed = self._bar.tasks[0].speed
        rate = f'{speed:.0f} frames/s' if speed else ''
        self._bar.update(self._task, advance=advance, videos=f'{self._done}/{self._all}', rate=rate)
