"""A network with the weights of another skeleton's: laws on real MMAction2 networks, the hook, then messages."""

import importlib
import pickle
from pathlib import Path

import numpy as np
import pytest
from conftest import shuffled

from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import get_skeleton

pytest.importorskip('mmaction', reason='mmaction2 is absent')
importlib.import_module('blazepose_skl.mmaction2')  # before what it mends

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from blazepose_skl.mmaction2.training import PoseRunner
from blazepose_skl.weights import initialize

CONFIGS = Path(__file__).parent.parent / 'configs'
BACKBONES = {
    'stgcn': dict(type='STGCN'),
    'stgcnpp': dict(type='STGCN', gcn_adaptive='init', gcn_with_res=True, tcn_type='mstcn'),
    'offset': dict(type='STGCN', gcn_adaptive='offset', data_bn_type='MVC'),
    'fixed': dict(type='STGCN', gcn_adaptive=None),
    'aagcn': dict(type='AAGCN', gcn_attention=False),
    'attention': dict(type='AAGCN'),
}


def build(layout, backbone='stgcnpp', seed=0, classes=4, channels=8, mode='spatial', in_channels=3):
    """A network with random weights, batch norms and graphs."""
    init_default_scope('mmaction')
    torch.manual_seed(seed)
    graph = dict(layout=layout, mode=mode)
    settings = dict(BACKBONES[backbone], base_channels=channels, in_channels=in_channels, graph_cfg=graph)
    head = dict(type='GCNHead', num_classes=classes, in_channels=4 * channels)
    model = MODELS.build(dict(type='RecognizerGCN', backbone=settings, cls_head=head))
    with torch.no_grad():
        for value in model.state_dict().values():
            if value.dtype.is_floating_point and value.dim() == 1:
                value.uniform_(0.5, 1.5)
        for name, value in model.named_parameters():
            if name.split('.')[-1] in ('A', 'PA'):
                value.add_(torch.rand_like(value))
    return model.eval()


def scores(model, clips):
    return model.cls_head(model.backbone(clips))


@pytest.mark.parametrize('backbone', [name for name in BACKBONES if name != 'attention'])
@pytest.mark.parametrize('name', ['coco', 'blazepose'])
def test_the_same_joints_in_another_order_give_the_same_scores(name, backbone):
    skeleton = get_skeleton(name)
    other, order = shuffled(skeleton)
    trained, fresh = build(skeleton, backbone).double(), build(other, backbone, seed=1).double()
    clips = torch.randn(3, 2, 8, skeleton.num_joints, 3, dtype=torch.float64)
    with torch.no_grad():
        expected = scores(trained, clips)
        assert not torch.allclose(scores(fresh, clips[:, :, :, order]), expected, atol=1e-3)
        done = initialize(fresh, trained.state_dict(), skeleton)
        found = scores(fresh, clips[:, :, :, order])
    torch.testing.assert_close(found, expected)
    assert done.fresh == done.unused == ()
    assert set(done.joints) == set(skeleton.joints)


@pytest.mark.parametrize('backbone', BACKBONES)
@pytest.mark.parametrize('mode', ['spatial', 'stgcn_spatial'])
def test_onto_the_same_skeleton_it_is_what_load_from_does(backbone, mode):
    trained, fresh = build('blazepose', backbone, mode=mode), build('blazepose', backbone, seed=1, mode=mode)
    initialize(fresh, trained.state_dict(), 'blazepose')
    for name, value in trained.state_dict().items():
        assert torch.equal(fresh.state_dict()[name], value), name


