"""Annotations read clip by clip, out of a pickle or an Arrow file, so that memory does not grow with their number."""

from __future__ import annotations

import pickle
import pickletools
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np

from blazepose_skl.arrowform import MAGIC, SUFFIX, is_arrow
from blazepose_skl.arrowset import ArrowSet
from blazepose_skl.errors import InputError
from blazepose_skl.safepickle import SafeUnpickler, load_safely

__all__ = ['stream_annotations', 'stream_form']


def stream_annotations(path: Path, take: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Hand every annotation of a pickle or an Arrow file to a function, and give back what else it holds.

    Nothing in it is executed, as in :func:`blazepose_skl.annotations.read_annotations`. A pickle with a structure
    that its writer need not have chosen (annotations that are not a list of the outermost dict, or that list itself)
    is read whole before the first is handed over.

    Raises:
        InputError: It cannot be read, asks for more than plain values and arrays, or has another structure.
    """
    if not is_arrow(path):
        return stream_form(path, take)[0]
    clips = ArrowSet(path)
    for annotation in clips.checked():
        take(annotation)
    return clips.others()


def stream_form(path: Path, take: Callable[[dict[str, Any]], None]) -> tuple[dict[str, Any], bool]:
    """The same of a pickle; beside what else it holds, whether it is but a list of annotations."""
    _refuse_arrow(path)
    count = 0

    def plain(annotation: object) -> None:
        nonlocal count
        if not isinstance(annotation, dict):
            raise InputError(f'{path}, annotation {count}: a {type(annotation).__name__} where a dict was expected')
        count += 1
        arrays = {key: np.asarray(value) for key, value in annotation.items() if isinstance(value, np.ndarray)}
        try:
            take({**annotation, **arrays})
        except Exception as error:
            raise _TakersError from error

    try:
        rest = load_safely(path, partial(_Streaming, take=plain))
        listed = isinstance(rest, list)
        if listed:
            rest = dict(annotations=rest)
        if not isinstance(rest, dict) or not isinstance(rest.get('annotations'), list):
            raise InputError(f"{path}: no annotation pickle: a dict with a list 'annotations' was expected")
        for annotation in rest.pop('annotations'):
            plain(annotation)
        return rest, listed
    except _TakersError as error:
        raise error.__cause__ or error from None


def _refuse_arrow(path: Path) -> None:
    try:
        with open(path, 'rb') as file:
            begin = file.read(len(MAGIC))
    except OSError:  # whoever reads it says so
        return
    if begin == MAGIC:
        raise InputError(
            f'{path}: an Arrow file by its first letters, named as a pickle; give it a name that ends in {SUFFIX}'
        )


class _TakersError(BaseException):
    """An error that is not the pickle's: whoever reads that lets it through."""


class _Streaming(SafeUnpickler):
    """Hands over what is appended to the list of annotations instead of appending it.

    A pickle numbers all that it could refer to again, and its reader keeps that. Here it is first looked at for
    the numbers that it does refer to, and nothing else is kept.
    """

    dispatch: ClassVar[dict[int, Callable[..., None]]] = dict(SafeUnpickler.dispatch)

    def __init__(self, file: BinaryIO, take: Callable[[Any], None]) -> None:
        super().__init__(file)
        self._take = take
        used = _used_again(file)
        if used is not None:
            self.memo: dict[int, Any] = _Memo(used)
        file.seek(0)

    def _is_annotations(self, stack: list[Any], height: int, depth: int) -> bool:
        """Whether the top of a stack, if it were so high, is the outermost dict's list of annotations or outermost.

        Args:
            stack: The stack; nothing of it is copied, it may be high.
            height: How high it is taken to be.
            depth: How many stacks are around it.
        """
        if not height or not isinstance(stack[height - 1], list):
            return False
        if not depth and height == 1:
            return True
        # The dict's items are set one by one, or stand behind a mark until all are set.
        alone = not depth and height == 3
        marked = depth == 1 and len(self.metastack[0]) == 1 and height % 2 == 0
        key = stack[height - 2] if alone or marked else None
        return isinstance(key, str) and key == 'annotations'

    def _appends_annotations(self) -> bool:
        """Whether what stands behind the last mark goes to the list of annotations."""
        around = self.metastack[-1]
        return self._is_annotations(around, len(around), len(self.metastack) - 1)

    def _load_append(self) -> None:
        if self._is_annotations(self.stack, len(self.stack) - 1, len(self.metastack)):
            self._take(self.stack.pop())
        else:
            self.load_append()

    def _load_appends(self) -> None:
        if self._appends_annotations():
            for item in self.pop_mark():
                self._take(item)
        else:
            self.load_appends()

    def _load_setitems(self) -> None:
        super()._load_setitems()
        # A thousand annotations are appended together; when the next has got its items, those before it are whole.
        # (What has got items may also be the value of an annotation's only key, which then stands before it.)
        if self.metastack and len(self.stack) > 1 and self._appends_annotations() and isinstance(self.stack[-2], dict):
            for item in self.stack[:-1]:
                self._take(item)
            del self.stack[:-1]

    dispatch[pickle.APPEND[0]] = _load_append
    dispatch[pickle.APPENDS[0]] = _load_appends
    dispatch[pickle.SETITEMS[0]] = _load_setitems


class _Memo(dict[int, Any]):
    """Keeps what is used again and counts the others."""

    def __init__(self, used: set[int]) -> None:
        super().__init__()
        self._used, self._count = used, 0

    def __setitem__(self, number: int, value: Any) -> None:
        self._count += 1
        if number in self._used:
            super().__setitem__(number, value)

    def __len__(self) -> int:
        return self._count


# How many bytes follow an opcode, or a negative number that says how their number is written.
_BEHIND = {ord(opcode.code): opcode.arg.n for opcode in pickletools.opcodes if opcode.arg}
_LENGTHS = {
    pickletools.TAKEN_FROM_ARGUMENT1: '<B',
    pickletools.TAKEN_FROM_ARGUMENT4: '<i',
    pickletools.TAKEN_FROM_ARGUMENT4U: '<I',
    pickletools.TAKEN_FROM_ARGUMENT8U: '<Q',
}
_TWO_LINES = (pickle.GLOBAL[0], pickle.INST[0])


def _used_again(file: BinaryIO) -> set[int] | None:
    """The numbers of what a pickle refers to again; None if it cannot be told.

    Nothing is made of what stands in it; where it is damaged, whoever reads it says so.
    """
    used: set[int] = set()
    counted = numbered = False
    end = file.seek(0, 2)
    file.seek(0)
    while opcode := file.read(1):
        code = opcode[0]
        if code == pickle.STOP[0]:
            break
        if code == pickle.MEMOIZE[0]:
            counted = True
            continue
        if code not in _BEHIND:
            continue
        behind = _BEHIND[code]
        if behind == pickletools.UP_TO_NEWLINE:
            argument = file.readline()
            if code in _TWO_LINES:
                file.readline()
        elif behind < 0:
            form = _LENGTHS[behind]
            length = file.read(struct.calcsize(form))
            if len(length) < struct.calcsize(form):
                return None
            (size,) = struct.unpack(form, length)
            if not 0 <= size <= end:
                return None
            file.seek(size, 1)
            continue
        else:
            argument = file.read(behind)
        if opcode in (pickle.PUT, pickle.BINPUT, pickle.LONG_BINPUT):
            numbered = True
        elif opcode == pickle.GET:
            if not argument.strip().isdigit() or len(argument) > 20:
                return None
            used.add(int(argument))
        elif opcode in (pickle.BINGET, pickle.LONG_BINGET):
            used.add(int.from_bytes(argument, 'little'))
    return None if counted and numbered else used
