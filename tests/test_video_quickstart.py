"""From a folder of videos to a labelled one, where some of them are not what they should be."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from made_videos import write_video

from blazepose_skl.annotations import read_annotations
from blazepose_skl.models import MODELS, locate_model

pytest.importorskip('mediapipe')
pytest.importorskip('pooch')

ROOT = Path(__file__).parent.parent
CLASSES = ('correct/correct56', 'correct/correct82', 'wrong/wrong52', 'wrong/wrong53')


@pytest.fixture
def quickstart(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Runs it on ``tmp_path / 'videos'``; the exit status and what was printed."""

    def run(hold_out: str, *more: object) -> tuple[int, str]:
        arguments = [tmp_path / 'videos', '--work-dir', tmp_path / 'work', '--hold-out', hold_out, *more]
        command = [sys.executable, ROOT / 'tools/video_quickstart.py', *arguments]
        done = subprocess.run(
            [str(word) for word in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env={**os.environ, 'COLUMNS': '1000', 'OMP_NUM_THREADS': '1'},
        )
        return done.returncode, done.stdout

    return run


def last_line(printed: str) -> str:
    return printed.strip().splitlines()[-1]


def test_what_cannot_do_is_said_before_anything_is_extracted(tmp_path: Path, quickstart) -> None:
    videos = tmp_path / 'videos'
    for name in ('jump/1', 'jump/2', 'loose'):
        write_video(videos / f'{name}.mp4', [0])
    for hold_out, more, sentence in (
        ('jump/9.mp4', (), f'{videos}/jump/9.mp4: no such video to hold out; give it as <class>/<clip>.mp4'),
        ('loose.mp4', (), 'the video to hold out, loose, lies in no folder of a class; hold out another'),
        (
            'jump/1.mp4',
            (),
            f'{videos} has videos to train on in 1 of the two classes that it takes at least (jump); put them into '
            'VIDEOS/<class>/<clip>.mp4',
        ),
        ('jump/1.mp4', ('--work-dir', videos / 'w'), f'{videos}/w lies among the videos; give another --work-dir'),
    ):
        assert quickstart(hold_out, *more)[1] == f'video_quickstart: {sentence}\n'
    assert not (tmp_path / 'work').exists()


def test_a_failure_stops_it_with_a_sentence(tmp_path: Path, quickstart) -> None:
    for name in ('jump/1', 'jump/2', 'run/1'):
        write_video(tmp_path / 'videos' / f'{name}.mp4', [0])
    status, printed = quickstart('jump/1.mp4', '--model', tmp_path / 'none.task')
    assert status == 1
    assert 'none.task' in printed
    assert last_line(printed) == 'video_quickstart: extract failed, for the reason that it gives above'


def test_videos_that_are_left_out(tmp_path: Path, quickstart, real_data: Callable[[str], Path]) -> None:
    """A text and a video with nobody in it are rejected on the way, a loose one before."""
    if locate_model(MODELS['full']) is None:
        pytest.skip("the model 'full' is not here")
    videos = tmp_path / 'videos'
    for name in ('correct/text', 'wrong/nobody'):
        write_video(videos / f'{name}.mp4')
    (videos / 'correct' / 'text.mp4').write_text('a diary')
    write_video(videos / 'loose.mp4')
    originals = real_data('videos')
    for name in CLASSES:
        (videos / f'{name}.mp4').symlink_to(originals / f'{name}.mp4')
    refused = ('--cfg-options', 'no_such.key=1')  # by the training, which another test waits for
    status, printed = quickstart('wrong/nobody.mp4', *refused)
    assert status == 1
    assert last_line(printed) == (
        'video_quickstart: the video to hold out, wrong/nobody, was rejected, as it says above; hold out another'
    )
    status, printed = quickstart('wrong/wrong53.mp4', *refused)
    assert 'warning: left out, since in no folder of a class: 1 video (loose.mp4)\n' in printed
    assert 'warning: extract rejected the files that it names above; the rest goes on without' in printed
    assert 'warning: convert rejected the files that it names above; the rest goes on without' in printed
    split = read_annotations(tmp_path / 'work' / 'data.pkl')['split']
    assert {part: list(clips) for part, clips in split.items()} == {
        'train': sorted(set(CLASSES) - {'wrong/wrong53'}),
        'val': ['wrong/wrong53'],
    }
    assert 'tools/train.py' in printed
    assert status == 1
