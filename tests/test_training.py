"""Training through MMAction2's own tools, ours, and two processes, with the real configs and a narrow network."""

import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

mmaction = pytest.importorskip('mmaction', reason='mmaction2 is absent')
import torch

from blazepose_skl import compat
from blazepose_skl.evaluation import read_scores

compat.allow_checkpoints()

ROOT = Path(__file__).parent.parent
OURS, UPSTREAM = ROOT / 'tools', Path(mmaction.__file__).parent / '.mim/tools'
STOCK = ROOT / 'configs/stgcn/stgcn_8xb16-joint-u100-80e_custom-blazepose.py'
SMALL = ROOT / 'configs/stgcnpp/stgcnpp_1xb16-joint-r32-40e-small_custom-blazepose.py'
COMMAND = Path(sys.executable).parent / 'blazepose-skl'
NARROW = ['model.backbone.base_channels=8', 'model.cls_head.in_channels=32']


def annotations(labels=(0, 1), clips=4, joints=33):
    """Clips that differ by class in how wide the arms are, in the frameworks' format."""
    rng = np.random.default_rng(0)
    made = [
        dict(
            frame_dir=f'class{label}/{i:02}',
            label=label,
            img_shape=(480, 640),
            original_shape=(480, 640),
            total_frames=12,
            keypoint=(rng.uniform(0, 300, (1, 12, joints, 2)) * (1 + label)).astype(np.float32),
            keypoint_score=rng.uniform(0.5, 1, (1, 12, joints)).astype(np.float32),
        )
        for label in labels
        for i in range(clips)
    ]
    names = [clip['frame_dir'] for clip in made]
    held_out = [name for name in names if name.endswith('03')]
    return dict(split=dict(train=[n for n in names if n not in held_out], val=held_out), annotations=made)


@pytest.fixture
def write(tmp_path):
    def write(**changes):
        path = tmp_path / 'data.pkl'
        path.write_bytes(pickle.dumps({**annotations(), **changes}))
        return path

    return write


def run(*command, status=0):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert result.returncode == status, result.stdout[-2000:] + result.stderr[-5000:]
    return result.stdout + result.stderr


def train(config, data, work_dir, *options, tool=OURS / 'train.py', arguments=(), status=0):
    settings = [f'ann_file={data}', 'num_classes=2', 'train_cfg.max_epochs=1', 'train_cfg.val_begin=1', *NARROW]
    command = [sys.executable, tool, config, '--work-dir', work_dir, *arguments, '--cfg-options', *settings, *options]
    return run(*command, status=status)


@pytest.mark.parametrize('tools', [OURS, UPSTREAM], ids=['ours', 'upstream'])
def test_stock_recipe_trains_saves_resumes_and_tests(tools, write, tmp_path):
    data, work_dir, scores = write(), tmp_path / 'work', tmp_path / 'scores.pkl'
    once = ['train_dataloader.dataset.times=1']
    train(STOCK, data, work_dir, *once, tool=tools / 'train.py')
    first = torch.load(work_dir / 'epoch_1.pth', weights_only=True)
    out = train(STOCK, data, work_dir, *once, 'train_cfg.max_epochs=2', tool=tools / 'train.py', arguments=['--resume'])
    assert 'resumed epoch: 1' in out
    second = torch.load(work_dir / 'epoch_2.pth', weights_only=True)
    assert (first['meta']['epoch'], second['meta']['epoch']) == (1, 2)
    settings = [f'ann_file={data}', 'num_classes=2', *NARROW]
    command = [sys.executable, tools / 'test.py', STOCK, work_dir / 'epoch_2.pth', '--work-dir', work_dir]
    out = run(*command, '--dump', scores, '--cfg-options', *settings)
    accuracy = float(re.search(r'acc/top1: ([\d.]+)', out)[1])

    found = read_scores(scores)
    assert found.scores.shape == (2, 2)
    assert found.top1() == pytest.approx(accuracy, abs=1e-3)


