"""Pickles written out as dumps come back exactly."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import keypoints, make_motion, write_dump
from test_coordinates import make_body

from blazepose_skl.annotations import read_annotations
from blazepose_skl.convert import Filling, convert
from blazepose_skl.dumps import Reading
from blazepose_skl.errors import InputError
from blazepose_skl.export import export_dumps
from blazepose_skl.labels import read_label_file
from blazepose_skl.splits import split_last


@pytest.mark.parametrize('make', [make_motion, make_body])
def test_the_round_trip_is_exact(tmp_path: Path, make: Any) -> None:
    for n in range(3):
        write_dump(tmp_path / 'dumps' / 'jump' / f'{n}.json', keypoints(make(9), (0, n, 8)))

    def there(dumps: Path, out: Path) -> list[dict[str, Any]]:
        convert(dumps, out, lambda labels: split_last(labels, 1), Reading(size=(333, 777)), Filling('zero'))
        return read_annotations(out)['annotations']  # type: ignore[no-any-return]

    first = there(tmp_path / 'dumps', tmp_path / 'a.pkl')
    assert export_dumps(tmp_path / 'a.pkl', tmp_path / 'back') == 3
    again = there(tmp_path / 'back', tmp_path / 'b.pkl')
    for one, other in zip(first, again, strict=True):
        assert {key: one[key] for key in ('frame_dir', 'label', 'img_shape', 'total_frames')} == {
            key: other[key] for key in ('frame_dir', 'label', 'img_shape', 'total_frames')
        }
        np.testing.assert_array_equal(one['keypoint'], other['keypoint'])
        np.testing.assert_array_equal(one['keypoint_score'], other['keypoint_score'])


@pytest.mark.parametrize('folder', ['', 'jump'])
def test_classes_come_back_wherever_they_are_from(tmp_path: Path, folder: str) -> None:
    """Those of a label file, and numbers that are not those of the alphabet."""
    for n in range(4):
        write_dump(tmp_path / 'dumps' / folder / f'{n}.json', keypoints(make_motion(seed=n)))
    (tmp_path / 'labels.csv').write_text('0,walk\n1,climb\n2,climb\n3,walk\n')
    labels = read_label_file(tmp_path / 'labels.csv')
    for classes in (None, ['walk', 'climb']):
        for name, dumps, more in (('a', 'dumps', dict(labels=labels, classes=classes)), ('b', 'back', {})):
            convert(tmp_path / dumps, tmp_path / f'{name}.pkl', lambda labels: split_last(labels, 1), **more)
            export_dumps(tmp_path / f'{name}.pkl', tmp_path / 'back')
        one, other = (read_annotations(tmp_path / f'{name}.pkl') for name in 'ab')
        assert one['class_names'] == other['class_names'] == (classes or ['climb', 'walk'])
        assert [item['label'] for item in one['annotations']] == [item['label'] for item in other['annotations']]


def test_a_pickle_without_class_names(tmp_path: Path) -> None:
    items = [dict(frame_dir=f'{n}', label=n, keypoint=ONES * (n + 1)) for n in range(3)]
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps(items))
    export_dumps(tmp_path / 'a.pkl', tmp_path / 'back')
    convert(
        tmp_path / 'back', tmp_path / 'b.pkl', lambda labels: {'train': list(labels)}, Reading(coordinates='pixels')
    )
    again = read_annotations(tmp_path / 'b.pkl')
    assert [item['label'] for item in again['annotations']] == [0, 1, 2]
    assert again['class_names'] == ['0', '1', '2']


@pytest.mark.parametrize('name', ['../x', '/etc/x', 'a/../../x', 'C:\\x', ''])
def test_names_that_lead_out(tmp_path: Path, name: str) -> None:
    item = dict(frame_dir=name, keypoint=np.ones((1, 1, 33, 2), np.float32))
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps([item]))
    with pytest.raises(InputError, match='would be written outside of'):
        export_dumps(tmp_path / 'a.pkl', tmp_path / 'back')
    assert not (tmp_path / 'back').exists()


ONES = np.ones((1, 1, 33, 2), np.float32)


@pytest.mark.parametrize(
    ('item', 'message'),
    [
        (dict(frame_dir=(), keypoint=ONES), r'a\.pkl, clip 0: a tuple where a name was expected'),
        (dict(frame_dir='a\x1b[2J', keypoint=ONES), r"a clip called 'a\?\[2J' has letters in its name that no file"),
        (dict(frame_dir='a'), r"clip 'a' has no keypoints \(M, T, V, 2 or 3\)"),
        (dict(frame_dir='a', keypoint=ONES[..., :1]), r"clip 'a' has no keypoints \(M, T, V, 2 or 3\)"),
        (dict(frame_dir='a', keypoint=ONES, keypoint_score=ONES), "clip 'a' has no score for each of its keypoints"),
        (dict(frame_dir='a' * 300, keypoint=ONES), 'cannot be written'),
    ],
)
def test_clips_that_cannot_be_written(tmp_path: Path, item: dict[str, Any], message: str) -> None:
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps([item]))
    with pytest.raises(InputError, match=message):
        export_dumps(tmp_path / 'a.pkl', tmp_path / 'back')
