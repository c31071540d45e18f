"""Which clips are for training and which are held out. The parts are called train, val and test."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.errors import InputError

__all__ = ['Split', 'check_split', 'split_by_group', 'split_by_lists', 'split_by_ratio', 'split_last']

Split = dict[str, list[str]]
Counts = NDArray[np.float64]
Labels = Mapping[str, str]  # clip -> class, in the order of the data set


def _ratios(val: float, test: float) -> dict[str, float]:
    if not (0 < val < 1 and 0 <= test < 1 and val + test < 1):
        raise InputError(f'shares of {val} for val and {test} for test; both must be below 1 and leave some for train')
    return {'train': 1 - val - test, 'val': val} | ({'test': test} if test else {})


def split_by_ratio(labels: Labels, val: float = 0.2, test: float = 0.0, seed: int = 0) -> Split:
    """A random part of every class held out; each class is in every part if it has clips enough.

    >>> split_by_ratio({'a1': 'a', 'a2': 'a', 'b1': 'b', 'b2': 'b'}, val=0.5)
    {'train': ['a1', 'b1'], 'val': ['a2', 'b2']}
    """
    ratios = _ratios(val, test)
    held = [part for part in ratios if part != 'train']
    random = np.random.default_rng(seed)
    parts: dict[str, str] = {}
    for _, clips in sorted(_by_class(labels).items()):
        order = [clips[i] for i in random.permutation(len(clips))]
        for part in held:
            # At least one, and never the last one that training has.
            count = min(max(round(len(clips) * ratios[part]), 1), len(order) - 1)
            for _ in range(count):
                parts[order.pop()] = part
    return _gather(labels, parts, ratios)


def _by_class(labels: Labels) -> dict[str, list[str]]:
    clips: dict[str, list[str]] = defaultdict(list)
    for clip, label in labels.items():
        clips[label].append(clip)
    return clips


def split_last(labels: Labels, count: int) -> Split:
    """The last clips of every class, in the order of the data set, held out as val."""
    if count < 1:
        raise InputError(f'the last {count} clips of each class held out; at least 1 was expected')
    parts = {}
    for clips in _by_class(labels).values():
        parts.update(dict.fromkeys(clips[-count:], 'val'))
    return _gather(labels, parts, ('train', 'val'))


def split_by_lists(labels: Labels, lists: Mapping[str, Sequence[str]]) -> Split:
    """The clips that lists name, under their names, their paths with suffix, or their last parts.

    Raises:
        InputError: A clip is in two lists, or two clips answer to one name.
    """
    by_name: dict[str, set[str]] = defaultdict(set)
    for clip in labels:
        by_name[PurePosixPath(clip).name].add(clip)
    parts: dict[str, str] = {}
    for part, names in lists.items():
        for name in names:
            bare = str(PurePosixPath(name).with_suffix('')) if PurePosixPath(name).suffix else name
            clips = {clip for clip in (name, bare) if clip in labels} or by_name.get(bare) or by_name.get(name) or set()
            if len(clips) > 1:
                raise InputError(f"'{name}' in the list for {part} may be {' or '.join(sorted(clips))}; give the path")
            for clip in clips:
                if parts.setdefault(clip, part) != part:
                    raise InputError(
                        f"'{clip}' is in the lists for {parts[clip]} and {part}; a clip is in one part only"
                    )
    return _gather(labels, parts, lists, rest='')


def group_of(clip: str, pattern: re.Pattern[str]) -> str:
    """What the groups of a regular expression find in a clip's name, or all that it finds if it has none."""
    found = pattern.search(clip)
    if not found:
        raise InputError(f"'{clip}' has no group: the regular expression {pattern.pattern!r} does not match its name")
    return '/'.join(part or '' for part in found.groups()) if pattern.groups else found[0]


def split_by_group(labels: Labels, pattern: str, val: float = 0.2, test: float = 0.0, seed: int = 0) -> Split:
    """Whole groups (subjects, cameras, source videos) held out, the classes balanced as well as groups allow.

    Each group, the largest first, goes to the part that it brings nearest to its share of every class.

    Raises:
        InputError: The expression is none, does not match a clip, or finds fewer groups than there are parts.
    """
    ratios = _ratios(val, test)
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise InputError(f'{pattern!r} is no regular expression: {error}') from None
    groups: dict[str, list[str]] = defaultdict(list)
    for clip in labels:
        groups[group_of(clip, compiled)].append(clip)
    if len(groups) < len(ratios):
        raise InputError(
            f'{pattern!r} finds {len(groups)} group{"s" if len(groups) > 1 else ""} ({", ".join(sorted(groups)[:3])}) '
            f'for the parts {", ".join(ratios)}; every part needs one'
        )
    classes = sorted(set(labels.values()))
    counts = {
        group: np.array([Counter(labels[clip] for clip in clips)[label] for label in classes], float)
        for group, clips in groups.items()
    }
    wanted = {part: np.sum(list(counts.values()), axis=0) * ratio for part, ratio in ratios.items()}
    have = {part: np.zeros(len(classes)) for part in ratios}
    names = sorted(groups)
    order = [names[i] for i in np.random.default_rng(seed).permutation(len(names))]
    order.sort(key=lambda group: -counts[group].sum())
    parts: dict[str, str] = {}
    filled: set[str] = set()
    for place, group in enumerate(order):
        # The last groups go to parts that would stay empty.
        empty = [part for part in ratios if part not in filled]
        choices = empty if len(order) - place <= len(empty) else list(ratios)
        part = min(choices, key=lambda part: _worse(have[part], counts[group], wanted[part]))
        have[part] = have[part] + counts[group]
        filled.add(part)
        parts.update(dict.fromkeys(groups[group], part))
    return _gather(labels, parts, ratios)


def _worse(have: Counts, more: Counts, wanted: Counts) -> float:
    """How much further from what is wanted a part gets with more clips, in shares of what is wanted."""
    scale = np.maximum(wanted, 1e-9)
    before, after = np.square((have - wanted) / scale).sum(), np.square((have + more - wanted) / scale).sum()
    return float(after - before)


def _gather(labels: Labels, parts: Mapping[str, str], names: Iterable[str], rest: str = 'train') -> Split:
    """Clips by part, in the order of the data set; those in no part go to ``rest``, '' to none."""
    split: Split = {name: [] for name in names}
    for clip in labels:
        part = parts.get(clip, rest)
        if part:
            split[part].append(clip)
    return split


def check_split(split: Split, labels: Labels, classes: Sequence[str]) -> None:
    """Raise InputError if a part is empty or a class has no clip to train with."""
    for part, clips in split.items():
        if not clips:
            raise InputError(f"split '{part}' is empty: none of the {len(labels)} clips is in it")
    if 'train' not in split:
        return
    trained = {labels[clip] for clip in split['train']}
    without = [label for label in classes if label not in trained]
    if without:
        more = f' and {len(without) - 1} more' if len(without) > 1 else ''
        raise InputError(f"class '{without[0]}'{more} has no clip in split 'train'; add clips, or split in another way")
