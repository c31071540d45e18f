"""Laws of remapping, pickles clip by clip, real dumps, then messages."""

import gc
import importlib
import pickle
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
from conftest import make_motion

from blazepose_skl.annotations import read_annotations
from blazepose_skl.annotationstream import stream_annotations
from blazepose_skl.convert import convert
from blazepose_skl.errors import InputError
from blazepose_skl.remap import find_parts, remap, remap_pickle
from blazepose_skl.skeletons import BLAZEPOSE, COCO, HOLISTIC, NTU, OPENPOSE, Skeleton, get_skeleton
from blazepose_skl.splits import split_last
from blazepose_skl.steps import RemapSkeleton

TARGETS = [COCO, OPENPOSE, NTU]


def clip(channels=2, people=2, frames=4, seed=0):
    motion = make_motion(frames, seed, people)
    return motion[..., :channels], motion[..., 3]


@pytest.mark.parametrize('target', TARGETS, ids=lambda skeleton: skeleton.name)
def test_joints_of_one_name_are_the_same_joints(target):
    keypoint, score = clip()
    moved, scores = remap(keypoint, score, find_parts(BLAZEPOSE, target))
    assert moved.shape == (2, 4, target.num_joints, 2)
    assert (moved.dtype, scores.dtype) == (np.float32, np.float32)
    shared = [joint for joint in target.joints if joint in BLAZEPOSE.joints]
    assert len(shared) == {'coco': 17, 'openpose': 17, 'nturgb+d': 14}[target.name]
    for joint in shared:
        ours, theirs = BLAZEPOSE.index(joint), target.index(joint)
        np.testing.assert_array_equal(moved[:, :, theirs], keypoint[:, :, ours])
        np.testing.assert_array_equal(scores[:, :, theirs], score[:, :, ours])


@pytest.mark.parametrize('target', TARGETS, ids=lambda skeleton: skeleton.name)
@pytest.mark.parametrize('channels', [2, 3])
def test_remapping_and_moving_change_places(target, channels):
    """A clip that is moved and scaled and then remapped is the one that is remapped and then moved and scaled."""
    keypoint, score = clip(channels)
    parts = find_parts(BLAZEPOSE, target)
    moved, _ = remap(keypoint * 3 + 7, score, parts)
    np.testing.assert_allclose(moved, remap(keypoint, score, parts)[0] * 3 + 7, rtol=1e-5)


@pytest.mark.parametrize('target', TARGETS, ids=lambda skeleton: skeleton.name)
def test_remapping_and_mirroring_change_places(target):
    keypoint, score = clip()
    parts = find_parts(BLAZEPOSE, target)
    mirror = list(BLAZEPOSE.twins)
    before = remap(keypoint[:, :, mirror], score[:, :, mirror], parts)
    after = remap(keypoint, score, parts)
    for here, there in zip(before, after, strict=True):
        np.testing.assert_allclose(here, there[:, :, list(target.twins)], rtol=1e-6)


@pytest.mark.parametrize('target', TARGETS, ids=lambda skeleton: skeleton.name)
def test_a_mean_lies_among_its_parts_and_is_as_sure_as_the_least_sure(target):
    keypoint, score = clip(3)
    parts = find_parts(BLAZEPOSE, target)
    moved, scores = remap(keypoint, score, parts)
    virtual = [joint for joint, places in enumerate(parts) if len(places) > 1]
    assert len(virtual) == {'coco': 0, 'openpose': 1, 'nturgb+d': 9}[target.name]
    for joint in virtual:
        ours = keypoint[:, :, list(parts[joint])]
        np.testing.assert_allclose(moved[:, :, joint], ours.mean(axis=2), rtol=1e-5)
        np.testing.assert_array_equal(scores[:, :, joint], score[:, :, list(parts[joint])].min(axis=-1))