@pytest.mark.parametrize('source', ['coco', 'openpose', 'nturgb+d'])
@pytest.mark.parametrize('backbone', BACKBONES)
def test_every_weight_is_the_checkpoints_or_as_built(source, backbone):
    old, new = get_skeleton(source), get_skeleton('blazepose')
    trained, fresh = build(source, backbone), build('blazepose', backbone, seed=1)
    before = {name: value.clone() for name, value in fresh.state_dict().items()}
    checkpoint = trained.state_dict()
    done = initialize(fresh, checkpoint, source)
    after = fresh.state_dict()
    kinds = (done.copied, done.carried, done.rebuilt, done.fresh)
    assert sorted(name for kind in kinds for name in kind) == sorted(after)
    assert done.fresh == done.unused == ()
    for name in done.copied:
        assert torch.equal(after[name], checkpoint[name])
    for name in done.rebuilt:
        assert torch.equal(after[name], before[name])
    assert all('.A' in name or 'conv_sa' in name for name in done.rebuilt)
    assert done.joints == tuple(joint for joint in new.joints if joint in old.joints)
    here, there = ([skeleton.index(joint) for joint in done.joints] for skeleton in (new, old))
    stay = [joint for joint in range(new.num_joints) if joint not in here]
    for name in done.carried:
        if 'data_bn' in name:
            ours, was, theirs = (
                state[name].reshape(-1, skeleton.num_joints, 3)
                for state, skeleton in ((after, new), (before, new), (checkpoint, old))
            )
            assert torch.equal(ours[:, here], theirs[:, there])
            assert torch.equal(ours[:, stay], was[:, stay])
        else:
            assert torch.equal(after[name][:, here][:, :, here], checkpoint[name][:, there][:, :, there])
            assert torch.equal(after[name][:, stay], before[name][:, stay])
            assert torch.equal(after[name][:, :, stay], before[name][:, :, stay])
    assert any('data_bn' in name for name in done.carried)
    assert any(name.endswith(('.A', '.PA')) for name in done.carried) == (backbone != 'fixed')


def test_a_head_for_other_classes_and_other_channels_stay_as_built():
    trained, fresh = build('coco'), build('blazepose', seed=1, classes=7, in_channels=5)
    done = initialize(fresh, trained.state_dict(), 'coco')
    assert set(done.fresh) >= {'cls_head.fc.weight', 'cls_head.fc.bias', 'backbone.gcn.0.gcn.conv.weight'}
    assert 'backbone.data_bn.weight' in done.rebuilt
    assert 'backbone.gcn.1.gcn.conv.weight' in done.copied


def test_more_subsets_leave_their_convolutions_as_built():
    done = initialize(build('blazepose', mode='index_split', seed=1), build('coco').state_dict(), 'coco')
    assert {'backbone.gcn.3.gcn.conv.weight'} <= set(done.fresh)
    assert 'backbone.gcn.3.tcn.branches.0.0.weight' in done.copied
    assert 'backbone.gcn.3.gcn.A' in done.rebuilt


def test_pyskls_names_and_those_of_parallel_training():
    trained, fresh = build('coco'), build('blazepose', seed=1)
    renamed = {
        'module.' + name.replace('cls_head.fc.', 'cls_head.fc_cls.'): value
        for name, value in trained.state_dict().items()
    }
    done = initialize(fresh, renamed, 'coco')
    assert {'cls_head.fc.weight', 'cls_head.fc.bias'} <= set(done.copied)
    assert done.unused == ()


def test_weights_of_other_networks_that_hold_numbers_for_joints():
    """SGN (which joint it is, channels before joints), DG-STGCN's coefficients, MS-G3D's joints of several frames."""
    transfer = importlib.import_module('blazepose_skl.weights').transfer
    old, new = get_skeleton('coco'), get_skeleton('blazepose')
    windows = 3

    def state(skeleton):
        joints = skeleton.num_joints
        return {
            'conv.weight': torch.rand(2, 2),
            'joint_bn.weight': torch.rand(3 * joints),
            's_embed.0.conv.weight': torch.rand(8, joints, 1, 1),
            'tcn.add_coeff': torch.rand(40),
            'st.PA': torch.rand(2, windows * joints, windows * joints),
        }

    checkpoint, model = state(old), state(new)
    done = transfer(checkpoint, model, old, new, trained=set(model))
    assert set(done.carried) == set(model) - {'conv.weight'}
    views = {
        'joint_bn.weight': lambda value, joints: value.reshape(3, joints).T,
        's_embed.0.conv.weight': lambda value, joints: value[:, :, 0, 0].T,
        'tcn.add_coeff': lambda value, joints: value[:joints],
        'st.PA': lambda value, joints: value.reshape(2, windows, joints, windows, joints).permute(2, 4, 0, 1, 3),
    }
    for name, view in views.items():
        ours, was, theirs = (
            view(values[name], skeleton.num_joints)
            for values, skeleton in ((done.state, new), (model, new), (checkpoint, old))
        )
        for joint in new.joints:
            here = new.index(joint)
            if joint not in old.joints:
                torch.testing.assert_close(ours[here], was[here])
            elif name == 'st.PA':
                torch.testing.assert_close(ours[here, here], theirs[old.index(joint), old.index(joint)])
            else:
                torch.testing.assert_close(ours[here], theirs[old.index(joint)])


