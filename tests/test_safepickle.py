"""Hostile pickles are one sentence, in little time and memory, whatever asks for what is in them."""

from __future__ import annotations

import pickle
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazepose_skl.annotations import read_annotations
from blazepose_skl.cli import main
from blazepose_skl.errors import InputError
from blazepose_skl.safepickle import load_safely, shown

HEAD = pickle.PROTO + b'\x04'


def text(value: str) -> bytes:
    return pickle.BINUNICODE + struct.pack('<I', len(value)) + value.encode()


def function(module: str, name: str) -> bytes:
    return pickle.GLOBAL + f'{module}\n{name}\n'.encode()


# Two of the one before, eighty times: to hash, print or compare it takes for ever.
LAUGHS = text('a') + pickle.MEMOIZE
for number in range(80):
    LAUGHS += (pickle.BINGET + bytes([number])) * 2 + pickle.TUPLE2 + pickle.MEMOIZE
LAUGHS += pickle.POP * 81 + pickle.BINGET + bytes([80])
# A tuple in a tuple, a hundred thousand times: its hash needs more stack than there is.
DEEP = pickle.NONE + pickle.TUPLE1 * 100_000
MEGABYTE = pickle.BINUNICODE + struct.pack('<I', 1 << 20) + b'a' * (1 << 20)
AGAIN = (
    function('_codecs', 'encode') + pickle.MEMOIZE + MEGABYTE + pickle.MEMOIZE + text('latin1') + pickle.MEMOIZE
) + (pickle.BINGET + b'\x00' + pickle.BINGET + b'\x01' + pickle.BINGET + b'\x02' + pickle.TUPLE2 + pickle.REDUCE) * 9
DTYPE = function('numpy', 'dtype') + text('f4') + pickle.TUPLE1 + pickle.REDUCE
SIZE = struct.pack('<Q', 8 << 30)