def test_resuming_goes_on_with_the_same_weights(write, tmp_path):
    """One epoch and one more after --resume is what two epochs are."""
    data = write()
    short = dict(status=0, arguments=['--seed', '0', '--resume'])
    train(SMALL, data, tmp_path / 'both', 'train_cfg.max_epochs=2', **short)
    train(SMALL, data, tmp_path / 'resumed', **short)
    train(SMALL, data, tmp_path / 'resumed', 'train_cfg.max_epochs=2', **short)
    both, resumed = (torch.load(tmp_path / d / 'epoch_2.pth', weights_only=True) for d in ('both', 'resumed'))
    assert both['meta']['iter'] == resumed['meta']['iter']
    assert both['optimizer']['param_groups'][0]['lr'] == resumed['optimizer']['param_groups'][0]['lr']


DIGEST = """
import hashlib, os, pathlib
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

@HOOKS.register_module()
class WriteDigest(Hook):
    def after_train(self, runner):
        digest = hashlib.sha256()
        for name, parameter in runner.model.module.named_parameters():
            digest.update(name.encode() + parameter.detach().cpu().numpy().tobytes())
        path = pathlib.Path(runner.work_dir, f"rank{os.environ['RANK']}_of_{os.environ['WORLD_SIZE']}")
        path.write_text(digest.hexdigest())
"""


def test_two_processes_train_one_model(write, tmp_path, monkeypatch):
    (tmp_path / 'write_digest.py').write_text(DIGEST)
    config = tmp_path / 'config.py'
    config.write_text(
        f"_base_ = '{SMALL}'\n"
        "custom_imports = dict(imports=['blazepose_skl.mmaction2', 'write_digest'], allow_failed_imports=False)\n"
        "custom_hooks = [dict(type='WriteDigest')]\n"
    )
    monkeypatch.setenv('PYTHONPATH', str(tmp_path))
    monkeypatch.setenv('PORT', '29517')
    monkeypatch.chdir(tmp_path)  # MMEngine leaves a folder where processes meet
    data, work_dir = write(), tmp_path / 'work'
    settings = [f'ann_file={data}', 'num_classes=2', 'train_cfg.max_epochs=1', 'train_cfg.val_begin=1', *NARROW]
    options = ['train_cfg.val_interval=1', 'train_dataloader.batch_size=2']
    command = ['bash', OURS / 'dist_train.sh', config, 2, '--work-dir', work_dir, '--cfg-options', *settings, *options]
    out = run(*command)
    assert 'acc/top1' in out
    digests = [(work_dir / f'rank{rank}_of_2').read_text() for rank in range(2)]
    assert digests[0] == digests[1]
    assert list(work_dir.glob('*/vis_data/events.out.tfevents.*'))

    # Three clips among two processes: one is tested twice, and counted once.
    three = dict(annotations()['split'], val=['class0/03', 'class1/03', 'class0/02'])
    settings[0] = f'ann_file={write(split=three)}'
    tested = []
    for launch in (
        ['bash', OURS / 'dist_test.sh', config, work_dir / 'epoch_1.pth', 2],
        [sys.executable, OURS / 'test.py', config, work_dir / 'epoch_1.pth'],
    ):
        dump = tmp_path / f'scores{len(tested)}.pkl'
        out = run(*launch, '--work-dir', tmp_path / f'test{len(tested)}', '--dump', dump, '--cfg-options', *settings)
        tested.append((read_scores(dump), re.findall(r'skl/top1: \S+|skl/mean1: \S+|skl/ece: \S+', out)))
    (scores, numbers), (alone, numbers_alone) = tested
    assert scores.names == ('class0/02', 'class0/03', 'class1/03')
    assert scores.names == alone.names
    np.testing.assert_allclose(scores.scores, alone.scores, atol=1e-5)
    assert numbers == numbers_alone