def test_the_neck_is_between_the_shoulders_and_the_spine_between_neck_and_hips():
    keypoint, score = clip(3)
    body, _ = remap(keypoint, score, find_parts(BLAZEPOSE, NTU))

    def of(skeleton, data, joint):
        return data[:, :, skeleton.index(joint)]

    shoulders, hips = (
        (of(BLAZEPOSE, keypoint, f'left_{part}') + of(BLAZEPOSE, keypoint, f'right_{part}')) / 2
        for part in ('shoulder', 'hip')
    )
    neck = remap(keypoint, score, find_parts(BLAZEPOSE, OPENPOSE))[0][:, :, OPENPOSE.index('neck')]
    np.testing.assert_allclose(neck, shoulders, rtol=1e-5)
    np.testing.assert_allclose(of(NTU, body, 'spine_shoulder'), shoulders, rtol=1e-5)
    np.testing.assert_allclose(of(NTU, body, 'spine_base'), hips, rtol=1e-5)
    np.testing.assert_allclose(of(NTU, body, 'spine_middle'), (shoulders + hips) / 2, rtol=1e-5)


@pytest.mark.parametrize('scored', [True, False])
def test_a_mean_of_which_a_part_was_not_seen_was_not_seen(scored):
    keypoint, score = clip()
    keypoint, score = keypoint.copy(), score.copy()
    left = BLAZEPOSE.index('left_shoulder')
    keypoint[:, 1, left] = 0
    score[:, 1, left] = 0
    moved, scores = remap(keypoint, score if scored else None, find_parts(BLAZEPOSE, OPENPOSE))
    neck = OPENPOSE.index('neck')
    assert not moved[:, 1, neck].any()
    assert moved[:, 0, neck].all()
    assert (scores is not None) == scored
    if scored:
        assert not scores[:, 1, neck].any()


def test_to_itself_is_identity_and_out_of_holistic_comes_the_body():
    keypoint, score = clip()
    for here, there in zip(remap(keypoint, score, find_parts(BLAZEPOSE, BLAZEPOSE)), (keypoint, score), strict=True):
        np.testing.assert_array_equal(here, there)
    assert find_parts(HOLISTIC, BLAZEPOSE) == tuple((joint,) for joint in range(33))
    assert find_parts(HOLISTIC, COCO) == find_parts(BLAZEPOSE, COCO)


def test_a_skeleton_of_ones_own_is_found_by_name():
    arms = Skeleton('arms', ('nose', 'left_wrist', 'right_wrist'), [None, 'nose', 'nose'])
    assert find_parts(BLAZEPOSE, arms) == ((0,), (15,), (16,))


# -- pickles --------------------------------------------------------------------------------------------


def write(path, protocol=4, channels=2, **changes):
    clips = [
        dict(
            frame_dir=f'class{i % 2}/{i:02}',
            label=i % 2,
            img_shape=(480, 640),
            original_shape=(480, 640),
            total_frames=4 + i,
            keypoint=clip(channels, frames=4 + i, seed=i)[0],
            keypoint_score=clip(frames=4 + i, seed=i)[1],
        )
        for i in range(5)
    ]
    data = dict(split=dict(train=['class0/00'], val=['class1/01']), annotations=clips, skeleton='blazepose')
    data = {key: value for key, value in {**data, **changes}.items() if value is not None}
    path.write_bytes(pickle.dumps(data, protocol))
    return data


@pytest.mark.parametrize('target', TARGETS, ids=lambda skeleton: skeleton.name)
@pytest.mark.parametrize('protocol', [2, 3, 4, 5])
def test_a_pickle_is_the_same_but_for_its_joints(tmp_path, target, protocol):
    channels = 3 if target is NTU else 2
    before = write(tmp_path / 'in.pkl', protocol, channels, class_names=['a', 'b'], provenance=dict(program='p'))
    assert remap_pickle(tmp_path / 'in.pkl', tmp_path / 'deep/out.pkl', target.name) == 5
    after = pickle.loads((tmp_path / 'deep/out.pkl').read_bytes())
    assert after['skeleton'] == target.name
    assert after['provenance'] == dict(program='p', remapped_from='blazepose')
    assert {key: after[key] for key in ('split', 'class_names')} == {
        key: before[key] for key in ('split', 'class_names')
    }
    for old, new in zip(before['annotations'], after['annotations'], strict=True):
        expected = RemapSkeleton(target.name)(dict(old))
        np.testing.assert_equal(new, expected)


