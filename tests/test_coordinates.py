"""What coordinates are counted in, partial skeletons, scores, and the time base."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import by_name, keypoints, landmarks, make_motion, recorded, tasks, write_dump
from test_dumps import assert_same, read

from blazepose_skl.dumps.timing import resample_clip
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import BLAZEPOSE


def make_body(frames: int = 5) -> np.ndarray:
    """A standing person in metres about the hips, y down, (1, T, V, 4)."""
    body = make_motion(frames)
    for joint, (x, y) in dict(nose=(0, -0.7), shoulder=(0.2, -0.5), hip=(0.1, 0), knee=(0.1, 0.4)).items():
        for name in BLAZEPOSE.joints:
            if name.endswith(joint):
                body[:, :, BLAZEPOSE.index(name), :2] = x if 'left' in name else -x, y
    return body


# -- units ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(('side', 'unit'), [(0, 'width'), (1, 'height')])
def test_divided_by_one_side_alone(tmp_path: Path, side: int, unit: str) -> None:
    motion = make_motion()
    motion[..., :2] = motion[..., :2] * 0.1 + 0.85
    motion[..., side] = 0.5
    size = [(400, 1000), (1000, 400)][side]
    motion[..., 1 - side] *= [1000 / 400, 1000 / 400][side]
    clip = read(write_dump(tmp_path / 'a.json', keypoints(motion)), size=size)
    assert clip.coordinates == unit
    np.testing.assert_allclose(clip.landmarks, motion[..., :2] * size[side], rtol=1e-6)


@pytest.mark.parametrize(('scale', 'unit'), [(1, 'metres'), (100, 'centimetres')])
@pytest.mark.parametrize('up', [False, True])
def test_landmarks_about_the_body(tmp_path: Path, scale: int, unit: str, up: bool) -> None:
    body = make_body()
    written = body * np.array([scale, -scale if up else scale, scale, 1], np.float32)
    clip = read(write_dump(tmp_path / 'a.json', by_name(written)))
    assert clip.coordinates == unit
    assert clip.landmarks.shape[-1] == 3
    np.testing.assert_allclose(clip.landmarks, body[..., :3], atol=1e-6)
    with pytest.raises(InputError, match=r'it has only landmarks about the body; .* --coords world'):
        read(tmp_path / 'a.json', coords='image')


def test_image_and_world_are_kept_apart(tmp_path: Path) -> None:
    motion, body = make_motion(), make_body()
    dump = tasks(motion)
    for frame, person in zip(dump['frames'], body[0], strict=True):
        frame['pose_world_landmarks'] = [landmarks(person)]
    path = write_dump(tmp_path / 'a.json', dump)
    assert_same(read(path), motion)
    world = read(path, coords='world')
    assert world.coordinates == 'metres'
    np.testing.assert_array_equal(world.landmarks, body[..., :3])
    with pytest.raises(InputError, match=r'it has only landmarks in the picture; .* --coords image'):
        read(write_dump(tmp_path / 'b.json', keypoints(motion)), coords='world')


@pytest.mark.parametrize('several', [False, True])
@pytest.mark.parametrize('missed', [(), (0, 3)])
def test_landmarks_about_the_body_alone(tmp_path: Path, several: bool, missed: tuple[int, ...]) -> None:
    body = make_body(frames=5)
    people = [landmarks(person) for person in body[0]]
    frames: list[Any] = [{'pose_world_landmarks': [p] if several else {'landmark': p}} for p in people]
    for frame in missed:
        frames[frame] = {}
    path = write_dump(tmp_path / 'a.json', frames)
    for coords in (None, 'world'):
        clip = read(path, size=None, coords=coords)
        assert (clip.dialect, clip.coordinates) == ('tasks' if several else 'messages', 'metres')
        assert np.flatnonzero(clip.missed).tolist() == list(missed)
        seen = [frame for frame in range(5) if frame not in missed]
        np.testing.assert_array_equal(clip.landmarks[:, seen], body[:, seen, :, :3])
        unknown = 'picture size not known, nor needed for landmarks about the body; written as 1920x1080'
        assert clip.notes == (unknown,)
    with pytest.raises(InputError, match=r'it has only landmarks about the body; .* --coords world'):
        read(path, coords='image')
    # Seen in the picture later on, they are read there.
    frames[4] |= {'pose_landmarks': [people[4]] if several else {'landmark': people[4]}}
    assert read(write_dump(tmp_path / 'b.json', frames), coords='image', coordinates='fraction').landmarks.shape[1] == 5


# -- partial skeletons and scores -------------------------------------------------------------------


def test_joints_that_are_not_there_are_unseen(tmp_path: Path) -> None:
    motion = make_motion()
    kept = BLAZEPOSE.joints[11:23]
    dump = by_name(motion)
    for frame in dump:
        frame['keypoints'] = {name: frame['keypoints'][name.upper()] for name in kept}
    clip = read(write_dump(tmp_path / 'a.json', dump))
    unseen = [joint not in kept for joint in BLAZEPOSE.joints]
    assert np.isnan(clip.landmarks[..., unseen, :]).all()
    assert not clip.scores[..., unseen].any()
    assert not np.isnan(clip.landmarks[..., 11:23, :]).any()
    with pytest.raises(InputError, match=r'12 of 33 joints; a share of 0.5 is wanted'):
        read(tmp_path / 'a.json', least_joints=0.5)


def test_scores_that_are_arguments_of_a_sigmoid(tmp_path: Path) -> None:
    motion = make_motion()
    motion[..., 3] = np.linspace(-6, 7.16, 33)
    clip = read(write_dump(tmp_path / 'a.json', keypoints(motion)))
    np.testing.assert_allclose(clip.scores, 1 / (1 + np.exp(-motion[..., 3])), rtol=1e-4)
    assert 'scores from -6.00 to 7.16 taken for arguments of a sigmoid' in clip.notes


@pytest.mark.parametrize('least', [0, 40])
def test_scores_in_percent(tmp_path: Path, least: int) -> None:
    motion = make_motion()
    motion[..., 3] = np.linspace(least, 100, 33)
    clip = read(write_dump(tmp_path / 'a.json', keypoints(motion)))
    np.testing.assert_allclose(clip.scores, motion[..., 3] / 100, rtol=1e-6)
    assert 'scores in percent, divided by 100' in clip.notes


# -- time -------------------------------------------------------------------------------------------


def test_frames_sorted_as_text_are_put_in_order(tmp_path: Path) -> None:
    motion = make_motion(frames=12)
    dump = by_name(motion)
    dump.sort(key=lambda frame: str(frame['frame']))
    clip = read(write_dump(tmp_path / 'a.json', dump))
    assert_same(clip, motion)
    assert 'frames were out of order, put in the order of their numbers' in clip.notes


@pytest.mark.parametrize('writer', [by_name, recorded])
def test_dropped_frames_are_put_back_as_missed(tmp_path: Path, writer: Any) -> None:
    motion = make_motion(frames=12)
    dump = writer(motion)
    for frame in (9, 5, 4):
        del dump[frame]
    assert_same(read(write_dump(tmp_path / 'a.json', dump)), motion, (4, 5, 9))


def test_the_rate_from_times(tmp_path: Path) -> None:
    assert read(write_dump(tmp_path / 'a.json', recorded(make_motion()))).fps == pytest.approx(25)


def test_numbers_that_repeat_are_none(tmp_path: Path) -> None:
    dump = by_name(make_motion())
    for frame in dump:
        frame['frame'] = 7
    clip = read(write_dump(tmp_path / 'a.json', dump))
    assert_same(clip, make_motion())
    assert clip.notes[0] == 'frame numbers repeat, not used'


@pytest.mark.parametrize(
    ('number', 'note'),
    [
        (lambda n: n * 10**9, 'frame numbers go up by 1000000000, taken for one frame'),
        (lambda n: 1e300 + n, 'frame numbers that are beyond use or not in every frame, not used'),
        (lambda n: 10**400 + n, 'frame numbers that are beyond use or not in every frame, not used'),
        (lambda n: n or None, 'frame numbers that are beyond use or not in every frame, not used'),
        (lambda n: 'last', 'frame numbers that are beyond use or not in every frame, not used'),
    ],
)
def test_numbers_that_are_none_are_noted(tmp_path: Path, number: Any, note: str) -> None:
    dump = by_name(make_motion())
    for n, frame in enumerate(dump):
        frame['frame'] = number(n)
    clip = read(write_dump(tmp_path / 'a.json', dump))
    assert_same(clip, make_motion())
    assert [said for said in clip.notes if said.startswith('frame')] == [note]


def test_numbers_that_run_away(tmp_path: Path) -> None:
    dump = by_name(make_motion())
    dump[-1]['frame'] = 10**12
    with pytest.raises(InputError, match='frame numbers run over 1000000000001 frames where 5 are listed'):
        read(write_dump(tmp_path / 'a.json', dump))


def test_resampling(tmp_path: Path) -> None:
    motion = make_motion(frames=9)
    dump = tasks(motion, (4,))
    clip = read(write_dump(tmp_path / 'a.json', dump))
    assert_same(resample_clip(clip, 25), motion, (4,))
    half = resample_clip(clip, 12.5)
    assert half.fps == 12.5
    np.testing.assert_array_equal(half.landmarks, clip.landmarks[:, ::2])
    twice = resample_clip(clip, 50)
    np.testing.assert_allclose(twice.landmarks[:, ::2], clip.landmarks)
    assert np.flatnonzero(twice.missed).tolist() == [7, 8, 9]
    with pytest.raises(InputError, match='no frame rate in the dump'):
        resample_clip(read(write_dump(tmp_path / 'b.json', keypoints(motion))), 30)
