"""The adapter against the real PYSKL; the untouched stock code runs in a process of its own.

``tests/pyskl_environment.sh`` makes an environment in which none of this is skipped.
"""

import importlib
import logging
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from conftest import INLINE, clip, in_a_new_process, shuffled
from typer.testing import CliRunner

from blazepose_skl import partitions, steps
from blazepose_skl.cli import app
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import get_skeleton, skeleton_names
from blazepose_skl.weights import initialize

stock_package = pytest.importorskip('pyskl', reason='PYSKL is absent (docs/pyskl.md)')
adapter = importlib.import_module('blazepose_skl.pyskl')

import torch
from mmcv import Config
from mmcv.runner import EpochBasedRunner
from pyskl.apis import train
from pyskl.core import DistEvalHook
from pyskl.datasets import PIPELINES, PoseDataset, build_dataloader, build_dataset
from pyskl.datasets.pipelines.heatmap_related import GeneratePoseTarget
from pyskl.datasets.pipelines.pose_related import GenSkeFeat, JointToBone, ToMotion
from pyskl.models import build_model
from pyskl.models.builder import build_backbone
from pyskl.utils.graph import Graph

ROOT = Path(__file__).parent.parent
CONFIGS = ROOT / 'configs' / 'pyskl'
LEAVES = sorted(path for path in CONFIGS.glob('*/*/*.py') if '_base_' not in path.parts)
TOOLS = Path(stock_package.__file__).parent.parent / 'tools'
STREAMS = ['j', 'b', 'jm', 'bm']
OURS = [name for name in skeleton_names() if name not in adapter.stock.STOCK_LAYOUTS]


# -- stock names give what they gave ------------------------------------------------------------------

STOCK = """
import pickle, sys
import numpy as np, torch
if sys.argv[1] != 'stock':
    import blazepose_skl.pyskl
import pyskl.models
from pyskl.datasets import PIPELINES
from pyskl.datasets.pipelines.pose_related import GenSkeFeat, JointToBone, ToMotion
from pyskl.models.builder import build_backbone
from pyskl.utils.graph import Graph
assert hasattr(Graph.__init__, '__wrapped__') == (sys.argv[1] != 'stock')
out = {}
layouts = dict(openpose=18, coco=17, handmp=21, **{'nturgb+d': 25})
for layout in layouts:
    for mode in ['stgcn_spatial', 'spatial', 'binary_adj', 'random']:
        for hop in [1, 2]:
            np.random.seed(0)
            graph = Graph(layout=layout, mode=mode, max_hop=hop, num_filter=4)
            out['graph', layout, mode, hop] = graph.A, graph.inward, graph.layout, graph.hop_dis
for dataset, joints in layouts.items():
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
heatmaps = PIPELINES.get('GeneratePoseTarget')(with_kp=False, with_limb=True, double=True)
keypoint = np.random.default_rng(0).uniform(0, 16, (1, 3, 17, 2)).astype(np.float32)
out['heatmaps'] = heatmaps(dict(keypoint=keypoint, img_shape=(16, 16)))['imgs']
for name in ['STGCN', 'AAGCN', 'CTRGCN', 'DGSTGCN', 'MSG3D']:
    torch.manual_seed(0)
    mode = 'binary_adj' if name == 'MSG3D' else 'spatial'
    network = build_backbone(dict(type=name, base_channels=24, graph_cfg=dict(layout='coco', mode=mode)))
    network.init_weights()
    out[name] = network(torch.ones(1, 2, 8, 17, 3)).detach().numpy()
sys.stdout.buffer.write(pickle.dumps(out))
"""


def test_stock_names_give_the_same_bits_in_every_mode_stream_and_network():
    stock, adapted = (
        pickle.loads(subprocess.run([sys.executable, '-c', STOCK, which], stdout=subprocess.PIPE, check=True).stdout)
        for which in ('stock', 'adapted')
    )
    assert len(stock) == 4 * 4 * 2 + 4 * 2 * 7 + 1 + 5
    np.testing.assert_equal(adapted, stock)


# -- our skeletons in the stock classes -----------------------------------------------------------------


