"""The adapter against the real MMAction2; the untouched stock code runs in a process of its own."""

import copy
import importlib
import pickle
import subprocess
import sys

import numpy as np
import pytest
from conftest import INLINE, clip, in_a_new_process

from blazepose_skl.errors import InputError
from blazepose_skl.features import measure_body
from blazepose_skl.skeletons import get_skeleton, skeleton_names

pytest.importorskip('mmaction', reason='mmaction2 is absent')
mmaction2 = importlib.import_module('blazepose_skl.mmaction2')  # before what it mends

import torch
from mmaction.datasets.transforms.pose_transforms import GenSkeFeat, JointToBone, ToMotion
from mmaction.models.utils.graph import Graph
from mmaction.registry import MODELS, TRANSFORMS
from mmengine.registry import init_default_scope

STREAMS = ['j', 'b', 'jm', 'bm']


# -- stock names give what they gave ------------------------------------------------------------------

STOCK = """
import pickle, sys
import numpy as np
if sys.argv[1] == 'stock':
    from blazepose_skl.compat import stand_in_for_drn
    stand_in_for_drn()
else:
    import blazepose_skl.mmaction2
from mmaction.datasets.transforms.pose_transforms import GenSkeFeat, JointToBone, ToMotion
from mmaction.models.utils.graph import Graph
assert hasattr(Graph.__init__, '__wrapped__') == (sys.argv[1] != 'stock')
out = {}
inline = dict(num_node=3, inward=[(1, 0), (2, 1)], center=0)
for layout in ['openpose', 'nturgb+d', 'coco', inline]:
    for mode in ['stgcn_spatial', 'spatial', 'binary_adj']:
        for hop in [1, 2]:
            graph = Graph(layout=layout, mode=mode, max_hop=hop)
            out['graph', str(layout), mode, hop] = graph.A, graph.inward, graph.layout
for dataset, joints in [('openpose', 18), ('nturgb+d', 25), ('coco', 17)]:
    for channels in [2, 3]:
        rng = np.random.default_rng(0)
        keypoint = rng.normal(size=(2, 5, joints, channels)).astype(np.float32)
        for step in [JointToBone(dataset=dataset), ToMotion(dataset=dataset, target='keypoint')]:
            out[type(step).__name__, dataset, channels] = step(dict(keypoint=keypoint.copy()))['keypoint']
        for feats in ['j'], ['b'], ['jm'], ['bm'], ['j', 'b', 'jm', 'bm']:
            results = dict(keypoint=keypoint.copy())
            if channels == 2 and dataset != 'nturgb+d':
                results['keypoint_score'] = rng.uniform(size=(2, 5, joints)).astype(np.float32)
            out['GenSkeFeat', dataset, channels, str(feats)] = GenSkeFeat(dataset=dataset, feats=feats)(results)
sys.stdout.buffer.write(pickle.dumps(out))
"""


def test_stock_names_give_the_same_bits_in_every_mode_and_stream():
    stock, adapted = (
        pickle.loads(subprocess.run([sys.executable, '-c', STOCK, which], stdout=subprocess.PIPE, check=True).stdout)
        for which in ('stock', 'adapted')
    )
    assert len(stock) == 4 * 3 * 2 + 3 * 2 * 7
    np.testing.assert_equal(adapted, stock)


# -- our skeletons in the stock classes -----------------------------------------------------------------


@pytest.mark.parametrize('name', skeleton_names())
def test_a_graph_keeps_its_name(name):
    assert Graph(layout=name).layout == name


def test_graph_of_an_inline_skeleton():
    graph = Graph(layout=INLINE, mode='spatial')
    assert graph.A.shape == (3, 5, 5)


@pytest.mark.parametrize('backbone', [dict(type='STGCN'), dict(type='AAGCN'), dict(type='STGCN', tcn_type='mstcn')])
@pytest.mark.parametrize('layout', [*skeleton_names(), INLINE], ids=[*skeleton_names(), 'inline'])
def test_stock_backbones_run_on_our_layouts(backbone, layout):
    init_default_scope('mmaction')
    joints = get_skeleton(layout).num_joints
    model = MODELS.build(dict(backbone, base_channels=8, graph_cfg=dict(layout=layout, mode='spatial')))
    assert model(torch.randn(2, 2, 8, joints, 3)).isfinite().all()
    with pytest.raises(InputError, match=f'the data has 19 joints and the graph of layout .* has {joints}'):
        model(torch.randn(2, 2, 8, 19, 3))


