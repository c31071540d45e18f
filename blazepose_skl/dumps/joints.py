"""Joint names as people spell them, told from one another by their words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from blazepose_skl.skeletons import BLAZEPOSE, HAND, HOLISTIC, Skeleton

__all__ = ['BLAZEPOSE', 'channels_of_three', 'has_depth', 'joint_index', 'knows_names']

_WORD = re.compile(r'[A-Z]?[a-z]+|[A-Z]+')


def _words(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(name))


def has_depth(skeleton: Skeleton) -> bool:
    """Whether a third bare number of a landmark in the picture is its depth, as MediaPipe's is; else it is a score.

    >>> has_depth(BLAZEPOSE)
    True
    """
    return skeleton.joints in (BLAZEPOSE.joints, HAND.joints, HOLISTIC.joints)


def channels_of_three(skeleton: Skeleton, depth: bool) -> tuple[int, int, int]:
    """Where three bare numbers of a landmark stand among x, y, z and score, with and without depth."""
    return (0, 1, 2) if depth or has_depth(skeleton) else (0, 1, 3)


@lru_cache(maxsize=16)
def _by_words(skeleton: Skeleton) -> dict[frozenset[str], int | None]:
    """The joint of each set of words, None where several joints have it, as numbered ones have."""
    found: dict[frozenset[str], int | None] = {}
    for place, joint in enumerate(skeleton.joints):
        words = _words(joint)
        found[words] = None if words in found else place
    return found


@lru_cache(maxsize=4096)
def joint_index(name: str, skeleton: Skeleton = BLAZEPOSE) -> int | None:
    """The place of a joint in the order of a skeleton, None if no joint is called so.

    Case, order and separators of the words do not matter, nor does the number that MediaPipe's first
    version put behind the fingers; a name that is a number is the place itself.

    >>> [joint_index(n) for n in ('LEFT_EYE_INNER', 'left eye (inner)', 'leftEyeInner', 'leftMouth', '32', 'Left Toe')]
    [1, 1, 1, 9, 32, None]
    """
    if name.isascii() and name.isdigit():
        return int(name) if len(name) < 4 and int(name) < skeleton.num_joints else None
    return skeleton.index(name) if name in skeleton.joints else _by_words(skeleton).get(_words(name))


def knows_names(names: Iterable[str], skeleton: Skeleton = BLAZEPOSE) -> bool:
    """Whether some of the names are joints: then the others ought to be."""
    return any(joint_index(name, skeleton) is not None for name in names)
