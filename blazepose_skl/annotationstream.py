"""An annotation pickle read clip by clip, so that memory does not grow with their number."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np

from blazepose_skl.annotations import SafeUnpickler, load_safely
from blazepose_skl.errors import InputError

__all__ = ['stream_annotations']


class _Streaming(SafeUnpickler):
    """Hands over what is appended to the list of annotations instead of appending it.

    What stands in the pickle's memo is kept until its number is used again: in pickles that we wrote it is used
    again by every clip, in others by none.
    """

    dispatch: ClassVar[dict[int, Any]] = dict(SafeUnpickler.dispatch)
    # What the unpickler of the standard library has besides.
    stack: list[Any]
    metastack: list[list[Any]]
    pop_mark: Callable[[], list[Any]]

    def __init__(self, file: BinaryIO, take: Callable[[Any], None]) -> None:
        super().__init__(file)
        self._take = take

    def _add(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise pickle.UnpicklingError('something that is appended to no list')
        if self._is_annotations():
            for item in items:
                self._take(item)
        else:
            self.stack[-1].extend(items)

    def _is_annotations(self) -> bool:
        """Whether the list on top of the stack is the outermost dict's 'annotations', or outermost itself."""
        if not self.metastack and len(self.stack) == 1:
            return True
        # The dict's items are set one by one, or stand behind a mark until all are set.
        if self.metastack:
            inside = len(self.metastack) == 1 and len(self.metastack[0]) == 1 and len(self.stack) % 2 == 0
        else:
            inside = len(self.stack) == 3
        return inside and isinstance(self.stack[-2], str) and self.stack[-2] == 'annotations'

    def _load_append(self) -> None:
        self._add([self.stack.pop()])

    def _load_appends(self) -> None:
        self._add(self.pop_mark())

    dispatch[pickle.APPEND[0]] = _load_append
    dispatch[pickle.APPENDS[0]] = _load_appends


def stream_annotations(path: Path, take: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Hand every annotation of a pickle to a function, and give back what else the pickle holds.

    Nothing in it is executed, as in :func:`blazepose_skl.annotations.read_annotations`.

    Raises:
        InputError: It cannot be read, asks for more than plain values and arrays, or has another structure.
    """
    count = 0

    def plain(annotation: object) -> None:
        nonlocal count
        if not isinstance(annotation, dict):
            raise InputError(f'{path}, annotation {count}: a {type(annotation).__name__} where a dict was expected')
        count += 1
        arrays = {key: np.asarray(value) for key, value in annotation.items() if isinstance(value, np.ndarray)}
        take({**annotation, **arrays})

    rest = load_safely(path, partial(_Streaming, take=plain))
    if isinstance(rest, list):
        return {}
    if not isinstance(rest, dict) or not isinstance(rest.get('annotations'), list):
        raise InputError(f"{path}: no annotation pickle: a dict with a list 'annotations' was expected")
    return {key: value for key, value in rest.items() if key != 'annotations'}
