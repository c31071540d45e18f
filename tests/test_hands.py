"""Dumps of other skeletons: laws over all skeletons and codings, Holistic and hands, real files, then messages."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import SHARED, landmarks

from blazepose_skl.annotations import read_annotations
from blazepose_skl.dumps import Reading, find_dumps, read_clip
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import BLAZEPOSE, HAND, HOLISTIC, Skeleton, get_skeleton, skeleton_names

NUMBERED = Skeleton('numbered', ('spine_1', 'spine_2', 'spine_3', 'head'), ['spine_2', 'spine_3', None, 'spine_3'])
BODY, LEFT, RIGHT = slice(0, 33), slice(33, 54), slice(54, 75)


def make(skeleton, frames=5, seed=0):
    """x, y, z in 0..1 and a score, (T, V, 4) float32."""
    random = np.random.default_rng(seed)
    pose = random.uniform(0.2, 0.8, (1, skeleton.num_joints, 4)) + random.normal(0, 0.003, (frames, 1, 1))
    return pose.astype(np.float32)


def read(path, skeleton, **how):
    (source,) = find_dumps(path, skeleton=skeleton)
    return read_clip(source, Reading(size=(640, 480), skeleton=skeleton, **how))


def check(clip, motion, unseen=None):
    """The clip is the motion, in pixels, NaN with score 0 where it is unseen, (T, V)."""
    expected = motion[..., :2] * np.float32([640, 480])
    scores = motion[..., 3].copy()
    if unseen is not None:
        expected[unseen], scores[unseen] = np.nan, 0
    np.testing.assert_allclose(clip.landmarks[0], expected, rtol=1e-6)
    np.testing.assert_allclose(clip.scores[0], scores, rtol=1e-6)


# -- any skeleton -------------------------------------------------------------------------------------------


def in_order(skeleton, frame):
    return dict(landmarks=landmarks(frame))


def by_name(skeleton, frame):
    return dict(keypoints=dict(zip(skeleton.joints, landmarks(frame), strict=True)))


def in_capitals(skeleton, frame):
    names = [joint.upper() for joint in skeleton.joints]
    return dict(keypoints=dict(zip(names, landmarks(frame), strict=True)))


def listed(skeleton, frame):
    return [dict(point, name=joint) for joint, point in zip(skeleton.joints, landmarks(frame), strict=True)]


def kinetics(skeleton, frame):
    return dict(skeleton=[dict(pose=frame[:, :2].ravel().tolist(), score=frame[:, 3].tolist())])


def flat(skeleton, frame):
    return dict(keypoints=frame.ravel().tolist())


@pytest.mark.parametrize('write', [in_order, by_name, in_capitals, listed, kinetics, flat])
@pytest.mark.parametrize('skeleton', [*map(get_skeleton, skeleton_names()), NUMBERED], ids=lambda s: s.name)
def test_what_was_written_is_what_is_read(tmp_path, skeleton, write):
    if skeleton is NUMBERED and write is in_capitals:
        pytest.skip('numbered joints are told apart by their exact names')
    motion = make(skeleton)
    frames = [write(skeleton, frame) for frame in motion]
    dump = dict(data=frames) if write is kinetics else frames
    (tmp_path / 'a.json').write_text(json.dumps(dump))
    clip = read(tmp_path / 'a.json', skeleton)
    assert clip.skeleton == skeleton.name
    check(clip, motion)


@pytest.mark.parametrize('skeleton', [HOLISTIC, HAND, NUMBERED, get_skeleton('coco')], ids=lambda s: s.name)
@pytest.mark.parametrize('kind', ['array', 'numbered_table', 'named_table'])
def test_arrays_and_tables(tmp_path, skeleton, kind):
    motion = make(skeleton)
    path = tmp_path / ('a.npy' if kind == 'array' else 'a.csv')
    if kind == 'array':
        np.save(path, motion)
    else:
        names = skeleton.joints if kind == 'named_table' else range(1, skeleton.num_joints + 1)
        apart = '_' if kind == 'named_table' else ''
        header = [f'{axis}{apart}{name}' for name in names for axis in ('x', 'y', 'z', 'v')]
        if skeleton is NUMBERED and kind == 'named_table':
            pytest.skip('a name that ends in a number cannot be told from the number of a joint')
        rows = [','.join(header), *(','.join(map(str, frame.ravel())) for frame in motion)]
        path.write_text('\n'.join(rows))
    check(read(path, skeleton), motion)


# -- Holistic and hands -------------------------------------------------------------------------------------


def holistic_js(parts):
    keys = ('poseLandmarks', 'leftHandLandmarks', 'rightHandLandmarks')
    return {key: part for key, part in zip(keys, parts, strict=True) if part}


def holistic_python(parts):
    return dict(zip(('pose_landmarks', 'left_hand_landmarks', 'right_hand_landmarks'), parts, strict=True))


def holistic_messages(parts):
    keys = ('pose_landmarks', 'left_hand_landmarks', 'right_hand_landmarks')
    return {key: dict(landmark=part) for key, part in zip(keys, parts, strict=True) if part}


WRITERS = [holistic_js, holistic_python, holistic_messages]


def write_holistic(path, motion, write, lost=()):
    """A dump in which some (frame, part) were not found; hands have no visibility, as MediaPipe's have none."""
    frames = []
    for number, frame in enumerate(motion):
        parts = [landmarks(frame[BODY]), *(landmarks(frame[part], score='') for part in (LEFT, RIGHT))]
        frames.append(write([[] if (number, place) in lost else part for place, part in enumerate(parts)]))
    path.write_text(json.dumps(frames))
    return path