def test_a_backbone_says_which_channels_it_takes():
    init_default_scope('mmaction')
    model = MODELS.build(dict(type='STGCN', base_channels=8, graph_cfg=dict(layout='blazepose', mode='spatial')))
    with pytest.raises(InputError, match=r'data has 4 channels .* network takes 3; set model.backbone.in_channels=4'):
        model(torch.randn(1, 1, 8, 33, 4))


@pytest.mark.parametrize('channels', [2, 3])
@pytest.mark.parametrize('name', [name for name in skeleton_names() if name not in mmaction2.layouts.STOCK_LAYOUTS])
def test_scores_are_averaged_and_coordinates_differenced(name, channels):
    joints, parent = get_skeleton(name).num_joints, [p for _, p in get_skeleton(name).bones]
    start = clip(joints, channels)
    xyz, score = start['keypoint'], start['keypoint_score']
    streams = {s: GenSkeFeat(dataset=name, feats=[s])(clip(joints, channels))['keypoint'] for s in STREAMS}
    assert {value.shape[-1] for value in streams.values()} == {channels + 1}

    np.testing.assert_array_equal(streams['j'], np.concatenate([xyz, score[..., None]], -1))
    np.testing.assert_array_equal(streams['b'][..., :-1], xyz - xyz[:, :, parent])
    np.testing.assert_array_equal(streams['b'][..., -1], (score + score[:, :, parent]) / 2)
    for motion, source in (('jm', 'j'), ('bm', 'b')):
        before, after = streams[source][:, :-1], streams[source][:, 1:]
        np.testing.assert_array_equal(streams[motion][:, :-1, :, :-1], (after - before)[..., :-1])
        np.testing.assert_array_equal(streams[motion][:, :-1, :, -1], ((before + after) / 2)[..., -1])
        assert not streams[motion][:, -1].any()


@pytest.mark.parametrize('channels', [2, 3])
def test_single_steps_give_the_streams_of_gen_ske_feat(channels):
    merged = GenSkeFeat(dataset='blazepose', feats=['j'])(clip(33, channels))
    bone = JointToBone(dataset='blazepose')(dict(merged))['keypoint']
    np.testing.assert_array_equal(bone, GenSkeFeat(dataset='blazepose', feats=['b'])(clip(33, channels))['keypoint'])
    motion = ToMotion(dataset='blazepose', target='keypoint')(dict(merged))['keypoint']
    np.testing.assert_array_equal(motion, GenSkeFeat(dataset='blazepose', feats=['jm'])(clip(33, channels))['keypoint'])


def test_without_scores_z_is_a_coordinate():
    start = clip(33, 3, scored=False)
    parent = [p for _, p in get_skeleton('blazepose').bones]
    bone = GenSkeFeat(dataset='blazepose', feats=['b'])(dict(start))['keypoint']
    np.testing.assert_array_equal(bone, start['keypoint'] - start['keypoint'][:, :, parent])


def test_2d_streams_equal_stock_on_the_same_skeleton():
    """COCO declared by us with the stock pairs gives the stock arrays."""
    pairs = JointToBone(dataset='coco').pairs
    coco = dict(
        name='my_coco', joints=[f'j{i}' for i in range(17)], parents=[None if c == p else f'j{p}' for c, p in pairs]
    )
    for feats in (*([s] for s in STREAMS), STREAMS):
        stock, ours = (GenSkeFeat(dataset=d, feats=feats)(clip(17))['keypoint'] for d in ('coco', coco))
        np.testing.assert_array_equal(ours, stock)


