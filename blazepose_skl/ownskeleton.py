"""Which skeleton an annotation pickle says it has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blazepose_skl.errors import InputError
from blazepose_skl.safepickle import shown
from blazepose_skl.skeletons import Skeleton, get_skeleton, skeleton_names

__all__ = ['own_skeleton']


def own_skeleton(data: Mapping[str, Any], where: Path | str, option: str) -> Skeleton | None:
    """The skeleton under ``skeleton`` of a pickle, None if it names none.

    Only registered names count: a pickle, which may be a stranger's, names no file to be read.

    Args:
        data: The pickle, or what is in it besides its annotations.
        where: For messages.
        option: What takes a declaration in its place.

    Raises:
        InputError: It names one that is not known here.

    >>> own_skeleton({'skeleton': 'coco'}, 'a.pkl', '--from').num_joints
    17
    """
    said = data.get('skeleton')
    if said is None:
        return None
    if not isinstance(said, str) or said not in skeleton_names():
        raise InputError(
            f"{where}: its skeleton '{shown(said)}' is not known here; "
            f'give the file that declares it with {option} FILE'
        )
    return get_skeleton(said)
