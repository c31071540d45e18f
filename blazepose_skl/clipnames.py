"""Which clips are meant by the names in a user's lists and label files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath

from blazepose_skl.video import SUFFIXES as VIDEO_SUFFIXES

__all__ = ['ClipNames', 'bare_name']

# Of dumps, and of the skeletons and videos that they were made from. Other names may have dots in them.
_SUFFIXES = ('.json', '.jsonl', '.ndjson', '.csv', '.npy', '.pose', '.gz', '.pkl', '.skeleton', *VIDEO_SUFFIXES)


def bare_name(name: str) -> str:
    """A name without the suffixes of dumps and videos, and with slashes as on Linux.

    >>> bare_name('jump\\\\v_Jump.low_g01.avi')
    'jump/v_Jump.low_g01'
    """
    path = PurePosixPath(name.strip().replace('\\', '/'))
    while path.suffix.lower() in _SUFFIXES:
        path = path.with_suffix('')
    return str(path)


class ClipNames:
    """Finds clips by what a user's file calls them.

    A clip answers to its name, with the suffix of a dump or a video too; to the end of it; and to any path that ends
    in it.

    >>> names = ClipNames(['jump/00', 'jump/01', 'run/00'])
    >>> names.find('01.mp4'), names.find('/videos/run/00.mp4'), names.find('00'), names.find('02')
    (['jump/01'], ['run/00'], ['jump/00', 'run/00'], [])
    """

    def __init__(self, clips: Iterable[str]) -> None:
        self._by_last: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
        self._clips = set()
        for clip in clips:
            parts = PurePosixPath(bare_name(clip)).parts
            self._clips.add(clip)
            self._by_last[parts[-1] if parts else ''].append((clip, parts))

    def find(self, name: str) -> list[str]:
        """The clips that a name fits: one, none, or all between which it does not decide."""
        if name in self._clips:
            return [name]
        wanted = PurePosixPath(bare_name(name)).parts
        likely = self._by_last.get(wanted[-1], []) if wanted else []
        if whole := [clip for clip, parts in likely if parts == wanted]:
            return whole
        shared: dict[str, int] = {}
        for clip, parts in likely:
            count = min(len(parts), len(wanted))
            if parts[-count:] == wanted[-count:]:
                shared[clip] = count
        most = max(shared.values(), default=0)
        return [clip for clip, count in shared.items() if count == most]