def test_a_data_worker_that_is_started_afresh_runs_the_steps_alike():
    heatmaps = build(type='GeneratePoseTarget', skeletons='blazepose', with_limb=True, double=True)
    flip = build(type='Flip', flip_ratio=1.0, left_kp='blazepose', right_kp='blazepose')
    steps = [
        *(GenSkeFeat(dataset='blazepose', feats=['bm']), JointToBone(dataset=INLINE), ToMotion(dataset='blazepose')),
        *(heatmaps, flip),
    ]
    picture = dict(img_shape=(48, 64), modality='Pose')
    clips = [clip(33), clip(5), clip(33), {**clip(33), **picture}, {**clip(33), **picture}]
    stock = (GenSkeFeat, JointToBone, ToMotion, TRANSFORMS.get('GeneratePoseTarget'), TRANSFORMS.get('Flip'))
    assert all(isinstance(*pair) for pair in zip(steps, stock, strict=True))
    np.testing.assert_equal(in_a_new_process(steps, clips), [step(c) for step, c in zip(steps, clips, strict=True)])


def test_importing_again_changes_nothing():
    before = Graph.__init__, GenSkeFeat.transform, TRANSFORMS.get('NormalizeBody').__name__
    for module in (mmaction2.stock, mmaction2.transforms, mmaction2.training, mmaction2):
        importlib.reload(module)
    assert before == (Graph.__init__, GenSkeFeat.transform, TRANSFORMS.get('NormalizeBody').__name__)
    assert not hasattr(Graph.__init__.__wrapped__, '__wrapped__')