@pytest.mark.parametrize(
    ('hostile', 'message'),
    [
        (pickle.EMPTY_DICT + LAUGHS + pickle.NONE + pickle.SETITEM, 'holds a tuple as a key'),
        (pickle.EMPTY_DICT + pickle.MARK + LAUGHS + pickle.NONE + pickle.SETITEMS, 'holds a tuple as a key'),
        (pickle.MARK + LAUGHS + pickle.NONE + pickle.DICT, 'holds a tuple as a key'),
        (pickle.EMPTY_SET + pickle.MARK + LAUGHS + pickle.ADDITEMS, 'holds a tuple as a key'),
        (pickle.MARK + LAUGHS + pickle.FROZENSET, 'holds a tuple as a key'),
        (pickle.EMPTY_DICT + DEEP + pickle.NONE + pickle.SETITEM, 'holds a tuple as a key'),
        (
            function('builtins', 'set') + pickle.EMPTY_LIST + DEEP + pickle.APPEND + pickle.TUPLE1 + pickle.REDUCE,
            'holds a tuple as a key',
        ),
        (AGAIN, 'holds the same data again and again'),
        (function('numpy', 'dtype') + text('S0') + pickle.TUPLE1 + pickle.REDUCE, "holds arrays of type 'S0'"),
        (function('numpy', 'dtype') + LAUGHS + pickle.TUPLE1 + pickle.REDUCE, 'holds arrays of type given by a tuple'),
        (DTYPE + pickle.EMPTY_DICT + pickle.BUILD, r'not an annotation pickle \(KeyError'),
        (pickle.BYTEARRAY8 + SIZE, 'not an annotation pickle'),
        (pickle.BINBYTES8 + SIZE, 'not an annotation pickle'),
        (pickle.FRAME + SIZE, 'not an annotation pickle'),
        (pickle.LONG4 + struct.pack('<i', -5), 'LONG pickle has negative byte count'),
        (pickle.NONE + pickle.BINPERSID, 'unsupported persistent id'),
        (pickle.EXT1 + b'\x01', 'unregistered extension code'),
        (function('os', 'system') + text('x') + pickle.TUPLE1 + pickle.NEWOBJ, r'holds os\.system'),
        (pickle.MARK + text('x') + pickle.INST + b'os\nsystem\n', r'holds os\.system'),
    ],
)
@pytest.mark.parametrize('command', [None, 'inspect', 'export'])
def test_hostile_forms(
    tmp_path: Path, hostile: bytes, message: str, command: str | None, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    path = tmp_path / 'a.pkl'
    path.write_bytes(HEAD + hostile + pickle.STOP)
    if command is None:
        with pytest.raises(InputError, match=message):
            load_safely(path)
        return
    out = [str(tmp_path / 'out')] if command == 'export' else []
    monkeypatch.setattr('sys.argv', ['blazepose-skl', command, str(path), *out])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    said = capsys.readouterr().err
    assert said.count('\n') == 1
    with pytest.raises(InputError, match=message):
        raise InputError(said)


def entry(**items: bytes) -> bytes:
    return pickle.EMPTY_DICT + b''.join(text(key) + value + pickle.SETITEM for key, value in items.items())


@pytest.mark.parametrize('value', [LAUGHS, DEEP, pickle.EMPTY_LIST, text('[/b] \0'), b'\x8a\x09' + b'\x7f' * 9])
@pytest.mark.parametrize('key', ['frame_dir', 'label', 'img_shape', 'total_frames', 'keypoint', 'fps'])
def test_what_stands_where_something_else_is_expected(
    tmp_path: Path, key: str, value: bytes, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    clip = entry(keypoint=pickle.NONE, **{key: value}) if key != 'keypoint' else entry(keypoint=value)
    rest = entry(class_names=value, split=entry(train=value), skeleton=value)[len(pickle.EMPTY_DICT) :]
    path = tmp_path / 'a.pkl'
    path.write_bytes(HEAD + entry(annotations=pickle.EMPTY_LIST + clip + pickle.APPEND) + rest + pickle.STOP)
    for command in (['inspect'], ['inspect', '--json'], ['export']):
        out = [str(tmp_path / 'out')] if command == ['export'] else []
        monkeypatch.setattr('sys.argv', ['blazepose-skl', command[0], str(path), *out, *command[1:]])
        with pytest.raises(SystemExit) as stopped:
            main()
        assert stopped.value.code == 1
        assert len(''.join(capsys.readouterr())) < 5000


def test_a_high_stack_takes_no_longer(tmp_path: Path) -> None:
    """In proportion to its height; otherwise it would take minutes."""
    (tmp_path / 'a.pkl').write_bytes(
        HEAD + pickle.EMPTY_LIST * 200_000 + pickle.APPEND * 199_999 + pickle.MARK * 200_000 + pickle.STOP
    )
    with pytest.raises(InputError, match='annotation 0: a list where a dict was expected'):
        read_annotations(tmp_path / 'a.pkl')


def test_plain_keys_are_read(tmp_path: Path) -> None:
    value = {1: 'a', 2.5: 'b', None: 'c', False: 'd', (1, 'x'): 'e', b'k': 'f', np.float32(7): 'g'}
    data = [value, OrderedDict(value), set(value), frozenset(value)]
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        (tmp_path / 'a.pkl').write_bytes(pickle.dumps(data, protocol=protocol))
        assert load_safely(tmp_path / 'a.pkl') == data


def test_values_as_text() -> None:
    assert shown('jump/03') == 'jump/03'
    assert shown('a\x1b[2J\nb\ud800') == 'a?[2J?b?'
    assert shown('a' * 1000) == 'a' * 300 + '…'
    assert [shown(value) for value in (3, np.int64(3), 2.5, True, None, (), 10**5000)] == [
        '3', '3', '2.5', 'True', 'a NoneType', 'a tuple', 'a int',
    ]  # fmt: skip