def test_a_layout_is_a_name_a_declaration_or_a_file(tmp_path):
    file = tmp_path / 'arms.toml'
    parents = [parent or '' for parent in INLINE['parents']]
    file.write_text(f'joints = {INLINE["joints"]}\nparents = {parents}\n')
    graphs = [Graph(layout=layout, mode='spatial') for layout in (INLINE, str(file), get_skeleton(INLINE))]
    for graph in graphs:
        np.testing.assert_array_equal(graph.A, graphs[0].A)
        assert graph.A.shape == (3, 5, 5)
    assert Graph(layout='blazepose').layout == 'blazepose'


@pytest.mark.parametrize('mode', partitions.MODES)
def test_our_modes_take_the_stock_layouts_too(mode):
    for layout, joints in dict(openpose=18, coco=17, handmp=21).items():
        subsets = Graph(layout=layout, mode=mode).A
        assert subsets.shape[1:] == (joints, joints)
        np.testing.assert_allclose(subsets.sum(axis=(0, 1)), 1)


NETWORKS = {
    'stgcn': dict(type='STGCN', graph_cfg=dict(mode='stgcn_spatial')),
    'stgcn++': dict(
        type='STGCN', gcn_adaptive='init', gcn_with_res=True, tcn_type='mstcn', graph_cfg=dict(mode='spatial')
    ),
    'stgcn-split': dict(type='STGCN', graph_cfg=dict(mode='full_distance_split')),
    'aagcn': dict(type='AAGCN', graph_cfg=dict(mode='spatial')),
    'msg3d': dict(type='MSG3D', graph_cfg=dict(mode='binary_adj')),
    'ctrgcn': dict(type='CTRGCN', graph_cfg=dict(mode='spatial')),
    'dgstgcn': dict(
        type='DGSTGCN',
        gcn_ratio=0.125,
        gcn_ctr='T',
        gcn_ada='T',
        tcn_ms_cfg=[(3, 1), (3, 2), ('max', 3), '1x1'],
        graph_cfg=dict(mode='random', num_filter=4),
    ),
    'dgstgcn-split': dict(type='DGSTGCN', graph_cfg=dict(mode='connection_split')),
}


@pytest.mark.parametrize('layout', [*skeleton_names(), INLINE], ids=[*skeleton_names(), 'inline'])
@pytest.mark.parametrize('name', NETWORKS)
def test_every_network_learns_on_every_layout(name, layout):
    joints = get_skeleton(layout).num_joints
    settings = {**NETWORKS[name], 'graph_cfg': dict(layout=layout, **NETWORKS[name]['graph_cfg'])}
    network = build_backbone(dict(**settings, base_channels=24))
    out = network(torch.randn(2, 2, 8, joints, 3))
    out.square().mean().backward()
    assert out.isfinite().all()
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    assert gradients
    assert all(gradient.isfinite().all() for gradient in gradients)
    with pytest.raises(InputError, match=f'the data has 16 joints and the graph of layout .* has {joints}'):
        network(torch.randn(2, 2, 8, 16, 3))


@pytest.mark.parametrize('layout', [*skeleton_names(), INLINE], ids=[*skeleton_names(), 'inline'])
def test_sgn_takes_its_joints_from_the_layout(layout):
    joints = get_skeleton(layout).num_joints
    network = build_backbone(dict(type='SGN', layout=layout, base_channels=8, T=20))
    assert network.num_joints == joints
    network(torch.randn(2, 2, 20, joints, 3)).square().mean().backward()
    with pytest.raises(InputError, match=f'SGN: the data has 16 joints and the network takes {joints}'):
        network(torch.randn(2, 2, 20, 16, 3))
    with pytest.raises(InputError, match='SGN: the data has 8 frames and the network takes 20; give it T=8'):
        network(torch.randn(2, 2, 8, joints, 3))


def test_a_backbone_says_which_channels_it_takes():
    network = build_backbone(dict(type='STGCN', base_channels=8, graph_cfg=dict(layout='blazepose', mode='spatial')))
    with pytest.raises(InputError, match=r'data has 4 channels .* network takes 3; set model.backbone.in_channels=4'):
        network(torch.randn(1, 1, 8, 33, 4))


