"""Laws of the synthetic recordings, then what is written, then messages."""

import json
import re

import numpy as np
import pytest

from blazepose_skl import cli, features, synthetic
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import BLAZEPOSE
from blazepose_skl.synthetic import ACTIONS, DIALECTS, generate_clip, random_person, synthesize, write_dumps
from blazepose_skl.synthetic.actions import Take, stand
from blazepose_skl.synthetic.body import place_joints


def recording(action='wave', seed=0, **options):
    return generate_clip(action, np.random.default_rng(seed), **options)


def true_joints(action, seed=0):
    """(T, 33, 3) before any camera, in the person's axes: left, up, forward."""
    rng = np.random.default_rng(seed)
    person = random_person(rng)
    take = Take(person, np.arange(90) / 30, 'right', rng)
    return place_joints(ACTIONS[action](take), person)


def joint(places, name):
    return places[..., BLAZEPOSE.index(name), :]


# -- the body ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize('action', ACTIONS)
def test_bones_keep_their_lengths(action):
    places = true_joints(action)
    for name in ('elbow', 'wrist', 'index', 'knee', 'ankle'):
        for side in ('left', 'right'):
            child = f'{side}_{name}'
            lengths = np.linalg.norm(joint(places, child) - joint(places, BLAZEPOSE.parents[child]), axis=-1)
            np.testing.assert_allclose(lengths, lengths[0], rtol=1e-6)


@pytest.mark.parametrize('action', ACTIONS)
def test_nobody_sinks_into_the_ground(action):
    assert true_joints(action)[..., 1].min() >= -1e-9


def test_standing_person_is_upright_with_the_left_on_the_left():
    rng = np.random.default_rng(3)
    person = random_person(rng)
    places = place_joints(stand(Take(person, np.arange(30) / 30, 'right', rng)), person)
    order = ('nose', 'left_shoulder', 'left_hip', 'left_knee', 'left_ankle', 'left_foot_index')
    heights = [joint(places, name)[:, 1].mean() for name in order]
    assert heights == sorted(heights, reverse=True)
    for name in ('eye', 'ear', 'shoulder', 'hip', 'knee', 'ankle'):
        assert (joint(places, f'left_{name}')[:, 0] > joint(places, f'right_{name}')[:, 0]).all()
    assert (joint(places, 'nose')[:, 2] > joint(places, 'left_ear')[:, 2]).all()
    assert 0.85 < heights[0] / person.height < 1


def spread(values):
    return np.ptp(values)


@pytest.mark.parametrize('seed', range(5))
def test_actions_do_what_their_names_say(seed):
    def height(action, name):
        return joint(true_joints(action, seed), name)[:, 1]

    assert spread(height('squat', 'left_hip')) > 0.2
    assert spread(height('jumping_jack', 'left_wrist')) > 0.7
    assert height('kick', 'right_ankle').max() > 0.3
    assert height('march', 'left_knee').max() - height('march', 'left_knee').min() > 0.1
    assert height('sit_down', 'left_hip')[-1] < height('sit_down', 'left_hip')[0] - 0.2
    assert spread(height('bow', 'nose')) > 0.2
    assert (height('wave', 'right_wrist') > height('wave', 'right_elbow')).any()
    hands = true_joints('clap', seed)
    apart = np.linalg.norm(joint(hands, 'left_wrist') - joint(hands, 'right_wrist'), axis=-1)
    assert apart.min() < 0.3 < apart.max()
    drinking = true_joints('drink', seed)
    assert np.linalg.norm(joint(drinking, 'right_index') - joint(drinking, 'mouth_right'), axis=-1).min() < 0.25
    punch = true_joints('punch', seed)
    assert spread(joint(punch, 'right_wrist')[:, 2] - joint(punch, 'right_shoulder')[:, 2]) > 0.2


# -- what the estimator says -------------------------------------------------------------------------------


@pytest.mark.parametrize('action', ACTIONS)
def test_shapes_and_ranges(action):
    got = recording(action, frames=40)
    assert got.image.shape == got.world.shape == (40, 33, 3)
    assert got.image.dtype == got.world.dtype == got.scores.dtype == np.float32
    assert ((got.scores >= 0) & (got.scores <= 1)).all()
    assert np.isnan(got.image[got.missed]).all()
    assert np.isfinite(got.image[~got.missed]).all()
    assert (got.scores[got.missed] == 0).all()
    assert not got.missed.all()


