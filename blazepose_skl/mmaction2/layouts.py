"""Which layouts the framework's own code answers for."""

from __future__ import annotations

from collections.abc import Mapping

from blazepose_skl.skeletons import Skeleton, SkeletonLike
from blazepose_skl.steps import STOCK_LAYOUTS

__all__ = ['is_stock', 'layout_name']


def is_stock(layout: object) -> bool:
    """Whether a layout is one of the framework's names, or its ``dict(num_node, inward, center)``."""
    return (isinstance(layout, str) and layout in STOCK_LAYOUTS) or (
        isinstance(layout, Mapping) and 'num_node' in layout
    )


def layout_name(layout: SkeletonLike) -> str:
    """What a layout of any form is called."""
    if isinstance(layout, Mapping):
        return str(layout.get('name', 'inline'))
    return layout.name if isinstance(layout, Skeleton) else layout
