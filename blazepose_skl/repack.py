"""An annotation pickle as an Arrow file, which is read where it lies, and back: what one holds, the other holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from blazepose_skl.annotations import write_annotations
from blazepose_skl.arrowform import SUFFIX, is_arrow
from blazepose_skl.arrowset import ArrowSet
from blazepose_skl.arrowwriting import write_arrow
from blazepose_skl.errors import InputError
from blazepose_skl.outfiles import check_place

__all__ = ['repack']


def repack(source: Path, out: Path, track: Callable[[Sequence[int]], Iterable[int]] = iter) -> int:
    """Write an annotation pickle as an Arrow file, or such a file as a pickle; how many clips it has.

    Clip by clip; the file appears whole or not at all, and nothing in the pickle is executed.

    Args:
        source: A pickle (.pkl) or an Arrow file (.arrow).
        out: The other.
        track: Wraps the numbers of the clips, to show progress.

    Raises:
        InputError: They are not one of each, the first cannot be read or the second not written.
    """
    if is_arrow(source) == is_arrow(out):
        raise InputError(f'{source} to {out}: one of the two ends in .pkl, the other in {SUFFIX}; name them so')
    check_place(out, SUFFIX, '.pkl')
    if is_arrow(out):
        return write_arrow(source, out, track)
    clips = ArrowSet(source)
    progress = iter(track(range(len(clips))))
    annotations = (annotation for annotation in clips.checked() if next(progress, 0) is not None)
    write_annotations(out, annotations, clips.others(), clips.listed)
    next(progress, None)
    return len(clips)
