"""The beginning of a JSON text, closed so that it can be decoded: enough to see its structure."""

from __future__ import annotations

import re
from typing import Any

import msgspec

__all__ = ['decode_beginning']

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},"]', re.DOTALL)
_CLOSER = {ord('['): b']', ord('{'): b'}'}
# What Python writes for numbers that JSON has no word for.
_NOT_A_NUMBER = re.compile(rb'-?\b(?:NaN|Infinity)\b')


def decode_beginning(text: bytes) -> Any:
    """The value that stands first in ``text``, as far as it goes; what is cut in the middle is left out.

    >>> decode_beginning(b'[{"x": 1, "y": [2, 3.')
    [{'x': 1, 'y': [2]}]

    Raises:
        msgspec.DecodeError: It is not JSON.
        RecursionError: It is nested without end.
    """
    brackets: list[int] = []
    end = len(text)  # a bare value such as null has no token
    for token in _TOKEN.finditer(text):
        character = token[0][0]
        if character == ord('"'):
            if len(token[0]) > 1:
                continue
            break  # a string that is cut
        if character == ord(','):
            end = token.start()
            continue
        end = token.end()
        if character in _CLOSER:
            brackets.append(character)
        elif brackets:
            brackets.pop()
        if not brackets:
            break
    # Commas do not change what is open, so the brackets after the last token are those at `end`.
    closed = text[:end] + b''.join(_CLOSER[bracket] for bracket in reversed(brackets))
    return msgspec.json.decode(_NOT_A_NUMBER.sub(b'null', closed))
