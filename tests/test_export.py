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
