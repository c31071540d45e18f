"""Plain values and arrays as MessagePack, read back as what they were: a tuple as a tuple, a float16 as a float16.

What :mod:`blazepose_skl.safepickle` lets out of a pickle, in a form that no reader can be made to execute.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from blazepose_skl.errors import InputError

__all__ = ['pack', 'unpack']

# Extension types of MessagePack.
_TUPLE, _DICT, _ARRAY, _SCALAR, _SET, _INT, _TEXT, _BYTEARRAY = range(1, 9)

# A pickle may hold a list in lists a million million times; what is written here is written each time.
_MOST = 10_000_000


def pack(value: Any) -> bytes:
    """A value as MessagePack.

    Raises:
        InputError: It holds something that is neither plain nor an array, or is nested or repeated without end.

    >>> unpack(pack({'valid': {0.5: 12}, 'img_shape': (480, np.int64(640))}))
    {'valid': {0.5: 12}, 'img_shape': (480, np.int64(640))}
    """
    try:
        return msgspec.msgpack.encode(_Packing().of(value))
    except RecursionError:
        raise InputError('values nested too deep') from None


class _Packing:
    """Turns values into what MessagePack has."""

    def __init__(self) -> None:
        self._left = _MOST

    def of(self, value: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise InputError(f'more than {_MOST} values in one, which are mostly the same again and again')
        known = _KINDS.get(type(value))
        if known is not None:
            return known(self, value)
        if isinstance(value, np.ndarray):
            return _extension(_ARRAY, [value.dtype.str, list(value.shape), value.tobytes()])
        if isinstance(value, np.generic):
            return _extension(_SCALAR, [value.dtype.str, value.tobytes()])
        raise InputError(f'a {type(value).__name__}, which is neither a plain value nor an array')

    def itself(self, value: Any) -> Any:
        return value

    def whole(self, value: int) -> Any:
        if -(1 << 63) <= value < 1 << 64:
            return value
        return msgspec.msgpack.Ext(_INT, value.to_bytes(value.bit_length() // 8 + 1, 'little', signed=True))

    def text(self, value: str) -> Any:
        try:
            value.encode()
        except UnicodeEncodeError:  # half a surrogate pair
            return msgspec.msgpack.Ext(_TEXT, value.encode('utf-8', 'surrogatepass'))
        return value

    def listed(self, value: list[Any]) -> Any:
        return [self.of(item) for item in value]

    def mapped(self, value: dict[Any, Any]) -> Any:
        if all(type(key) is str and key.isascii() for key in value):
            return {key: self.of(item) for key, item in value.items()}
        return _extension(_DICT, [[self.of(key), self.of(item)] for key, item in value.items()])


def _extension(code: int, parts: Any) -> Any:
    return msgspec.msgpack.Ext(code, msgspec.msgpack.encode(parts))


_KINDS: dict[type, Callable[[_Packing, Any], Any]] = {
    **dict.fromkeys((type(None), bool, float, bytes), _Packing.itself),
    int: _Packing.whole,
    str: _Packing.text,
    list: _Packing.listed,
    dict: _Packing.mapped,
    tuple: lambda packing, value: _extension(_TUPLE, packing.listed(value)),
    set: lambda packing, value: _extension(_SET, packing.listed(value)),
    bytearray: lambda packing, value: msgspec.msgpack.Ext(_BYTEARRAY, bytes(value)),
}


def unpack(packed: bytes) -> Any:
    """What was packed.

    Raises:
        ValueError: It was not packed here, or is damaged.
    """
    try:
        return _decoder.decode(packed)
    except (msgspec.MsgspecError, TypeError, LookupError, RecursionError, MemoryError) as error:
        raise ValueError(f'values that cannot be read ({type(error).__name__})') from None


def _read_extension(code: int, data: memoryview) -> Any:
    if code == _INT:
        return int.from_bytes(data, 'little', signed=True)
    if code == _TEXT:
        return bytes(data).decode('utf-8', 'surrogatepass')
    if code == _BYTEARRAY:
        return bytearray(data)
    parts = _decoder.decode(data)
    if code == _ARRAY:
        dtype, shape, content = parts
        return np.ndarray(shape, np.dtype(dtype), content).copy()
    if code == _SCALAR:
        dtype, content = parts
        return np.ndarray((), np.dtype(dtype), content)[()]
    if code == _DICT:
        return {key: item for key, item in parts}
    return {_TUPLE: tuple, _SET: set}[code](parts)


_decoder = msgspec.msgpack.Decoder(ext_hook=_read_extension)
