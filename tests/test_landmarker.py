"""MediaPipe's landmarker as a function: the same frames, the same landmarks, whatever came before."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from blazepose_skl.errors import InputError
from blazepose_skl.landmarker import Landmarker, Poses, Thresholds, check_mediapipe
from blazepose_skl.models import find_model
from blazepose_skl.video import Frame, read_frames

pytest.importorskip('mediapipe')

FRAMES = 12


@pytest.fixture(scope='module')
def model() -> Path:
    try:
        return find_model('full')
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture
def frames(real_data: Callable[[str], Path]) -> Callable[[str], list[Frame]]:
    return lambda name: list(islice(read_frames(real_data('videos') / name), FRAMES))


def follow(frames: list[Frame], model: Path, **how: object) -> list[Poses]:
    with Landmarker(model, **how) as landmarker:  # type: ignore[arg-type]
        return [landmarker.find(frame.picture, frame.time) for frame in frames]


def jitter(poses: list[Poses]) -> float:
    """Mean second difference."""
    return float(np.abs(np.diff([one.image[0, :, :2] for one in poses], 2, axis=0)).mean())


def test_shapes_and_units(frames: Callable[[str], list[Frame]], model: Path) -> None:
    for poses in follow(frames('correct/correct1.mp4'), model):
        assert poses.image.shape == poses.world.shape == (1, 33, 3)
        assert poses.visibility.shape == poses.presence.shape == (1, 33)
        assert poses.image.dtype == poses.world.dtype == np.float32
        assert 0 < poses.image[..., :2].mean() < 1
        hips = poses.world[0, 23:25].mean(axis=0)
        np.testing.assert_allclose(hips, 0, atol=0.05)  # metres about their middle
        assert 0.2 < np.ptp(poses.world[0], axis=0).max() < 2.5
        for score in (poses.visibility, poses.presence):
            assert ((score >= 0) & (score <= 1)).all()


def test_nothing_of_one_video_is_in_the_next(frames: Callable[[str], list[Frame]], model: Path) -> None:
    first = follow(frames('correct/correct1.mp4')[:3], model)
    follow(frames('wrong/wrong52.mp4')[:3], model)
    again = follow(frames('correct/correct1.mp4')[:3], model)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.image, other.image)


def test_several_people(frames: Callable[[str], list[Frame]], real_data, model: Path) -> None:
    seen = islice(read_frames(real_data('videos') / 'several_people.mp4', lambda time, number: number >= 14), 10)
    assert max(len(poses.image) for poses in follow(list(seen), model, people=3)) > 1


def test_smoothing(frames: Callable[[str], list[Frame]], model: Path) -> None:
    shown = frames('steps_720p.webm')
    smooth, rough = follow(shown, model), follow(shown, model, smoothing=False)
    assert {len(poses.image) for poses in rough} == {1}
    assert jitter(smooth) < 0.7 * jitter(rough)


def test_nobody_in_an_empty_picture(model: Path) -> None:
    with Landmarker(model) as landmarker:
        poses = landmarker.find(np.zeros((48, 64, 3), np.uint8), 0)
    assert poses.image.shape == (0, 33, 3)


def test_frames_closer_than_a_millisecond(model: Path) -> None:
    with Landmarker(model) as landmarker:
        for time in (0, 0.0001, 0.0002, 0.001):
            landmarker.find(np.zeros((48, 64, 3), np.uint8), time)


def test_thresholds_are_mediapipes(frames: Callable[[str], list[Frame]], model: Path) -> None:
    (poses,) = follow(frames('correct/correct1.mp4')[:1], model, thresholds=Thresholds(detection=1))
    assert not len(poses.image)


def test_a_model_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / 'mine.task'
    with zipfile.ZipFile(path, 'w') as bundle:
        for part in ('pose_detector.tflite', 'pose_landmarks_detector.tflite'):
            bundle.writestr(part, b'no network')
    with pytest.raises(InputError, match=r'mine\.task: MediaPipe cannot use this model: .*; give a pose landmarker'):
        Landmarker(path)


def test_without_mediapipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'mediapipe.tasks.python.vision', None)
    with pytest.raises(InputError, match=r"with MediaPipe, which is not here .*; pip install 'blazepose-skl\[video"):
        check_mediapipe()
