"""Joint names as people spell them, told from one another by their words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from blazepose_skl.skeletons import Skeleton, get_skeleton

__all__ = ['BLAZEPOSE', 'joint_index', 'knows_names']

BLAZEPOSE: Skeleton = get_skeleton('blazepose')

_WORD = re.compile(r'[A-Z]?[a-z]+|[A-Z]+')


def _words(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(name))


_BY_WORDS = {_words(joint): i for i, joint in enumerate(BLAZEPOSE.joints)}


@lru_cache(maxsize=4096)
def joint_index(name: str) -> int | None:
    """The place of a joint in BlazePose's order, None if no joint is called so.

    Case, order and separators of the words do not matter, nor does the number that MediaPipe's first
    version put behind the fingers; a name that is a number is the place itself.

    >>> [joint_index(n) for n in ('LEFT_EYE_INNER', 'left eye (inner)', 'leftEyeInner', 'leftMouth', '32', 'Left Toe')]
    [1, 1, 1, 9, 32, None]
    """
    if name.isascii() and name.isdigit():
        return int(name) if len(name) < 4 and int(name) < BLAZEPOSE.num_joints else None
    return _BY_WORDS.get(_words(name))


def knows_names(names: Iterable[str]) -> bool:
    """Whether some of the names are joints: then the others ought to be."""
    return any(joint_index(name) is not None for name in names)
