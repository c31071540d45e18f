"""Which clips are for training and which are held out. The parts are called train, val and test."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.clipnames import ClipNames
from blazepose_skl.errors import InputError

__all__ = [
    'Split',
    'check_split',
    'split_by_group',
    'split_by_lists',
    'split_by_ratio',
    'split_last',
    'unknown_names',
    'untrained',
]

Split = dict[str, list[str]]
Counts = NDArray[np.float64]
Labels = Mapping[str, str]  # clip -> class, in the order of the data set


def _ratios(val: float, test: float) -> dict[str, float]:
    """The share of each part that has one."""
    if not (val >= 0 and test >= 0 and val + test <= 1):
        raise InputError(f'shares of {val} for val and {test} for test; 0 to 1 in all were expected')
    shares = {'train': round(1 - val - test, 9), 'val': val, 'test': test}
    return {part: share for part, share in shares.items() if share > 0}


def split_by_ratio(labels: Labels, val: float = 0.2, test: float = 0.0, seed: int = 0) -> Split:
    """A random part of every class held out; each class is in every part if it has clips enough.

    A part whose share is 0 is left out, and so is val where every class has a single clip, which training keeps.

    >>> split_by_ratio({'a1': 'a', 'a2': 'a', 'b1': 'b', 'b2': 'b'}, val=0.5)
    {'train': ['a1', 'b1'], 'val': ['a2', 'b2']}

    Raises:
        InputError: The shares are none, or no class has clips enough for all parts.
    """
    ratios = _ratios(val, test)
    first, *held = ratios
    by_class = _by_class(labels)
    most = max(map(len, by_class.values()), default=0)
    if held == ['val'] and most == 1:
        held = []
    if most <= len(held):
        raise InputError(
            f'no class has clips enough for {", ".join(ratios)}: the largest has {most}; every part needs one'
        )
    random = np.random.default_rng(seed)
    parts: dict[str, str] = {}
    for _, clips in sorted(by_class.items()):
        order = [clips[i] for i in random.permutation(len(clips))]
        for part in held:
            # At least one, and never the last one that training has.
            count = min(max(round(len(clips) * ratios[part]), 1), len(order) - 1)
            for _ in range(count):
                parts[order.pop()] = part
    return _gather(labels, parts, (first, *held), rest=first)


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
    """The clips that lists name, as :class:`.clipnames.ClipNames` finds them; names that fit none are passed over.

    A number may stand behind a name.

    Raises:
        InputError: A name fits two clips, a clip is in two lists, or a list names no clip.
    """
    known = ClipNames(labels)
    parts: dict[str, str] = {}
    for part, names in lists.items():
        found = [clip for name in names for clip in _named(known, name, f'the list for {part}')]
        if not found:
            raise InputError(
                f"split '{part}' is empty: none of the {len(labels)} clips is in its list, which begins with "
                f"'{names[0]}'; clips are called as '{next(iter(labels))}' is"
            )
        for clip in found:
            if parts.setdefault(clip, part) != part:
                raise InputError(f"'{clip}' is in the lists for {parts[clip]} and {part}; a clip is in one part only")
    return _gather(labels, parts, lists, rest='')


def _named(known: ClipNames, name: str, where: str) -> list[str]:
    found = _find(known, name)
    if len(found) > 1:
        raise InputError(f"'{name}' in {where} may be {' or '.join(found[:3])}; give the path")
    return found


def _find(known: ClipNames, name: str) -> list[str]:
    # A number behind the name is a label, as in the lists of MMAction2 and UCF-101.
    return known.find(name) or known.find(re.sub(r'\s+\d+$', '', name))


def unknown_names(clips: Iterable[str], lists: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The names in each list that fit no clip."""
    known = ClipNames(clips)
    return {part: [name for name in names if not _find(known, name)] for part, names in lists.items()}


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


def untrained(split: Split, labels: Labels, classes: Sequence[str]) -> list[str]:
    """Those of the classes that have no clip to train with, none where nobody trains."""
    if 'train' not in split:
        return []
    trained = {labels[clip] for clip in split['train']}
    return [label for label in classes if label not in trained]


def check_split(split: Split, labels: Labels, classes: Sequence[str]) -> None:
    """Raise InputError if a part is empty or one of these classes has no clip to train with."""
    for part, clips in split.items():
        if not clips:
            raise InputError(
                f"split '{part}' is empty: none of the {len(labels)} clips is in it; add clips, or split in another way"
            )
    if without := untrained(split, labels, classes):
        more = f' and {len(without) - 1} more' if len(without) > 1 else ''
        raise InputError(f"class '{without[0]}'{more} has no clip in split 'train'; add clips, or split in another way")
