"""Readers of dumps: every dialect gives back the motion that was written; then real files; then messages."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import WRITERS, bare, keypoints, landmarks, make_motion, message, tasks, write_dump

from blazepose_skl.clips import Clip
from blazepose_skl.dumps import Reading, find_dumps, read_clip
from blazepose_skl.dumps.documents import read_json
from blazepose_skl.dumps.reading import clip_of
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import BLAZEPOSE, Skeleton

SIZE = (640, 480)
MISSED = (0, 3)


def read(path: Path, **how: object) -> Clip:
    (source,) = find_dumps(path)
    return read_clip(source, Reading(**{'size': SIZE, **how}))


def assert_same(clip: Clip, motion: np.ndarray, missed: tuple[int, ...] = ()) -> None:
    people, frames = motion.shape[:2]
    seen = [frame for frame in range(frames) if frame not in missed]
    assert clip.landmarks.shape == (people, frames, 33, 2)
    assert np.flatnonzero(clip.missed).tolist() == list(missed)
    order = np.argsort(np.nanmean(clip.landmarks[..., 0], axis=(1, 2)))  # from the left to the right
    wanted = motion[:, seen][..., :2] * np.array(SIZE, np.float32)
    np.testing.assert_allclose(clip.landmarks[order][:, seen], wanted, rtol=1e-6)
    np.testing.assert_allclose(clip.scores[order][:, seen], motion[:, seen][..., 3], rtol=1e-6)
    assert not clip.scores[:, list(missed)].any()


# -- laws -------------------------------------------------------------------------------------------


@pytest.mark.parametrize('writer', WRITERS)
def test_every_dialect_gives_back_what_was_written(tmp_path: Path, writer: str) -> None:
    dialect, write = WRITERS[writer]
    motion = make_motion()
    if dialect == 'coco':
        motion[..., 3] = 1
    clip = read(write_dump(tmp_path / 'any.json', write(motion, MISSED)))
    assert clip.dialect == dialect
    assert_same(clip, motion, MISSED)


@pytest.mark.parametrize('writer', WRITERS)
def test_depth_is_left_out_of_the_picture_and_nothing_else_changes(writer: str) -> None:
    text = json.dumps(WRITERS[writer][1](make_motion(), MISSED)).encode()
    flat, whole = (clip_of(read_json(text, 'a', depth=depth), Reading(), 'a') for depth in (False, True))
    np.testing.assert_array_equal(flat.landmarks, whole.landmarks)
    np.testing.assert_array_equal(flat.scores, whole.scores)
    assert replace(flat, landmarks=None, scores=None) == replace(whole, landmarks=None, scores=None)


def test_landmarks_about_the_body_get_their_depth_back(tmp_path: Path) -> None:
    motion = make_motion()[..., :3]
    motion -= motion[:, :, [BLAZEPOSE.index('left_hip'), BLAZEPOSE.index('right_hip')]].mean(2, keepdims=True)
    dump = bare(np.concatenate([motion, np.ones_like(motion[..., :1])], -1))
    clip = read(write_dump(tmp_path / 'any.json', dump), y_up=False)
    assert clip.coordinates == 'metres'
    np.testing.assert_allclose(clip.landmarks, motion, rtol=1e-6)


def test_a_handstand_before_mediapipe_is_not_turned(tmp_path: Path) -> None:
    """Its own landmarks about the body have y downwards whatever they show, joints that were not seen or not."""
    motion = make_motion()
    about = motion - motion[:, :, [BLAZEPOSE.index('left_hip'), BLAZEPOSE.index('right_hip')]].mean(2, keepdims=True)
    about[:, :, [BLAZEPOSE.index('left_shoulder'), BLAZEPOSE.index('right_shoulder')], 1] = 0.5
    about[..., 3] = 1
    about[:, :, 7] = motion[:, :, 7, 3] = 0
    dump = tasks(motion)
    for number, frame in enumerate(dump['frames']):
        frame['pose_world_landmarks'] = [landmarks(about[0, number])]
    clip = read(write_dump(tmp_path / 'a.json', dump), coords='world')
    about[:, :, 7, :3] = np.nan
    np.testing.assert_allclose(clip.landmarks, about[..., :3], rtol=1e-6)


@pytest.mark.parametrize('writer', ['kinetics', 'tasks', 'tasks_js', 'tfjs'])
def test_several_people_are_told_apart(tmp_path: Path, writer: str) -> None:
    motion = make_motion(people=3)
    dump = WRITERS[writer][1](motion)
    # Dumps have no stable order of people.
    for frame in dump.get('data', dump.get('frames')) if isinstance(dump, dict) else dump:
        for people in [frame] if isinstance(frame, list) else frame.values():
            if isinstance(people, list):
                people.reverse()
    clip = read(write_dump(tmp_path / 'any.json', dump), people=3)
    assert_same(clip, motion)


@pytest.mark.parametrize('missed', [(), MISSED])
@pytest.mark.parametrize('writer', ['ml_kit', 'ml_kit_by_type', 'bare', 'rows'])
def test_several_people_in_a_list(tmp_path: Path, writer: str, missed: tuple[int, ...]) -> None:
    """ML Kit's landmarks, or bare ones, of several people a frame, with the people in no stable order."""
    motion = make_motion(people=3)
    dumps = [WRITERS[writer][1](person[None]) for person in motion]
    single = [dump['frames'] if isinstance(dump, dict) else dump for dump in dumps]
    frames = [[] if number in missed else list(people) for number, people in enumerate(zip(*single, strict=True))]
    if writer == 'ml_kit_by_type':
        frames = [[person['landmarks'] for person in people] for people in frames]
    frames[2].reverse()
    path = write_dump(tmp_path / 'a.json', frames)
    clip = read(path, people=3)
    assert clip.dialect == 'people'
    assert_same(clip, motion, missed)
    (tmp_path / 'b.json').write_text('\n'.join(map(json.dumps, frames)))
    assert_same(read(tmp_path / 'b.json', people=3, dialect='people'), motion, missed)


