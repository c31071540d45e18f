"""The one step against MMAction2's five: the same bits, the same random numbers afterwards; real dumps; messages."""

import copy
import importlib
import pickle
import shutil

import numpy as np
import pytest
from conftest import INLINE, clip, in_a_new_process, split
from hypothesis import given, settings
from hypothesis import strategies as st

from blazepose_skl.convert import convert
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import get_skeleton

pytest.importorskip('mmaction', reason='mmaction2 is absent')
importlib.import_module('blazepose_skl.mmaction2')  # before what it mends

from mmaction.datasets.transforms.formatting import FormatGCNInput
from mmaction.datasets.transforms.pose_transforms import (
    GenSkeFeat,
    PoseDecode,
    PreNormalize2D,
    PreNormalize3D,
    UniformSampleFrames,
)
from mmaction.registry import TRANSFORMS

STREAMS = ['j', 'b', 'jm', 'bm']
STOCK = ['coco', 'openpose', 'nturgb+d']
MISSING = object()


def five_steps(layout, normalize, feats, num_person, mode, **sampling):
    """MMAction2's own way."""
    yield from normalize
    yield GenSkeFeat(dataset=layout, feats=list(feats))
    yield UniformSampleFrames(**sampling)
    yield PoseDecode()
    yield FormatGCNInput(num_person=num_person, mode=mode)


def run(steps, results, state):
    """What steps leave of a clip, and the random numbers that come next."""
    np.random.seed(state)
    results = copy.deepcopy(results)
    with np.errstate(all='ignore'):
        for step in steps:
            results = step(results)
    return results, np.random.randint(2**31, size=8).tolist()


def assert_alike(ours, stock):
    for stream in STREAMS:  # the stock steps leave some of the streams of all frames behind
        stock.pop(stream, None)
    assert ours.keys() == stock.keys()
    for key, value in stock.items():
        if isinstance(value, np.ndarray):
            assert (key, ours[key].shape, ours[key].dtype) == (key, value.shape, value.dtype)
            # Not a number is one too, whichever bits it has.
            np.testing.assert_array_equal(ours[key], value, err_msg=key)
            np.testing.assert_array_equal(np.signbit(ours[key])[value == 0], np.signbit(value)[value == 0])
        else:
            assert ours[key] == value, key
    assert ours['keypoint'].flags.c_contiguous


def compare(results, layout, state=0, normalize='PreNormalize2D', **told):
    told = dict(feats=['j'], clip_len=8, num_person=2, mode='zero') | told
    before = {None: [], 'PreNormalize2D': [PreNormalize2D()], 'PreNormalize3D': [PreNormalize3D()]}[normalize]
    step = TRANSFORMS.build(dict(type='UniformSampleSkeleton', layout=layout, normalize=normalize, **told))
    given = copy.deepcopy(results)
    ours, ours_next = run([step], results, state)
    stock, stock_next = run(five_steps(layout, before, **told), results, state)
    assert_alike(ours, stock)
    assert ours_next == stock_next
    with np.errstate(all='ignore'):
        step({**given})
    np.testing.assert_equal(given, results)  # nothing is written into what comes in
    return ours


# -- laws -------------------------------------------------------------------------------------------------

streams = st.lists(st.sampled_from(STREAMS), min_size=1, max_size=4, unique=True)
sampling = st.fixed_dictionaries(
    dict(
        clip_len=st.integers(1, 12),
        num_clips=st.sampled_from([1, 2, 10]),
        test_mode=st.booleans(),
        seed=st.integers(0, 1000),
        num_person=st.sampled_from([1, 2, 3]),
        mode=st.sampled_from(['zero', 'loop']),
        feats=streams,
    )
)