def test_what_convert_wrote_is_remapped_clip_by_clip(tmp_path):
    """The stream gives what the reader gives, and keeps no clip: the one before is gone when the next is there."""
    path = tmp_path / 'synthetic.pkl'
    subprocess.run([COMMAND, 'synthesize', tmp_path / 'dumps', '--clips-per-class', '2', '--people', '2'], check=True)
    convert(tmp_path / 'dumps', path, lambda labels: split_last(labels, 1))
    whole = read_annotations(path)
    last, alive, seen = [], [], []

    def take(annotation):
        gc.collect()
        alive.append(sum(reference() is not None for reference in last))
        last.append(weakref.ref(annotation['keypoint']))
        seen.append(annotation['frame_dir'])

    rest = stream_annotations(path, take)
    assert rest == {key: value for key, value in whole.items() if key != 'annotations'}
    assert seen == [annotation['frame_dir'] for annotation in whole['annotations']]
    assert max(alive) <= 1
    assert remap_pickle(path, tmp_path / 'coco.pkl', 'coco') == len(seen)
    remapped = read_annotations(tmp_path / 'coco.pkl')
    assert {clip['keypoint'].shape[2] for clip in remapped['annotations']} == {17}


COMMAND = Path(sys.executable).parent / 'blazepose-skl'


