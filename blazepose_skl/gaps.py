"""What stands in frames in which nobody was found: one named policy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.clips import Clip
from blazepose_skl.errors import InputError

__all__ = ['POLICIES', 'fill_gaps']

POLICIES = ('interpolate', 'hold', 'zero', 'drop')


def fill_gaps(clip: Clip, policy: str, longest: int = 15) -> Clip:
    """The clip with its missed frames filled.

    interpolate: gaps of up to ``longest`` frames get a straight line between the frames beside them, at the
        ends of the clip the frame next to them; longer gaps stay unseen.
    hold: every missed frame repeats the one before it, missed frames at the beginning the first one seen.
    zero: missed frames stay unseen, which annotations write as 0 with score 0.
    drop: missed frames are taken out and the clip becomes shorter.

    Filled frames get scores as they get landmarks. With several people, interpolation closes the gaps of
    each; nobody is shown before having come or after having gone as long as somebody is seen.

    Raises:
        InputError: There is no such policy.
    """
    if policy not in POLICIES:
        raise InputError(f"no policy '{policy}' for missed frames; there are {', '.join(POLICIES)}")
    missed = clip.missed
    if policy == 'drop' and missed.any():
        return replace(clip, landmarks=clip.landmarks[:, ~missed], scores=clip.scores[:, ~missed])
    if policy in ('zero', 'drop'):
        return clip
    unseen = np.asarray(np.isnan(clip.landmarks).all(axis=(2, 3)))
    if not unseen.any():
        return clip
    landmarks, scores = clip.landmarks.copy(), clip.scores.copy()
    for person, gone in enumerate(unseen):
        if gone.all():
            continue
        for start, stop in _runs(gone):
            inside = start > 0 and stop < len(gone)
            # A person who is not there while others are was not missed, but away.
            here = np.arange(start, stop) if inside else start + np.flatnonzero(missed[start:stop])
            if policy == 'hold':
                here = here[missed[here]]
            elif stop - start > longest:
                continue
            before = start - 1 if start > 0 else stop
            after = stop if inside and policy == 'interpolate' else before
            share = ((here - before) / max(after - before, 1)).astype(np.float32) if inside else np.zeros(len(here))
            for values in (landmarks[person], scores[person]):
                part = share.reshape(-1, *[1] * (values.ndim - 1)).astype(np.float32)
                filled = values[before] if before == after else values[before] * (1 - part) + values[after] * part
                values[here] = filled
        scores[person][np.isnan(landmarks[person]).any(-1)] = 0
    return replace(clip, landmarks=landmarks, scores=scores)


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(start, stop) of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