@pytest.mark.parametrize('writer', ['messages', 'message', 'tasks', 'keypoints', 'bare', 'results'])
def test_a_frame_in_each_line(tmp_path: Path, writer: str) -> None:
    motion = make_motion()
    dump = WRITERS[writer][1](motion, MISSED)
    frames = dump['frames'] if isinstance(dump, dict) else dump
    path = tmp_path / 'lines.json'
    path.write_text('\n'.join(json.dumps(frame) for frame in frames) + '\n')
    assert_same(read(path), motion, MISSED)


@pytest.mark.parametrize('writer', ['messages', 'message', 'tasks', 'keypoints', 'bare', 'results'])
def test_a_file_for_each_frame(tmp_path: Path, writer: str) -> None:
    motion = make_motion(frames=12)
    dump = WRITERS[writer][1](motion, (5,))
    frames = dump['frames'] if isinstance(dump, dict) else dump
    for number, frame in enumerate(frames):
        write_dump(tmp_path / 'clip' / f'frame_{number}.json', frame)  # 10 stands before 9 as text
    (source,) = find_dumps(tmp_path)
    assert source.name == 'clip'
    assert_same(read(tmp_path), motion, (5,))


def test_one_picture_is_a_clip_of_one_frame(tmp_path: Path) -> None:
    motion = make_motion(frames=1)
    assert_same(read(write_dump(tmp_path / 'picture.json', bare(motion)[0])), motion)


@pytest.mark.parametrize('score', ['score', 'confidence', 'likelihood', 'inFrameLikelihood', 'v', 'presence'])
def test_confidence_has_many_names(tmp_path: Path, score: str) -> None:
    motion = make_motion()
    dump = [dict(keypoints=landmarks(person, score)) for person in motion[0]]
    assert_same(read(write_dump(tmp_path / 'a.json', dump)), motion)


def test_capital_keys(tmp_path: Path) -> None:
    motion = make_motion()
    text = json.dumps(keypoints(motion))
    for key in ('x', 'y', 'z', 'visibility'):
        text = text.replace(f'"{key}"', f'"{key.capitalize()}"')
    (tmp_path / 'a.json').write_text(text)
    assert_same(read(tmp_path / 'a.json'), motion)


def test_without_confidence_it_is_1(tmp_path: Path) -> None:
    motion = make_motion()
    motion[..., 3] = 1
    assert_same(read(write_dump(tmp_path / 'a.json', [landmarks(person, '') for person in motion[0]])), motion)


def test_many_missed_frames_at_the_beginning(tmp_path: Path) -> None:
    motion = make_motion(frames=3000)
    missed = tuple(range(2990))
    assert_same(read(write_dump(tmp_path / 'a.json', tasks(motion, missed))), motion, missed)


