"""What draws and recognises takes clips of other skeletons than MediaPipe's body."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import make_motion, write_dump

pytest.importorskip('mmaction', reason='MMAction2 is absent')
pytest.importorskip('cv2', reason='OpenCV is absent')
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

import blazepose_skl.mmaction2  # noqa: F401, registers what the configs name
from blazepose_skl.annotations import annotate
from blazepose_skl.cli import main
from blazepose_skl.dumps import Reading, find_dumps, read_clip
from blazepose_skl.mmaction2.recognizer import load_recognizer
from blazepose_skl.remap import find_parts, remap_annotation
from blazepose_skl.skeletons import BLAZEPOSE, COCO, HAND, HOLISTIC, OPENPOSE, Skeleton

CONFIG = Path(__file__).parent.parent / 'configs/stgcnpp/stgcnpp_1xb16-joint-r32-40e-small_custom-blazepose.py'
PUPPET = """
joints = ["hip", "chest", "head", "left_hand", "right_hand"]
parents = {chest = "hip", head = "chest", left_hand = "chest", right_hand = "chest"}
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """Runs a command in this process; its status and what it says."""

    def command(*words: object) -> tuple[int, str]:
        monkeypatch.setattr('sys.argv', ['blazepose-skl', *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        said = capfd.readouterr()
        return int(stop.value.code or 0), said.out + said.err

    return command


def write_network(folder: Path, layout: str, first: list[dict[str, Any]]) -> tuple[Path, Path]:
    """A config whose test pipeline begins with some steps, and a checkpoint of its network as it was built."""
    settings = Config.fromfile(CONFIG)
    settings.model.backbone.update(graph_cfg=dict(layout=layout, mode='spatial'), base_channels=8, in_channels=3)
    settings.model.cls_head.update(num_classes=2, in_channels=32)
    settings.num_classes = 2
    resample, *_, form, pack = settings.test_dataloader.dataset.pipeline
    normalize = dict(type='PreNormalize2D')
    gather = dict(type='GenSkeFeat', dataset='coco', feats=['j'])  # joints alone, which are alike for all layouts
    settings.test_dataloader.dataset.pipeline = [*first, resample, normalize, gather, form, pack]
    config, checkpoint = folder / 'network.py', folder / 'network.pth'
    settings.dump(config)
    init_default_scope('mmaction')
    torch.manual_seed(0)
    settings = Config.fromfile(config)
    torch.save(dict(state_dict=MODELS.build(settings.model).state_dict()), checkpoint)
    return config, checkpoint


def points(skeleton: Skeleton, frames: int = 12) -> list[Any]:
    """Landmarks x, y, score in shares of the picture."""
    start = np.random.default_rng(0).uniform(0.3, 0.7, (1, skeleton.num_joints, 3))
    return (start + np.linspace(0, 0.2, frames)[:, None, None]).tolist()


def holistic_frames() -> list[Any]:
    def part(frame: int, joints: int) -> list[Any]:
        return [dict(x=0.3 + joint / 200, y=0.3 + frame / 50, z=0, visibility=1) for joint in range(joints)]

    sizes = dict(poseLandmarks=33, leftHandLandmarks=21, rightHandLandmarks=21)
    return [{key: part(frame, joints) for key, joints in sizes.items()} for frame in range(12)]


def body_frames() -> list[Any]:
    return [[[*joint] for joint in frame] for frame in make_motion(12)[0].tolist()]


def test_where_a_pipeline_remaps_the_clips_have_the_skeleton_before(tmp_path: Path) -> None:
    config, checkpoint = write_network(tmp_path, 'openpose', [dict(type='RemapSkeleton', target='openpose')])
    recognizer = load_recognizer(config, checkpoint)
    assert recognizer.skeleton == BLAZEPOSE
    (source,) = find_dumps(write_dump(tmp_path / 'a.json', body_frames()))
    clip = read_clip(source, Reading())
    scores = recognizer.classify([clip])
    # The same network without the step takes what was remapped before.
    there = tmp_path / 'there'
    there.mkdir()
    plain = load_recognizer(write_network(there, 'openpose', [])[0], checkpoint)
    assert plain.skeleton == OPENPOSE
    moved = remap_annotation(annotate(clip, 'a'), BLAZEPOSE, find_parts(BLAZEPOSE, OPENPOSE), 'a')
    remapped = replace(clip, landmarks=moved['keypoint'], scores=moved['keypoint_score'], skeleton='openpose')
    np.testing.assert_allclose(plain.classify([remapped]), scores, atol=1e-6)


@pytest.mark.parametrize('kind', ['remapped', 'holistic', 'own'])
def test_demo_reads_dumps_as_its_network_needs_them(tmp_path: Path, run: Any, kind: str) -> None:
    pytest.importorskip('av', reason='PyAV is absent')
    (tmp_path / 'puppet.toml').write_text(PUPPET)
    puppet = Skeleton.from_mapping(dict(joints=('hip', 'chest', 'head', 'left_hand', 'right_hand'), parents=(
        '', 'hip', 'chest', 'chest', 'chest')))  # fmt: skip
    layout, first, frames = {
        'remapped': ('openpose', [dict(type='RemapSkeleton', target='openpose')], body_frames()),
        'holistic': ('holistic', [], holistic_frames()),
        'own': (str(tmp_path / 'puppet.toml'), [], points(puppet)),
    }[kind]
    config, checkpoint = write_network(tmp_path, layout, first)
    dump = write_dump(tmp_path / 'dump.json', frames)
    words = ('demo', dump, '--config', config, '--checkpoint', checkpoint, '--threshold', 0, '--headless')
    for how in ((), ('--window', 0.2)):
        segments = tmp_path / 'segments.json'
        assert run(*words, '--segments', segments, '--out', tmp_path / 'out.mp4', *how)[0] == 0
        assert json.loads(segments.read_text())


def test_contact_sheets_of_dumps_of_other_skeletons(tmp_path: Path, run: Any) -> None:
    (tmp_path / 'puppet.toml').write_text(PUPPET)
    puppet = Skeleton.from_mapping(dict(joints=('a', 'b', 'c', 'd', 'e'), parents=('', 'a', 'b', 'b', 'b')))
    given = {str(tmp_path / 'puppet.toml'): points(puppet), 'holistic': holistic_frames(), 'coco': points(COCO)}
    for name, frames in given.items():
        dump = write_dump(tmp_path / 'dump.json', frames)
        status, said = run('contact-sheet', dump, tmp_path / 'sheet.png', '--skeleton', name)
        assert status == 0, said


def test_contact_sheets_take_the_skeleton_that_a_pickle_names(tmp_path: Path, run: Any) -> None:
    for skeleton in (COCO, OPENPOSE, HAND, HOLISTIC, BLAZEPOSE):
        (source,) = find_dumps(write_dump(tmp_path / 'a.json', points(skeleton)), skeleton=skeleton)
        clip = annotate(read_clip(source, Reading(skeleton=skeleton)), 'a') | dict(label=0)
        for name in (skeleton.name, 'strange'):
            (tmp_path / 'a.pkl').write_bytes(pickle.dumps(dict(annotations=[clip], skeleton=name)))
            status, said = run('contact-sheet', f'{tmp_path / "a.pkl"}:a', tmp_path / 'sheet.png')
            assert status == (name == 'strange'), said
        assert "its skeleton 'strange' is not known here; give the file that declares it with --skeleton FILE" in said
        assert run('contact-sheet', f'{tmp_path / "a.pkl"}:a', tmp_path / 'b.png', '--skeleton', skeleton.name)[0] == 0
