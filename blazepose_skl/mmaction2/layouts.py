"""Layout names of the framework and of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import Skeleton, SkeletonLike, get_skeleton, skeleton_names

STOCK_LAYOUTS = ('openpose', 'nturgb+d', 'coco')

Results = dict[str, Any]


def is_stock(layout: object) -> bool:
    return (isinstance(layout, str) and layout in STOCK_LAYOUTS) or (
        isinstance(layout, Mapping) and 'num_node' in layout
    )


def find_skeleton(layout: SkeletonLike, where: str) -> Skeleton:
    try:
        return get_skeleton(layout)
    except InputError as error:
        if isinstance(layout, str):
            raise InputError(
                f'{where}: unknown layout {layout!r}; known are {", ".join((*STOCK_LAYOUTS, *skeleton_names()))}; '
                'declare others inline as dict(joints=[…], parents={…})'
            ) from None
        raise InputError(f'{where}: {error}') from None


def check_joints(skeleton: Skeleton, results: Results, where: str) -> None:
    found = results['keypoint'].shape[-2]
    if found != skeleton.num_joints:
        raise InputError(
            f"{where}: clip '{results.get('frame_dir', '?')}' has {found} joints where '{skeleton.name}' has "
            f'{skeleton.num_joints}; name the layout of the data, or convert the data to this layout'
        )