def test_what_python_writes_for_no_number(tmp_path: Path) -> None:
    motion = make_motion()
    dump = message(motion)
    dump[3] = dict(landmark=[dict(x=float('nan'), y=float('nan'), z=0.0, visibility=0.0)] * 33)
    assert_same(read(write_dump(tmp_path / 'a.json', dump)), motion, (3,))


def test_fractions_outside_the_picture_are_no_pixels(tmp_path: Path) -> None:
    motion = make_motion()
    motion[0, :, 25:, 1] = 3.3
    clip = read(write_dump(tmp_path / 'a.json', keypoints(motion)))
    assert clip.coordinates == 'fraction'
    assert_same(clip, motion)


# -- real files -------------------------------------------------------------------------------------

MP_DATA = [f'{action}/{number}' for action in ('drink', 'walk') for number in (0, 24, 49)]


@pytest.mark.parametrize(
    ('name', 'frames', 'missed', 'dialect'),
    [
        ('messagetodict.jsonl', 60, 0, 'messages'),
        ('messagetojson_per_frame', 60, 10, 'message'),
        ('tasks_asdict.json', 72, 0, 'tasks'),
        ('tasks_asdict_several_people.json', 57, 19, 'tasks'),
        ('bare_list_of_frames.json', 701, 0, 'bare'),
        ('tfjs_style_empty_frames.json', 101, 9, 'keypoints'),
        ('holistic.pose', 97, 0, 'pose'),
        *((f'MP_Data/{clip}', 30, 0, 'arrays') for clip in MP_DATA),
    ],
)
def test_real_dumps(real_data: object, name: str, frames: int, missed: int, dialect: str) -> None:
    clip = read(real_data('dialects') / name, people=4)  # type: ignore[operator]
    assert (clip.landmarks.shape[1], int(clip.missed.sum()), clip.dialect) == (frames, missed, dialect)


def test_no_real_dump_is_left_out(real_data: object) -> None:
    found = {source.name for source in find_dumps(real_data('dialects'))}  # type: ignore[operator]
    single = {'messagetodict', 'tasks_asdict', 'tasks_asdict_several_people', 'bare_list_of_frames', 'holistic'}
    folders = {'messagetojson_per_frame', *(f'MP_Data/{clip}' for clip in MP_DATA)}
    assert found == single | folders | {'tfjs_style_empty_frames', 'reject_27_unofficial_names'}


# -- doubts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize('writer', ['tfjs', 'ml5'])
def test_the_poses_of_a_single_frame(tmp_path: Path, writer: str) -> None:
    """Two people, or a person in two frames: only --dialect can tell."""
    motion = make_motion(frames=1, people=2)
    (frame,) = WRITERS[writer][1](motion)
    path = write_dump(tmp_path / 'a.json', frame)
    with pytest.raises(InputError, match='this may be dialect keypoints or poses; say which with --dialect'):
        read(path, people=2)
    assert_same(read(path, people=2, dialect='poses'), motion)
    assert read(path, dialect='keypoints').landmarks.shape == (1, 2, 33, 2)
    clip = read(write_dump(tmp_path / 'b.json', frame[:1]))
    assert clip.dialect == 'poses'
    assert_same(clip, motion[:1])
    many = [pose for pose in frame for _ in range(10)]
    assert read(write_dump(tmp_path / 'c.json', many)).landmarks.shape == (1, 20, 33, 2)
    numbered = [pose | dict(frame=number) for number, pose in enumerate(frame)]
    assert read(write_dump(tmp_path / 'd.json', numbered)).landmarks.shape == (1, 2, 33, 2)


@pytest.mark.parametrize('count', [1, 2])
def test_the_poses_of_a_frame_in_each_file(tmp_path: Path, count: int) -> None:
    motion = make_motion(people=count)
    for number, frame in enumerate(WRITERS['tfjs'][1](motion)):
        write_dump(tmp_path / f'{number}.json', frame)
    (source,) = find_dumps(tmp_path, 'poses')
    assert_same(read_clip(source, Reading(dialect='poses', size=SIZE, people=2)), motion)


# -- skeletons of others ----------------------------------------------------------------------------