@pytest.mark.parametrize('channels', [2, 3])
@pytest.mark.parametrize('layout', [*OURS, INLINE], ids=[*OURS, 'inline'])
def test_streams_are_those_of_the_core(layout, channels):
    skeleton = get_skeleton(layout)
    for feats in (*([stream] for stream in STREAMS), STREAMS):
        ours = GenSkeFeat(dataset=layout, feats=feats)(clip(skeleton.num_joints, channels))
        core = steps.merge_streams(clip(skeleton.num_joints, channels), skeleton, feats, -1)
        np.testing.assert_equal(ours, core)


@pytest.mark.parametrize('channels', [2, 3])
def test_single_steps_give_the_streams_of_gen_ske_feat(channels):
    merged = GenSkeFeat(dataset='blazepose', feats=['j'])(clip(33, channels))
    bone = JointToBone(dataset='blazepose')(dict(merged))['keypoint']
    np.testing.assert_array_equal(bone, GenSkeFeat(dataset='blazepose', feats=['b'])(clip(33, channels))['keypoint'])
    motion = ToMotion(dataset='blazepose', target='keypoint')(dict(merged))['keypoint']
    np.testing.assert_array_equal(motion, GenSkeFeat(dataset='blazepose', feats=['jm'])(clip(33, channels))['keypoint'])


def test_2d_streams_equal_stock_on_the_same_skeleton():
    """COCO declared by us with the stock pairs gives the stock arrays."""
    pairs = JointToBone(dataset='coco').pairs
    coco = dict(
        name='my_coco', joints=[f'j{i}' for i in range(17)], parents=[None if c == p else f'j{p}' for c, p in pairs]
    )
    for feats in (*([s] for s in STREAMS), STREAMS):
        stock, ours = (GenSkeFeat(dataset=d, feats=feats)(clip(17))['keypoint'] for d in ('coco', coco))
        np.testing.assert_array_equal(ours, stock)


def test_heatmaps_take_limbs_and_sides_of_a_skeleton():
    skeleton = get_skeleton('blazepose')
    step = GeneratePoseTarget(skeletons='blazepose', with_kp=False, with_limb=True, double=True)
    assert (step.skeletons, step.left_kp, step.right_kp) == (skeleton.limbs, skeleton.left, skeleton.right)
    keypoint = np.random.default_rng(0).uniform(0, 16, (1, 3, 33, 2)).astype(np.float32)
    images = step(dict(keypoint=keypoint, img_shape=(16, 16)))['imgs']
    assert images.shape == (6, len(skeleton.limbs), 16, 16)


def test_flip_takes_the_sides_of_a_skeleton():
    skeleton = get_skeleton('blazepose')
    by_name = PIPELINES.get('Flip')(flip_ratio=1.0, left_kp='blazepose', right_kp='blazepose')
    assert (by_name.left_kp, by_name.right_kp) == (skeleton.left, skeleton.right)


@pytest.mark.parametrize('step', steps.STEPS, ids=lambda step: step.__name__)
def test_our_steps_can_be_named_in_a_pipeline(step):
    assert PIPELINES.get(step.__name__) is step


def test_a_data_worker_that_is_started_afresh_runs_the_steps_alike():
    flip = PIPELINES.get('Flip')
    ours = [
        *(GenSkeFeat(dataset='blazepose', feats=['bm']), JointToBone(dataset=INLINE), ToMotion(dataset='blazepose')),
        GeneratePoseTarget(skeletons='blazepose', with_kp=False, with_limb=True, double=True),
        flip(flip_ratio=1.0, left_kp='blazepose', right_kp='blazepose'),
    ]
    picture = dict(img_shape=(48, 64), modality='Pose')
    clips = [clip(33), clip(5), clip(33), {**clip(33), **picture}, {**clip(33), **picture}]
    stock = (GenSkeFeat, JointToBone, ToMotion, GeneratePoseTarget, flip)
    assert all(isinstance(*pair) for pair in zip(ours, stock, strict=True))
    np.testing.assert_equal(in_a_new_process(ours, clips), [step(c) for step, c in zip(ours, clips, strict=True)])


