"""Every config: it says what its name says, survives a dump, builds and takes a training step."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import clip

from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import get_skeleton

pytest.importorskip('mmaction', reason='mmaction2 is absent')
from mmengine.config import Config
from mmengine.registry import init_default_scope

sys.path.insert(0, str(Path(__file__).parent.parent / 'tools'))
import write_configs

CONFIGS = write_configs.CONFIGS
WRITTEN = write_configs.leaves()
OWN = [name for name in WRITTEN if f'_{write_configs.CUSTOM}-' in name]
OF_POSES = [name for name in OWN if not name.startswith('rgbpose')]
NAME = re.compile(
    r'(?P<model>stgcn|stgcnpp|2s-agcn|slowonly|rgbpose-conv3d)_\d+xb(?P<batch>\d+)-(?P<input>[a-z-]+)'
    r'-(?P<recipe>u100-80e|r32-40e-small|u48-240e|u16-40e-small|f300-80e|u8-20e)'
    r'_(?P<data>[a-z0-9]+(?:-(?:split\d|x[a-z]+))?)'
    r'-(?P<layout>blazepose|enhanced-blazepose|openpose)(?P<world>-3d)?'
)
TYPES = {
    'stgcn': 'STGCN',
    'stgcnpp': 'STGCN',
    '2s-agcn': 'AAGCN',
    'slowonly': 'ResNet3dSlowOnly',
    'rgbpose-conv3d': 'RGBPoseConv3D',
}
MODES = {
    'spatial': 'stgcn_spatial',
    **{n: f'{n.replace("-", "_")}_split' for n in ('full-distance', 'connection', 'index')},
}


def pipelines(config):
    for part in ('train', 'val', 'test'):
        dataset = config[f'{part}_dataloader'].dataset
        yield part, dataset.get('dataset', dataset).pipeline


def narrowed(config):
    """The same network with next to no channels."""
    narrow = 2 if config.model.backbone.type == 'ResNet3dSlowOnly' else 8
    wide = config.model.backbone.get('base_channels', 64)
    config.model.backbone.base_channels = narrow
    config.model.cls_head.in_channels = config.model.cls_head.in_channels * narrow // wide
    return config


def made_clips(number=4, coordinates=2, joints=33, frames=20):
    rng = np.random.default_rng(0)
    return [
        dict(
            frame_dir=f'clip{i}',
            label=i,
            img_shape=(480, 640),
            original_shape=(480, 640),
            total_frames=frames,
            modality='Pose',
            start_index=0,
            keypoint=rng.uniform(0, 400, (1, frames, joints, coordinates)).astype(np.float32),
            keypoint_score=rng.uniform(0, 1, (1, frames, joints)).astype(np.float32),
        )
        for i in range(number)
    ]


def test_the_files_are_those_that_are_written():
    inputs = write_configs.inputs()
    found = {path.relative_to(CONFIGS).as_posix() for path in CONFIGS.glob('[!_]*/*.py')}
    assert found == set(WRITTEN)
    assert {path.relative_to(CONFIGS).as_posix() for path in CONFIGS.glob('_base_/inputs/*.py')} == set(inputs)
    assert all((CONFIGS / name).read_text() == text for name, text in (WRITTEN | inputs).items())


def test_the_matrix_is_complete():
    graph_networks = [name for name in WRITTEN if NAME.fullmatch(Path(name).stem)['input'] in write_configs.STREAMS]
    graph_networks = [name for name in graph_networks if not name.startswith('posec3d')]
    data_sets = len(write_configs.DATA_SETS) + 1
    assert len(graph_networks) == 3 * 4 * 2 * 2 * (data_sets + 1)  # models, streams, layouts, 2-D and 3-D; small
    assert len([name for name in WRITTEN if name.startswith('posec3d')]) == 3 * (data_sets + 1)
    assert len([name for name in WRITTEN if name.startswith('rgbpose')]) == data_sets
    assert len([name for name in WRITTEN if name.startswith('paper')]) == 4 * 3 * 7
    assert {name.partition('-')[0] for name in write_configs.DATA_SETS} == {
        'ucf101',
        'hmdb51',
        'k400',
        'ntu60',
        'ntu120',
    }


@pytest.mark.parametrize('name', WRITTEN, ids=lambda name: Path(name).stem)
def test_a_leaf_is_what_its_name_says(name):
    said, config = NAME.fullmatch(Path(name).stem), Config.fromfile(CONFIGS / name)
    layout = said['layout'].replace('-', '_')
    backbone, head = config.model.backbone, config.model.cls_head
    assert backbone.type == TYPES[said['model']]
    assert (backbone.get('tcn_type') == 'mstcn') == (said['model'] == 'stgcnpp')
    assert config.train_dataloader.batch_size == int(said['batch'])
    if said['data'] == write_configs.CUSTOM:
        assert config.num_classes is None
    else:
        assert config.ann_file == f'data/{said["data"]}.pkl'
        assert config.num_classes == head.num_classes == write_configs.DATA_SETS[said['data']]
    for part, pipeline in pipelines(config):
        steps = {step.type: step for step in pipeline}
        if said['model'] in ('slowonly', 'rgbpose-conv3d'):
            heatmaps = steps['GeneratePoseTarget']
            assert heatmaps.skeletons == layout
            assert (heatmaps.with_kp, heatmaps.with_limb) == ('joint' in said['input'], 'limb' in said['input'])
            assert heatmaps.get('double', False) == (part == 'test' and said['model'] == 'slowonly')
            continue
        assert backbone.graph_cfg.layout == layout
        features = steps.get('GenSkeFeat') or steps['UniformSampleSkeleton']
        assert features.get('dataset', features.get('layout')) == layout
        assert list(features.feats) == [write_configs.STREAMS.get(said['input'], 'j')]
        assert ('FaceCamera' in steps) == bool(said['world'])
        assert ('RemapSkeleton' in steps) == (layout == 'openpose')
    if name.startswith('paper'):
        assert backbone.graph_cfg.mode == MODES[said['input']]
    if 'small' in said['recipe']:
        assert f'-{config.train_cfg.max_epochs}e-' in name
        assert config.param_scheduler[-1].end == config.train_cfg.max_epochs


def test_leaves_survive_a_dump_and_a_fresh_process(tmp_path):
    # Those of a data set differ from these by their data alone, see below.
    for number, name in enumerate(OWN):
        Config.fromfile(CONFIGS / name).dump(tmp_path / f'{number}.py')
    code = (
        'import sys, json\nfrom pathlib import Path\nfrom mmengine.config import Config\n'
        'for number in range(int(sys.argv[2])):\n'
        "    print(json.dumps(Config.fromfile(Path(sys.argv[1]) / f'{number}.py').to_dict(), sort_keys=True))\n"
    )
    read = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code, tmp_path, str(len(OWN))], capture_output=True, text=True
    )
    assert read.returncode == 0, read.stderr
    for name, line in zip(OWN, read.stdout.splitlines(), strict=True):
        assert json.loads(line) == json.loads(json.dumps(Config.fromfile(CONFIGS / name).to_dict())), name


@pytest.mark.parametrize('name', OF_POSES, ids=lambda name: Path(name).stem)
def test_a_leaf_builds_and_takes_a_step(name):
    import torch
    from mmaction.registry import MODELS, OPTIM_WRAPPERS, TRANSFORMS
    from mmengine.dataset import Compose, pseudo_collate

    init_default_scope('mmaction')
    config = narrowed(Config.fromfile(CONFIGS / name))
    model = MODELS.build(config.model)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    wrapper = OPTIM_WRAPPERS.build(dict(type=config.optim_wrapper.get('type', 'OptimWrapper'), optimizer=optimizer))
    for part, pipeline in pipelines(config):
        for step in pipeline:
            if part == 'test' and step.type == 'UniformSampleFrames':  # ten times two heatmaps of each frame take long
                step.num_clips = 2
        steps = Compose([TRANSFORMS.build(step) for step in pipeline])
        clips = made_clips(4 if part == 'train' else 1, 3 if name.endswith('-3d.py') else 2)
        batch = pseudo_collate([steps(made) for made in clips])
        if part == 'train':
            assert model.train_step(batch, wrapper)['loss'].isfinite()
        elif part == 'test':
            (first, *_) = model.test_step(batch)
            assert first.pred_score.sum().item() == pytest.approx(1, abs=1e-4)


def test_pictures_and_poses_together_take_a_step(tmp_path):
    pytest.importorskip('decord', reason='decord, which reads the videos, is absent')
    import av
    import torch
    from mmaction.registry import MODELS, OPTIM_WRAPPERS, TRANSFORMS
    from mmengine.dataset import Compose, pseudo_collate

    init_default_scope('mmaction')
    (name,) = (name for name in OWN if name.startswith('rgbpose'))
    config = Config.fromfile(CONFIGS / name)
    film = tmp_path / 'clip0.mp4'
    with av.open(str(film), 'w') as container:
        stream = container.add_stream('libx264', rate=25)
        stream.width, stream.height, stream.pix_fmt = 640, 480, 'yuv420p'
        for shade in range(20):
            picture = av.VideoFrame.from_ndarray(np.full((480, 640, 3), 10 * shade, np.uint8), format='rgb24')
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    model = MODELS.build(config.model)
    wrapper = OPTIM_WRAPPERS.build(dict(type='OptimWrapper', optimizer=torch.optim.SGD(model.parameters(), lr=1e-3)))
    _, pipeline = next(pipelines(config))
    steps = Compose([TRANSFORMS.build(step) for step in pipeline])
    batch = pseudo_collate([steps(made | dict(filename=str(film))) for made in made_clips(1)])
    assert batch['inputs']['heatmap_imgs'][0].shape[1] == 33
    assert model.train_step(batch, wrapper)['loss'].isfinite()


@pytest.mark.parametrize('name', sorted(set(WRITTEN) - set(OWN)), ids=lambda name: Path(name).stem)
def test_a_leaf_of_a_data_set_differs_by_its_data_alone(name):
    data = NAME.fullmatch(Path(name).stem)['data']
    own = Config.fromfile(CONFIGS / name.replace(f'_{data}-', f'_{write_configs.CUSTOM}-')).to_dict()
    own |= dict(ann_file=f'data/{data}.pkl', num_classes=write_configs.DATA_SETS[data])
    own['model']['cls_head']['num_classes'] = write_configs.DATA_SETS[data]
    assert Config.fromfile(CONFIGS / name).to_dict() == own


# -- another skeleton -----------------------------------------------------------------------------------------


ARM = dict(name='arm', joints=['shoulder', 'elbow', 'wrist'], parents=[None, 'shoulder', 'elbow'])
ANY_SKELETON = [name for name in OF_POSES if not name.endswith(('-3d.py', 'openpose.py'))]


@pytest.mark.parametrize('skeleton', ['hand', ARM], ids=['hand', 'arm'])
@pytest.mark.parametrize('name', ANY_SKELETON, ids=lambda name: Path(name).stem)
def test_a_skeleton_that_is_named_once_is_that_of_graph_and_steps(name, skeleton):
    from mmaction.registry import MODELS
    from mmengine.dataset import Compose

    from blazepose_skl.mmaction2.training import put_skeleton

    config = narrowed(Config.fromfile(CONFIGS / name))
    config.skeleton = skeleton
    put_skeleton(config)
    init_default_scope('mmaction')
    known = get_skeleton(skeleton)
    model = MODELS.build(config.model)
    for _, pipeline in pipelines(config):
        # A single arm has nobody's other side to be flipped to.
        steps = [step for step in pipeline if step.type not in ('UniformSampleFrames', 'Flip')]
        if config.model.backbone.type == 'ResNet3dSlowOnly':
            (maps,) = (step for step in steps if step.type == 'GeneratePoseTarget')
            wanted = len(known.limbs) if maps.with_limb else known.num_joints
            assert config.model.backbone.in_channels == wanted
        else:
            assert model.backbone.graph.num_node == known.num_joints
            packed = Compose(steps)(
                clip(known.num_joints, frames=100) | dict(img_shape=(480, 640), label=0, total_frames=100)
            )
            assert packed['inputs'].shape[-2] == known.num_joints


def test_a_skeleton_for_data_that_is_remapped_is_refused():
    from blazepose_skl.mmaction2.training import put_skeleton

    config = Config.fromfile(CONFIGS / 'paper/stgcn_1xb64-index-f300-80e_custom-openpose.py')
    config.skeleton = 'hand'
    with pytest.raises(InputError, match='skeleton: the pipeline remaps the data, so that there are two'):
        put_skeleton(config)
