"""What could not be done, and why: the items that a command leaves out and lists beside its output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from blazepose_skl.outfiles import write_whole

__all__ = ['Rejected', 'write_rejects']


@dataclass(frozen=True)
class Rejected:
    """A dump that is not in a pickle, or a video without a dump or with one in which nobody is; and why."""

    name: str
    reason: str


def write_rejects(path: Path, rejected: Sequence[Rejected]) -> None:
    """List what was rejected, one JSON object in each line; without any a list from before is removed.

    Raises:
        InputError: It cannot be written.
    """
    if not rejected:
        path.unlink(missing_ok=True)
        return
    write_whole(path, b''.join(msgspec.json.encode(item) + b'\n' for item in rejected))