def test_importing_again_changes_nothing():
    changed = (Graph, '__init__'), (GenSkeFeat, '__init__'), (GenSkeFeat, '__call__'), (EpochBasedRunner, 'run')
    before = [getattr(*pair) for pair in changed], torch.cuda.current_device()
    for module in (adapter.mends, adapter.stock, adapter.training, adapter):
        importlib.reload(module)
    assert before == ([getattr(*pair) for pair in changed], torch.cuda.current_device())
    assert not hasattr(Graph.__init__.__wrapped__, '__wrapped__')


# -- weights of another layout ------------------------------------------------------------------------------


def recognizer(name, layout, seed):
    """A whole model with random weights, batch norms and graphs."""
    torch.manual_seed(seed)
    np.random.seed(seed)  # the graph of DG-STGCN
    if name == 'sgn':
        backbone, channels = dict(type='SGN', layout=layout, T=20), 192
    else:
        backbone, channels = {**NETWORKS[name], 'graph_cfg': dict(layout=layout, **NETWORKS[name]['graph_cfg'])}, 96
    if name == 'aagcn':  # its attention is a filter along the order of joints
        backbone['gcn_attention'] = False
    head = dict(type='GCNHead', num_classes=4, in_channels=channels)
    model = build_model(dict(type='RecognizerGCN', backbone=dict(**backbone, base_channels=24), cls_head=head))
    with torch.no_grad():
        for value in model.state_dict().values():
            if value.dtype.is_floating_point and value.dim() == 1:
                value.uniform_(0.5, 1.5)
        for part, value in model.named_parameters():
            if part.split('.')[-1] in ('A', 'PA'):
                value.add_(torch.rand_like(value))
    return model.eval()


# A split that is not trained depends on the order itself: between equal joints the index decides.
@pytest.mark.parametrize('name', [name for name in (*NETWORKS, 'sgn') if name != 'stgcn-split'])
def test_weights_for_the_same_joints_in_another_order_give_the_same_scores(name):
    skeleton = get_skeleton('coco')
    other, order = shuffled(skeleton)
    trained, fresh = recognizer(name, skeleton, seed=0), recognizer(name, other, seed=1)
    clips = torch.randn(3, 2, 20, 17, 3)
    with torch.no_grad():
        expected = trained.cls_head(trained.backbone(clips))
        assert not torch.allclose(fresh.cls_head(fresh.backbone(clips[:, :, :, order])), expected, atol=1e-3)
        done = initialize(fresh, trained.state_dict(), skeleton, target=other)
        found = fresh.cls_head(fresh.backbone(clips[:, :, :, order]))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert done.fresh == done.unused == ()


@pytest.mark.parametrize('name', [*NETWORKS, 'sgn'])
def test_every_network_takes_the_weights_of_a_stock_layout(name):
    done = initialize(
        recognizer(name, 'blazepose', seed=1), recognizer(name, 'coco', seed=0).state_dict(), 'coco', 'blazepose'
    )
    assert done.fresh == done.unused == ()
    assert (len(done.joints), done.of) == (17, 33)
    assert any('_bn' in part for part in done.carried)


def test_mmaction2s_checkpoints_are_read_and_run_no_code(tmp_path, monkeypatch):
    """As MMEngine stores how training went: an object of its own that holds its methods."""
    module = ModuleType('mmengine.logging.history_buffer')
    source = (
        'class HistoryBuffer:\n    def mean(self): ...\n    def __init__(self): self.methods = [HistoryBuffer.mean]'
    )
    exec(source, vars(module))
    for name in ('mmengine', 'mmengine.logging', module.__name__):
        monkeypatch.setitem(sys.modules, name, module)
    weights = dict(weight=torch.ones(2))
    torch.save(dict(state_dict=weights, message_hub=module.HistoryBuffer()), tmp_path / 'theirs.pth')
    torch.save(dict(state_dict=weights, message_hub=Path.joinpath), tmp_path / 'code.pth')
    monkeypatch.undo()
    read = torch.load(tmp_path / 'theirs.pth', weights_only=True)
    assert torch.equal(read['state_dict']['weight'], weights['weight'])
    runner = EpochBasedRunner(recognizer('stgcn', 'blazepose', 0), logger=logging.getLogger())
    with pytest.raises(InputError, match=r'load_from: .*code\.pth: the checkpoint was not loaded: '):
        runner.load_checkpoint(dict(checkpoint=str(tmp_path / 'code.pth'), layout='coco'))


