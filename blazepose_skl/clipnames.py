"""Which clips are meant by the names in a user's lists and label files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from blazepose_skl.video import SUFFIXES as VIDEO_SUFFIXES

__all__ = ['ClipNames', 'bare_name']

# Of dumps, and of the skeletons and videos that they were made from. Other names may have dots in them.
_SUFFIXES = frozenset(
    ('.json', '.jsonl', '.ndjson', '.csv', '.npy', '.pose', '.gz', '.pkl', '.skeleton', *VIDEO_SUFFIXES)
)


def bare_name(name: str) -> str:
    """A name without the suffixes of dumps and videos, and with slashes as on Linux, none before the first part.

    >>> bare_name('.\\\\jump\\\\v_Jump.low_g01.avi')
    'jump/v_Jump.low_g01'
    """
    # Strings, not paths, which take three times as long: sets have hundreds of thousands of clips.
    bare = '/'.join(part for part in name.strip().replace('\\', '/').split('/') if part not in ('', '.'))
    while (dot := bare.rfind('.')) > bare.rfind('/') + 1 and bare[dot:].lower() in _SUFFIXES:
        bare = bare[:dot]
    return bare


class ClipNames:
    """Finds clips by what a user's file calls them.

    A clip answers to its name, with the suffix of a dump or a video too; to the end of it; and to any path that ends
    in it.

    >>> names = ClipNames(['jump/00', 'jump/01', 'run/00'])
    >>> names.find('01.mp4'), names.find('/videos/run/00.mp4'), names.find('00'), names.find('02')
    (['jump/01'], ['run/00'], ['jump/00', 'run/00'], [])
    """

    def __init__(self, clips: Iterable[str]) -> None:
        self._clips = set(clips)
        self._by_last: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for clip in self._clips:
            bare = bare_name(clip)
            self._by_last[bare[bare.rfind('/') + 1 :]].append((clip, bare))

    def find(self, name: str) -> list[str]:
        """The clips that a name fits: one, none, or all between which it does not decide, in order of their names."""
        if name in self._clips:
            return [name]
        wanted = bare_name(name)
        likely = self._by_last.get(wanted[wanted.rfind('/') + 1 :], [])
        if whole := [clip for clip, bare in likely if bare == wanted]:
            return sorted(whole)
        shared = {
            clip: min(bare.count('/'), wanted.count('/'))
            for clip, bare in likely
            if bare.endswith(f'/{wanted}') or wanted.endswith(f'/{bare}')
        }
        most = max(shared.values(), default=0)
        return sorted(clip for clip, count in shared.items() if count == most)
