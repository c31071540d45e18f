"""The application that commands register with, and what they share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from blazepose_skl.errors import InputError

if TYPE_CHECKING:
    from blazepose_skl.rejects import Rejected

__all__ = ['app', 'end_with_rejected', 'one_of', 'progress']

T = TypeVar('T')

app = typer.Typer(
    help='MediaPipe BlazePose skeletons for the graph networks of MMAction2 and PYSKL.',
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _commands() -> None:
    """MediaPipe BlazePose skeletons for the graph networks of MMAction2 and PYSKL."""


def one_of(option: str, value: str | None, known: Sequence[str]) -> None:
    """Refuse a value that an option does not know."""
    if value is not None and value not in known:
        raise InputError(f"{option} '{value}' is not one of {', '.join(known)}")


def progress(what: str) -> Callable[[Sequence[T]], Iterable[T]]:
    """Wraps items with a progress bar, where standard error is a terminal."""

    def wrap(items: Sequence[T]) -> Iterable[T]:
        from rich.console import Console
        from rich.progress import track

        console = Console(stderr=True)
        return track(items, what, console=console, transient=True, disable=not console.is_terminal)

    return wrap


_SHOWN = 20


def end_with_rejected(rejected: Sequence[Rejected], what: str, listed: Path) -> None:
    """Say what was rejected and where all of it is listed, and end with exit status 1; nothing if nothing was."""
    if not rejected:
        return
    for item in rejected[:_SHOWN]:
        print(f'rejected: {item.reason}', file=sys.stderr)
    if len(rejected) > _SHOWN:
        print(f'… and {len(rejected) - _SHOWN} more', file=sys.stderr)
    print(f'All rejected {what}: {listed}', file=sys.stderr)
    raise typer.Exit(1)
