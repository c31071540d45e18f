"""Which layouts the framework's own code answers for."""

from __future__ import annotations

from collections.abc import Mapping

from blazepose_skl.steps import STOCK_LAYOUTS

__all__ = ['is_stock']


def is_stock(layout: object) -> bool:
    """Whether a layout is one of the framework's names, or its ``dict(num_node, inward, center)``."""
    return (isinstance(layout, str) and layout in STOCK_LAYOUTS) or (
        isinstance(layout, Mapping) and 'num_node' in layout
    )
