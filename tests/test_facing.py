"""World landmarks from one side, and clips of one length."""

import numpy as np
import pytest
from conftest import clip
from hypothesis import given
from hypothesis import strategies as st

from blazepose_skl.errors import InputError
from blazepose_skl.facing import FaceCamera, body_axes
from blazepose_skl.features import rotate
from blazepose_skl.fixedlength import RepeatOrDropFrames
from blazepose_skl.skeletons import BLAZEPOSE, get_skeleton

TORSO = [BLAZEPOSE.index(f'{side}_{joint}') for joint in ('shoulder', 'hip') for side in ('left', 'right')]
STANDING = np.array([[0.2, -0.5, 0], [-0.2, -0.5, 0], [0.1, 0, 0], [-0.1, 0, 0]], np.float32)


def test_somebody_who_stands_facing_the_camera_is_turned_by_nothing():
    assert np.allclose(body_axes(STANDING), np.eye(3))


def test_the_axes_are_at_right_angles_and_no_mirror():
    axes = body_axes(np.random.default_rng(0).normal(size=(4, 3)))
    assert np.allclose(axes @ axes.T, np.eye(3))
    assert np.linalg.det(axes) == pytest.approx(1)


@given(st.lists(st.floats(-3, 3), min_size=6, max_size=6), st.integers(0, 99))
def test_where_a_clip_was_seen_from_makes_no_difference(view, seed):
    made = clip(33, channels=3, people=2, seed=seed)
    moved = made | dict(keypoint=rotate(made['keypoint'], view[:3]) + np.array(view[3:], np.float32))
    here, there = (FaceCamera()(dict(results))['keypoint'] for results in (made, moved))
    assert here.dtype == np.float32
    assert np.allclose(here, there, atol=1e-3)


def test_lengths_stay_and_the_first_torso_faces_the_camera():
    made = clip(33, channels=3)
    made['keypoint_score'][:] = 0.9
    faced = FaceCamera()(dict(made))['keypoint']
    assert np.allclose(body_axes(faced[0, 0][TORSO]), np.eye(3), atol=1e-5)
    assert np.allclose(faced[0, 0][TORSO[2:]].mean(0), 0, atol=1e-6)
    lengths = [np.linalg.norm(points[0, :, 11] - points[0, :, 12], axis=-1) for points in (made['keypoint'], faced)]
    assert np.allclose(*lengths, rtol=1e-4)


def test_the_frame_that_says_so_is_the_first_in_which_the_torso_is_seen():
    made = clip(33, channels=3, frames=5)
    made['keypoint_score'][:] = 0.9
    made['keypoint_score'][0, :2, TORSO[0]] = 0.2
    faced = FaceCamera()(dict(made))['keypoint']
    assert np.allclose(body_axes(faced[0, 2][TORSO]), np.eye(3), atol=1e-5)


def test_what_was_not_seen_is_at_the_origin():
    made = clip(33, channels=3, people=2)
    made['keypoint_score'][1] = 0
    made['keypoint'][1] = 0
    assert not FaceCamera()(dict(made))['keypoint'][1].any()


@pytest.mark.parametrize('hide', [lambda made: made['keypoint_score'].fill(0), lambda made: made['keypoint'].fill(0)])
def test_a_clip_without_a_torso_stays_as_it_is(hide):
    made = clip(33, channels=3)
    hide(made)
    assert np.array_equal(FaceCamera()(dict(made))['keypoint'], made['keypoint'])


def test_other_skeletons_with_a_torso_are_turned_too():
    made = clip(17, channels=3)
    assert FaceCamera(get_skeleton('coco'))(made)['keypoint'].shape == (1, 6, 17, 3)


def test_a_skeleton_without_a_torso_is_refused():
    with pytest.raises(InputError, match="FaceCamera: 'hand' has no left_shoulder, right_shoulder, left_hip, right_"):
        FaceCamera('hand')


@pytest.mark.parametrize(
    ('made', 'found'), [(clip(33), '2 coordinates'), (clip(33, channels=3, scored=False), 'no keypoint_score')]
)
def test_other_data_is_refused(made, found):
    with pytest.raises(InputError, match=f"FaceCamera: clip 'clip' has {found}; .*convert with --coords world"):
        FaceCamera()(made)


# -- clips of one length -------------------------------------------------------------------------------------------


def test_a_short_clip_begins_again():
    made = clip(33, frames=4)
    fixed = RepeatOrDropFrames(10)(dict(made))
    order = [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert np.array_equal(fixed['keypoint'], made['keypoint'][:, order])
    assert np.array_equal(fixed['keypoint_score'], made['keypoint_score'][:, order])
    assert (fixed['total_frames'], fixed['clip_len'], fixed['num_clips']) == (10, 10, 1)


def test_a_clip_of_the_length_stays():
    made = clip(33, frames=7)
    assert np.array_equal(RepeatOrDropFrames(7)(dict(made))['keypoint'], made['keypoint'])


@given(st.integers(1, 20), st.integers(0, 30))
def test_a_long_clip_loses_frames_and_keeps_their_order(length, more):
    made = clip(3, frames=length + more)
    made['keypoint'][:] = np.arange(length + more)[:, None, None]
    kept = RepeatOrDropFrames(length)(made)['keypoint'][0, :, 0, 0]
    assert len(kept) == length
    assert (np.diff(kept) > 0).all()


def test_in_training_other_frames_are_lost_every_time_and_in_testing_the_same():
    def kept(seed, test_mode):
        np.random.seed(seed)
        return RepeatOrDropFrames(10, test_mode)(clip(3, frames=200))['keypoint']

    assert np.array_equal(kept(0, True), kept(1, True))
    assert not np.array_equal(kept(0, False), kept(1, False))
    assert np.array_equal(kept(0, False), kept(0, False))


def test_a_length_of_nothing_is_refused():
    with pytest.raises(InputError, match='RepeatOrDropFrames: length=0; at least one frame is needed'):
        RepeatOrDropFrames(0)
