"""An exported network recognises what the framework's does, alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import make_motion, tasks, write_dump

pytest.importorskip('mmaction', reason='MMAction2 is absent')
onnx = pytest.importorskip('onnx', reason='onnx is absent')
pytest.importorskip('onnxruntime', reason='ONNX Runtime is absent')
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

import blazepose_skl.mmaction2  # noqa: F401, registers what the configs name
from blazepose_skl.cli import main
from blazepose_skl.clips import Clip
from blazepose_skl.errors import InputError
from blazepose_skl.mmaction2.onnxexport import export_onnx
from blazepose_skl.mmaction2.recognizer import Recognizer, load_recognizer
from blazepose_skl.mmaction2.training import put_skeleton
from blazepose_skl.onnxform import KEY, made_up
from blazepose_skl.onnxmodel import OnnxRecognizer, load_onnx
from blazepose_skl.plainpipeline import build_pipeline, declare, describe_pipeline
from blazepose_skl.recognition import Sliding, StreamRecognizer
from blazepose_skl.skeletons import BLAZEPOSE, COCO, Skeleton, get_skeleton

ROOT = Path(__file__).parent.parent
SMALL, STOCK = '1xb16-{}-r32-40e-small_custom', '8xb16-{}-u100-80e_custom'
PUPPET = """
joints = ["hip", "chest", "head", "left_hand", "right_hand"]
parents = {chest = "hip", head = "chest", left_hand = "chest", right_hand = "chest"}
"""
NARROW = dict(base_channels=8, num_stages=3, inflate_stages=[2], down_stages=[3])


def write_network(folder: Path, name: str, steps: Any = None, head: Any = None, **backbone: Any) -> tuple[Path, Path]:
    """A config that comes with us, narrow and of three classes, and a checkpoint of made-up numbers."""
    settings = Config.fromfile(ROOT / 'configs' / name.split('_')[0] / f'{name}.py')
    settings.model.backbone.update({**NARROW, **backbone})
    settings.model.cls_head.update(num_classes=3, in_channels=16, **(head or {}))
    settings.num_classes = 3
    if steps is not None:
        settings.skeleton = None  # which may be another behind RemapSkeleton
        settings.test_dataloader.dataset.pipeline = steps
    return save(folder, settings)


def save(folder: Path, settings: Any) -> tuple[Path, Path]:
    folder.mkdir(exist_ok=True)
    config, checkpoint = folder / 'network.py', folder / 'network.pth'
    settings.dump(config)
    init_default_scope('mmaction')
    put_skeleton(settings)
    torch.manual_seed(0)
    weights = MODELS.build(settings.model).state_dict()
    for key, value in weights.items():
        norm = key.rpartition('.')[0] + '.running_var' in weights
        if norm and key.endswith(('mean', 'bias')):
            weights[key] = 0.2 * torch.randn_like(value)
        elif (norm and key.endswith(('var', 'weight'))) or key.endswith(('PA', 'alpha')):
            weights[key] = torch.rand_like(value) + 0.5
    facts = dict(classes=['wave', 'squat', 'march'], frames=40.0, fps=25.0)
    torch.save(dict(state_dict=weights, meta=dict(dataset_meta=facts)), checkpoint)
    return config, checkpoint


def spread(config: Path, checkpoint: Path) -> None:
    """Make the head one whose scores differ from clip to clip."""
    recognizer, seen = load_recognizer(config, checkpoint), []
    recognizer._model.cls_head.fc.register_forward_hook(lambda layer, inputs, outputs: seen.append(inputs[0]))
    coordinates = 3 if 'FaceCamera' in config.read_text() else 2
    recognizer.classify(clips_of(recognizer.skeleton, coordinates, 1))
    features, content = torch.cat(seen), torch.load(checkpoint, weights_only=True)
    weights = torch.randn(3, features.shape[1]) / features.std(0).clamp(min=0.1 * float(features.abs().mean()))
    content['state_dict'] |= {'cls_head.fc.weight': weights, 'cls_head.fc.bias': -weights @ features.mean(0)}
    torch.save(content, checkpoint)


def both(folder: Path, paths: tuple[Path, Path]) -> tuple[Recognizer, OnnxRecognizer]:
    spread(*paths)
    export_onnx(*paths, folder / 'network.onnx')
    return load_recognizer(*paths), load_onnx(folder / 'network.onnx')


def clips_of(skeleton: Skeleton, coordinates: int, people: int) -> list[Clip]:
    """Of several lengths, each a pose of its own that wanders; some frames nobody was seen in."""
    clips, random = [], np.random.default_rng(people)
    for frames in (7, 32, 100, 240):
        shape = (people, frames, skeleton.num_joints, coordinates)
        pose = random.normal(0, 1, (people, 1, *shape[2:])) + random.normal(0, 0.1, shape).cumsum(1)
        landmarks = 240 + 80 * pose if coordinates == 2 else pose
        scores = random.uniform(0, 1, shape[:3])
        landmarks[:, 2:4] = scores[:, 2:4] = 0
        arrays = landmarks.astype(np.float32), scores.astype(np.float32)
        clips.append(Clip(*arrays, skeleton.name, (640, 480), 30.0, f'{frames} frames'))
    return clips


def some(recognizer: OnnxRecognizer, people: int) -> list[Clip]:
    return clips_of(recognizer.skeleton, recognizer.description.coordinates, people)


@pytest.fixture(scope='module')
def paths(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_network(tmp_path_factory.mktemp('network'), f'stgcnpp_{SMALL.format("joint")}-blazepose')


@pytest.fixture(scope='module')
def pair(paths: tuple[Path, Path]) -> tuple[Recognizer, OnnxRecognizer]:
    return both(paths[0].parent, paths)


# -- laws -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('name', 'changes'),
    [
        (f'stgcn_{SMALL.format("joint")}-blazepose', {}),
        (f'stgcn_{STOCK.format("bone-motion")}-blazepose-3d', {}),
        (f'stgcn_{STOCK.format("joint")}-enhanced-blazepose', dict(gcn_adaptive='offset')),
        (f'stgcn_{SMALL.format("bone")}-blazepose-3d', dict(gcn_adaptive=None, data_bn_type=None)),
        (f'stgcn_{STOCK.format("bone")}-blazepose', dict(data_bn_type='MVC', gcn_conv_pos='post')),
        (f'stgcnpp_{STOCK.format("joint-motion")}-blazepose', {}),
        (f'stgcnpp_{SMALL.format("bone-motion")}-blazepose', {}),
        (f'stgcnpp_{SMALL.format("joint")}-blazepose', dict(graph_cfg=dict(layout='blazepose', mode='binary_adj'))),
        (f'2s-agcn_{STOCK.format("joint")}-blazepose', {}),
        (f'2s-agcn_{STOCK.format("bone")}-blazepose', dict(gcn_attention=True)),
        (f'2s-agcn_{SMALL.format("joint-motion")}-blazepose-3d', dict(gcn_adaptive=False)),
    ],
)
def test_scores_are_the_framework_s(tmp_path: Path, name: str, changes: dict[str, Any]) -> None:
    framework, exported = both(tmp_path, write_network(tmp_path, name, **changes))
    assert exported.skeleton == framework.skeleton
    for people in (1, 2, 3):
        clips = some(exported, people)
        expected = framework.classify(clips)
        assert np.ptp(expected, axis=0).max() > 1e-3  # they are not all alike
        np.testing.assert_allclose(exported.classify(clips), expected, atol=1e-5)


def test_a_person_who_is_0_is_as_nobody(tmp_path: Path) -> None:
    """Who is made up to fill the places, and whom the file does not compute, counts as in the framework."""
    paths = write_network(tmp_path, f'2s-agcn_{STOCK.format("joint")}-blazepose')
    framework, exported = both(tmp_path, paths)
    (_, _, clip, _) = some(exported, 1)
    assert exported.description.people == 2
    assert exported._prepare(clip).shape[1] == 1
    np.testing.assert_allclose(exported.classify([clip]), framework.classify([clip]), atol=1e-5)


def test_clips_at_once_are_clips_one_by_one(pair: tuple[Recognizer, OnnxRecognizer]) -> None:
    exported = pair[1]
    clips = some(exported, 1) + some(exported, 2)
    one_by_one = np.concatenate([exported.classify([clip]) for clip in clips])
    np.testing.assert_allclose(exported.classify(clips), one_by_one, atol=1e-6)
    assert exported.classify([]).shape == (0, 3)


def test_windows_of_a_stream_have_the_same_scores(pair: tuple[Recognizer, OnnxRecognizer]) -> None:
    clip = some(pair[1], 1)[-1]
    found = []
    for recognizer in pair:
        stream = StreamRecognizer(recognizer, clip.size, Sliding(32, 11, 3))
        rows = [
            row for at in range(100) for row in stream.add(clip.landmarks[:, at], clip.scores[:, at])
        ] + stream.finish()
        found.append(np.stack([row.scores for row in rows]))
    np.testing.assert_allclose(found[1], found[0], atol=1e-5)


@pytest.mark.parametrize('kind', ['own', 'remapped', 'paper', 'sampled', 'coco', 'logits'])
def test_other_skeletons_and_pipelines(tmp_path: Path, kind: str) -> None:
    form = [dict(type='FormatGCNInput', num_person=2, mode='loop'), dict(type='PackActionInputs')]
    uniform = dict(clip_len=16, num_clips=3, test_mode=True)
    name, graph = f'stgcnpp_{SMALL.format("joint")}-blazepose', dict(in_channels=3)
    if kind == 'own':
        (tmp_path / 'puppet.toml').write_text(PUPPET)
        settings = Config.fromfile(ROOT / 'configs/stgcnpp' / f'{name}.py')
        settings.model.backbone.update(NARROW)
        settings.model.cls_head.update(num_classes=3, in_channels=16)
        settings.num_classes, settings.skeleton = 3, str(tmp_path / 'puppet.toml')
        paths = save(tmp_path, settings)
    elif kind == 'remapped':
        first = [dict(type='RemapSkeleton', target='openpose'), dict(type='PreNormalize2D')]
        streams = dict(type='GenSkeFeat', dataset='openpose', feats=['b'])
        sample = [dict(type='UniformSampleFrames', **uniform), dict(type='PoseDecode')]
        graph['graph_cfg'] = dict(layout='openpose', mode='spatial')
        paths = write_network(tmp_path, name, [*first, streams, *sample, *form], **graph)
    elif kind == 'paper':
        first = [dict(type='RepeatOrDropFrames', length=50, test_mode=True), dict(type='PreNormalize2D')]
        paths = write_network(tmp_path, name, [*first, *form], **graph)
    elif kind == 'sampled':
        steps = [dict(type='UniformSampleSkeleton', layout='blazepose', feats=['j', 'bm'], **uniform), form[1]]
        paths = write_network(tmp_path, name, steps, in_channels=6)
    elif kind == 'coco':  # a layout of the framework, and motion after several clips are drawn
        first = [dict(type='ResampleFrames', length=16, test_mode=True, num_clips=3), dict(type='PreNormalize2D')]
        graph['graph_cfg'] = dict(layout='coco', mode='stgcn_spatial')
        streams = dict(type='GenSkeFeat', dataset='coco', feats=['jm'])
        paths = write_network(tmp_path, name, [*first, streams, *form], **graph)
    else:
        paths = write_network(tmp_path, name, head=dict(average_clips='score'))
    framework, exported = both(tmp_path, paths)
    (tmp_path / 'puppet.toml').unlink(missing_ok=True)
    exported = load_onnx(tmp_path / 'network.onnx')  # which needs no other file
    assert exported.skeleton == framework.skeleton
    for people in (1, 2):
        clips = some(exported, people)
        np.testing.assert_allclose(exported.classify(clips), framework.classify(clips), atol=1e-4, rtol=1e-5)


def test_the_file_says_all(pair: tuple[Recognizer, OnnxRecognizer], paths: tuple[Path, Path]) -> None:
    framework, exported = pair
    assert exported.classes == framework.classes == ('wave', 'squat', 'march')
    assert (exported.frames, exported.fps) == (framework.frames, framework.fps) == (40, 25)
    said = exported.description
    assert (said.streams, said.people, said.coordinates, said.network) == (('j',), 1, 2, 'STGCN')
    assert [step['type'] for step in said.pipeline] == [
        'ResampleFrames',
        'NormalizeBody',
        'GenSkeFeat',
        'FormatGCNInput',
    ]
    operations = {node.op_type for node in onnx.load(paths[0].parent / 'network.onnx').graph.node}
    assert 'Einsum' not in operations
    assert not operations & {'RandomNormal', 'Dropout'}


@pytest.mark.parametrize('skeleton', [BLAZEPOSE, COCO])
def test_a_declaration_is_read_as_it_was(skeleton: Skeleton) -> None:
    assert get_skeleton(json.loads(json.dumps(declare(skeleton)))) == skeleton


def test_demo_takes_the_file_in_the_place_of_config_and_checkpoint(
    paths: tuple[Path, Path], tmp_path: Path, command: Any
) -> None:
    pytest.importorskip('av', reason='PyAV is absent')
    write_dump(tmp_path / 'a.json', tasks(make_motion(60)))
    config, checkpoint = paths
    status, said = command('export', checkpoint, tmp_path / 'a.onnx', '--config', config)
    assert (status, said) == (
        0,
        f"{tmp_path / 'a.onnx'}: STGCN, 3 classes, 2-D clips of 'blazepose', 1 person together\n",
    )
    found = []
    for network in (['--config', config, '--checkpoint', checkpoint], ['--network', tmp_path / 'a.onnx']):
        segments = tmp_path / 'segments.json'
        status, said = command(
            'demo', tmp_path / 'a.json', *network, '--headless', '--segments', segments, '--window', 1, '--threshold', 0
        )
        assert status == 0, said
        found.append(json.loads(segments.read_text()))
    assert found[0] == pytest.approx(found[1]) if isinstance(found[0], dict) else len(found[0]) == len(found[1])
    assert str(found[0])[:60] == str(found[1])[:60]


# -- without a framework ------------------------------------------------------------------------------


def test_an_environment_without_torch(
    pair: tuple[Recognizer, OnnxRecognizer], paths: tuple[Path, Path], tmp_path: Path
) -> None:
    """The package with its extra [onnx] alone gives the same scores."""
    there = tmp_path / 'there'
    venv.create(there, with_pip=True)
    python = there / 'bin/python'
    clone = tmp_path / 'clone'
    clone.mkdir()
    for name in ('pyproject.toml', 'README.md', 'LICENSE', 'constraints.txt'):
        shutil.copy(ROOT / name, clone)
    shutil.copytree(ROOT / 'blazepose_skl', clone / 'blazepose_skl', ignore=shutil.ignore_patterns('__pycache__'))
    install = [python, '-m', 'pip', 'install', '-q', '-c', clone / 'constraints.txt', f'{clone}[onnx]']
    done = subprocess.run(install, capture_output=True, text=True)
    if done.returncode and ('Temporary failure' in done.stderr or 'No matching distribution' in done.stderr):
        pytest.skip(f'no package index: {done.stderr.splitlines()[-1]}')
    assert done.returncode == 0, done.stderr
    dump = write_dump(tmp_path / 'a.json', tasks(make_motion(40)))
    code = f"""
