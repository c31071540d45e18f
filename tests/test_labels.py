"""Labels from files, and the numbers of classes."""

from __future__ import annotations

from pathlib import Path

import pytest

from blazepose_skl.errors import InputError
from blazepose_skl.labels import Label, LabelOf, number_classes, read_class_list, read_label_file

FORMS = {
    'plain.csv': 'a/0,jump\nb/1.json,run\n',
    'header.csv': 'id,clip,label\n1,a/0.mp4,jump\n2,b/1,run\n',
    'semicolons.csv': 'clip;label\na/0;jump\nb/1;run\n',
    'tabs.tsv': 'a/0.json\tjump\nb/1.json\trun\n',
    'mmaction2.txt': 'a/0.mp4 jump\nvideos/b/1.mp4 run\n',
    'names.json': '{"a/0": "jump", "b/1.json": "run"}',
    'kinetics.json': '{"0": {"has_skeleton": true, "label": "jump", "label_index": 4}, "1": {"label": "run"}}',
    'rows.json': '[{"name": "a/0", "label": "jump"}, {"name": "1", "class": "run"}]',
}


@pytest.mark.parametrize('form', FORMS)
def test_label_files(tmp_path: Path, form: str) -> None:
    (tmp_path / form).write_text('\ufeff' + FORMS[form])
    label_of, warnings = read_label_file(tmp_path / form).for_clips(['a/0', 'b/1', 'c/2'])
    assert (label_of('a/0').name, label_of('b/1').name) == ('jump', 'run')
    assert warnings == []
    with pytest.raises(InputError, match=f"no label for 'c/2' in .*{form}"):
        label_of('c/2')


def labels_for(tmp_path: Path, text: str, clips: list[str]) -> tuple[LabelOf, list[str]]:
    (tmp_path / 'labels.csv').write_text(text)
    return read_label_file(tmp_path / 'labels.csv').for_clips(clips)


def test_rows_that_fit_no_clip_are_named(tmp_path: Path) -> None:
    rows = ''.join(f'{clip},jump\n' for clip in ('a', 'v', 'w', 'x', 'y'))
    label_of, warnings = labels_for(tmp_path, rows, ['a'])
    assert label_of('a') == Label('jump')
    assert warnings == [f'clips in {tmp_path}/labels.csv that are not among the dumps: 4 of 5 (v, w, x, …)']
    with pytest.raises(InputError, match='none of its 5 clips is among the dumps; it calls them a, v, w, … where the '):
        labels_for(tmp_path, rows, ['jump/00', 'jump/01'])


def test_a_row_that_fits_two_clips(tmp_path: Path) -> None:
    clips = ['a/00', 'b/00', '00']
    label_of, _ = labels_for(tmp_path, 'a/00,jump\nb/00,run\n00,fly\n', clips)
    assert [label_of(clip).name for clip in clips] == ['jump', 'run', 'fly']
    with pytest.raises(InputError, match=r"labels.csv: '00.mp4' may be a/00 or b/00; give the path"):
        labels_for(tmp_path, '00.mp4,jump\n', clips[:2])
    with pytest.raises(InputError, match=r"'a/00' has two labels, jump and run \('00.mp4'\)"):
        labels_for(tmp_path, 'a/00,jump\n00.mp4,run\n', ['a/00'])


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
        ('{"a": ', r'not a whole JSON text \(Input data was truncated\); write the file again'),
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
