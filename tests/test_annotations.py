"""Annotation pickles: what was written is what is read, by the standard library too; nothing is executed."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazepose_skl.annotations import AnnotationWriter, annotate, pack_annotation, read_annotations, select_split
from blazepose_skl.clips import Clip
from blazepose_skl.errors import InputError


def make_clip(seed: int = 0, frames: int = 6) -> Clip:
    random = np.random.default_rng(seed)
    landmarks = random.uniform(0, 600, (2, frames, 33, 2)).astype(np.float32)
    scores = random.uniform(0, 1, (2, frames, 33)).astype(np.float32)
    landmarks[1, 2], scores[1, 2] = np.nan, 0
    return Clip(landmarks, scores, 'blazepose', (640, 480), fps=25.0)


def write(path: Path, count: int = 3) -> list[Clip]:
    clips = [make_clip(seed) for seed in range(count)]
    with AnnotationWriter(path) as writer:
        for number, clip in enumerate(clips):
            writer.add(pack_annotation(annotate(clip, f'ä/{number}')))
        writer.finish(range(count), dict(split=dict(train=['ä/0'], val=['ä/1', 'ä/2']), class_names=['a', 'b', 'c']))
    return clips


@pytest.mark.parametrize('read', [read_annotations, lambda path: pickle.loads(path.read_bytes())])
def test_what_was_written_is_read(tmp_path: Path, read: Any) -> None:
    clips = write(tmp_path / 'a.pkl')
    data = read(tmp_path / 'a.pkl')
    assert data['split'] == dict(train=['ä/0'], val=['ä/1', 'ä/2'])
    assert [item['label'] for item in data['annotations']] == [0, 1, 2]
    for clip, item in zip(clips, data['annotations'], strict=True):
        assert item['img_shape'] == item['original_shape'] == (480, 640)
        assert item['total_frames'] == 6
        assert item['keypoint'].dtype == item['keypoint_score'].dtype == np.float32
        assert item['keypoint'].shape == (2, 6, 33, 2)
        assert type(item['keypoint']) is np.ndarray
        assert item['keypoint'].flags.writeable
        np.testing.assert_array_equal(item['keypoint'], np.nan_to_num(clip.landmarks))
        np.testing.assert_array_equal(item['keypoint_score'], clip.scores)


def test_a_broken_off_writer_leaves_the_previous_file(tmp_path: Path) -> None:
    write(tmp_path / 'a.pkl')
    before = (tmp_path / 'a.pkl').read_bytes()
    with pytest.raises(InputError), AnnotationWriter(tmp_path / 'a.pkl') as writer:  # noqa: PT012
        writer.add(pack_annotation(annotate(make_clip(), 'x')))
        raise InputError('no')
    assert [path.name for path in tmp_path.iterdir()] == ['a.pkl']
    assert (tmp_path / 'a.pkl').read_bytes() == before


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize('dtype', [np.float16, np.float32, np.float64])
def test_strangers_pickles_are_read(tmp_path: Path, protocol: int, dtype: type) -> None:
    keypoint = np.arange(1 * 4 * 33 * 2).reshape(1, 4, 33, 2).astype(dtype)
    item = dict(frame_dir='a', label=np.int64(3), keypoint=keypoint, total_frames=4, other=np.asfortranarray(keypoint))
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps([item], protocol=protocol))
    (read,) = read_annotations(tmp_path / 'a.pkl')['annotations']
    assert read['label'] == 3
    for key in ('keypoint', 'other'):
        np.testing.assert_array_equal(read[key], keypoint)
        assert read[key].dtype == dtype


class Calls:
    def __init__(self, function: Any, *args: Any) -> None:
        self.function, self.args = function, args

    def __reduce__(self) -> Any:
        return self.function, self.args


@pytest.mark.parametrize(
    ('value', 'message'),
    [
        (Calls(os.system, 'touch pwned'), r'holds (posix|nt)\.system'),
        (Calls(eval, '1'), 'holds builtins.eval'),
        (Calls(getattr, 'a', 'upper'), 'holds builtins.getattr'),
        (Calls(np.load, 'a'), r'holds numpy\.'),
        (Calls(np.ndarray, (10**12,)), 'a call of numpy.ndarray'),
        (np.array([{}, None], dtype=object), 'arrays of type'),
        (Path('x'), r'holds pathlib'),
    ],
)
def test_nothing_is_executed(tmp_path: Path, value: Any, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path('a.pkl').write_bytes(pickle.dumps(dict(annotations=[dict(keypoint=value)])))
    with pytest.raises(InputError, match=message):
        read_annotations(Path('a.pkl'))
    assert not Path('pwned').exists()


@pytest.mark.parametrize(
    'hostile',
    [
        b'',
        b'\x80\x04',
        pickle.dumps({'annotations': [{}] * 10})[:-5],
        b'\x80\x04N' + pickle.LONG_BINPUT + b'\xff\xff\xff\x7f.',  # a memo of two thousand million places
        b'\x80\x05' + pickle.BYTEARRAY8 + (1 << 60).to_bytes(8, 'little') + b'.',
        b'\x80\x04' + pickle.BINBYTES8 + (1 << 60).to_bytes(8, 'little') + b'.',
        b'\x80\x04' + pickle.FRAME + (1 << 60).to_bytes(8, 'little') + b'N.',
    ],
)
def test_damaged_and_hostile_pickles(tmp_path: Path, hostile: bytes) -> None:
    (tmp_path / 'a.pkl').write_bytes(hostile)
    with pytest.raises(InputError, match='annotation pickle'):
        read_annotations(tmp_path / 'a.pkl')


def test_a_split_that_is_not_there_or_empty(tmp_path: Path) -> None:
    write(tmp_path / 'a.pkl')
    data = read_annotations(tmp_path / 'a.pkl')
    assert len(select_split(data, 'val', 'a.pkl')) == 2
    with pytest.raises(InputError, match=r"a\.pkl: no split 'test'; it has train, val"):
        select_split(data, 'test', 'a.pkl')
    with pytest.raises(InputError, match=r"a\.pkl: split 'val' is empty"):
        select_split(data | dict(split=dict(val=['x'])), 'val', 'a.pkl')