PUPPET = Skeleton('puppet', ('hip', 'chest', 'head', 'left_hand', 'right_hand'), {
    'chest': 'hip', 'head': 'chest', 'left_hand': 'chest', 'right_hand': 'chest'
})  # fmt: skip
_POINTS = np.array([[[10.0 * j + t + 20, 30 + 5 * j] for j in range(5)] for t in range(12)])
_CONFIDENCE = np.round(np.linspace(0.1, 0.9, 60), 3).reshape(12, 5)
_POINTS[3, 2] = _CONFIDENCE[3, 2] = 0  # how detectors write what they did not see
_TRIPLES = np.concatenate([_POINTS, _CONFIDENCE[..., None]], axis=-1)
_APART = [{'keypoints': p, 'keypoint_scores': c} for p, c in zip(_POINTS.tolist(), _CONFIDENCE.tolist(), strict=True)]
_CONFIDENT = {
    'triples': _TRIPLES.tolist(),
    'triples by name': [dict(zip(PUPPET.joints, frame, strict=True)) for frame in _TRIPLES.tolist()],
    'quadruples': np.insert(_TRIPLES, 2, 7, axis=-1).tolist(),
    'flat': [{'keypoints': frame.ravel().tolist()} for frame in _TRIPLES],
    'flat lists': [frame.ravel().tolist() for frame in _TRIPLES],
    'results of COCO': [
        {'image_id': n, 'category_id': 1, 'keypoints': frame.ravel().tolist(), 'score': 0.9}
        for n, frame in enumerate(_TRIPLES)
    ],
    'boxes': [{'bbox': [0, 0, 9, 9], 'keypoints': frame} for frame in _TRIPLES.tolist()],
    'apart': _APART,
    'apart, several people': [[frame] for frame in _APART],
    'apart, flat': [
        {'keypoints': np.ravel(frame['keypoints']).tolist(), 'scores': frame['keypoint_scores']} for frame in _APART
    ],
}


@pytest.mark.parametrize('kind', _CONFIDENT)
def test_a_third_number_is_the_score_where_the_skeleton_is_not_of_mediapipe(tmp_path: Path, kind: str) -> None:
    clip = read(write_dump(tmp_path / 'any.json', _CONFIDENT[kind]), skeleton=PUPPET)
    np.testing.assert_allclose(clip.scores[0], _CONFIDENCE, rtol=1e-6)
    seen = _CONFIDENCE > 0
    np.testing.assert_allclose(clip.landmarks[0][seen], _POINTS[seen], rtol=1e-6)
    assert np.isnan(clip.landmarks[0, 3, 2]).all()


def test_so_it_is_in_a_file_for_each_frame_in_arrays_and_in_tables(tmp_path: Path) -> None:
    for number, frame in enumerate(_TRIPLES):
        write_dump(tmp_path / 'frames' / f'{number:02}.json', frame.tolist())
    np.save(tmp_path / 'a.npy', _TRIPLES)
    np.save(tmp_path / 'b.npy', _TRIPLES.reshape(12, 15))
    rows = [','.join(map(str, frame.ravel())) for frame in _TRIPLES]
    (tmp_path / 'c.csv').write_text('\n'.join([','.join(map(str, range(15))), *rows]))
    (tmp_path / 'd.csv').write_text('\n'.join(f'picture{n},{row}' for n, row in enumerate(rows)))
    for path in ('frames', 'a.npy', 'b.npy', 'c.csv', 'd.csv'):
        clip = read(tmp_path / path, skeleton=PUPPET)
        np.testing.assert_allclose(clip.scores[0], _CONFIDENCE, rtol=1e-6)


def test_about_the_body_a_third_number_is_depth_for_all_skeletons(tmp_path: Path) -> None:
    write_dump(tmp_path / 'a.json', _CONFIDENT['triples'])
    np.save(tmp_path / 'b.npy', _TRIPLES)
    for path in ('a.json', 'b.npy'):
        clip = read(tmp_path / path, skeleton=PUPPET, coords='world', y_up=False, coordinates='metres')
        np.testing.assert_allclose(clip.landmarks[0, 5], _TRIPLES[5], rtol=1e-6)
        assert (clip.scores[0, 5] == 1).all()