def test_the_command(tmp_path):
    write(tmp_path / 'in.pkl', skeleton=None)

    def run(*arguments):
        command = [str(word) for word in (COMMAND, 'remap', tmp_path / 'in.pkl', *arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    unsaid = run(tmp_path / 'out.pkl', '--to', 'coco')
    assert unsaid.returncode == 1
    assert (
        unsaid.stderr
        == f'blazepose-skl: {tmp_path}/in.pkl: it does not say which skeleton it has; name it with --from\n'
    )
    (tmp_path / 'arms.toml').write_text('joints = ["nose", "left_wrist"]\nparents = ["", "nose"]')
    done = run(tmp_path / 'out.pkl', '--to', tmp_path / 'arms.toml', '--from', 'blazepose')
    assert (done.returncode, done.stdout) == (0, f'5 clips written to {tmp_path}/out.pkl\n')
    data = read_annotations(tmp_path / 'out.pkl')
    assert data['skeleton'] == 'arms'
    assert data['annotations'][0]['keypoint'].shape[2] == 2


def test_real_dumps_become_those_of_other_skeletons(real_data, tmp_path):
    pushups = real_data('pushfit_json')
    source = next(path for path in sorted(pushups.rglob('*.json')) if 'correct' in path.parts)
    folder = tmp_path / 'dumps/pushup'
    folder.mkdir(parents=True)
    for number in range(2):
        (folder / f'{number}.json').write_bytes(source.read_bytes())
    convert(tmp_path / 'dumps', tmp_path / 'in.pkl', lambda labels: split_last(labels, 1))
    for target in (COCO, OPENPOSE):
        remap_pickle(tmp_path / 'in.pkl', tmp_path / 'out.pkl', target.name)
        moved = read_annotations(tmp_path / 'out.pkl')['annotations'][0]
        assert moved['keypoint'].shape[2] == target.num_joints
        assert np.isfinite(moved['keypoint']).all()


# -- in MMAction2 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize('target', TARGETS, ids=lambda skeleton: skeleton.name)
def test_stock_networks_take_remapped_clips(target):
    pytest.importorskip('mmaction', reason='mmaction2 is absent')
    importlib.import_module('blazepose_skl.mmaction2')
    torch = importlib.import_module('torch')
    registry = importlib.import_module('mmaction.registry')
    importlib.import_module('mmengine.registry').init_default_scope('mmaction')
    channels = 3 if target is NTU else 2
    keypoint, score = clip(channels)
    results = dict(frame_dir='clip', keypoint=keypoint, keypoint_score=score, total_frames=4, img_shape=(480, 640))
    normalize = dict(type='PreNormalize3D') if target is NTU else dict(type='PreNormalize2D')
    if target is NTU:  # the stock pipeline of three dimensions knows no scores
        del results['keypoint_score']
    for step in (
        dict(type='RemapSkeleton', target=target.name),
        normalize,
        dict(type='GenSkeFeat', dataset=target.name, feats=['b']),
        dict(type='FormatGCNInput', num_person=2),
    ):
        results = registry.TRANSFORMS.build(step)(results)
    batch = torch.from_numpy(np.asarray(results['keypoint'], np.float32))
    model = registry.MODELS.build(
        dict(type='STGCN', base_channels=8, graph_cfg=dict(layout=target.name, mode='stgcn_spatial'))
    )
    assert model(batch).isfinite().all()


# -- messages -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('changes', 'to', 'message'),
    [
        (
            dict(skeleton='coco'),
            'nturgb+d',
            "'coco' has no joints for neck, left_hand, right_hand, left_foot, right_foot",
        ),
        (
            dict(skeleton='coco'),
            'openpose',
            "clip 'class0/00' has 33 joints where 'coco' has 17; name the skeleton that the data has with --from",
        ),
        (dict(skeleton='mine'), 'coco', "its skeleton 'mine' is not known here; give the file .* with --from FILE"),
        ({}, 'nturgb+d', "clip 'class0/00' has landmarks in the picture .* convert the dumps with --coords world"),
        ({}, 'cocco', "unknown skeleton 'cocco'"),
        (dict(annotations=[dict(frame_dir='a', label=0)]), 'coco', r"clip 'a' has no keypoints \(M, T, V, C\)"),
        (dict(annotations=[5]), 'coco', 'in.pkl, annotation 0: a int where a dict was expected'),
        (dict(annotations=None), 'coco', "no annotation pickle: a dict with a list 'annotations'"),
        (
            dict(annotations=[dict(frame_dir='a', keypoint=clip()[0], label='b')]),
            'coco',
            "clip 'a' has label 'b' where",
        ),
        (
            dict(annotations=[dict(frame_dir='a', keypoint=clip()[0], keypoint_score=clip()[1][:1])]),
            'coco',
            r"clip 'a' has scores \(1, 4, 33\) for keypoints \(2, 4, 33, 2\)",
        ),
        (dict(provenance=subprocess.Popen), 'coco', 'not read, since it holds subprocess.Popen'),
    ],
)
def test_what_is_wrong_is_one_sentence_and_nothing_is_written(tmp_path, changes, to, message):
    write(tmp_path / 'in.pkl', **changes)
    with pytest.raises(InputError, match=message) as error:
        remap_pickle(tmp_path / 'in.pkl', tmp_path / 'out.pkl', to)
    assert '\n' not in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ['in.pkl']


def test_places_that_cannot_be_written(tmp_path):
    write(tmp_path / 'in.pkl')
    with pytest.raises(InputError, match=r'out: an annotation pickle ends in .pkl'):
        remap_pickle(tmp_path / 'in.pkl', tmp_path / 'out', 'coco')
    with pytest.raises(InputError, match=r'in.pkl/out.pkl: cannot be written'):
        remap_pickle(tmp_path / 'in.pkl', tmp_path / 'in.pkl/out.pkl', 'coco')
    with pytest.raises(InputError, match=r'none.pkl: cannot be read'):
        remap_pickle(tmp_path / 'none.pkl', tmp_path / 'out.pkl', 'coco')


def test_a_step_says_which_clip_and_which_layout():
    keypoint, score = clip()
    step = RemapSkeleton('coco', source='openpose')
    with pytest.raises(InputError, match="RemapSkeleton: clip 'a' has 33 joints where 'openpose' has 18"):
        step(dict(frame_dir='a', keypoint=keypoint, keypoint_score=score))
    with pytest.raises(InputError, match="RemapSkeleton: unknown layout 'cocco'"):
        RemapSkeleton('cocco')
    assert get_skeleton('coco') is COCO