# -- messages -----------------------------------------------------------------------------------------------


def test_unknown_layouts_and_modes_are_answered_with_the_known():
    for build_one in (
        lambda: Graph(layout='blaze'),
        lambda: JointToBone(dataset='blaze'),
        lambda: ToMotion(dataset='blaze'),
        lambda: GenSkeFeat(dataset='blaze'),
        lambda: build_backbone(dict(type='SGN', layout='blaze')),
    ):
        with pytest.raises(InputError, match=r"unknown layout 'blaze'; known are openpose, .*handmp, blazepose, "):
            build_one()
    with pytest.raises(InputError, match="unknown mode 'spacial'; known are stgcn_spatial, spatial, binary_adj, "):
        Graph(layout='blazepose', mode='spacial')
    with pytest.raises(InputError, match=r"unknown stream \['k'\] in feats; known are j, b, jm, bm"):
        GenSkeFeat(dataset='blazepose', feats=['k'])


@pytest.mark.parametrize(
    'step',
    [
        dict(type='GenSkeFeat', dataset='blazepose'),
        dict(type='RandomFlipSkeleton', probability=0.0),
        dict(type='Flip', left_kp='blazepose'),
        dict(type='GeneratePoseTarget', skeletons='blazepose'),
    ],
    ids=lambda step: step['type'],
)
def test_a_clip_of_other_joints_is_one_sentence(step):
    settings = {key: value for key, value in step.items() if key != 'type'}
    for joints in (25, 75):
        said = f"{step['type']}: clip 'clip' has {joints} joints where 'blazepose' has 33"
        with pytest.raises(InputError, match=said):
            PIPELINES.get(step['type'])(**settings)({**clip(joints), 'img_shape': (480, 640), 'modality': 'Pose'})


def test_load_from_says_what_it_takes():
    for given, found in (
        ({}, 'no checkpoint and no layout'),
        (dict(checkpoint='a'), 'no layout'),
        (dict(checkpoint='a', skeleton='coco'), 'unknown key skeleton'),
    ):
        with pytest.raises(
            InputError, match=rf"load_from: {found}; write dict\(checkpoint='weights.pth', layout='coco'"
        ):
            train.cache_checkpoint(given)
    runner = EpochBasedRunner(recognizer('stgcn', 'blazepose', 0), logger=logging.getLogger())
    with pytest.raises(InputError, match="load_from: unknown layout 'cocco'; known are openpose, "):
        runner.load_checkpoint(dict(checkpoint='a', layout='cocco'))
    with pytest.raises(InputError, match=r'load_from: none\.pth: no such checkpoint'):
        runner.load_checkpoint(dict(checkpoint='none.pth', layout='coco'))


@pytest.fixture(scope='module')
def pickled(tmp_path_factory):
    """A pickle as anybody makes it: two clips of each of ten classes."""
    folder = tmp_path_factory.mktemp('data')
    for line in (
        ['synthesize', str(folder / 'dumps'), '--clips-per-class', '2', '--people', '2'],
        ['convert', str(folder / 'dumps'), str(folder / 'data.pkl'), '--val', '0.5', '--size', '640x480'],
    ):
        assert CliRunner().invoke(app, line).exit_code == 0
    return folder / 'data.pkl'


def test_files_and_splits_that_are_not_there(pickled, tmp_path):
    def dataset(file, split='train'):
        return PoseDataset(ann_file=str(file), pipeline=[], split=split)

    assert len(dataset(pickled)) == 10
    with pytest.raises(InputError, match=r'no such file; an annotation file ends in \.pkl'):
        dataset(tmp_path / 'absent.pkl')
    with pytest.raises(InputError, match=r"no split 'xsub'; it has 'train' \(10 clips\), 'val' \(10 clips\)"):
        dataset(pickled, 'xsub')
    (tmp_path / 'list.pkl').write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(InputError, match='not an annotation file'):
        dataset(tmp_path / 'list.pkl')