# -- limbs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('layout', [*skeleton_names(), INLINE], ids=[*skeleton_names(), 'inline'])
def test_heatmaps_flip_as_the_clip_does(layout):
    """The second half of the heatmaps, of the mirrored picture, is the first half of the mirrored clip's."""
    skeleton = get_skeleton(layout)
    rng = np.random.default_rng(0)
    # Whole pixels and a whole sigma: the stock step cuts its patches off unevenly elsewhere.
    keypoint = rng.integers(4, 28, (1, 2, skeleton.num_joints, 2)).astype(np.float32)
    score = rng.uniform(0.2, 1, keypoint.shape[:3]).astype(np.float32)
    mirrored = keypoint[:, :, list(skeleton.twins)] * np.float32([-1, 1]) + np.float32([31, 0])
    for kind in (dict(with_kp=True, with_limb=False), dict(with_kp=False, with_limb=True)):
        step = TRANSFORMS.build(dict(type='GeneratePoseTarget', skeletons=layout, double=True, sigma=1.0, **kind))
        results = dict(keypoint=keypoint, keypoint_score=score, img_shape=(32, 32))
        both = step(dict(results))['imgs']
        assert both.shape[1] == (skeleton.num_joints if kind['with_kp'] else len(skeleton.limbs))
        again = step({**results, 'keypoint': mirrored, 'keypoint_score': score[:, :, list(skeleton.twins)]})['imgs']
        assert both.any()
        np.testing.assert_allclose(both[len(both) // 2 :], again[: len(again) // 2], atol=1e-4)


def test_flip_takes_a_skeleton_for_the_joints_of_a_side():
    start = {**clip(33), 'img_shape': (480, 640), 'modality': 'Pose'}
    start['keypoint'] = abs(start['keypoint']) + 1
    named, listed, one_side = (
        TRANSFORMS.build(dict(type='Flip', flip_ratio=1.0, left_kp=left, right_kp=right))(copy.deepcopy(start))
        for left, right in (
            ('blazepose', get_skeleton('blazepose')),
            (list(get_skeleton('blazepose').left), list(get_skeleton('blazepose').right)),
            (None, 'blazepose'),
        )
    )
    assert not np.array_equal(named['keypoint'], start['keypoint'])
    np.testing.assert_equal(named, listed)
    np.testing.assert_equal(one_side, listed)


def test_flip_of_a_video_asks_for_no_joints():
    pictures = dict(imgs=[np.arange(12, dtype=np.float32).reshape(2, 2, 3)], img_shape=(2, 2), modality='RGB')
    step = build(type='Flip', flip_ratio=1.0, left_kp='blazepose', right_kp='blazepose')
    np.testing.assert_array_equal(step(copy.deepcopy(pictures))['imgs'][0], pictures['imgs'][0][:, ::-1])


# -- steps of ours -----------------------------------------------------------------------------------------


def build(**step):
    return TRANSFORMS.build(step)


def test_normalized_body_does_not_depend_on_place_size_and_distance():
    start = clip(33, frames=20)
    start['keypoint_score'] += 0.1
    moved = {**start, 'keypoint': start['keypoint'] * 300 + np.float32([100, 200])}
    here, there = (build(type='NormalizeBody')(dict(c))['keypoint'] for c in (start, moved))
    np.testing.assert_allclose(here, there, atol=1e-4)


def test_normalized_body_is_not_moved_by_joints_that_were_not_seen():
    skeleton = get_skeleton('blazepose')
    unseen = [i for i, joint in enumerate(skeleton.joints) if joint.split('_')[-1] in ('hip', 'knee', 'ankle')]
    start = clip(33, frames=20)
    start['keypoint_score'] += 0.5
    start['keypoint_score'][..., unseen] = 0.01
    wild = {**start, 'keypoint': start['keypoint'].copy()}
    wild['keypoint'][..., unseen, :] += 1000
    here, there = (build(type='NormalizeBody')(dict(c))['keypoint'] for c in (start, wild))
    seen = [i for i in range(33) if i not in unseen and i not in (29, 30, 31, 32)]  # the feet hang on the ankles
    np.testing.assert_array_equal(here[:, :, seen], there[:, :, seen])
    height = measure_body(start['keypoint'][0], start['keypoint_score'][0], skeleton).height
    moved = np.abs(there[:, :, 23] - here[:, :, 23])
    np.testing.assert_allclose(moved, 1000 / height * (0.01 / 0.5) ** 2, rtol=1e-3)


def test_a_bone_is_shortened_smoothly_as_its_joint_disappears():
    skeleton = get_skeleton('blazepose')
    finger, wrist = skeleton.index('left_index'), skeleton.index('left_wrist')  # no segment that is measured
    start = clip(33, frames=1)
    start['keypoint_score'][:] = 1
    lengths = []
    for score in (1, 0.5, 0.25, 0.1, 0):
        start['keypoint_score'][..., finger] = score
        normal = build(type='NormalizeBody')(dict(start))['keypoint'][0, 0]
        lengths.append(np.linalg.norm(normal[finger] - normal[wrist]))
    np.testing.assert_allclose(np.array(lengths) / lengths[0], [1, 1, 0.25, 0.04, 0], atol=1e-5)


def test_normalized_body_leaves_what_was_never_seen_at_the_origin():
    start = clip(33, people=2)
    start['keypoint_score'][:, 2] = 0
    start['keypoint_score'][1] = 0
    normal = build(type='NormalizeBody')(dict(start))['keypoint']
    assert np.isfinite(normal).all()
    assert not normal[:, 2].any()
    assert not normal[1].any()
    nobody = {**start, 'keypoint_score': start['keypoint_score'] * 0}
    assert not build(type='NormalizeBody')(nobody)['keypoint'].any()


def test_place_in_the_picture_is_a_second_frame_of_reference():
    start = {**clip(33), 'img_shape': (480, 640)}
    start['keypoint_score'][:] = 0.5
    body = build(type='NormalizeBody')(dict(start))['keypoint']
    both = build(type='NormalizeBody', place=True)(dict(start))['keypoint']
    np.testing.assert_array_equal(both[..., :2], body)
    np.testing.assert_allclose(both[..., 2:] * 480 + [320, 240], start['keypoint'], atol=1e-3)
    streams = GenSkeFeat(dataset='blazepose', feats=['j'])(dict(keypoint=both, keypoint_score=start['keypoint_score']))
    assert streams['keypoint'].shape[-1] == 5


def test_blurring_the_place_leaves_the_body_and_what_was_not_seen():
    np.random.seed(0)
    start = {**clip(33, people=2), 'img_shape': (480, 640)}
    start['keypoint_score'][1] = 0
    sharp = build(type='NormalizeBody', place=True)(start)
    blurred = build(type='RandomPlace', shift=0.5, zoom=0.5, forget=0)(dict(sharp))['keypoint']
    np.testing.assert_array_equal(blurred[..., :2], sharp['keypoint'][..., :2])
    assert not np.allclose(blurred[0, ..., 2:], sharp['keypoint'][0, ..., 2:])
    assert not blurred[1].any()
    assert not build(type='RandomPlace', forget=1)(dict(sharp))['keypoint'][..., 2:].any()


def test_flip_twice_is_identity():
    start = clip(33)
    step = build(type='RandomFlipSkeleton', probability=1.0)
    once = step(dict(start))
    left, right = (get_skeleton('blazepose').index(f'{side}_wrist') for side in ('left', 'right'))
    np.testing.assert_array_equal(once['keypoint'][:, :, left, 0], -start['keypoint'][:, :, right, 0])
    np.testing.assert_array_equal(once['keypoint_score'][:, :, left], start['keypoint_score'][:, :, right])
    np.testing.assert_equal(step(once), start)


@pytest.mark.parametrize('channels', [2, 3, 4])
def test_turning_keeps_lengths_and_stretching_keeps_scores(channels):
    np.random.seed(0)  # the frameworks' steps draw from NumPy's global state
    start = clip(33, channels)
    turned = build(type='RandomRotateSkeleton', degrees=90)(dict(start))
    assert not np.allclose(turned['keypoint'], start['keypoint'])
    lengths = [np.linalg.norm(c['keypoint'].reshape(-1, 3 if channels == 3 else 2), axis=-1) for c in (turned, start)]
    np.testing.assert_allclose(*lengths, rtol=1e-4)
    stretched = build(type='RandomScaleSkeleton', amount=0.3)(dict(start))
    factors = (stretched['keypoint'] / start['keypoint']).reshape(-1, channels)
    np.testing.assert_allclose(factors, np.broadcast_to(factors[0], factors.shape), rtol=1e-4)
    assert (abs(factors - 1) <= 0.3001).all()
    np.testing.assert_equal(stretched['keypoint_score'], start['keypoint_score'])


@pytest.mark.parametrize('frames', [1, 5, 64, 100])
def test_resampling_a_whole_clip_keeps_its_ends(frames):
    start = clip(33, frames=frames)
    out = build(type='ResampleFrames', length=16, test_mode=True)(dict(start))
    assert out['keypoint'].shape == (1, 16, 33, 2)
    assert out['keypoint_score'].shape == (1, 16, 33)
    for end in (0, -1):
        np.testing.assert_allclose(out['keypoint'][:, end], start['keypoint'][:, end], rtol=1e-5)


def test_resampling_a_line_gives_the_line():
    np.random.seed(0)
    line = np.broadcast_to(np.arange(30, dtype=np.float32)[None, :, None, None], (1, 30, 33, 2))
    out = build(type='ResampleFrames', length=16)(dict(keypoint=line, keypoint_score=line[..., 0]))['keypoint']
    steps = np.diff(out[0, :, 0, 0])
    np.testing.assert_allclose(steps, steps[0], rtol=1e-3)
    assert 15 / 16 / 2 <= steps[0] <= 29 / 15


def test_windows_of_a_tested_clip_are_the_clip_and_stretches_of_it_from_end_to_end():
    line = np.broadcast_to(np.arange(30, dtype=np.float32)[None, :, None, None], (1, 30, 33, 2))
    step = dict(type='ResampleFrames', length=16, min_share=0.75, test_mode=True)
    start = dict(keypoint=line, keypoint_score=line[..., 0] / 30)
    out = build(**step, num_clips=4)(dict(start))
    assert out['keypoint'].shape == (1, 64, 33, 2)
    whole, *stretches = out['keypoint'][0, :, 0, 0].reshape(4, 16)
    np.testing.assert_array_equal(whole, build(**step)(dict(start))['keypoint'][0, :, 0, 0])
    share = 0.875 * 29
    for window, begin in zip(stretches, (0, (29 - share) / 2, 29 - share), strict=True):
        np.testing.assert_allclose(window, np.linspace(begin, begin + share, 16), rtol=1e-5)
    packed = build(type='FormatGCNInput', num_person=1)(dict(out))['keypoint']
    assert packed.shape == (4, 1, 16, 33, 3)
    np.testing.assert_array_equal(packed[2, 0, :, 0, 0], stretches[1])


def test_motion_does_not_leap_from_one_window_into_the_next():
    start = clip(33, frames=30)
    windows = build(type='ResampleFrames', length=16, test_mode=True, num_clips=3)(dict(start))
    features = build(type='GenSkeFeat', dataset='blazepose', feats=['bm'])
    together = features(dict(windows))['keypoint'].reshape(1, 3, 16, 33, 3)
    for window in range(3):
        frames = slice(16 * window, 16 * window + 16)
        alone = {key: windows[key][:, frames] for key in ('keypoint', 'keypoint_score')}
        np.testing.assert_array_equal(together[:, window], features(alone)['keypoint'])
    assert (together[:, :, -1] == 0).all()


def test_windows_are_refused_in_training():
    with pytest.raises(InputError, match='num_clips is for test_mode=True; in training a clip is one stretch'):
        build(type='ResampleFrames', num_clips=4)


# -- messages -----------------------------------------------------------------------------------------------


def test_unknown_layouts_and_modes_are_answered_with_the_known():
    known = 'openpose, nturgb.d, coco, blazepose, enhanced_blazepose, blazepose_tree, hand, holistic'
    for build_one in (
        lambda: Graph(layout='blaze'),
        lambda: JointToBone(dataset='blaze'),
        lambda: ToMotion(dataset='blaze'),
        lambda: GenSkeFeat(dataset='blaze'),
        lambda: build(type='NormalizeBody', layout='blaze'),
    ):
        with pytest.raises(InputError, match=f"unknown layout 'blaze'; known are {known}.* or in a .toml"):
            build_one()
    with pytest.raises(InputError, match=r'Graph: blaze\.yaml: only files that end in \.toml or \.json are read'):
        Graph(layout='blaze.yaml')
    with pytest.raises(InputError, match=r'Graph: unknown skeleton 5; known are blazepose, .*, coco, openpose, nturgb'):
        Graph(layout=5)
    with pytest.raises(InputError, match=r"unknown mode 'spacial'; known are .*, binary_adj, full_distance_split"):
        Graph(layout='blazepose', mode='spacial')
    with pytest.raises(InputError, match=r"unknown stream \['k'\] in feats; known are j, b, jm, bm"):
        GenSkeFeat(dataset='blazepose', feats=['k'])
    with pytest.raises(InputError, match="Graph: skeleton 'inline': joints missing"):
        Graph(layout=dict(parents={}))


@pytest.mark.parametrize(
    'step',
    [
        dict(type='GenSkeFeat', dataset='blazepose'),
        dict(type='JointToBone', dataset='blazepose'),
        dict(type='ToMotion', dataset='blazepose'),
        dict(type='NormalizeBody'),
        dict(type='RandomFlipSkeleton', probability=0.0),
        dict(type='Flip', left_kp='blazepose'),
        dict(type='Flip', left_kp=[], right_kp='blazepose'),
        dict(type='GeneratePoseTarget', skeletons='blazepose'),
    ],
    ids=lambda step: step['type'],
)
def test_a_clip_of_other_joints_is_one_sentence(step):
    for joints in (25, 75):
        said = f"{step['type']}: clip 'clip' has {joints} joints where 'blazepose' has 33"
        with pytest.raises(InputError, match=said):
            build(**step)({**clip(joints), 'img_shape': (480, 640), 'modality': 'Pose'})


def test_a_place_needs_two_dimensions_and_a_picture():
    with pytest.raises(InputError, match="clip 'clip' has 3 coordinates; only 2-D keypoints have a place"):
        build(type='NormalizeBody', place=True)(clip(33, 3))
    with pytest.raises(InputError, match='no place in the keypoints; put NormalizeBody with place=True before it'):
        build(type='RandomPlace')(clip(33))


@pytest.mark.parametrize('step', ['NormalizeBody', 'RandomFlipSkeleton'])
def test_a_step_that_needs_scores_says_so(step):
    probability = dict(probability=1.0) if step == 'RandomFlipSkeleton' else {}
    with pytest.raises(InputError, match=f"{step}: clip 'clip' has no keypoint_score"):
        build(type=step, **probability)(clip(33, scored=False))
