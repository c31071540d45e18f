"""The report of a conversion: what is in the new pickle, what is not, and what would flatter results."""

from __future__ import annotations

from pathlib import Path

import msgspec

from blazepose_skl.convert import Converted, Summary
from blazepose_skl.inspection import Inspection, Origin, inspect_pickle
from blazepose_skl.outfiles import write_whole
from blazepose_skl.skeletons import BLAZEPOSE, Skeleton

__all__ = ['report_conversion', 'write_report']


def report_conversion(
    summary: Summary, out: Path, clip_folder: Path | None = None, skeleton: Skeleton = BLAZEPOSE
) -> Inspection:
    """What :func:`.inspection.inspect_pickle` finds in the pickle, with what only the conversion knows.

    Args:
        summary: What the conversion did.
        out: Its pickle, which is read.
        clip_folder: Where the clips are if that is an index.
        skeleton: Whose joints it has.

    Raises:
        InputError: The pickle cannot be read.
    """
    return inspect_pickle(
        out,
        clip_folder,
        skeleton.num_joints,
        origins={clip.name: Origin(clip.missed, clip.coordinates, _size_from(clip)) for clip in summary.clips},
        rejected=[dict(name=item.name, reason=item.reason) for item in summary.rejected],
    )


def _size_from(clip: Converted) -> str:
    return next((note for note in clip.notes if note.startswith('picture size')), 'picture size from the dump')


def write_report(found: Inspection, path: Path) -> None:
    """A report as JSON; a file that is there is replaced when the new one is whole.

    Raises:
        InputError: It cannot be written.
    """
    write_whole(path, msgspec.json.format(msgspec.json.encode(found), indent=2) + b'\n')
