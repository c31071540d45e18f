"""Splits: every clip in one part, nothing on both sides, classes balanced."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazepose_skl.errors import InputError
from blazepose_skl.splits import check_split, split_by_group, split_by_lists, split_by_ratio, split_last, unknown_names

LABELS = {f'{label}/s{subject}_{take}': label for label in 'abc' for subject in range(10) for take in range(3)}


@given(counts=st.lists(st.integers(2, 40), min_size=1, max_size=5), val=st.floats(0.05, 0.6), seed=st.integers(0, 5))
def test_a_ratio_holds_in_every_class(counts: list[int], val: float, seed: int) -> None:
    labels = {f'{label}/{n}': str(label) for label, count in enumerate(counts) for n in range(count)}
    split = split_by_ratio(labels, val, seed=seed)
    assert sorted(split['train'] + split['val']) == sorted(labels)
    held = Counter(labels[clip] for clip in split['val'])
    for label, count in enumerate(counts):
        assert 1 <= held[str(label)] < count
        assert abs(held[str(label)] - val * count) <= 1
    assert split == split_by_ratio(labels, val, seed=seed)


def test_three_parts_and_another_seed() -> None:
    split = split_by_ratio(LABELS, 0.2, 0.1)
    assert {part: len(clips) for part, clips in split.items()} == dict(train=63, val=18, test=9)
    assert split != split_by_ratio(LABELS, 0.2, 0.1, seed=1)


def test_the_last_of_each_class() -> None:
    split = split_last(LABELS, 6)
    assert split['val'] == [clip for clip in LABELS if 's8' in clip or 's9' in clip]
    assert sorted(split['train'] + split['val']) == sorted(LABELS)


@pytest.mark.parametrize('pattern', [r's(\d+)', r's\d+', r'(?P<subject>s\d+)'])
@pytest.mark.parametrize('seed', range(4))
def test_no_group_is_on_both_sides(pattern: str, seed: int) -> None:
    split = split_by_group(LABELS, pattern, 0.3, seed=seed)
    sides = {part: {clip.split('/s')[1].split('_')[0] for clip in clips} for part, clips in split.items()}
    assert not sides['train'] & sides['val']
    assert len(sides['val']) == 3
    assert Counter(LABELS[clip] for clip in split['val']) == dict(a=9, b=9, c=9)


def test_every_part_gets_a_group() -> None:
    labels = {f'{group}/{n}': 'a' for group in ('x', 'y', 'z') for n in range(4)}
    split = split_by_group(labels, '^.', 0.1, 0.1)
    assert all(split.values())


def test_lists_name_clips_in_many_ways() -> None:
    split = split_by_lists(LABELS, dict(train=['a/s0_0', 'b/s0_0.json'], val=['c/s0_0']))
    assert split == dict(train=['a/s0_0', 'b/s0_0'], val=['c/s0_0'])


def test_a_number_behind_a_name_is_a_label() -> None:
    lists = dict(train=['a/s0_0.avi 1', 'x y 1'])
    assert split_by_lists(LABELS, lists) == dict(train=['a/s0_0'])
    assert unknown_names(LABELS, lists) == dict(train=['x y 1'])


@pytest.mark.parametrize(('val', 'test', 'parts'), [(0, 0, ['train']), (1, 0, ['val']), (0, 1, ['test'])])
def test_everything_in_one_part(val: float, test: float, parts: list[str]) -> None:
    assert split_by_ratio(LABELS, val, test) == {part: list(LABELS) for part in parts}
    assert split_by_group(LABELS, r's(\d+)', val, test) == {part: list(LABELS) for part in parts}


def test_nothing_to_train_with() -> None:
    split = split_by_ratio(LABELS, 0.7, 0.3)
    assert {part: len(clips) for part, clips in split.items()} == dict(val=63, test=27)


def test_a_lone_clip_is_for_training() -> None:
    assert split_by_ratio({'a/0': 'a', 'b/0': 'b'}) == dict(train=['a/0', 'b/0'])


# -- messages ---------------------------------------------------------------------------------------


def test_messages() -> None:
    with pytest.raises(InputError, match=r"'x' is in the lists for train and val; a clip is in one part only"):
        split_by_lists({'x': 'a'}, dict(train=['x'], val=['x']))
    with pytest.raises(InputError, match=r"'0' in the list for train may be a/0 or b/0; give the path"):
        split_by_lists({'a/0': 'a', 'b/0': 'b'}, dict(train=['0']))
    with pytest.raises(InputError, match=r"'x' has no group: the regular expression .* does not match its name"):
        split_by_group({'x': 'a'}, r's(\d+)')
    with pytest.raises(InputError, match=r"'\(' is no regular expression"):
        split_by_group({'x': 'a'}, '(')
    with pytest.raises(InputError, match=r'finds 1 group \(s\) for the parts train, val; every part needs one'):
        split_by_group(LABELS, 's')
    with pytest.raises(InputError, match=r"split 'val' is empty: none of the 90 clips is in its list, which begins"):
        split_by_lists(LABELS, dict(train=list(LABELS), val=['x']))
    for val, test in ((1.2, 0), (-0.1, 0), (0.6, 0.5), (float('nan'), 0)):
        with pytest.raises(InputError, match=rf'shares of {val} for val and {test} for test; 0 to 1 in all'):
            split_by_ratio(LABELS, val, test)
    with pytest.raises(InputError, match=r'no class has clips enough for train, val, test: the largest has 2; every'):
        split_by_ratio({'a/0': 'a', 'a/1': 'a', 'b/0': 'b'}, 0.2, 0.2)
    with pytest.raises(InputError, match=r'the last 0 clips'):
        split_last(LABELS, 0)


def test_a_split_that_nobody_can_train_with() -> None:
    with pytest.raises(InputError, match=r"split 'val' is empty: none of the 90 clips is in it"):
        check_split(dict(train=list(LABELS), val=[]), LABELS, 'abc')
    with pytest.raises(InputError, match=r"class 'c' has no clip in split 'train'"):
        check_split(dict(train=[clip for clip in LABELS if LABELS[clip] != 'c']), LABELS, 'abc')
    with pytest.raises(InputError, match=r"class 'd' has no clip in split 'train'"):
        check_split(dict(train=list(LABELS)), LABELS, 'abcd')