@pytest.mark.parametrize('part', ['train', 'val'])
@pytest.mark.parametrize('wrapped', [False, True])
def test_a_label_that_the_model_has_no_class_for(pickled, tmp_path, part, wrapped):
    """Ten classes in one part of the split, nine in the other and in the model."""
    content = pickle.loads(pickled.read_bytes())
    last = {item['frame_dir'] for item in content['annotations'] if item['label'] == 9}
    other = {'train': 'val', 'val': 'train'}[part]
    content['split'][other] = [name for name in content['split'][other] if name not in last]
    (tmp_path / 'data.pkl').write_bytes(pickle.dumps(content))
    loaders = {}
    for name in ('train', 'val'):
        dataset = dict(type='PoseDataset', ann_file=str(tmp_path / 'data.pkl'), split=name, pipeline=[])
        if wrapped:
            dataset = dict(type='ConcatDataset', datasets=[dict(type='RepeatDataset', times=2, dataset=dataset)])
        loaders[name] = build_dataloader(build_dataset(dataset), videos_per_gpu=2, workers_per_gpu=0)
    backbone = dict(type='STGCN', base_channels=8, graph_cfg=dict(layout='blazepose', mode='spatial'))
    head = dict(type='GCNHead', num_classes=9, in_channels=32)
    model = build_model(dict(type='RecognizerGCN', backbone=backbone, cls_head=head))
    runner = EpochBasedRunner(model, work_dir=str(tmp_path), logger=logging.getLogger())
    runner.register_hook(DistEvalHook(loaders['val'], save_best=None))
    message = (
        rf"data\.pkl, split '{part}': label 9 where the model has classes 0 to 8; set num_classes to the number of"
    )
    with pytest.raises(InputError, match=message):
        runner.run([loaders['train']], [('train', 1)], 1)


# -- configs ------------------------------------------------------------------------------------------------


def test_the_matrix_is_complete():
    assert len(LEAVES) == 2 * len(STREAMS) * 2 * 2  # models, layouts, recipes


@pytest.mark.parametrize('leaf', LEAVES, ids=lambda path: f'{path.parent.name}-{path.stem}')
def test_a_leaf_is_what_its_name_says_survives_a_dump_builds_and_takes_a_step(leaf, pickled, tmp_path):
    config = Config.fromfile(leaf)
    model, layout, recipe = re.fullmatch(
        r'(stgcn|stgcnpp)_(blazepose|enhanced_blazepose)_(stock|small)', leaf.parent.name
    ).groups()
    assert leaf.parent.parent.name == model
    assert config.model.backbone.graph_cfg.layout == layout
    assert (config.model.backbone.get('tcn_type') == 'mstcn') == (model == 'stgcnpp')
    assert (config.optimizer.type == 'AdamW') == (recipe == 'small')
    assert config.work_dir == f'./work_dirs/pyskl/{leaf.parent.name}/{leaf.stem}'
    assert re.findall(r"type='(\w+)'", leaf.read_text()) == ['GenSkeFeat']

    config.dump(str(tmp_path / 'dumped.py'))
    dumped = Config.fromfile(tmp_path / 'dumped.py')
    assert dumped._cfg_dict == config._cfg_dict
    dumped.model.backbone.base_channels = 8
    dumped.model.cls_head.in_channels = 32
    network = build_model(dumped.model)
    for part in ('train', 'val', 'test'):
        data = dumped.data[part]
        inner = data.get('dataset', data)
        inner.ann_file = str(pickled)
        (features,) = (step for step in inner.pipeline if step.type == 'GenSkeFeat')
        assert (features.dataset, features.feats) == (layout, [leaf.stem])
        dataset = build_dataset(data, dict(test_mode=part != 'train'))
        samples = [dataset[i] for i in (0, 1)]
        batch = dict(
            keypoint=torch.stack([sample['keypoint'] for sample in samples]),
            label=torch.tensor([sample['label'] for sample in samples]),
        )
        if part == 'train':
            assert network.train_step(batch, None)['loss'].isfinite()
        else:
            scores = network.eval()(**batch, return_loss=False)
            np.testing.assert_allclose(scores.sum(1), 1, atol=1e-4)


@pytest.fixture
def run_tool(tmp_path):
    if not (TOOLS / 'dist_train.sh').is_file():
        pytest.skip(f'{TOOLS} is not there: PYSKL was not imported from a checkout')
    python = Path(sys.executable).parent
    environment = {**os.environ, 'OMP_NUM_THREADS': '1', 'PATH': f'{python}{os.pathsep}{os.environ["PATH"]}'}

    def run(tool, *arguments):
        done = subprocess.run(
            ['bash', str(TOOLS / tool), *map(str, arguments)],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-3000:]
        return done.stdout

    return run