import sys, json
from pathlib import Path
from blazepose_skl.convert import Filling
from blazepose_skl.dumps import Reading, find_dumps, read_clip
from blazepose_skl.onnxmodel import load_onnx

(source,) = find_dumps(Path({str(dump)!r}))
clip = Filling().applied_to(read_clip(source, Reading()))
scores = load_onnx({str(paths[0].parent / 'network.onnx')!r}).classify([clip])
print(json.dumps([scores.tolist(), sorted({{name.split('.')[0] for name in sys.modules}})]))
"""
    (tmp_path / 'code.py').write_text(code)
    answer = subprocess.run([python, '-I', tmp_path / 'code.py'], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    scores, loaded = json.loads(answer.stdout)
    assert not {'torch', 'mmaction', 'mmengine', 'mmcv', 'cv2'} & set(loaded)
    from blazepose_skl.convert import Filling
    from blazepose_skl.dumps import Reading, find_dumps, read_clip

    (source,) = find_dumps(dump)
    expected = pair[0].classify([Filling().applied_to(read_clip(source, Reading()))])
    np.testing.assert_allclose(scores, expected, atol=1e-4)
    # The command too, which has neither PyAV nor OpenCV here, and needs none for segments.
    demo = [there / 'bin/blazepose-skl', 'demo', dump, '--network', paths[0].parent / 'network.onnx']
    done = subprocess.run(
        [*demo, '--headless', '--segments', tmp_path / 'a.csv', '--threshold', '0'], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    best = pair[0].classes[int(expected[0].argmax())]
    assert best in (tmp_path / 'a.csv').read_text()


# -- messages -----------------------------------------------------------------------------------------


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """Runs a command in this process; its status and what it says."""

    def run(*words: object) -> tuple[int, str]:
        monkeypatch.setattr('sys.argv', ['blazepose-skl', *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        said = capfd.readouterr()
        return int(stop.value.code or 0), said.out + said.err

    return run


def test_a_clip_of_another_skeleton(pair: tuple[Recognizer, OnnxRecognizer]) -> None:
    exported = pair[1]
    with pytest.raises(InputError, match=r"made up: 17 joints of 'coco' where the network of .*network.onnx takes"):
        exported.classify([made_up(COCO, 2)])
    with pytest.raises(InputError, match=r'made up: 3 coordinates where .* takes 2; read image landmarks'):
        exported.classify([made_up(BLAZEPOSE, 3)])
    joints = [f'joint{number}' for number in range(33)]
    other = Skeleton('other33', tuple(joints), {joint: joints[0] for joint in joints[1:]})
    exported.classify([made_up(other, 2)])  # whose joints nobody knows here


@pytest.mark.parametrize(
    ('steps', 'sentence'),
    [
        ([dict(type='DecompressPose')], r'step DecompressPose of its test pipeline is not to be had without'),
        ([dict(type='RandomRotateSkeleton')], r'step RandomRotateSkeleton of its test pipeline'),
        ([dict(type='ResampleFrames')], r'step ResampleFrames of its test pipeline draws at random; give it test_mode'),
        ([dict(type='PreNormalize2D')], r'test pipeline does not make what its backbone takes, 5 channels'),
    ],
)
def test_a_test_pipeline_that_cannot_be_exported(tmp_path: Path, steps: Any, sentence: str) -> None:
    paths = write_network(tmp_path, f'stgcnpp_{SMALL.format("joint")}-blazepose', steps)
    with pytest.raises(InputError, match=sentence):
        export_onnx(*paths, tmp_path / 'a.onnx')
    assert not list(tmp_path.glob('*.onnx*'))


def test_a_network_that_cannot_be_exported(tmp_path: Path) -> None:
    paths = write_network(tmp_path, f'stgcnpp_{SMALL.format("joint")}-blazepose', head=dict(average_clips=None))
    with pytest.raises(InputError, match='average_clips=None of cls_head cannot be exported'):
        export_onnx(*paths, tmp_path / 'a.onnx')
    settings = Config.fromfile(ROOT / 'configs/posec3d/slowonly_1xb16-joint-u16-40e-small_custom-blazepose.py')
    settings.model.cls_head.num_classes = settings.num_classes = 3
    with pytest.raises(InputError, match='backbone ResNet3dSlowOnly cannot be exported; STGCN and AAGCN can'):
        export_onnx(*save(tmp_path, settings), tmp_path / 'a.onnx')
    with pytest.raises(InputError, match=r'a\.bin: its name must end in \.onnx'):
        export_onnx(*paths, tmp_path / 'a.bin')


def rewritten(file: Path, out: Path, **changes: Any) -> Path:
    network = onnx.load(file)
    said = {entry.key: entry.value for entry in network.metadata_props}
    told = json.loads(said[KEY]) | changes
    onnx.helper.set_model_props(network, {KEY: json.dumps(told)} if changes else {})
    onnx.save(network, out)
    return out


def test_a_file_that_cannot_be_read(
    pair: tuple[Recognizer, OnnxRecognizer], paths: tuple[Path, Path], tmp_path: Path, command: Any
) -> None:
    whole = paths[0].parent / 'network.onnx'
    bare = tmp_path / 'bare.onnx'
    network = onnx.load(whole)
    del network.metadata_props[:]
    onnx.save(network, bare)
    cut, text, other = tmp_path / 'cut.onnx', tmp_path / 'text.onnx', tmp_path / 'other.onnx'
    cut.write_bytes(whole.read_bytes()[:-3000])
    text.write_text('not at all')
    network = onnx.load(whole)
    values = onnx.numpy_helper.to_array(network.graph.initializer[0])
    network.graph.initializer[0].CopyFrom(
        onnx.numpy_helper.from_array(values * 0 - 7, network.graph.initializer[0].name)
    )
    onnx.save(network, other)
    for path, sentence in {
        bare: 'an ONNX file, but not one of ours',
        cut: 'not an ONNX file that can be read, or damaged',
        text: 'not an ONNX file that can be read, or damaged',
        other: 'damaged: ',
        tmp_path / 'nowhere.onnx': 'no such file',
        rewritten(whole, tmp_path / 'newer.onnx', version=2): 'version 2 where 1 is read here; export it again',
        rewritten(whole, tmp_path / 'step.onnx', pipeline=[dict(type='Nothing')]): 'step Nothing of the test pipeline',
        rewritten(whole, tmp_path / 'type.onnx', classes=7): 'its description is damaged',
        rewritten(whole, tmp_path / 'few.onnx', classes=['one']): 'damaged: ',
    }.items():
        with pytest.raises(InputError, match=sentence) as error:
            load_onnx(path)
        assert str(error.value).startswith(str(path))
        assert '\n' not in str(error.value)
    write_dump(tmp_path / 'a.json', tasks(make_motion(20)))
    status, said = command(
        'demo', tmp_path / 'a.json', '--network', text, '--headless', '--segments', tmp_path / 's.json'
    )
    assert (status, said.count('\n')) == (1, 1), said


def test_what_is_absent_is_named(
    paths: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Any
) -> None:
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(InputError, match=r"needs onnxruntime, which is absent; pip install 'blazepose-skl\[onnx\]'"):
        load_onnx(paths[0].parent / 'network.onnx')
    with pytest.raises(InputError, match=r"an export needs onnx and onnxruntime .* 'blazepose-skl\[export\]'"):
        export_onnx(*paths, tmp_path / 'a.onnx')


@pytest.mark.parametrize(
    ('words', 'sentence'),
    [
        (['demo', 'a.json', '--headless', '--segments', 's.json'], 'no network: give --config and --checkpoint, or'),
        (
            ['demo', 'a.json', '--headless', '--segments', 's.json', '--network', 'a.onnx', '--device', 'cpu'],
            '--network: the file says all that --config, --checkpoint, --classes and --device say',
        ),
        (['export', 'a.pth', 'a.onnx'], 'a network is exported with the --config of its checkpoint; give it'),
    ],
)
def test_options_that_cannot_be(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    status, said = command(*words)
    assert (status, said.count('\n')) == (1, 1)
    assert sentence in said


def test_a_description_of_steps_that_are_not_ours() -> None:
    with pytest.raises(InputError, match='step PoseDecode of its test pipeline: '):
        describe_pipeline([dict(type='PoseDecode', more=1)], 'a.py')
    with pytest.raises(InputError, match='step PoseDecode of the test pipeline'):
        build_pipeline([dict(type='PoseDecode', more=1)])
    with pytest.raises(InputError, match='step NormalizeBody of the test pipeline has no declaration of a skeleton'):
        build_pipeline([dict(type='NormalizeBody', layout='/etc/skeleton.toml')])
