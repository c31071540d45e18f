"""The beginning of a JSON text, closed so that it can be decoded: enough to see its structure."""

from __future__ import annotations

import re
from typing import Any

import msgspec

__all__ = ['NOT_A_NUMBER', 'decode_beginning']

_BRACKET = re.compile(rb'[\[\]{}]')
_CLOSER = {ord('['): b']', ord('{'): b'}'}
# What Python writes for numbers that JSON has no word for.
NOT_A_NUMBER = re.compile(rb'-?\b(?:NaN|Infinity)\b')


def decode_beginning(text: bytes) -> Any:
    """The value that stands first in ``text``, as far as it goes; what is cut in the middle is left out.

    >>> decode_beginning(b'[{"x": 1, "y": [2, 3.')
    [{'x': 1, 'y': [2]}]
    >>> decode_beginning(b'{"a \\\\" [": [{}, 3], "b')
    {'a " [': [{}, 3]}

    Raises:
        msgspec.DecodeError: It is not JSON.
        RecursionError: It is nested without end.
    """
    blank = _blank_strings(text)
    brackets: list[int] = []
    end = 0
    for bracket in _BRACKET.finditer(blank):
        end = bracket.end()
        character = blank[end - 1]
        if character in _CLOSER:
            brackets.append(character)
        elif brackets:
            brackets.pop()
        if not brackets:
            break
    else:
        # Commas do not change what is open, so the brackets after the last one are those at a comma behind it.
        end = max(end, blank.rfind(b','))
    # A bare value such as null has neither.
    closed = text[: end or len(text)] + b''.join(_CLOSER[bracket] for bracket in reversed(brackets))
    if b'NaN' in closed or b'Infinity' in closed:
        closed = NOT_A_NUMBER.sub(b'null', closed)
    return msgspec.json.decode(closed)


def _blank_strings(text: bytes) -> bytes:
    """The text with spaces for all that stands in strings, a last one that is cut included."""
    if b'\\' in text:
        text = text.replace(b'\\\\', b'  ').replace(b'\\"', b'  ')
    parts = text.split(b'"')
    parts[1::2] = [b' ' * len(part) for part in parts[1::2]]
    return b'"'.join(parts)
