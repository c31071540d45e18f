"""What is wrong with a damaged dump is said in a sentence, with its place; never in a decoder's own words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import WRITERS, make_motion

from blazepose_skl.dumps import Reading, find_dumps, read_clip
from blazepose_skl.errors import InputError

Change = Callable[[Any], Any]


def put(*path: Any, value: Any) -> Change:
    """Sets a value in a dump."""

    def change(dump: Any) -> None:
        for key in path[:-1]:
            dump = dump[key]
        dump[path[-1]] = value

    return change


def drop(*path: Any) -> Change:
    """Takes something out of a dump."""

    def change(dump: Any) -> None:
        for key in path[:-1]:
            dump = dump[key]
        del dump[path[-1]]

    return change


def refusal(folder: Path, data: bytes, name: str = 'a.json') -> str:
    """Why a dump is refused."""
    (folder / name).write_bytes(data)
    (source,) = find_dumps(folder)
    with pytest.raises(InputError) as refused:
        read_clip(source, Reading())
    return str(refused.value)


CHANGED: list[tuple[str, Change, str]] = [
    (
        'keypoints',
        put(2, 'keypoints', 4, 'x', value='left'),
        'frame 2: keypoints[4].x is text where a number was expected',
    ),
    (
        'keypoints',
        put(2, 'keypoints', 4, 'x', value=True),
        'frame 2: keypoints[4].x is true or false where a number was',
    ),
    ('keypoints', put(2, 'keypoints', 4, value=None), 'frame 2: keypoints[4] is null where an object was expected'),
    ('keypoints', put(2, 'keypoints', value='abc'), 'frame 2: keypoints is text where a list was expected'),
    ('keypoints', put(2, value=5), 'frame 2: it is a number where an object or a list was expected'),
    ('keypoints', drop(2, 'keypoints', 4, 'x'), "frame 2: keypoints[4] has no 'x'"),
    ('kinetics', drop('data', 2, 'skeleton', 0, 'pose'), "frame 2: skeleton[0] has no 'pose'"),
    ('kinetics', drop('data', 2, 'skeleton', 0, 'pose', 0), "frame 2: 32 landmarks where 'blazepose' has 33"),
    ('kinetics', put('data', 2, 'skeleton', 0, 'score', value=[1]), 'frame 2: 1 scores for 33 landmarks'),
    ('rows', drop('frames', 2, 4, 0), 'frame 2: landmarks of 3 and 4 numbers where 2, 3 or 4 were expected'),
    ('rows', put('frames', 2, 4, 1, value='a'), 'frame 2: [4][1] is text where a number was expected'),
    ('by_name', put(2, 'keypoints', 'NOSE', value=1), 'frame 2: keypoints[…] is a number where an object was expected'),
    ('tfjs', drop(2, 0, 'keypoints', 3, 'y'), "frame 2: [0].keypoints[3] has no 'y'"),
    (
        'coco',
        put('annotations', 2, 'keypoints', 5, value='a'),
        'a.json: annotations[2].keypoints[5] is text where a number',
    ),
]


@pytest.mark.parametrize(('writer', 'change', 'message'), CHANGED, ids=lambda value: str(value)[:30])
def test_what_is_not_as_in_other_frames(tmp_path: Path, writer: str, change: Change, message: str) -> None:
    dump = WRITERS[writer][1](make_motion())
    change(dump)
    assert message in refusal(tmp_path, json.dumps(dump).encode())


@pytest.mark.parametrize('number', [float('nan'), 0.5])
def test_the_same_in_lines_and_beside_nan(tmp_path: Path, number: float) -> None:
    dump = WRITERS['keypoints'][1](make_motion())
    dump[0]['keypoints'][0]['x'] = number
    dump[2]['keypoints'][4]['x'] = 'left'
    lines = [json.dumps(frame) for frame in dump]
    message = 'a.json, frame 2: keypoints[4].x is text where a number was expected'
    assert refusal(tmp_path, '\n'.join(lines).encode()) == message
    assert refusal(tmp_path, json.dumps(dump).encode()) == message
    del lines[2], dump[2]
    assert refusal(tmp_path, json.dumps(dump).encode()[:-9]).startswith('a.json: the JSON ends in the middle')
    lines[3] = lines[3][:50]
    assert refusal(tmp_path, '\n'.join(lines).encode()).startswith('a.json, line 4: the JSON ends in the middle')
    lines[3] = 'hello'
    assert refusal(tmp_path, '\n'.join(lines).encode()).startswith('a.json, line 4: no JSON from byte 0 on (invalid')


TEXT = json.dumps(WRITERS['keypoints'][1](make_motion())).encode()
TABLE = ','.join(f'{axis}{joint}' for joint in range(33) for axis in 'xy') + '\n' + ','.join(['0.5'] * 66) + '\n'


@pytest.mark.parametrize(
    ('data', 'message'),
    [
        (TEXT.decode().encode('utf-16'), "a text in UTF-16 or UTF-32, as PowerShell's > writes it; write it in UTF-8"),
        (TEXT.decode().encode('utf-16-le'), 'a text in UTF-16 or UTF-32'),
        (b'\x00\x00\x00\x18ftypmp42\xff', 'neither JSON nor CSV nor another known kind of dump'),
        (TABLE.encode('utf-16'), 'a text in UTF-16 or UTF-32'),
        (TEXT + bytes(4096), f'zeros from byte {len(TEXT)} on, which no text has; the file is damaged, write it again'),
        (TEXT[:5000] + bytes(4096), 'zeros from byte 5000 on'),
        (TABLE.encode() + bytes(10), f'zeros from byte {len(TABLE)} on'),
        (
            TEXT[:-1] + b',{"keypoints":[],"label":"\xdc"}]',
            f'byte {len(TEXT) + 25} is no text in UTF-8; save the file as',
        ),
        (TEXT[:-1] + b',]', 'no JSON from byte'),
        (TEXT + TEXT, 'more after the end of the JSON, at byte '),
        (TEXT.replace(b'"x": 0.', b'"x": 1e999, "": 0.', 1), 'a number beyond all range; the file is damaged'),
        (b'<html>', "neither JSON nor a table with commas; it begins with '<html>'"),
        (b'x0;y0;x1;y1\n0,5;0,5;0,5;0,5\n', "neither JSON nor a table with commas; it begins with 'x0;y0;x1;y1'"),
        (TABLE.replace('0.5', 'abc', 1).encode(), "row 2: 'abc' where a number was expected"),
        (b'{"error": "not found"}', "not a known dialect of MediaPipe Pose dumps (it has 'error')"),
        (b'{"a": {"b": 1}}\n{"a": {"b": 2}}\n', "not a known dialect of MediaPipe Pose dumps (it has 'a')"),
        (b'[[1], [2]]', 'not a known dialect of MediaPipe Pose dumps (its first item is a list)'),
        (b'{"frame": 3, "landmarks": []}', 'nobody was found in any frame'),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_dump(tmp_path: Path, data: bytes, message: str) -> None:
    assert message in refusal(tmp_path, data)