def test_real_dumps_to_a_tested_recogniser(real_data, tmp_path):
    """The whole path as a user types it, on a part of real dumps: convert, train, test, read the scores."""
    dumps = tmp_path / 'dumps'
    for action in ('drink', 'kick', 'walk'):
        for number in range(10):
            dump = real_data('actions16') / action / f'{number:02}.json'
            (dumps / action).mkdir(parents=True, exist_ok=True)
            shutil.copy(dump, dumps / action)
    data, work_dir = tmp_path / 'data.pkl', tmp_path / 'work'
    out = run(COMMAND, 'convert', dumps, data, '--last', 2)
    assert '30 clips, 3 classes, 900 frames, 0 missed, 0 rejected' in out
    settings = [f'ann_file={data}', 'num_classes=3', *NARROW]
    short = ['train_cfg.max_epochs=2', 'train_dataloader.batch_size=8']
    run(sys.executable, OURS / 'train.py', SMALL, '--work-dir', work_dir, '--cfg-options', *settings, *short)
    command = [sys.executable, OURS / 'test.py', SMALL, work_dir / 'epoch_2.pth', '--work-dir', work_dir]
    run(*command, '--dump', tmp_path / 'scores.pkl', '--cfg-options', *settings)
    scores = read_scores(tmp_path / 'scores.pkl')
    assert sorted(scores.labels) == [0, 0, 1, 1, 2, 2]
    np.testing.assert_allclose(scores.scores.sum(1), 1, atol=1e-4)


# -- bad input: one sentence, and no traceback --------------------------------------------------------------


def sentence(out):
    assert 'Traceback' not in out, out
    return [line for line in out.splitlines() if line.strip()][-1]


@pytest.mark.parametrize(
    ('changes', 'options', 'message'),
    [
        (dict(split=dict(val=['class0/00'])), [], r"data.pkl: no split 'train'; it has 'val' \(1 clips\)"),
        (dict(split=dict(train=[], val=[])), [], r"data.pkl: split 'train' has no clip"),
        ({}, ['ann_file=nowhere.pkl'], 'nowhere.pkl: no such file; an annotation file ends in .pkl'),
        (annotations(labels=(0, 5)), [], "split 'train': label 5 where the model has classes 0 to 1; set num_classes"),
        ({}, ['num_classes=4'], r"split 'train': no training clip of 2 of 4 classes \(2, 3\)"),
        (annotations(joints=25), [], r"clip 'class\d/\d\d' has 25 joints where 'blazepose' has 33"),
        ({}, ['model.backbone.graph_cfg.layout=blaze'], "unknown layout 'blaze'; known are openpose"),
        ({}, ['model.backbone.graph_cfg.mode=spacial'], "unknown mode 'spacial'; known are stgcn_spatial"),
    ],
)
def test_bad_input_is_one_sentence(changes, options, message, write, tmp_path):
    out = train(SMALL, write(**changes), tmp_path / 'work', *options, status=1)
    assert re.search(message, sentence(out)), out


def test_a_broken_annotation_file_is_one_sentence(write, tmp_path):
    data = write()
    for content in (b'', data.read_bytes()[:1000], pickle.dumps([]), pickle.dumps(dict(split={}, annotations=[]))):
        data.write_bytes(content)
        out = train(SMALL, data, tmp_path / 'work', status=1)
        assert re.search(r'data.pkl: (not an annotation file|no split)', sentence(out)), out


def test_a_layout_of_the_model_that_is_not_the_datas_is_one_sentence(write, tmp_path):
    out = train(STOCK, write(), tmp_path / 'work', 'model.backbone.graph_cfg.layout=coco', status=1)
    assert "STGCN: the data has 33 joints and the graph of layout 'coco' has 17" in sentence(out)


def test_a_checkpoint_that_is_none_is_one_sentence(write, tmp_path):
    class Evil:
        def __reduce__(self):
            return eval, (f'open({str(tmp_path / "flag")!r}, "w").close()',)

    data, checkpoint = write(), tmp_path / 'checkpoint.pth'
    command = [sys.executable, OURS / 'test.py', SMALL, checkpoint, '--work-dir', tmp_path / 'work']
    for damaged in (False, True):
        torch.save(dict(state_dict={}, meta=Evil()), checkpoint)
        if damaged:
            checkpoint.write_bytes(checkpoint.read_bytes()[:100])
        out = run(*command, '--cfg-options', f'ann_file={data}', 'num_classes=2', *NARROW, status=1)
        assert 'the checkpoint was not loaded: it is damaged, or holds more than weights' in sentence(out)
    assert not (tmp_path / 'flag').exists()