def write_leaf(folder, recipe, file, epochs):
    """A user's own config over a leaf of ours, with a small network."""
    data = f'ann_file={str(file)!r}'
    train = f'dict({data})' if recipe == 'small' else f'dict(times=1, dataset=dict({data}))'
    (folder / 'mine.py').write_text(
        f'_base_ = {str(CONFIGS / f"stgcnpp/stgcnpp_blazepose_{recipe}/b.py")!r}\n'
        'model = dict(backbone=dict(base_channels=8), cls_head=dict(num_classes=10, in_channels=32))\n'
        f'data = dict(train={train}, val=dict({data}), test=dict({data}))\n'
        f"total_epochs = {epochs}\nevaluation = dict(interval=1, save_best='auto')\nwork_dir = 'work'\n"
    )
    return folder / 'mine.py'


def test_their_tools_train_resume_and_test_in_two_processes(pickled, run_tool, tmp_path):
    assert 'top1_acc' in run_tool('dist_train.sh', write_leaf(tmp_path, 'small', pickled, 1), 2, '--validate')
    log = run_tool(
        'dist_train.sh', write_leaf(tmp_path, 'small', pickled, 2), 2, '--validate', '--test-last', '--test-best'
    )
    assert 'resumed epoch 1' in log
    log = run_tool('dist_test.sh', 'mine.py', 'work/latest.pth', 2, '--out', 'scores.pkl')
    assert 'mean_class_accuracy' in log
    assert np.shape(pickle.loads((tmp_path / 'scores.pkl').read_bytes())) == (10, 10)


def test_their_tools_train_the_stock_recipe(pickled, run_tool, tmp_path):
    assert 'top1_acc' in run_tool('dist_train.sh', write_leaf(tmp_path, 'stock', pickled, 1), 1, '--validate')


def test_training_begins_with_the_weights_of_a_stock_checkpoint(pickled, run_tool, tmp_path):
    """Theirs for COCO-17, trained and saved by PYSKL; then ours, at a rate of 0."""
    assert CliRunner().invoke(app, ['remap', str(pickled), str(tmp_path / 'coco.pkl'), '--to', 'coco']).exit_code == 0
    (tmp_path / 'stock.py').write_text(
        f'_base_ = {str(TOOLS.parent / "configs/stgcn++/stgcn++_ntu60_xsub_hrnet/b.py")!r}\n'
        "custom_imports = dict(imports=['blazepose_skl.pyskl'], allow_failed_imports=False)\n"
        'model = dict(backbone=dict(base_channels=8), cls_head=dict(num_classes=10, in_channels=32))\n'
        "data = dict(train=dict(times=1, dataset=dict(ann_file='coco.pkl', split='train')))\n"
        "total_epochs = 1\nwork_dir = 'stock'\n"
    )
    run_tool('dist_train.sh', 'stock.py', 1)
    mine = write_leaf(tmp_path, 'stock', pickled, 1)
    mine.write_text(
        mine.read_text() + "load_from = dict(checkpoint='stock/latest.pth', layout='coco')\noptimizer = dict(lr=0.0)\n"
    )
    log = run_tool('dist_train.sh', mine, 2)
    assert 'From stock/latest.pth (coco):' in log
    assert 'carried over for 17 of 33 joints: backbone.data_bn.weight, ' in log
    theirs, ours = (
        torch.load(tmp_path / folder / 'latest.pth', map_location='cpu')['state_dict'] for folder in ('stock', 'work')
    )
    for name in ('backbone.gcn.5.gcn.conv.weight', 'cls_head.fc_cls.weight'):
        assert torch.equal(ours[name], theirs[name])
    blazepose, coco = get_skeleton('blazepose'), get_skeleton('coco')
    joint, other = (skeleton.index('left_wrist') for skeleton in (blazepose, coco))
    assert torch.equal(ours['backbone.gcn.5.gcn.A'][:, joint, joint], theirs['backbone.gcn.5.gcn.A'][:, other, other])