def test_scores_apart_are_read_for_mediapipe_too_where_a_third_number_stays_depth(tmp_path: Path) -> None:
    motion = make_motion(people=1)[0]
    frames = [{'keypoints': frame[:, :3].tolist(), 'keypoint_scores': frame[:, 3].tolist()} for frame in motion]
    clip = read(write_dump(tmp_path / 'a.json', frames))
    np.testing.assert_allclose(clip.scores[0], motion[..., 3], rtol=1e-6)
    bare_scores = read(write_dump(tmp_path / 'b.json', [{'keypoints': frame['keypoints']} for frame in frames])).scores
    assert (bare_scores == 1).all()


def test_scores_apart_of_another_number_are_refused(tmp_path: Path) -> None:
    frames = [{**frame, 'keypoint_scores': [0.5] * (4 if n == 2 else 5)} for n, frame in enumerate(_APART)]
    with pytest.raises(InputError, match=r'a\.json, frame 2: 4 scores for 5 landmarks'):
        read(write_dump(tmp_path / 'a.json', frames), skeleton=PUPPET)


# -- messages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize('count', [32, 25])
def test_a_wrong_number_of_landmarks(tmp_path: Path, count: int) -> None:
    dump = keypoints(make_motion(frames=20))
    dump[17]['keypoints'] = dump[17]['keypoints'][:count]
    write_dump(tmp_path / 'clips' / 'jump_03.json', dump)
    (source,) = find_dumps(tmp_path)
    with pytest.raises(
        InputError, match=rf"^clips/jump_03\.json, frame 17: {count} landmarks where 'blazepose' has 33$"
    ):
        read_clip(source, Reading())


def test_unofficial_names(real_data: object) -> None:
    with pytest.raises(InputError, match=r"27 landmarks, of which 'Left Toe'.* not named as in 'blazepose'"):
        read(real_data('dialects') / 'reject_27_unofficial_names.json')  # type: ignore[operator]


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'the file is empty; a JSON dump was expected'),
        (' \n', 'the file is empty; a JSON dump was expected'),
        (json.dumps(keypoints(make_motion()))[:2000], 'the JSON ends in the middle; copy or write the file again'),
        ('[{"keypoints": []}, {"keypoints": []}]', 'nobody was found in any'),
        ('[]', 'nobody was found in any'),
        ('no JSON', 'neither JSON nor a table'),
        ('{no JSON}', 'no JSON from byte 1 on'),
        ('{"a": [1, 2]}', 'not a known dialect of MediaPipe Pose dumps'),
        ('[' * 100_000, 'nested without end'),
        ('[' * 1000, 'ends in the middle|nested without end'),
        ('{"people": [{"pose_keypoints_2d": %s}]}' % ([0.5] * 75), 'OpenPose BODY_25, which is another skeleton'),
    ],
)
def test_what_is_no_dump(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / 'a.json'
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read(path)


def test_fractions_or_pixels_in_doubt(tmp_path: Path) -> None:
    motion = make_motion() * np.array([10, 10, 1, 1], np.float32)
    path = write_dump(tmp_path / 'a.json', keypoints(motion))
    with pytest.raises(InputError, match='may be fractions or pixels; say which with --coordinates'):
        read(path)
    np.testing.assert_allclose(read(path, coordinates='pixels').landmarks, motion[..., :2], rtol=1e-6)


def test_links_to_folders_are_followed_unless_they_lead_back(tmp_path: Path) -> None:
    write_dump(tmp_path / 'real' / 'inner' / 'a.json', keypoints(make_motion()))
    for name, target in (('jump', 'real'), ('run', 'real/inner'), ('real/inner/up', '.'), ('real/back', 'real')):
        (tmp_path / name).symlink_to(tmp_path / target, target_is_directory=True)
    assert {source.name for source in find_dumps(tmp_path)} == {'jump/inner/a', 'real/inner/a', 'run/a'}


def test_a_video_is_no_dump(tmp_path: Path) -> None:
    (tmp_path / 'a.mp4').write_bytes(b'')
    for path, wanted in ((tmp_path / 'a.mp4', 'a video; blazepose-skl extract'), (tmp_path, 'no dump in this folder')):
        with pytest.raises(InputError, match=wanted):
            find_dumps(path)


def test_no_dump_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / 'README.txt').write_text('nothing here')
    with pytest.raises(InputError, match='no dump in this folder'):
        find_dumps(tmp_path)
    with pytest.raises(InputError, match='there is no such file or folder'):
        find_dumps(tmp_path / 'other')