def test_same_dice_same_clip():
    first, second = recording(seed=7), recording(seed=7)
    np.testing.assert_array_equal(first.image, second.image)
    assert not np.array_equal(first.image[:10], recording(seed=8).image[:10])


@pytest.mark.parametrize('seed', range(5))
def test_legs_out_of_the_picture_are_invented(seed):
    got = recording(seed=seed, cropped=True, frames=60)
    ankles = [BLAZEPOSE.index(f'{side}_ankle') for side in ('left', 'right')]
    assert (got.image[~got.missed][:, ankles, 1] > 1).all()
    assert got.scores[:, ankles].max() < 0.1


def test_a_whole_person_is_in_the_picture():
    shares = [
        ((clip.image[~clip.missed][..., :2] > 0) & (clip.image[~clip.missed][..., :2] < 1)).mean()
        for clip in (recording('squat', seed, cropped=False) for seed in range(10))
    ]
    assert np.mean(shares) > 0.95


def test_jitter_grows_as_the_score_falls():
    surely, hardly = [], []
    for seed in range(20):
        got = recording('drink', seed, frames=60, cropped=False)
        jitter = np.abs(np.diff(got.world, 2, axis=0)).mean(-1)
        score = got.scores[1:-1]
        surely.extend(jitter[score > 0.99])
        hardly.extend(jitter[(score > 0.05) & (score < 0.7)])
    assert np.nanmedian(hardly) > 2 * np.nanmedian(surely)


def test_world_landmarks_are_metres_from_the_hips():
    got = recording('clap', 2, cropped=False, frames=60)
    hips = [BLAZEPOSE.index(f'{side}_hip') for side in ('left', 'right')]
    np.testing.assert_allclose(np.nanmean(got.world[:, hips], axis=(0, 1)), 0, atol=1e-6)
    assert 1.2 < np.nanmax(got.world[..., 1]) - np.nanmin(got.world[..., 1]) < 2.2


def test_some_clips_miss_frames_and_most_do_not():
    missed = [got.missed.any() for got in synthesize(10, 5)]
    assert 0.05 < np.mean(missed) < 0.6


def test_clip_is_in_pixels():
    got = recording(frames=30)
    clip = got.clip()
    assert clip.landmarks.shape == (1, 30, 33, 3)
    assert (clip.skeleton, clip.size, clip.fps) == ('blazepose', got.size, got.fps)
    np.testing.assert_array_equal(clip.missed, got.missed)
    np.testing.assert_allclose(clip.landmarks[0, ..., 1], got.image[..., 1] * got.size[1], rtol=1e-6)


# -- the set -----------------------------------------------------------------------------------------------


def test_a_larger_set_contains_the_smaller():
    small = {(r.action, r.name): r.image for r in synthesize(2, 2, seed=5, actions=['wave', 'bow'])}
    large = {(r.action, r.name): r.image for r in synthesize(4, 2, seed=5, actions=['bow', 'clap', 'wave'])}
    for key, image in small.items():
        np.testing.assert_array_equal(image, large[key])


def test_people_differ_and_stay_themselves():
    def torso(got):
        joints = [(f'{side}_shoulder', f'{side}_hip') for side in ('left', 'right')]
        bones = [joint(got.world, a) - joint(got.world, b) for a, b in joints]
        return np.nanmedian(np.linalg.norm(bones, axis=-1))

    of_person: dict[str, list[float]] = {}
    for got in synthesize(20, 4, actions=['wave']):
        of_person.setdefault(re.search(r'person(\d+)', got.name)[1], []).append(torso(got))
    assert sorted(of_person) == ['01', '02', '03', '04']
    between = np.ptp([np.median(lengths) for lengths in of_person.values()])
    within = np.median([np.std(lengths) for lengths in of_person.values()])
    assert between > within


