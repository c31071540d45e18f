"""The 25-keypoint skeleton of docs/skeletons.md, trained as the page says."""

import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from blazepose_skl.skeletons import NTU, get_skeleton

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / 'docs/skeletons.md').read_text(encoding='utf-8')


@pytest.fixture
def declared(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (text,) = re.findall(r'^```toml\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL)
    assert len(text.splitlines()) <= 10
    Path('sit_stand.toml').write_text(text)
    return get_skeleton('sit_stand.toml')


def test_it_is_the_skeleton_that_the_tutorial_uses(declared):
    """The keypoints of NTU RGB+D: the same graph, whatever the joints are called."""
    assert declared.num_joints == 25
    assert sorted(declared.inward) == sorted(NTU.inward)
    assert declared.twins == NTU.twins


def test_it_trains(declared, tmp_path):
    pytest.importorskip('mmaction', reason='mmaction2 is absent')
    shutil.copytree(ROOT / 'configs', tmp_path / 'configs')
    shutil.copytree(ROOT / 'tools', tmp_path / 'tools')
    rng = np.random.default_rng(0)
    clips = [
        dict(
            frame_dir=str(i),
            label=i % 2,
            img_shape=(480, 640),
            original_shape=(480, 640),
            total_frames=10,
            keypoint=rng.uniform(0, 480, (1, 10, 25, 2)).astype(np.float32),
            keypoint_score=rng.uniform(0.5, 1, (1, 10, 25)).astype(np.float32),
        )
        for i in range(6)
    ]
    split = dict(train=['0', '1', '2', '3'], val=['4', '5'])
    Path('sit_stand.pkl').write_bytes(pickle.dumps(dict(split=split, annotations=clips)))
    commands = PAGE.split('<!-- run by tests/test_tutorial.py -->\n```\n')[1].split('```')[0].strip()
    narrow = 'model.backbone.base_channels=8 model.cls_head.in_channels=32 '
    narrow += 'train_cfg.max_epochs=3 train_cfg.val_begin=1 train_cfg.val_interval=1 param_scheduler.1.end=3'
    commands = commands.replace('python ', f'{sys.executable} ')
    done = subprocess.run(
        ['bash', '-euo', 'pipefail', '-c', f'{commands} {narrow}'], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (work,) = (tmp_path / 'work_dirs').iterdir()
    assert (work / 'epoch_3.pth').is_file()
    assert re.search(r'Epoch\(val\) \[3\].*acc/top1', done.stdout + done.stderr)
