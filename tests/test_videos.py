"""Picture size and frame rate from videos."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import keypoints, make_motion, tasks, write_dump

from blazepose_skl.dumps import Reading, find_dumps, read_clip
from blazepose_skl.dumps.videos import check_videos, read_video_header
from blazepose_skl.errors import InputError

cv2 = pytest.importorskip('cv2')


def write_video(path: Path, size: tuple[int, int] = (160, 96), fps: float = 12.5) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), fps, size)
    for _ in range(3):
        video.write(np.zeros((size[1], size[0], 3), np.uint8))
    video.release()
    return path


def test_the_size_and_rate_that_a_dump_does_not_say(tmp_path: Path) -> None:
    motion = make_motion()
    write_dump(tmp_path / 'dumps' / 'jump' / '0.json', keypoints(motion))
    write_video(tmp_path / 'videos' / 'jump' / '0.avi')
    (source,) = find_dumps(tmp_path / 'dumps')
    clip = read_clip(source, Reading(videos=tmp_path / 'videos'))
    assert (clip.size, clip.fps) == ((160, 96), 12.5)
    assert 'picture size from the video' in clip.notes
    np.testing.assert_allclose(clip.landmarks, motion[..., :2] * np.array([160, 96], np.float32), rtol=1e-6)


def test_what_a_dump_says_itself_goes_first(tmp_path: Path) -> None:
    write_dump(tmp_path / '0.json', tasks(make_motion()))
    write_video(tmp_path / '0.avi')
    (source,) = find_dumps(tmp_path)
    clip = read_clip(source, Reading(videos=tmp_path))
    assert (clip.size, clip.fps) == ((640, 480), 25)


def test_videos_that_are_missing_or_none(tmp_path: Path) -> None:
    write_dump(tmp_path / 'dumps' / 'jump' / '0.json', keypoints(make_motion()))
    (source,) = find_dumps(tmp_path / 'dumps')
    for number, message in enumerate(
        (
            r"jump/0\.json: no video called 'jump/0' in .*videos; --size sets",
            r'jump/0\.json: .*0\.mp4: not a video that OpenCV can read',
            r"jump/0\.json: the video of 'jump/0' may be .*0\.avi or .*0\.mp4; leave one",
        )
    ):
        videos = tmp_path / f'{number}' / 'videos'
        if number:
            (videos / 'jump').mkdir(parents=True)
            (videos / 'jump' / '0.mp4').write_bytes(b'no video')
        if number == 2:
            write_video(videos / 'jump' / '0.avi')
        with pytest.raises(InputError, match=message):
            read_clip(source, Reading(videos=videos))
        assert read_clip(source, Reading(videos=videos, size=(64, 48))).size == (64, 48)
    with pytest.raises(InputError, match='there is no such folder; give the folder with the videos'):
        check_videos(tmp_path / 'other')


def test_without_opencv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'cv2', None)
    with pytest.raises(InputError, match='pip install opencv-python-headless, or give the size'):
        check_videos(tmp_path)


def test_opencv_is_imported_for_videos_alone() -> None:
    code = 'import sys, blazepose_skl.convert, blazepose_skl.dumps.videos; sys.exit("cv2" in sys.modules)'
    assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0


def test_a_real_video(real_data: Callable[[str], Path]) -> None:
    header = read_video_header(real_data('videos') / 'correct' / 'correct1.mp4')
    assert (header.size, header.fps) == ((640, 360), 25)
