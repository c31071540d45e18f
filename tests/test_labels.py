"""Labels from files, and the numbers of classes."""

from __future__ import annotations

from pathlib import Path

import pytest

from blazepose_skl.errors import InputError
from blazepose_skl.labels import Label, number_classes, read_class_list, read_label_file

FORMS = {
    'plain.csv': 'a/0,jump\nb/1.json,run\n',
    'header.csv': 'id,clip,label\n1,a/0.mp4,jump\n2,b/1,run\n',
    'names.json': '{"a/0": "jump", "b/1.json": "run"}',
    'kinetics.json': '{"0": {"has_skeleton": true, "label": "jump", "label_index": 4}, "1": {"label": "run"}}',
    'rows.json': '[{"name": "a/0", "label": "jump"}, {"name": "1", "class": "run"}]',
}


@pytest.mark.parametrize('form', FORMS)
def test_label_files(tmp_path: Path, form: str) -> None:
    (tmp_path / form).write_text('\ufeff' + FORMS[form])
    labels = read_label_file(tmp_path / form)
    assert (labels['a/0'].name, labels['b/1'].name) == ('jump', 'run')
    with pytest.raises(InputError, match=f"no label for 'c/2' in .*{form}"):
        labels['c/2']


def test_numbers_follow_the_source_or_the_names() -> None:
    assert number_classes([Label('a10'), Label('a9'), Label('a9')]) == ['a9', 'a10']
    assert number_classes([Label('run', 1), Label('jump', 0), Label('run', 1)]) == ['jump', 'run']


@pytest.mark.parametrize(
    ('labels', 'message'),
    [
        ([Label('a', 0), Label('a', 1)], "class 'a' has the numbers"),
        ([Label('a', 0), Label('b', 0)], 'shares its number 0'),
        ([Label('a', -1)], 'class numbers run from -1'),
        ([Label('a', 10**9)], 'class numbers run from'),
    ],
)
def test_numbers_that_contradict_each_other(labels: list[Label], message: str) -> None:
    with pytest.raises(InputError, match=message):
        number_classes(labels)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'no label in this file'),
        ('a,b\nc\n', r'row 2: a clip and its label were expected, found'),
        ('a,b\na,c\n', r"row 2: 'a' has two labels"),
        ('{"a": null}', "no label for 'a'"),
        ('{"a": ', 'truncated'),
    ],
)
def test_label_files_that_say_nothing(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / 'labels').write_text(text)
    with pytest.raises(InputError, match=message):
        read_label_file(tmp_path / 'labels')


def test_class_lists(tmp_path: Path) -> None:
    path = tmp_path / 'classes.txt'
    path.write_text('run\n\njump\n')
    assert read_class_list(path) == ['run', 'jump']
    path.write_text('run\nrun\n')
    with pytest.raises(InputError, match='class run stands twice'):
        read_class_list(path)
    with pytest.raises(InputError, match='cannot be read: No such file'):
        read_class_list(tmp_path / 'other.txt')