@st.composite
def clips(draw, joints, channels=(2, 3), scored=(False, True), people=(0, 1, 2, 3)):
    """Clips with people who come, go and are not numbers, in whole or half or double precision, of any picture."""
    people, frames = draw(st.sampled_from(people)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (people, frames, joints)
    keypoint = rng.normal(300, 200, (*shape, draw(st.sampled_from(channels))))
    kinds = ['float32', 'float32', 'float16', 'float64', 'int32']
    kind = draw(st.sampled_from(kinds))
    for blank in (0, np.nan, np.inf):
        if draw(st.booleans()) and (kind != 'int32' or not blank):
            keypoint[rng.uniform(size=shape[:2]) < 0.3] = blank
            keypoint[rng.uniform(size=shape) < 0.1] = blank
    results = dict(keypoint=keypoint.astype(kind), frame_dir='clip', label=3, total_frames=frames)
    if draw(st.sampled_from(scored)):
        results['keypoint_score'] = rng.uniform(size=shape).astype(draw(st.sampled_from(kinds[:-1])))
    picture = draw(st.sampled_from([MISSING, (480, 640), (271, 333), tuple(np.array([480, 641])), (480.5, 3)]))
    if picture is not MISSING:
        results['img_shape'] = picture
    return results


@pytest.mark.parametrize('layout', ['blazepose', 'hand', INLINE, *STOCK], ids=lambda layout: str(layout)[:9])
@settings(max_examples=60, deadline=None)
@given(data=st.data(), told=sampling, state=st.integers(0, 2**32 - 1))
def test_it_is_the_five_steps_in_every_bit(layout, data, told, state):
    joints = get_skeleton(layout).num_joints
    channels = data.draw(st.sampled_from([2, 3]))
    scored = [False] if layout == 'nturgb+d' or (layout in STOCK and channels == 3) else [False, True]
    results = data.draw(clips(joints, [channels], scored))
    compare(results, layout, state, data.draw(st.sampled_from([None, 'PreNormalize2D'])), **told)


@pytest.mark.parametrize('layout', ['nturgb+d', 'blazepose'])
@settings(max_examples=60, deadline=None)
@given(data=st.data(), told=sampling, state=st.integers(0, 2**32 - 1))
def test_it_is_the_five_steps_in_three_dimensions(layout, data, told, state):
    results = data.draw(clips(get_skeleton(layout).num_joints, [3], [False], [1, 2]))
    if not np.isclose(results['keypoint'].astype(float), 0).all((2, 3)).all():
        compare(results, layout, state, 'PreNormalize3D', **told)


@pytest.mark.parametrize('feats', [*([stream] for stream in STREAMS), STREAMS], ids='+'.join)
@pytest.mark.parametrize('frames', [1, 49, 50, 99, 100, 186, 300, 301])
@pytest.mark.parametrize('people', [1, 2])
def test_lengths_of_real_clips(feats, frames, people):
    results = clip(33, people=people, frames=frames) | dict(total_frames=frames, img_shape=(480, 640))
    for test_mode, num_clips in ((False, 1), (True, 1), (True, 10)):
        compare(results, 'blazepose', feats=feats, clip_len=100, test_mode=test_mode, num_clips=num_clips)


@pytest.mark.parametrize('normalize', [None, 'PreNormalize2D', 'PreNormalize3D'])
@pytest.mark.parametrize('frames', [30, 186, 300])
def test_people_who_come_and_go_in_three_dimensions(normalize, frames):
    for seed in range(4):
        results = clip(25, 3, people=2, frames=frames, scored=False, seed=seed) | dict(total_frames=frames)
        results['keypoint'][seed % 2, :20] = 0
        results['keypoint'][:, 25:] *= [1, 1, 3]
        results['keypoint'][:, :, 7] = 0
        compare(results, 'nturgb+d', seed, normalize, feats=STREAMS, clip_len=100)
    nobody = dict(keypoint=np.zeros((2, frames, 25, 3), np.float32), total_frames=frames)
    assert not compare(nobody, 'nturgb+d', 0, normalize and 'PreNormalize3D', feats=['bm'])['keypoint'].any()


def test_a_clip_may_begin_later_in_the_file():
    results = clip(33, frames=20) | dict(total_frames=20)
    late = {**results, 'offset': 2}
    np.random.seed(0)
    step = TRANSFORMS.build(dict(type='UniformSampleSkeleton', layout='blazepose', clip_len=30))
    with pytest.raises(InputError, match="clip 'clip': start_index and offset lead out of its 20 frames"):
        step(copy.deepcopy(late))
    for key in ('offset', 'start_index'):
        compare({**results, key: 0}, 'blazepose')


@pytest.mark.parametrize('layout', ['inline', 'toml', 'object'])
def test_skeletons_of_ones_own(layout, tmp_path):
    pairs = zip(INLINE['joints'], INLINE['parents'], strict=True)
    parents = [f"{joint} = '{parent}'" for joint, parent in pairs if parent]
    (tmp_path / 'arms.toml').write_text('\n'.join([f'joints = {INLINE["joints"]}', '[parents]', *parents]))
    given = dict(inline=INLINE, toml=str(tmp_path / 'arms.toml'), object=get_skeleton(INLINE))[layout]
    for frames in (5, 12, 40):
        compare(clip(5, frames=frames) | dict(total_frames=frames), given, feats=STREAMS)


def test_settings_of_the_normalisation():
    flat = dict(keypoint=clip(25, 2, frames=9)['keypoint'], total_frames=9)
    deep = dict(keypoint=clip(25, 3, frames=9)['keypoint'], total_frames=9)
    for results, stock, told in (
        (flat, PreNormalize2D, dict(img_shape=(7, 9))),
        (deep, PreNormalize3D, dict(zaxis=[1, 20], xaxis=[4, 8])),
        (deep, PreNormalize3D, dict(align_spine=False)),
        (deep, PreNormalize3D, dict(align_shoulder=False)),
        (deep, PreNormalize3D, dict(align_spine=False, align_shoulder=False)),
    ):
        step = TRANSFORMS.build(
            dict(
                type='UniformSampleSkeleton',
                layout='nturgb+d',
                clip_len=4,
                normalize=dict(type=stock.__name__, **told),
            )
        )
        chain = five_steps('nturgb+d', [stock(**told)], ['j'], 2, 'zero', clip_len=4)
        (ours, _), (theirs, _) = run([step], results, 1), run(chain, results, 1)
        assert_alike(ours, theirs)


def test_arrays_that_cannot_be_written_to_are_taken():
    results = clip(33, frames=20) | dict(total_frames=20)
    for key in ('keypoint', 'keypoint_score'):
        results[key].flags.writeable = False
    step = TRANSFORMS.build(dict(type='UniformSampleSkeleton', layout='blazepose', clip_len=8))
    assert step(results)['keypoint'].shape == (1, 2, 8, 33, 3)


def test_a_data_worker_that_is_started_afresh_runs_the_step_alike():
    step = TRANSFORMS.build(dict(type='UniformSampleSkeleton', layout=INLINE, feats=['bm'], clip_len=8, test_mode=True))
    results = clip(5, frames=30) | dict(total_frames=30)
    np.testing.assert_equal(in_a_new_process([step], [copy.deepcopy(results)]), [step(results)])


# -- real dumps -------------------------------------------------------------------------------------------


@pytest.fixture(scope='module')
def real_clips(real_data, tmp_path_factory):
    """Every tenth of actions16, which are short, and what is long of pushfit_json, as the converter writes them."""

    folder = tmp_path_factory.mktemp('real')
    for name, each in (('actions16', 10), ('pushfit_json', 5)):
        for number, path in enumerate(sorted(real_data(name).rglob('*.json'))):
            if number % each == 0:
                (folder / name / path.parent.name).mkdir(parents=True, exist_ok=True)
                shutil.copy(path, folder / name / path.parent.name)
    read = []
    for name in ('actions16', 'pushfit_json'):
        convert(folder / name, folder / f'{name}.pkl', split)
        read += pickle.loads((folder / f'{name}.pkl').read_bytes())['annotations']
    return read


@pytest.mark.parametrize('feats', [*([stream] for stream in STREAMS), STREAMS], ids='+'.join)
def test_real_clips(real_clips, feats):
    lengths = {results['total_frames'] for results in real_clips}
    assert min(lengths) < 100 < max(lengths)
    for seed, results in enumerate(real_clips):
        compare(results, 'blazepose', seed, feats=feats, clip_len=100)
        compare(results, 'blazepose', feats=feats, clip_len=24, test_mode=True, num_clips=10, num_person=1)


# -- messages ---------------------------------------------------------------------------------------------


def build(**told):
    return TRANSFORMS.build(dict(type='UniformSampleSkeleton') | dict(layout='blazepose', clip_len=8) | told)


@pytest.mark.parametrize(
    ('told', 'said'),
    [
        (dict(layout='blaze'), "UniformSampleSkeleton: unknown layout 'blaze'; known are openpose, .*blazepose"),
        (dict(feats=['k']), r"UniformSampleSkeleton: unknown stream \['k'\] in feats; known are j, b, jm, bm"),
        (dict(feats=[]), r'UniformSampleSkeleton: unknown stream \[\] in feats'),
        (dict(mode='repeat'), "UniformSampleSkeleton: unknown mode 'repeat'; known are zero, loop"),
        (dict(clip_len=0), 'UniformSampleSkeleton: clip_len is 0; give 1 or more'),
        (dict(num_person=0), 'UniformSampleSkeleton: num_person is 0; give 1 or more'),
        (dict(normalize='NormalizeBody'), "unknown normalize 'NormalizeBody'; known are PreNormalize2D, PreNorm.*None"),
        (
            dict(normalize=dict(type='PreNormalize3D', align_center=False)),
            'PreNormalize3D has no setting align_center here; there are zaxis, xaxis, align_spine, align_shoulder',
        ),
        (
            dict(layout=INLINE, normalize='PreNormalize3D'),
            r"PreNormalize3D aligns joints \[0, 1, 8, 4\], and 'arms' has 5; give zaxis and xaxis of this skeleton",
        ),
    ],
    ids=lambda value: None,
)
def test_what_cannot_be_built_is_one_sentence(told, said):
    with pytest.raises(InputError, match=said):
        build(**told)


def wrong_scores():
    return clip(33) | dict(keypoint_score=np.ones((1, 6, 32), np.float32))


@pytest.mark.parametrize(
    ('told', 'results', 'said'),
    [
        ({}, clip(25), "UniformSampleSkeleton: clip 'clip' has 25 joints where 'blazepose' has 33"),
        ({}, clip(33) | dict(total_frames=7), "clip 'clip': total_frames 7 and 6 frames of keypoints; both must be"),
        ({}, clip(33, frames=0), 'total_frames 0 and 0 frames of keypoints; both must be the same and not 0'),
        ({}, dict(keypoint=np.zeros((6, 33, 2))), r"clip '\?': keypoint \(6, 33, 2\) where \(M, T, V, C\)"),
        ({}, wrong_scores(), r'keypoint \(1, 6, 33, 2\) and keypoint_score \(1, 6, 32\) where \(M, T, V, C\)'),
        (dict(layout='nturgb+d'), clip(25), "with keypoint_score, and the stock layout 'nturgb.d' takes no keypoint_s"),
        (
            dict(layout='coco'),
            clip(17, 3),
            "3-D keypoints with keypoint_score, and the stock layout 'coco' takes",
        ),
        (dict(layout='coco'), clip(17, 4, scored=False), "4 channels, and the stock layout 'coco' takes 2 or 3"),
        (dict(normalize='PreNormalize3D'), clip(33, scored=False), 'PreNormalize3D takes one or two people with x, y'),
        (
            dict(normalize='PreNormalize3D'),
            clip(33, 3, 3, scored=False),
            r'keypoint \(3, 6, 33, 3\), and PreNorm',
        ),
        (dict(normalize='PreNormalize3D'), clip(33, 3), 'keypoint_score, and PreNormalize3D takes keypoints without'),
        (
            dict(normalize='PreNormalize3D'),
            dict(keypoint=np.full((1, 6, 33, 3), 1e-9)),
            "clip '.': all joints of all frames are at the origin, so that there is nothing to align",
        ),
    ],
    ids=lambda value: None,
)
def test_a_clip_that_cannot_be_read_is_one_sentence(told, results, said):
    with pytest.raises(InputError, match=said):
        build(**told)(copy.deepcopy(results))