def test_learnable_with_people_held_out_and_not_trivial():
    """1-nearest-neighbour on the normalised joints, two of seven people held out."""
    rows, labels, held_out = [], [], []
    for got in synthesize(14, 7):
        found = np.flatnonzero(~got.missed)
        nearest = found[np.abs(np.arange(len(got.missed))[:, None] - found).argmin(1)]
        keypoint, score = got.clip().landmarks[0, nearest, :, :2], got.scores[nearest]
        body = features.measure_body(keypoint, score, BLAZEPOSE)
        normal = ((keypoint - body.center) / body.height)[None]
        rows.append(np.clip(features.resample(normal, np.linspace(0, len(nearest) - 1, 32)), -3, 3).ravel())
        labels.append(got.action)
        held_out.append('person06' in got.name or 'person07' in got.name)
    x, y, test = np.array(rows), np.array(labels), np.array(held_out)
    distance = np.square(x[test][:, None] - x[~test][None]).sum(-1)
    accuracy = (y[~test][distance.argmin(1)] == y[test]).mean()
    assert 0.5 < accuracy < 0.95


# -- dumps -------------------------------------------------------------------------------------------------


def test_keypoint_objects_say_what_was_recorded(tmp_path):
    paths = write_dumps(tmp_path, clips_per_class=3, people=2, actions=['wave', 'kick'])
    assert [str(path.relative_to(tmp_path)) for path in paths[:3]] == [
        'wave/synthetic_person01_take01.json',
        'wave/synthetic_person02_take01.json',
        'wave/synthetic_person01_take02.json',
    ]
    got = next(synthesize(1, 1, actions=['wave']))
    frames = json.loads(paths[0].read_text())
    assert len(frames) == len(got.image)
    assert [not frame['keypoints'] for frame in frames] == got.missed.tolist()
    for frame, image, scores in zip(frames, got.image, got.scores, strict=True):
        if frame['keypoints']:
            assert [set(point) for point in frame['keypoints']] == [{'x', 'y', 'z', 'visibility'}] * 33
            written = [[point[key] for key in ('x', 'y', 'z', 'visibility')] for point in frame['keypoints']]
            np.testing.assert_allclose(written, np.column_stack([image, scores]), atol=1e-6)


def test_tasks_results_say_what_was_recorded(tmp_path):
    (path,) = write_dumps(tmp_path, clips_per_class=1, people=1, dialect='tasks', actions=['bow'])
    got, dump = next(synthesize(1, 1, actions=['bow'])), json.loads(path.read_text())
    assert 'synthetic' in dump['generator']
    assert ((dump['width'], dump['height']), dump['fps']) == (got.size, got.fps)
    for frame, image, world, missed in zip(dump['frames'], got.image, got.world, got.missed, strict=True):
        for key, places in (('pose_landmarks', image), ('pose_world_landmarks', world)):
            assert len(frame[key]) == (0 if missed else 1)
            for person in frame[key]:
                np.testing.assert_allclose([[p[k] for k in 'xyz'] for p in person], places, atol=1e-6)


@pytest.mark.parametrize('dialect', DIALECTS)
def test_same_seed_same_bytes(tmp_path, dialect):
    first, again, other = (
        write_dumps(tmp_path / name, 1, 1, seed, dialect, actions=['clap'])[0].read_bytes()
        for name, seed in (('a', 0), ('b', 0), ('c', 1))
    )
    assert first == again != other


@pytest.mark.parametrize(
    ('call', 'message'),
    [
        (lambda folder: recording('swim'), "no synthetic action 'swim'; there are bow, clap"),
        (lambda folder: recording(frames=1), '1 frames; a motion takes at least 2'),
        (lambda folder: write_dumps(folder, dialect='csv'), "no synthetic dialect 'csv'; there are keypoints, tasks"),
        (lambda folder: write_dumps(folder, clips_per_class=0), '0 clips per class of 10 people; at least one'),
        (lambda folder: write_dumps(folder, actions=['swim']), "no synthetic action 'swim'"),
    ],
)
def test_messages(call, message, tmp_path):
    with pytest.raises(InputError, match=message):
        call(tmp_path)
    assert not list(tmp_path.iterdir())


def test_every_action_has_a_public_name():
    assert set(synthetic.ACTIONS) == {got.action for got in synthesize(1, 1)}


def test_command(tmp_path, capsys, monkeypatch):
    folder = tmp_path / 'synthetic'
    monkeypatch.setattr('sys.argv', ['blazepose-skl', 'synthesize', str(folder), '--clips-per-class=2', '--people=2'])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code in (None, 0)
    assert '20 synthetic dumps of 10 actions by 2 people' in capsys.readouterr().out
    assert len(list(folder.glob('*/synthetic_person0[12]_take01.json'))) == 20
