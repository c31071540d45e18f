"""Skeletons: what one is, those that come with the package, and how to name, declare or read another."""

from blazepose_skl.skeletons.blazepose import BLAZEPOSE, BLAZEPOSE_TREE, ENHANCED_BLAZEPOSE, HAND, HOLISTIC
from blazepose_skl.skeletons.declaration import Skeleton
from blazepose_skl.skeletons.registry import (
    SkeletonLike,
    get_skeleton,
    read_skeleton,
    register_skeleton,
    skeleton_names,
)
from blazepose_skl.skeletons.stock import COCO, NTU, OPENPOSE

__all__ = [
    'BLAZEPOSE',
    'BLAZEPOSE_TREE',
    'COCO',
    'ENHANCED_BLAZEPOSE',
    'HAND',
    'HOLISTIC',
    'NTU',
    'OPENPOSE',
    'Skeleton',
    'SkeletonLike',
    'get_skeleton',
    'read_skeleton',
    'register_skeleton',
    'skeleton_names',
]
