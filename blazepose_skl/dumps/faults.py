"""What is wrong with a text that should be a dump, in sentences: where decoders give a path or a byte."""

from __future__ import annotations

import codecs
import re

import msgspec

from blazepose_skl.dumps.outline import NOT_A_NUMBER
from blazepose_skl.errors import InputError

__all__ = ['LINES', 'LIST', 'SINGLE', 'beginning_of', 'check_encoding', 'fault_in', 'name_of_type', 'refuse_zeros']

# How frames follow one another in a text; else the key of the object under which they stand.
LIST, LINES, SINGLE = 'list', 'lines', 'single'

_BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


def check_encoding(data: bytes, where: str) -> None:
    """Raise InputError if a text begins as one in UTF-16 or UTF-32 does."""
    # It begins with ASCII, so that every second byte is zero.
    first, second = (data[:2] + b'  ')[:2]
    if data.startswith(_BYTE_ORDER_MARKS) or (not first and 9 <= second < 127) or (9 <= first < 127 and not second):
        raise InputError(
            f"{where}: a text in UTF-16 or UTF-32, as PowerShell's > writes it; write it in UTF-8 "
            '(Out-File -Encoding utf8)'
        )


def refuse_zeros(data: bytes, where: str) -> None:
    """Raise InputError if there are zeros in a text."""
    if (start := data.find(b'\0')) >= 0:
        raise InputError(f'{where}: zeros from byte {start} on, which no text has; the file is damaged, write it again')


def beginning_of(data: bytes) -> str:
    """The first line of a text, or as much of it as fits a message; '' if it is none.

    >>> beginning_of(b'<html>\\n<body>')
    '<html>'
    """
    line = data.lstrip()[:200].split(b'\n')[0].strip().decode(errors='replace')
    if not line.isprintable() or '\ufffd' in line:
        return ''
    return line if len(line) <= 40 else f'{line[:40]}…'


def fault_in(text: bytes, error: Exception, where: str, sequence: str = SINGLE) -> InputError:
    """The sentence for what a decoder raised.

    Args:
        text: What was decoded.
        error: From msgspec, or from the standard library where that was asked.
        where: The file, for the message.
        sequence: How frames follow one another in it, where that is known.
    """
    if isinstance(error, RecursionError):
        return InputError(f'{where}: nested without end; this is no dump')
    if isinstance(error, msgspec.ValidationError):
        return _unexpected(str(error), where, sequence)
    try:
        refuse_zeros(text, where)
        text.decode()
    except InputError as zeros:
        return zeros
    except UnicodeDecodeError as wrong:
        return InputError(f'{where}: byte {wrong.start} is no text in UTF-8; save the file as UTF-8')
    if sequence != LINES:
        return _no_json(text, where)
    lines = enumerate(text.split(b'\n'), 1)
    return next(
        (_no_json(line, f'{where}, line {number}') for number, line in lines if line.strip() and not _is_json(line)),
        _beyond_range(where),
    )


def _beyond_range(where: str) -> InputError:
    return InputError(f'{where}: a number beyond all range; the file is damaged')


def _decode_any(text: bytes) -> None:
    # As long as what they stand for, so that the bytes are counted right.
    msgspec.json.decode(NOT_A_NUMBER.sub(lambda word: b'0'.ljust(len(word[0])), text))


def _is_json(text: bytes) -> bool:
    try:
        _decode_any(text)
    except msgspec.DecodeError:
        return False
    return True


def _no_json(text: bytes, where: str) -> InputError:
    """What is wrong with a text that is no JSON."""
    try:
        _decode_any(text)
        return _beyond_range(where)
    except msgspec.DecodeError as error:
        message = str(error)
    found = re.fullmatch(r'(?:JSON is malformed: )?(.*) \(byte (\d+)\)', message)
    if 'truncated' in message or (found and int(found[2]) >= len(text.rstrip())):
        return InputError(f'{where}: the JSON ends in the middle; copy or write the file again')
    if not found:
        return _beyond_range(where)
    if found[1] == 'trailing characters':
        return InputError(f'{where}: more after the end of the JSON, at byte {found[2]}; one dump was expected')
    return InputError(f'{where}: no JSON from byte {found[2]} on ({found[1]}); write the file again')


# -- another structure ------------------------------------------------------------------------------

_TYPES = {
    'float': 'a number',
    'int': 'a number',
    'str': 'text',
    'bool': 'true or false',
    'array': 'a list',
    'object': 'an object',
    'null': 'null',
    # Python's own
    'list': 'a list',
    'dict': 'an object',
    'NoneType': 'null',
}


def name_of_type(value: object) -> str:
    """What a value that was decoded is called in messages."""
    return _TYPES[type(value).__name__]


def _unexpected(message: str, where: str, sequence: str) -> InputError:
    """The sentence for what msgspec says of a value of another type.

    >>> str(_unexpected('Expected `float | null`, got `str` - at `$[2].keypoints[4].x`', 'a.json', LIST))
    'a.json, frame 2: keypoints[4].x is text where a number was expected'
    >>> str(_unexpected('Object missing required field `pose` - at `$.data[2].skeleton[0]`', 'a.json', 'data'))
    "a.json, frame 2: skeleton[0] has no 'pose'"
    """
    problem, _, path = message.partition(' - at ')
    path = path.strip('`').partition('$')[2].replace('[...]', '[…]')
    before = {SINGLE: None, LIST: '', LINES: ''}.get(sequence, f'.{sequence}')
    if before is not None and (found := re.fullmatch(rf'{re.escape(before)}\[(\d+)\](.*)', path)):
        where, path = f'{where}, frame {found[1]}', found[2]
    holder = path.removeprefix('.') or 'it'
    if types := re.fullmatch(r'Expected `(.*)`, got `(.*)`', problem):
        wanted = dict.fromkeys(_TYPES.get(name, name) for name in types[1].split(' | '))
        if len(wanted) > 1:
            wanted.pop('null', None)
        got = _TYPES.get(types[2], types[2])
        return InputError(f'{where}: {holder} is {got} where {" or ".join(wanted)} was expected')
    if field := re.fullmatch(r'Object missing required field `(.*)`', problem):
        return InputError(f"{where}: {holder} has no '{field[1]}'")
    if 'out of range' in problem:
        return InputError(f'{where}: a number beyond all range; the file is damaged')
    return InputError(f'{where}: {holder}: {problem}')