@pytest.mark.parametrize('write', WRITERS)
@pytest.mark.parametrize('lost', [(), [(0, 1), (1, 1), (1, 2), (3, 2)], [(0, 0), (2, 0)]])
def test_holistic_is_one_skeleton_whatever_was_found(tmp_path, write, lost):
    motion = make(HOLISTIC)
    motion[:, 33:, 3] = 1
    unseen = np.zeros(motion.shape[:2], bool)
    for frame, part in lost:
        unseen[frame, (BODY, LEFT, RIGHT)[part]] = True
    path = write_holistic(tmp_path / 'a.json', motion, write, lost)
    check(read(path, HOLISTIC), motion, unseen)
    body = read(path, BLAZEPOSE) if not any(part == 0 for _, part in lost) else None
    if body is not None:
        check(body, motion[:, BODY])


@pytest.mark.parametrize('write', WRITERS)
def test_hands_of_holistic_are_people_of_their_own(tmp_path, write):
    motion = make(HOLISTIC)
    motion[:, LEFT, 0] -= 0.15
    motion[:, RIGHT, 0] += 0.15
    motion[:, 33:, 3] = 1
    path = write_holistic(tmp_path / 'a.json', motion, write, lost=[(2, 1)])
    clip = read(path, HAND, people=2)
    assert clip.landmarks.shape == (2, 5, 21, 2)
    found = {tuple(np.isnan(hand).all(axis=(1, 2))): hand for hand in clip.landmarks}
    left, right = (False, False, True, False, False), (False,) * 5
    np.testing.assert_allclose(found[right], motion[:, RIGHT, :2] * np.float32([640, 480]), rtol=1e-6)
    np.testing.assert_allclose(found[left][3], motion[3, LEFT, :2] * np.float32([640, 480]), rtol=1e-6)


@pytest.mark.parametrize('kind', ['tasks', 'js', 'messages'])
def test_dumps_of_the_hand_landmarker(tmp_path, kind):
    motion = make(HAND)
    motion[..., 3] = 1

    def frame(hand):
        points = landmarks(hand, score='')
        if kind == 'tasks':
            return dict(handedness=[[dict(index=0)]], hand_landmarks=[points], hand_world_landmarks=[points])
        if kind == 'js':
            return dict(multiHandLandmarks=[points])
        return dict(multi_hand_landmarks=[dict(landmark=points)])

    (tmp_path / 'a.json').write_text(json.dumps([frame(hand) for hand in motion]))
    check(read(tmp_path / 'a.json', HAND), motion)


def holistic_rows(motion, lost=()):
    rows = []
    for number, frame in enumerate(motion):
        parts = [frame[BODY].ravel(), np.ones(468 * 3), *(frame[part, :3].ravel() for part in (LEFT, RIGHT))]
        rows.append(np.concatenate([part * ((number, place) not in lost) for place, part in enumerate(parts)]))
    return np.array(rows)


def test_rows_of_mp_data(tmp_path):
    motion = make(HOLISTIC)
    motion[:, 33:, 3] = 1
    lost = [(0, 2), (1, 3), (3, 0)]  # the face is the second of the four
    unseen = np.zeros(motion.shape[:2], bool)
    unseen[0, LEFT] = unseen[1, RIGHT] = unseen[3, BODY] = True
    np.save(tmp_path / 'a.npy', holistic_rows(motion, lost))
    check(read(tmp_path / 'a.npy', HOLISTIC), motion, unseen)
    assert read(tmp_path / 'a.npy', HAND, people=2).landmarks.shape[2] == 21


