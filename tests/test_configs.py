"""Every config: it says what its name says, survives a dump, builds and takes a training step."""

import re
from pathlib import Path

import numpy as np
import pytest
from conftest import clip

from blazepose_skl.errors import InputError

pytest.importorskip('mmaction', reason='mmaction2 is absent')
from mmengine.config import Config
from mmengine.registry import init_default_scope

CONFIGS = Path(__file__).parent.parent / 'configs'
LEAVES = sorted(path for path in CONFIGS.glob('*/*.py') if path.parent.name != '_base_')
STREAMS = {'joint': 'j', 'bone': 'b', 'joint-motion': 'jm', 'bone-motion': 'bm'}
NAME = re.compile(
    r'(?P<model>stgcn|stgcnpp)_\d+xb(?P<batch>\d+)-(?P<stream>joint|bone|joint-motion|bone-motion)'
    r'-(?P<frames>u100-80e|r32-\d+e-small)_custom-(?P<layout>blazepose|enhanced-blazepose)'
)


def pipelines(config):
    for part in ('train', 'val', 'test'):
        dataset = config[f'{part}_dataloader'].dataset
        yield part, dataset.get('dataset', dataset).pipeline


def test_the_matrix_is_complete():
    models = ('stgcn', 'stgcnpp')
    assert len(LEAVES) == len(models) * len(STREAMS) * 2 * 2  # layouts, recipes


@pytest.fixture(params=LEAVES, ids=lambda path: path.stem)
def leaf(request):
    return request.param


def test_a_leaf_is_what_its_name_says(leaf):
    name, config = NAME.fullmatch(leaf.stem), Config.fromfile(leaf)
    layout = name['layout'].replace('-', '_')
    assert leaf.parent.name == name['model']
    assert config.model.backbone.graph_cfg.layout == layout
    assert (config.model.backbone.get('tcn_type') == 'mstcn') == (name['model'] == 'stgcnpp')
    assert config.train_dataloader.batch_size == int(name['batch'])
    for _, pipeline in pipelines(config):
        (features,) = (step for step in pipeline if step.type == 'GenSkeFeat')
        assert features.dataset == layout
        assert list(features.feats) == [STREAMS[name['stream']]]
    if 'small' in name['frames']:
        assert f'-{config.train_cfg.max_epochs}e-' in leaf.stem
        assert config.param_scheduler[-1].end == config.train_cfg.max_epochs


def test_a_leaf_survives_a_dump_builds_and_takes_a_step(leaf, tmp_path):
    import torch
    from mmaction.registry import MODELS, OPTIM_WRAPPERS, TRANSFORMS
    from mmengine.dataset import Compose, pseudo_collate

    config = Config.fromfile(leaf)
    config.dump(tmp_path / 'dumped.py')
    dumped = Config.fromfile(tmp_path / 'dumped.py')
    assert dumped.to_dict() == config.to_dict()

    init_default_scope('mmaction')
    dumped.model.backbone.base_channels = 8
    dumped.model.cls_head.in_channels = 32
    model = MODELS.build(dumped.model)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    wrapper = OPTIM_WRAPPERS.build(dict(type=dumped.optim_wrapper.get('type', 'OptimWrapper'), optimizer=optimizer))
    rng = np.random.default_rng(0)
    for part, pipeline in pipelines(dumped):
        samples = [
            Compose([TRANSFORMS.build(step) for step in pipeline])(
                dict(
                    frame_dir=f'clip{i}',
                    label=i,
                    img_shape=(480, 640),
                    original_shape=(480, 640),
                    total_frames=20,
                    keypoint=rng.uniform(0, 400, (1, 20, 33, 2)).astype(np.float32),
                    keypoint_score=rng.uniform(0, 1, (1, 20, 33)).astype(np.float32),
                )
            )
            for i in range(4)
        ]
        if part == 'train':
            loss = model.train_step(pseudo_collate(samples), wrapper)['loss']
            assert loss.isfinite()
        else:
            (first, *_) = model.val_step(pseudo_collate(samples))
            assert first.pred_score.sum().item() == pytest.approx(1, abs=1e-4)


def test_no_leaf_writes_out_a_pipeline_step_but_its_features(leaf):
    assert re.findall(r"type='(\w+)'", leaf.read_text()) == ['GenSkeFeat']


# -- another skeleton -----------------------------------------------------------------------------------------


ARM = dict(name='arm', joints=['shoulder', 'elbow', 'wrist'], parents=[None, 'shoulder', 'elbow'])


@pytest.mark.parametrize(('skeleton', 'joints'), [('hand', 21), (ARM, 3)])
def test_a_skeleton_that_is_named_once_is_that_of_graph_and_steps(leaf, skeleton, joints):
    from mmaction.registry import MODELS
    from mmengine.dataset import Compose

    from blazepose_skl.mmaction2.training import put_skeleton

    config = Config.fromfile(leaf)
    config.skeleton = skeleton
    config.model.backbone.base_channels, config.model.cls_head.in_channels = 8, 32
    put_skeleton(config)
    init_default_scope('mmaction')
    assert MODELS.build(config.model).backbone.graph.num_node == joints
    for _, pipeline in pipelines(config):
        steps = [step for step in pipeline if step.type != 'UniformSampleFrames']
        packed = Compose(steps)(clip(joints, frames=100) | dict(img_shape=(480, 640), label=0, total_frames=100))
        assert packed['inputs'].shape[-2] == joints


def test_a_skeleton_for_data_that_is_remapped_is_refused():
    from blazepose_skl.mmaction2.training import put_skeleton

    config = Config.fromfile(LEAVES[0])
    config.skeleton = 'hand'
    config.test_dataloader.dataset.pipeline.insert(0, dict(type='RemapSkeleton', target='coco'))
    with pytest.raises(InputError, match='skeleton: the pipeline remaps the data, so that there are two'):
        put_skeleton(config)
