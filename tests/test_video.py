"""Frames, their order, their times, which way is up."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from made_videos import number_of, turn_video, write_video

from blazepose_skl.errors import InputError
from blazepose_skl.video import check_opencv, read_facts, read_frames

pytest.importorskip('cv2')

UNEVEN = [0, 33, 66, 200, 210, 250, 400, 700, 733, 766, 800, 1000]


def test_all_frames_in_order(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.mp4')
    frames = list(read_frames(video))
    assert [frame.number for frame in frames] == list(range(10))
    assert [number_of(frame.picture) for frame in frames] == list(range(10))
    assert [frame.time for frame in frames] == pytest.approx([0.04 * number for number in range(10)])
    assert frames[0].picture.shape == (64, 96, 3)
    assert frames[0].picture.dtype == np.uint8
    facts = read_facts(video)
    assert (facts.width, facts.height, facts.fps, facts.frames, facts.rotation) == (96, 64, 25, 10, 0)


@pytest.mark.parametrize('suffix', ['.mp4', '.mkv', '.webm'])
def test_times_are_true_where_the_rate_varies(tmp_path: Path, suffix: str) -> None:
    frames = list(read_frames(write_video(tmp_path / f'a{suffix}', UNEVEN)))
    assert [1000 * frame.time for frame in frames] == pytest.approx(UNEVEN, abs=1)
    assert [number_of(frame.picture) for frame in frames] == list(range(len(UNEVEN)))


def test_times_count_from_the_first_frame(tmp_path: Path) -> None:
    frames = list(read_frames(write_video(tmp_path / 'a.mp4', [time + 500 for time in UNEVEN])))
    assert [1000 * frame.time for frame in frames] == pytest.approx(UNEVEN, abs=1)


def test_times_go_on_where_there_are_none(tmp_path: Path) -> None:
    frames = list(read_frames(write_video(tmp_path / 'a.h264')))
    assert len(frames) == 10
    assert (np.diff([frame.time for frame in frames]) > 0).all()


@pytest.mark.parametrize('degrees', [0, 90, 180, 270])
def test_pictures_are_upright(tmp_path: Path, degrees: int) -> None:
    straight = next(read_frames(write_video(tmp_path / 'a.mp4'))).picture
    video = turn_video(write_video(tmp_path / 'b.mp4'), degrees)
    turned = next(read_frames(video)).picture
    np.testing.assert_allclose(turned.astype(int), np.rot90(straight, -degrees // 90), atol=3)
    facts = read_facts(video)
    assert (facts.height, facts.width) == turned.shape[:2]
    assert facts.rotation == degrees


def test_frames_that_are_not_wanted_are_passed_over(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.mp4', UNEVEN)
    some = list(read_frames(video, lambda time, number: number % 3 == 1))
    assert [number_of(frame.picture) for frame in some] == [frame.number for frame in some] == [1, 4, 7, 10]
    assert [1000 * frame.time for frame in some] == pytest.approx(UNEVEN[1::3], abs=1)


def test_a_path_may_be_a_string(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.mp4', UNEVEN)
    frames = list(read_frames(str(video)))
    assert [frame.time for frame in frames] == [frame.time for frame in read_frames(video)]
    assert read_facts(str(video)) == read_facts(video)
    with pytest.raises(InputError, match=r'^0: cannot be read: No such file or directory$'):
        next(read_frames('0'))


def test_what_is_no_video(tmp_path: Path) -> None:
    (tmp_path / 'text.mp4').write_text('a diary\n' * 100)
    (tmp_path / 'empty.mp4').touch()
    (tmp_path / 'folder.mp4').mkdir()
    hollow = write_video(tmp_path / 'hollow.mp4')
    data = bytearray(hollow.read_bytes())
    start = data.index(b'mdat') + 4
    length = int.from_bytes(data[start - 8 : start - 4], 'big') - 8
    data[start : start + length] = bytes(length)
    hollow.write_bytes(data)
    for name, message in {
        'text.mp4': 'not a video that OpenCV can read; remove it, or re-encode it, as with ffmpeg -i OLD NEW.mp4$',
        'folder.mp4': 'a folder; give one video$',
        'empty.mp4': 'the file is empty; a video was expected$',
        'hollow.mp4': 'no frame in it could be read; the file is damaged or has no pictures$',
        'none.mp4': 'cannot be read: No such file or directory$',
    }.items():
        with pytest.raises(InputError, match=f'{name}: {message}'):
            list(read_frames(tmp_path / name))


def test_a_camera_that_is_not_there() -> None:
    with pytest.raises(InputError, match='camera 77: there is none that can be opened; cameras are counted from 0'):
        next(read_frames(77))


def test_without_opencv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'cv2', None)
    with pytest.raises(InputError, match=r'videos are read with OpenCV, which is not here .*; pip install opencv-'):
        check_opencv()