# -- real files ---------------------------------------------------------------------------------------------

DIALECTS = SHARED / 'dialects'
COMMAND = Path(sys.executable).parent / 'blazepose-skl'


@pytest.mark.parametrize('name', ['holistic.pose', 'MP_Data'])
def test_real_holistic_dumps(name, tmp_path):
    if not (DIALECTS / name).exists():
        pytest.skip(f'{DIALECTS / name} is not here')
    dumps = tmp_path / 'dumps/a'
    dumps.mkdir(parents=True)
    (dumps / name).symlink_to(DIALECTS / name)
    clips = {}
    for skeleton in ('blazepose', 'holistic', 'hand'):
        out = tmp_path / f'{skeleton}.pkl'
        command = [COMMAND, 'convert', dumps.parent, out, '--skeleton', skeleton, '--val', '0', '--missed', 'zero']
        subprocess.run([str(word) for word in command], check=True, capture_output=True)
        data = read_annotations(out)
        assert data['skeleton'] == skeleton
        clips[skeleton] = data['annotations']
    for body, both, hand in zip(*clips.values(), strict=True):
        np.testing.assert_array_equal(body['keypoint'], both['keypoint'][:, :, BODY])
        assert body['keypoint_score'].any()
        hands = [both['keypoint'][0, :, part] for part in (LEFT, RIGHT)]
        seen = hand['keypoint_score'][0].any(-1)
        assert seen.any()
        for frame in np.flatnonzero(seen):
            assert any(np.array_equal(hand['keypoint'][0, frame], side[frame]) for side in hands)
        # A hand hangs from the wrist of its side: where it was found, it is near it.
        body_size = np.ptp(body['keypoint'][0, :, :, 1])
        for side, points in zip(('left', 'right'), hands, strict=True):
            found = points.any(axis=(1, 2))
            wrist = body['keypoint'][0, :, BLAZEPOSE.index(f'{side}_wrist')]
            if found.any():
                distance = np.linalg.norm(points[found, 0] - wrist[found], axis=-1)
                assert np.median(distance) < 0.15 * body_size


# -- messages -----------------------------------------------------------------------------------------------


def test_other_numbers_of_landmarks_are_one_sentence(tmp_path):
    motion = make(BLAZEPOSE)
    (tmp_path / 'a.json').write_text(json.dumps([in_order(BLAZEPOSE, frame) for frame in motion]))
    with pytest.raises(InputError, match=r"a.json, frame 0: 33 landmarks where 'holistic' has 75"):
        read(tmp_path / 'a.json', HOLISTIC)
    (tmp_path / 'b.json').write_text(json.dumps([by_name(BLAZEPOSE, frame) for frame in motion]))
    with pytest.raises(
        InputError, match=r"of which 'left_eye_inner', .* not named as in 'coco' \(such as right_ankle\)"
    ):
        read(tmp_path / 'b.json', get_skeleton('coco'))
    np.save(tmp_path / 'c.npy', np.zeros((2, 126)))
    with pytest.raises(
        InputError, match=r"126 numbers where 'holistic' has 75 landmarks: 1662 \(Holistic\), 300, 225 or"
    ):
        read(tmp_path / 'c.npy', HOLISTIC)


def test_the_command_takes_a_file(tmp_path):
    (tmp_path / 'numbered.json').write_text(json.dumps(dict(joints=NUMBERED.joints, parents=NUMBERED.parents)))
    (tmp_path / 'dumps/a').mkdir(parents=True)
    for clip in range(2):
        frames = [by_name(NUMBERED, frame) for frame in make(NUMBERED, seed=clip)]
        (tmp_path / f'dumps/a/{clip}.json').write_text(json.dumps(frames))

    def run(skeleton):
        command = [COMMAND, 'convert', 'dumps', 'out.pkl', '--skeleton', skeleton, '--last', '1']
        return subprocess.run(list(map(str, command)), cwd=tmp_path, capture_output=True, text=True, check=False)

    assert run('numbered.json').returncode == 0
    data = read_annotations(tmp_path / 'out.pkl')
    assert (data['skeleton'], data['annotations'][0]['keypoint'].shape) == ('numbered', (1, 5, 4, 2))
    unknown = run('numbered')
    assert unknown.returncode == 1
    assert "blazepose-skl: unknown skeleton 'numbered'; known are blazepose," in unknown.stderr