# -- the hook ---------------------------------------------------------------------------------------------


def write_clips(path):
    rng = np.random.default_rng(0)
    clips = [
        dict(
            frame_dir=str(i),
            label=i % 4,
            img_shape=(480, 640),
            total_frames=8,
            keypoint=rng.uniform(0, 400, (1, 8, 33, 2)).astype(np.float32),
            keypoint_score=rng.uniform(0.5, 1, (1, 8, 33)).astype(np.float32),
        )
        for i in range(8)
    ]
    names = [clip['frame_dir'] for clip in clips]
    path.write_bytes(pickle.dumps(dict(split=dict(train=names, val=names), annotations=clips)))
    return path


def runner(tmp_path, checkpoint, **hook):
    config = Config.fromfile(CONFIGS / 'stgcnpp/stgcnpp_1xb16-joint-r32-40e-small_custom-blazepose.py')
    config.merge_from_dict(
        {
            'ann_file': str(write_clips(tmp_path / 'data.pkl')),
            'num_classes': 4,
            'model.backbone.base_channels': 8,
            'model.cls_head.in_channels': 32,
            # As deep as those that build() makes.
            'model.backbone.num_stages': 10,
            'model.backbone.inflate_stages': [5, 8],
            'model.backbone.down_stages': [5, 8],
            'train_cfg.max_epochs': 1,
            'train_dataloader.num_workers': 0,
            'train_dataloader.persistent_workers': False,
        }
    )
    config.val_cfg = config.val_dataloader = config.val_evaluator = None
    config.custom_hooks.append(dict(type='InitializeFrom', checkpoint=str(checkpoint), **hook))
    config.work_dir, config.experiment_name = str(tmp_path / 'work'), tmp_path.name
    return PoseRunner.from_cfg(config)


def test_training_begins_with_the_checkpoint_and_the_log_says_what_was_taken(tmp_path):
    checkpoint = tmp_path / 'coco.pth'
    trained = build('coco', in_channels=5)
    torch.save(dict(state_dict=trained.state_dict(), meta={}), checkpoint)
    training = runner(tmp_path, checkpoint, layout='coco')
    training.param_schedulers = None
    training.optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.0))
    training.train()
    weight = 'backbone.gcn.5.gcn.conv.weight'
    torch.testing.assert_close(training.model.state_dict()[weight], trained.state_dict()[weight])
    log = next((tmp_path / 'work').rglob('*.log')).read_text()
    assert f'From {checkpoint} (coco):' in log
    assert 'carried over for 17 of 33 joints: backbone.data_bn.weight, ' in log


def test_a_checkpoint_that_is_not_there_or_of_another_network(tmp_path):
    with pytest.raises(InputError, match=r'InitializeFrom: .*none.pth: no such checkpoint'):
        runner(tmp_path, tmp_path / 'none.pth', layout='coco').train()
    torch.save(build('coco', channels=4).state_dict(), tmp_path / 'narrow.pth')
    with pytest.raises(InputError, match=r'narrow.pth: none of its weights fits the network: it is of another model'):
        runner(tmp_path, tmp_path / 'narrow.pth', layout='coco').train()
    torch.save(build('coco').state_dict(), tmp_path / 'coco.pth')
    with pytest.raises(
        InputError,
        match=r"InitializeFrom: .*coco.pth: \S+A is a graph of 17 joints where 'openpose' has 18; name the layout",
    ):
        runner(tmp_path, tmp_path / 'coco.pth', layout='openpose').train()
    for text in ('epoch 3 of 40, best 0.91', 'no checkpoint', ''):
        (tmp_path / 'text.pth').write_text(text)
        with pytest.raises(
            InputError, match=r'InitializeFrom: .*text.pth: the checkpoint was not loaded: it is damaged'
        ):
            runner(tmp_path, tmp_path / 'text.pth', layout='coco').train()
    with pytest.raises(InputError, match="InitializeFrom: unknown layout 'cocco'"):
        runner(tmp_path, tmp_path / 'narrow.pth', layout='cocco')


def test_a_network_whose_joints_have_no_names():
    model = build(get_skeleton('coco').as_layout())
    with pytest.raises(
        InputError, match='the network does not say the names of its joints; give its skeleton as target'
    ):
        initialize(model, model.state_dict(), 'coco')
    assert initialize(model, model.state_dict(), 'coco', target='coco').fresh == ()
