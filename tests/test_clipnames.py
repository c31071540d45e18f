"""Names in users' files find the clip that is meant, whatever else is there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazepose_skl.clipnames import ClipNames, bare_name

part = st.text('ab.0', min_size=1, max_size=4).filter(lambda text: text not in ('.', '..'))
clip = st.lists(part, min_size=1, max_size=3).map('/'.join)


@given(clips=st.lists(clip, min_size=1, max_size=20, unique=True))
def test_every_clip_answers_to_its_own_name_alone(clips: list[str]) -> None:
    names = ClipNames(clips)
    for name in clips:
        assert names.find(name) == [name]
        assert names.find(f'{name}.json') == [name]
        assert names.find(f'{name}.mp4') == [name]


@given(clips=st.lists(clip, min_size=1, max_size=20, unique=True), name=clip)
def test_what_is_found_ends_as_the_name_does(clips: list[str], name: str) -> None:
    for found in ClipNames(clips).find(name):
        assert found == name or found.endswith('/' + name) or name.endswith('/' + found)


CLIPS = ['jump/00', 'run/00', 'run/01', 'v_Foo', 'v_Foo.bar_g01', 'x/run/02', 'y/run/02', 'z/03.mp4']


@pytest.mark.parametrize(
    ('name', 'found'),
    [
        ('01', ['run/01']),
        ('01.json.gz', ['run/01']),
        ('01.MP4', ['run/01']),
        ('./run/01', ['run/01']),
        (r'D:\videos\run\01.avi', ['run/01']),
        ('jump/01', []),
        ('00', ['jump/00', 'run/00']),
        ('run/02', ['x/run/02', 'y/run/02']),
        ('dumps/x/run/02', ['x/run/02']),
        ('v_Foo.bar_g01.avi', ['v_Foo.bar_g01']),
        ('v_Foo.avi', ['v_Foo']),
        ('v_Foo.other', []),
        ('z/03', ['z/03.mp4']),
        ('03.mp4', ['z/03.mp4']),
        ('', []),
    ],
)
def test_names_of_all_kinds(name: str, found: list[str]) -> None:
    assert ClipNames(CLIPS).find(name) == found


def test_only_the_suffixes_of_files_are_left_out() -> None:
    assert bare_name('a/Mr.Bean.avi') == 'a/Mr.Bean'
