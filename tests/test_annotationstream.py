"""Annotations one after another: the same as the standard library reads, and none is kept."""

from __future__ import annotations

import pickle
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazepose_skl.annotations import AnnotationWriter, pack_annotation
from blazepose_skl.annotationstream import stream_annotations
from blazepose_skl.errors import InputError

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def items(count: int) -> list[dict[str, Any]]:
    """Annotations as people write them: one shape for all clips, a name that the split has too."""
    random, shape = np.random.default_rng(0), (1080, 1920)
    return [
        dict(
            frame_dir=f'clip {number}',
            label=number % 3,
            img_shape=shape,
            keypoint=random.uniform(0, 900, (1, 2, 33, 2)).astype(np.float16 if number % 2 else np.float32),
            total_frames=2,
        )
        for number in range(count)
    ]


def dict_of(count: int, annotations_first: bool) -> dict[str, Any]:
    annotations = items(count)
    names = [item['frame_dir'] for item in annotations]
    parts = [dict(annotations=annotations), dict(split=dict(train=names[::2], val=names[1::2]))]
    first, second = parts if annotations_first else parts[::-1]
    return first | second


def streamed(path: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    found: list[dict[str, Any]] = []
    return found, stream_annotations(path, found.append)


@pytest.mark.parametrize('count', [0, 1, 2, 1001])  # a thousand are appended together
@pytest.mark.parametrize('protocol', PROTOCOLS)
@pytest.mark.parametrize('annotations_first', [True, False])
def test_the_same_as_the_standard_library_reads(
    tmp_path: Path, count: int, protocol: int, annotations_first: bool
) -> None:
    data = dict_of(count, annotations_first)
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps(data, protocol=protocol))
    found, rest = streamed(tmp_path / 'a.pkl')
    np.testing.assert_equal(found, data.pop('annotations'))
    assert rest == data
    (tmp_path / 'b.pkl').write_bytes(pickle.dumps(items(count), protocol=protocol))
    found, rest = streamed(tmp_path / 'b.pkl')
    np.testing.assert_equal(found, items(count))
    assert rest == {}


@pytest.mark.parametrize('protocol', PROTOCOLS)
@pytest.mark.parametrize('whose', ['ours', 'dict', 'list'])
def test_none_is_kept(tmp_path: Path, protocol: int, whose: str) -> None:
    path = tmp_path / 'a.pkl'
    if whose == 'ours':
        with AnnotationWriter(path) as writer:
            for item in items(50):
                writer.add(pack_annotation({key: value for key, value in item.items() if key != 'label'}))
            writer.finish([0] * 50, dict(split={}))
    else:
        path.write_bytes(pickle.dumps(dict_of(50, True) if whose == 'dict' else items(50), protocol=protocol))
    alive: list[Any] = []
    most = 0

    def take(item: dict[str, Any]) -> None:
        nonlocal most
        most = max(most, sum(array() is not None for array in alive))
        keypoint = item['keypoint']
        alive.append(weakref.ref(keypoint if keypoint.base is None else keypoint.base))

    stream_annotations(path, take)
    assert len(alive) == 50
    assert most <= 2


@pytest.mark.parametrize('protocol', PROTOCOLS)
def test_what_is_referred_to_again(tmp_path: Path, protocol: int) -> None:
    data = dict_of(20, True)
    first = data['annotations'][0]
    for item in data['annotations'][10:]:
        item['keypoint'] = first['keypoint']
    data['more'] = dict(the_first=first, names=[item['frame_dir'] for item in data['annotations']])
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps(data, protocol=protocol))
    found, rest = streamed(tmp_path / 'a.pkl')
    np.testing.assert_equal(found, data['annotations'])
    np.testing.assert_equal(rest['more'], data['more'])


def test_a_list_that_stands_elsewhere_is_read_whole(tmp_path: Path) -> None:
    annotations = items(20)
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps(dict(before=[annotations], annotations=annotations)))
    found, rest = streamed(tmp_path / 'a.pkl')
    np.testing.assert_equal(found, annotations)
    np.testing.assert_equal(rest['before'], [annotations])


@pytest.mark.parametrize(
    ('data', 'message'),
    [
        (dict(annotations=[{}, 3]), r'a\.pkl, annotation 1: a int where a dict was expected'),
        (dict(annotations=dict(a=1)), r"a\.pkl: no annotation pickle: a dict with a list 'annotations'"),
        (dict(clips=[]), r"a\.pkl: no annotation pickle: a dict with a list 'annotations'"),
        (('a', 'b'), r"a\.pkl: no annotation pickle: a dict with a list 'annotations'"),
    ],
)
def test_other_structures(tmp_path: Path, data: Any, message: str) -> None:
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps(data))
    with pytest.raises(InputError, match=message):
        streamed(tmp_path / 'a.pkl')


def test_what_fails_on_an_annotation_is_not_the_pickles_fault(tmp_path: Path) -> None:
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps(items(3)))
    for error in (OSError('no space left'), KeyError('x'), InputError('no')):

        def fail(item: dict[str, Any], error: Exception = error) -> None:
            raise error

        with pytest.raises(type(error)) as raised:
            stream_annotations(tmp_path / 'a.pkl', fail)
        assert raised.value is error


def test_numbers_and_counts_in_one_memo(tmp_path: Path) -> None:
    """What counts its memo after it was numbered is read with all of it."""
    (tmp_path / 'a.pkl').write_bytes(
        b'\x80\x04}' + b'X\x0b\x00\x00\x00annotations' + b'](}q\x00X\x01\x00\x00\x00a\x94K\x01s}h\x01K\x02se' + b's.'
    )
    assert streamed(tmp_path / 'a.pkl')[0] == [dict(a=1), dict(a=2)]
