"""The inspection of annotation pickles."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazepose_skl.cli import main
from blazepose_skl.errors import InputError
from blazepose_skl.inspection import AlikeClips, inspect_annotations, inspect_pickle


def make_data(clips: int = 4) -> dict[str, Any]:
    random = np.random.default_rng(0)
    items = [
        dict(
            frame_dir=f'{n}',
            label=n % 2,
            img_shape=(480, 640),
            total_frames=5,
            keypoint=random.uniform(10, 400, (1, 5, 33, 2)).astype(np.float32),
            keypoint_score=np.ones((1, 5, 33), np.float32),
        )
        for n in range(clips)
    ]
    names = [item['frame_dir'] for item in items]
    return dict(annotations=items, split=dict(train=names[:2], val=names[2:]), class_names=['a', 'b'])


def test_nothing_wrong() -> None:
    found = inspect_annotations(make_data())
    assert not found.faults
    assert not found.warnings
    facts = found.classes['a']
    assert (facts.clips, facts.frames, facts.missed, facts.shortest, facts.median, facts.longest) == (2, 10, 0, 5, 5, 5)
    assert (facts.coordinates, facts.sizes) == ({'pixels': 2}, {'640x480': 2})
    assert found.overall.clips == 4
    assert found.splits == dict(train=2, val=2)
    assert found.overall.scores['1%'] > 0.99


def test_quantiles_of_scores() -> None:
    data = make_data()
    for item in data['annotations']:
        item['keypoint_score'] = np.linspace(0, 1, 165, dtype=np.float32).reshape(1, 5, 33)
    for quantile, score in inspect_annotations(data).overall.scores.items():
        assert abs(float(quantile.rstrip('%')) / 100 - score) < 0.011


def change(**values: Any) -> Any:
    return lambda data: data['annotations'][0].update(values)


FAULTS = {
    r"classes without a clip in 'train': 1 \(b\)": lambda data: data['split'].update(train=['0']),
    r'labels out of range: 1 \(0 \(7\)\)': change(label=7),
    'two clips of one name: 1': lambda data: data['annotations'].append(data['annotations'][0]),
    r'not 33 joints: 1 \(0 \(17\)\)': change(keypoint=np.ones((1, 5, 17, 2), np.float32)),
    'NaN or infinite keypoints': change(keypoint=np.full((1, 5, 33, 2), np.nan, np.float32)),
    'clips in which nobody is seen': change(keypoint=np.zeros((1, 5, 33, 2), np.float32)),
    'total_frames that differs': change(total_frames=6),
    'keypoint_score of another shape': change(keypoint_score=np.ones((1, 5, 17), np.float32)),
    '0-1 coordinates with a picture size in pixels': change(keypoint=np.full((1, 5, 33, 2), 0.5, np.float32)),
    'no .M, T, V, C. array': change(keypoint=None),
    'empty splits: 1 .val': lambda data: data['split'].update(val=[]),
    'clips that a training needs: 1 .the list of annotations is empty': lambda data: data.update(annotations=[]),
    'clips of a split that are not there: 1 .x': lambda data: data['split']['val'].append('x'),
}


@pytest.mark.parametrize('message', FAULTS)
def test_what_makes_training_fail(message: str) -> None:
    data = make_data()
    FAULTS[message](data)
    with pytest.raises(ValueError, match=message):
        raise ValueError('\n'.join(inspect_annotations(data).faults))


def test_what_flatters() -> None:
    data = make_data()
    data['split']['val'].append('0')
    data['annotations'][3]['keypoint'] = data['annotations'][1]['keypoint'] * 2
    data['annotations'][2]['keypoint'] = data['annotations'][2]['keypoint'].astype(np.float16)
    found = inspect_annotations(data)
    warnings = '\n'.join(found.warnings)
    assert found.alike == [AlikeClips('same', '1', '3')]
    assert 'clips in two splits: 1 (0)' in warnings
    assert 'the same clip under two names in two splits: 1 (1 = 3)' in warnings
    assert 'float16' in warnings


def test_all_that_is_alike_is_listed() -> None:
    data = make_data(12)
    for item in data['annotations'][6:]:
        item['keypoint'] = data['annotations'][int(item['frame_dir']) - 6]['keypoint']
    data['split'] = dict(train=[str(n) for n in range(6)], val=[str(n) for n in range(6, 12)])
    found = inspect_annotations(data)
    assert 'the same clip under two names in two splits: 6 (0 = 6, 1 = 7, 2 = 8, …)' in found.warnings
    same = [(pair.first, pair.second) for pair in found.alike if pair.kind == 'same']
    assert same == [(str(n), str(n + 6)) for n in range(6)]


def of_joints(joints: int, **changes: Any) -> dict[str, Any]:
    data = make_data() | changes
    for item in data['annotations']:
        item['keypoint'] = np.repeat(item['keypoint'], 3, axis=2)[:, :, :joints]
        item['keypoint_score'] = np.repeat(item['keypoint_score'], 3, axis=2)[:, :, :joints]
    return data


@pytest.mark.parametrize(('name', 'joints'), [('coco', 17), ('openpose', 18), ('nturgb+d', 25), ('holistic', 75)])
def test_a_pickle_is_held_against_the_skeleton_that_it_names(name: str, joints: int) -> None:
    assert not inspect_annotations(of_joints(joints, skeleton=name)).faults
    (fault,) = inspect_annotations(of_joints(joints)).faults
    assert fault == f'not 33 joints: 4 (0 ({joints}), 1 ({joints}), 2 ({joints}), …)'
    assert f'not {joints} joints: 4' in inspect_annotations(make_data() | dict(skeleton=name)).faults[0]


def test_a_skeleton_of_ones_own_is_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'puppet.toml').write_text('joints = ["hip", "head"]\nparents = {head = "hip"}')
    # A pickle, which may be a stranger's, has no file read.
    for name in ('puppet', str(tmp_path / 'puppet.toml')):
        (tmp_path / 'a.pkl').write_bytes(pickle.dumps(of_joints(2, skeleton=name)))
        for options, status in ([], 1), (['--skeleton', tmp_path / 'puppet.toml'], 0):
            monkeypatch.setattr('sys.argv', ['blazepose-skl', 'inspect', str(tmp_path / 'a.pkl'), *map(str, options)])
            with pytest.raises(SystemExit) as stopped:
                main()
            assert stopped.value.code == status
            sentence = f"its skeleton '{name}' is not known here; give the file that declares it with --skeleton FILE"
            assert (sentence in capfd.readouterr().err) == bool(status)


def test_a_text_of_a_tebibyte(tmp_path: Path) -> None:
    (tmp_path / 'a.pkl').write_bytes(b'\x80\x04' + pickle.BINUNICODE8 + struct.pack('<Q', 1 << 40) + b'a')
    with pytest.raises(InputError, match=r'it asks for more memory than there is|ends in the middle|truncated|out of'):
        inspect_pickle(tmp_path / 'a.pkl')


def test_one_class_is_no_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    data = make_data()
    for item in data['annotations']:
        item['label'] = 0
    data['class_names'] = ['a']
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps(data))
    monkeypatch.setattr('sys.argv', ['blazepose-skl', 'inspect', str(tmp_path / 'a.pkl')])
    with pytest.raises(SystemExit):
        main()
    printed = capfd.readouterr().out
    assert '1 class ' in printed
    assert '1 classes' not in printed


def test_a_crowd_is_a_warning() -> None:
    data = make_data(300)
    for item in data['annotations']:
        item['keypoint'] = data['annotations'][0]['keypoint']
    data['split'] = dict(train=[str(n) for n in range(150)], val=[str(n) for n in range(150, 300)])
    warnings = '\n'.join(inspect_annotations(data).warnings)
    assert 'clips like so many others that they were compared with some 100 of these only: 300 (0, 1, 2, …)' in warnings
    assert 'the same clip under two names in two splits' in warnings


def test_markup_in_names_is_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    data = make_data()
    data['class_names'] = ['[/b]', '[red]']
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps(data))
    monkeypatch.setattr('sys.argv', ['blazepose-skl', 'inspect', str(tmp_path / 'a.pkl')])
    with pytest.raises(SystemExit):
        main()
    printed = capfd.readouterr().out
    assert '[/b]' in printed
    assert '[red]' in printed


@pytest.mark.parametrize('broken', [False, True])
def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any, broken: bool) -> None:
    data = make_data()
    if broken:
        data['annotations'][0]['label'] = -1
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps(data))
    for options in ([], ['--json']):
        monkeypatch.setattr('sys.argv', ['blazepose-skl', 'inspect', str(tmp_path / 'a.pkl'), *options])
        with pytest.raises(SystemExit) as stopped:
            main()
        assert stopped.value.code == int(broken)
        printed = capfd.readouterr().out
        assert ('labels out of range' in printed) == broken
    assert json.loads(printed)['splits'] == dict(train=2, val=2)
