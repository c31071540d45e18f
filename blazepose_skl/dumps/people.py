"""Who is who: detections of several people in a frame linked over time, and whom to keep."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.clips import FloatArray

__all__ = ['POLICIES', 'PeopleLinker', 'choose_people', 'link_people']

# Whom to keep when there are more people than wanted.
POLICIES = ('longest', 'largest', 'confident')

# Nobody's joints move further on average from one detection to the next than this many of their own sizes, not
# at six frames a second either. It does not grow while somebody is out of sight: then somebody else has come.
_REACH = 0.55
# A track that was not seen for this many frames is over.
_PATIENCE = 30


def link_people(frames: NDArray[np.intp], landmarks: FloatArray) -> NDArray[np.intp]:
    """The track that each detection belongs to, (N,), numbered from 0 in the order of appearance.

    Where there is never more than one person in a frame there is one track, else :class:`PeopleLinker`'s.

    Args:
        frames: (N,) ascending.
        landmarks: (N, V, C), C >= 2, NaN where unseen.
    """
    tracks = np.zeros(len(frames), np.intp)
    if (np.diff(frames) > 0).all():
        return tracks
    linker = PeopleLinker()
    starts = np.flatnonzero(np.diff(frames, prepend=-1))
    for start, stop in zip(starts, np.append(starts[1:], len(frames)), strict=True):
        tracks[start:stop] = linker.link(int(frames[start]), landmarks[start:stop])
    return tracks


class PeopleLinker:
    """Links the people of one frame after another; it remembers only who was seen lately.

    Tracks and detections are matched greedily, the nearest pair first; nearness is the mean distance of
    the joints that both have, in sizes of the smaller of both, so that overlap and distance count together and
    somebody large is not near to everybody.
    """

    def __init__(self) -> None:
        self._last: dict[int, tuple[int, NDArray[np.float64], float]] = {}  # track -> frame, joints, size
        self._known = 0

    def link(self, frame: int, landmarks: FloatArray) -> list[int]:
        """The track of each detection of a frame.

        Args:
            frame: Its number, larger than the one before.
            landmarks: (N, V, C), C >= 2, NaN where unseen.
        """
        points = landmarks[..., :2].astype(np.float64)
        sizes = _sizes(points) if len(points) else np.zeros(0)
        self._last = {track: seen for track, seen in self._last.items() if frame - seen[0] <= _PATIENCE}
        pairs = []
        for track, (_, before, size) in self._last.items():
            for n, now in enumerate(points):
                distance = _distance(before, now) / max(min(size, sizes[n]), 1e-9)
                if distance <= _REACH:
                    pairs.append((distance, track, n))
        tracks: dict[int, int] = {}  # detection -> track
        for _, track, n in sorted(pairs):
            if n not in tracks and track not in tracks.values():
                tracks[n] = track
        for n in range(len(points)):
            if n not in tracks:
                tracks[n] = self._known
                self._known += 1
            self._last[tracks[n]] = frame, points[n], float(sizes[n])
        return [tracks[n] for n in range(len(points))]


def _sizes(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Diagonals of the boxes around people, (N,)."""
    sides = np.nanmax(points, axis=1) - np.nanmin(points, axis=1)
    return np.asarray(np.hypot(sides[:, 0], sides[:, 1]))


def _distance(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    distances = np.hypot(*(a - b).T)
    seen = ~np.isnan(distances)
    return float(distances[seen].mean()) if seen.any() else np.inf


def choose_people(
    tracks: NDArray[np.intp], landmarks: FloatArray, scores: FloatArray, most: int, policy: str
) -> list[NDArray[np.intp]]:
    """The detections of the people to keep, at most ``most``, the foremost first.

    Args:
        tracks: (N,) from :func:`link_people`.
        landmarks: (N, V, C).
        scores: (N, V).
        most: People to keep.
        policy: 'longest' keeps who is in most frames, 'largest' who covers most of the picture in total,
            'confident' who has the highest mean score. Ties go to who came first.
    """
    if not tracks.any():
        return [np.arange(len(tracks))]
    people = [np.flatnonzero(tracks == track) for track in range(int(tracks.max()) + 1)]
    if len(people) > 1:
        sizes = _sizes(landmarks[..., :2].astype(np.float64))
        worth = {
            'longest': lambda at: len(at),
            'largest': lambda at: np.square(sizes[at]).sum(),
            'confident': lambda at: scores[at].mean(),
        }[policy]
        people.sort(key=worth, reverse=True)
    return people[:most]
