"""Pickles of strangers: plain values and NumPy arrays are read, and nothing in them is executed.

A hostile pickle may also hang or exhaust whoever reads it: by keys whose hash takes for ever, by a little data that is
copied again and again, by lengths that are not there. None of that is done here; but what is read may still refer
to itself a million million times over, so its values are not to be printed or compared before their type is known.
"""

from __future__ import annotations

import pickle
import re
import struct
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np

from blazepose_skl.errors import InputError

__all__ = ['Array', 'SafeUnpickler', 'load_safely', 'shown']


class _DType:
    """Stands for ``numpy.dtype`` in a pickle: plain numbers and text only, nothing that could hold objects."""

    def __init__(self, code: object, *_: object) -> None:
        if not isinstance(code, str) or not re.fullmatch(r'[<>|=]?(?:[biufc?][0-9]{0,2}|[US][1-9][0-9]{0,5})', code):
            shown = repr(code[:40]) if isinstance(code, str) else f'given by a {type(code).__name__}'
            raise pickle.UnpicklingError(f'arrays of type {shown}')
        self.real = np.dtype(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] in ('<', '>'):
            self.real = self.real.newbyteorder(state[1])


class Array(np.ndarray[Any, Any]):
    """Stands for ``numpy.ndarray`` in a pickle: allocates nothing before it has seen the bytes."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        version, shape, dtype, fortran, data = state
        if not isinstance(dtype, _DType) or not isinstance(data, bytes):
            raise pickle.UnpicklingError('an array that is not made of bytes')
        super().__setstate__((version, shape, dtype.real, fortran, data))


class _Allowed:
    """A function that a pickle may call, and do nothing else with."""

    __slots__ = ('_function',)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)

    def __setstate__(self, state: object) -> None:
        raise pickle.UnpicklingError('a function with a state')


def _reconstruct(*_: object) -> Array:
    return Array((0,), np.uint8)


def _frombuffer(buffer: bytes, dtype: _DType, shape: tuple[int, ...], order: str) -> Any:
    return np.frombuffer(buffer, dtype.real).reshape(shape, order='F' if order == 'F' else 'C').copy()


def _scalar(dtype: _DType, data: bytes) -> Any:
    return np.frombuffer(data, dtype.real)[0]


def _encode(text: str, encoding: str) -> bytes:
    # How protocol 2 writes bytes.
    if encoding != 'latin1':
        raise pickle.UnpicklingError('text in another encoding than latin1')
    return text.encode('latin1')


def _ordered(items: Iterable[tuple[Any, Any]] = ()) -> dict[Any, Any]:
    return {_key(key): value for key, value in items}


def _set(items: Iterable[Any] = ()) -> set[Any]:
    return {_key(item) for item in items}


def _refuse_call(*_: object) -> Any:
    raise pickle.UnpicklingError('a call of numpy.ndarray')


_ALLOWED: dict[tuple[str, str], Any] = {
    ('numpy', 'dtype'): _Allowed(_DType),
    ('numpy', 'ndarray'): _Allowed(_refuse_call),
    ('_codecs', 'encode'): _Allowed(_encode),
    ('collections', 'OrderedDict'): _Allowed(_ordered),
    ('builtins', 'set'): _Allowed(_set),
    ('builtins', 'frozenset'): _Allowed(_set),
    ('__builtin__', 'set'): _Allowed(_set),  # as protocols before 3 call it
    ('__builtin__', 'frozenset'): _Allowed(_set),
    **{
        (f'numpy.{core}.{module}', name): _Allowed(function)
        for core in ('core', '_core')  # NumPy 1 and 2
        for module, name, function in (
            ('multiarray', '_reconstruct', _reconstruct),
            ('multiarray', 'scalar', _scalar),
            ('numeric', '_frombuffer', _frombuffer),
        )
    },
}

_LINE = 300
_PLAIN = (str, int, float, bytes, type(None), np.generic)


def _key(key: Any) -> Any:
    """A key, if it is plain; the hash of a tuple in tuples may take for ever, or more stack than there is."""
    if isinstance(key, _PLAIN) or (isinstance(key, tuple) and all(isinstance(part, _PLAIN) for part in key)):
        return key
    raise pickle.UnpicklingError(f'a {type(key).__name__} as a key')


# The unpickler in Python, not the one in C: the latter allocates whatever a hostile memo number asks for.
_Unpickler: Any = pickle._Unpickler


class SafeUnpickler(_Unpickler):  # type: ignore[misc]  # its parts carry no types
    """Reads plain values and NumPy arrays, and refuses everything else.

    Args:
        file: The pickle.
        more: The functions that it may call besides, by module and name.
    """

    dispatch: ClassVar[dict[int, Callable[..., None]]] = dict(_Unpickler.dispatch)

    def __init__(self, file: BinaryIO, more: Mapping[tuple[str, str], Any] | None = None) -> None:
        super().__init__(file)
        self._allowed = _ALLOWED | {name: _Allowed(function) for name, function in (more or {}).items()}
        # Arrays hold what the file holds, once; protocol 2 makes text of bytes before.
        self._left = 4 * file.seek(0, 2) + (1 << 20)
        file.seek(0)

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._allowed:
            raise pickle.UnpicklingError(f'{module}.{name}'[:100])
        return self._allowed[module, name]

    def _spend(self) -> None:
        """Refuse to make much of little."""
        made = self.stack[-1]
        if isinstance(made, (bytes, set, dict, np.ndarray)):
            self._left -= sys.getsizeof(made)
        if self._left < 0:
            raise pickle.UnpicklingError('the same data again and again')

    def _load_reduce(self) -> None:
        self.load_reduce()
        self._spend()

    def _load_build(self) -> None:
        self.load_build()
        self._spend()

    def _load_bytearray8(self) -> None:
        # Not allocated before it is there.
        self.append(bytearray(self.read(struct.unpack('<Q', self.read(8))[0])))

    def _load_setitem(self) -> None:
        _key(self.stack[-2])
        self.load_setitem()

    def _load_setitems(self) -> None:
        for key in self.stack[::2]:
            _key(key)
        self.load_setitems()

    def _load_dict(self) -> None:
        for key in self.stack[::2]:
            _key(key)
        self.load_dict()

    def _load_additems(self) -> None:
        for item in self.stack:
            _key(item)
        self.load_additems()

    def _load_frozenset(self) -> None:
        for item in self.stack:
            _key(item)
        self.load_frozenset()

    dispatch[pickle.REDUCE[0]] = _load_reduce
    dispatch[pickle.BUILD[0]] = _load_build
    dispatch[pickle.BYTEARRAY8[0]] = _load_bytearray8
    dispatch[pickle.SETITEM[0]] = _load_setitem
    dispatch[pickle.SETITEMS[0]] = _load_setitems
    dispatch[pickle.DICT[0]] = _load_dict
    dispatch[pickle.ADDITEMS[0]] = _load_additems
    dispatch[pickle.FROZENSET[0]] = _load_frozenset


def load_safely(
    path: Path,
    unpickler: Callable[[BinaryIO], SafeUnpickler] = SafeUnpickler,
    what: str = 'an annotation pickle',
) -> Any:
    """What a pickle holds, if it is made of plain values and NumPy arrays alone; nothing in it is executed.

    Args:
        path: The pickle.
        unpickler: What reads it.
        what: What it should be.

    Raises:
        InputError: It cannot be read, is no pickle, or asks for anything else.
    """
    try:
        with open(path, 'rb') as file:
            return unpickler(file).load()
    except InputError:  # what the reader found wrong itself
        raise
    except OSError as error:
        raise InputError(f'{path}: cannot be read: {error.strerror or error}') from None
    except pickle.UnpicklingError as error:
        raise InputError(
            f'{path}: not read, since it holds {shown(str(error))}; {what} holds plain values and NumPy arrays only'
        ) from None
    except MemoryError:
        raise InputError(f'{path}: not {what}: it asks for more memory than there is; the file is damaged') from None
    # A damaged or hostile pickle may fail in any way; none of them is ours to let through.
    except Exception as error:
        raise InputError(f'{path}: not {what} ({type(error).__name__}: {shown(str(error))})') from None


def shown(value: object) -> str:
    """A value out of a pickle as a short text that any terminal shows and JSON can hold."""
    if isinstance(value, (int, float, np.integer, np.floating)) and -1e18 < value < 1e18:
        return str(value)
    if not isinstance(value, str):
        return f'a {type(value).__name__}'
    text = ''.join(letter if letter.isprintable() else '?' for letter in value[:_LINE])
    return text if len(value) <= _LINE else text + '…'
