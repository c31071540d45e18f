"""The official splits and labels of data sets: UCF-101, HMDB-51, NTU RGB+D 60 and 120, Kinetics.

Each takes the clips as they are called and gives the class of each and its part. Clips are matched by the
last part of their names, without suffix, as the lists name videos.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from blazepose_skl.clipnames import bare_name
from blazepose_skl.dumps.metadata import read_number
from blazepose_skl.errors import InputError
from blazepose_skl.labels import Label, LabelOf, digest_of, first_few
from blazepose_skl.splits import Split
from blazepose_skl.textfiles import read_lines

__all__ = [
    'MISSING_LISTS',
    'NTU_PROTOCOLS',
    'OFFICIAL',
    'Lists',
    'Ntu',
    'list_files',
    'ntu_split',
    'read_hmdb51',
    'read_kinetics',
    'read_missing',
    'read_official',
    'read_ucf101',
]


@dataclass(frozen=True, repr=False)
class Lists:
    """Which videos are in which part, and in which class, by the last part of their names; and all classes."""

    parts: dict[str, str]
    labels: dict[str, str]
    classes: list[str]

    def split(self, clips: Iterable[str]) -> Split:
        """The clips that the lists name, in the parts that have any."""
        split: Split = {'train': [], 'val': []}
        for clip in clips:
            part = self.parts.get(_last(clip))
            if part:
                split[part].append(clip)
        return _without_empty(split)

    def for_clips(self, clips: Sequence[str]) -> tuple[LabelOf, list[str]]:
        """The class of each clip that the lists name, and a warning of clips that they do not.

        Raises:
            InputError: They name none.
        """
        strange = [clip for clip in clips if _last(clip) not in self.labels]
        if len(strange) == len(clips):
            raise InputError(
                f'none of the {len(clips)} clips is in the official lists, which call them '
                f'{first_few(list(self.labels))} where the dumps are called {first_few(clips)}'
            )
        warnings = (
            [f'clips that are not in the official lists: {len(strange)} ({first_few(strange)})'] if strange else []
        )
        return self.label_of, warnings

    def label_of(self, clip: str) -> Label | None:
        """The class of a clip that the lists name."""
        label = self.labels.get(_last(clip))
        return Label(label) if label else None

    def __repr__(self) -> str:
        return f'Lists({digest_of(self.labels.items())})'


def _last(name: str) -> str:
    bare = bare_name(name)
    return bare[bare.rfind('/') + 1 :]


def _without_empty(split: Split) -> Split:
    """The parts that have clips: of a large set, a few or the test clips alone may be at hand."""
    return {part: clips for part, clips in split.items() if clips}


def read_ucf101(folder: Path, number: int = 1) -> Lists:
    """``classInd.txt``, ``trainlist0N.txt`` and ``testlist0N.txt`` of UCF-101; the test list is the part val.

    Raises:
        InputError: A list is missing or has another structure.
    """
    classes: dict[int, str] = {}
    for line in read_lines(folder / 'classInd.txt'):
        found = re.fullmatch(r'(\d{1,4})\s+(\S+)', line)
        if not found:
            raise InputError(f"{folder / 'classInd.txt'}: '{line[:80]}' where a number and a class were expected")
        classes[int(found[1])] = found[2]
    parts, labels = {}, {}
    known = set(classes.values())
    for part, name in (('train', 'trainlist'), ('val', 'testlist')):
        path = folder / f'{name}{number:02}.txt'
        for line in read_lines(path):
            video = line.split()[0]
            label = PurePosixPath(video).parent.name
            if label not in known:
                raise InputError(f"{path}: '{video[:80]}' lies in no folder called as a class in classInd.txt")
            parts[_last(video)], labels[_last(video)] = part, label
    return Lists(parts, labels, [classes[key] for key in sorted(classes)])


def read_hmdb51(folder: Path, number: int = 1) -> Lists:
    """``<class>_test_splitN.txt`` of HMDB-51: 1 is train, 2 is val, 0 is neither.

    Raises:
        InputError: There is no such list, or it has another structure.
    """
    files = sorted(folder.glob(f'*_test_split{number}.txt'))
    if not files:
        raise InputError(f'{folder}: no list such as brush_hair_test_split{number}.txt')
    parts, labels, classes = {}, {}, []
    for path in files:
        label = path.name.removesuffix(f'_test_split{number}.txt')
        classes.append(label)
        for line in read_lines(path):
            video, _, part = line.rpartition(' ')
            if part not in ('0', '1', '2'):
                raise InputError(f"{path}: '{line[:80]}' where a video and 0, 1 or 2 were expected")
            labels[_last(video)] = label
            if part != '0':
                parts[_last(video)] = {'1': 'train', '2': 'val'}[part]
    return Lists(parts, labels, classes)


_KINETICS_FILES = {'train.csv': 'train', 'val.csv': 'val', 'validate.csv': 'val'}


def read_kinetics(files: Mapping[str, Path]) -> Lists:
    """Kinetics' CSV files (label, youtube_id, time_start, time_end, split, in any order), one for each part.

    A clip is called by its video, ``-3B32lodo2M``, where that is in one class and part, or with its seconds,
    ``-3B32lodo2M_000059_000069``.

    Raises:
        InputError: A column is missing.
    """
    parts: dict[str, str] = {}
    labels: dict[str, str] = {}
    doubtful = set()
    for part, path in files.items():
        for row in _read_rows(path, ('label', 'youtube_id')):
            video, label = row['youtube_id'], row['label']
            if parts.setdefault(video, part) != part or labels.setdefault(video, label) != label:
                doubtful.add(video)
            start, end = (read_number(row.get(key)) for key in ('time_start', 'time_end'))
            if start is not None and end is not None:
                name = f'{video}_{int(start):06}_{int(end):06}'
                parts[name], labels[name] = part, label
    classes = sorted(set(labels.values()))
    for video in doubtful:
        del parts[video], labels[video]
    return Lists(parts, labels, classes)


def _read_rows(path: Path, wanted: Sequence[str]) -> Iterator[dict[str, str]]:
    """The rows of a CSV file with a header, which may be in capitals."""
    header, *rows = csv.reader(io.StringIO('\n'.join(read_lines(path))), skipinitialspace=True)
    columns = [column.strip().lower() for column in header]
    for column in wanted:
        if column not in columns:
            raise InputError(f'{path}: columns {" and ".join(wanted)} were expected, found {", ".join(columns)[:200]}')
    for number, cells in enumerate(rows, 2):
        row = dict(zip(columns, map(str.strip, cells), strict=False))
        if not all(row.get(column) for column in wanted):
            raise InputError(f'{path}, row {number}: no {" or no ".join(c for c in wanted if not row.get(c))}')
        yield row


# -- NTU RGB+D --------------------------------------------------------------------------------------

NTU_PROTOCOLS = ('ntu60-xsub', 'ntu60-xview', 'ntu120-xsub', 'ntu120-xset')

# Shahroudy et al., "NTU RGB+D" (2016), section 3.2, and Liu et al., "NTU RGB+D 120" (2019), section 3.2.
_SUBJECTS_60 = {1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38}
_SUBJECTS_120 = _SUBJECTS_60 | {
    45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80, 81, 82, 83, 84, 85, 86, 89, 91, 92, 93, 94, 95,
    97, 98, 100, 103,
}  # fmt: skip

_NTU_NAME = re.compile(r'S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})')


def ntu_split(clips: Iterable[str], protocol: str, missing: frozenset[str] = frozenset()) -> Split:
    """Cross-subject, cross-view or cross-setup, from names such as S001C001P001R001A001; the parts that have clips.

    Args:
        clips: Names that hold such a name.
        protocol: One of :data:`NTU_PROTOCOLS`.
        missing: Samples to leave out: the official lists of samples with bad skeletons.

    Raises:
        InputError: A name is another, or there is no such protocol.
    """
    if protocol not in NTU_PROTOCOLS:
        raise InputError(f"no protocol '{protocol}'; there are {', '.join(NTU_PROTOCOLS)}")
    split: Split = {'train': [], 'val': []}
    for clip in clips:
        sample = _sample(clip)
        setup, camera, subject, _, action = (int(number) for number in sample.groups())
        if sample[0] in missing or (protocol.startswith('ntu60') and action > 60):
            continue
        train = {
            'ntu60-xsub': subject in _SUBJECTS_60,
            'ntu60-xview': camera in (2, 3),
            'ntu120-xsub': subject in _SUBJECTS_120,
            'ntu120-xset': setup % 2 == 0,
        }[protocol]
        split['train' if train else 'val'].append(clip)
    return _without_empty(split)


def _sample(clip: str) -> re.Match[str]:
    found = _NTU_NAME.search(clip)
    if not found:
        raise InputError(f"'{clip}' is not called as NTU RGB+D's samples are, as in S001C001P001R001A001")
    return found


@dataclass(frozen=True, repr=False)
class Ntu:
    """A protocol of NTU RGB+D, and the samples to leave out of its parts.

    The classes are called by their numbers, A001 to A120, so that they are numbered in that order.
    """

    protocol: str
    missing: frozenset[str] = frozenset()

    @property
    def classes(self) -> list[str]:
        """A001 to A060 or A120."""
        return [f'A{action:03}' for action in range(1, 61 if self.protocol.startswith('ntu60') else 121)]

    def split(self, clips: Iterable[str]) -> Split:
        """The clips in either part."""
        return ntu_split(clips, self.protocol, self.missing)

    def for_clips(self, clips: Sequence[str]) -> tuple[LabelOf, list[str]]:
        """What :meth:`label_of` says of each; it warns of nothing."""
        return self.label_of, []

    def label_of(self, clip: str) -> Label:
        """The class that a clip's name says.

        Raises:
            InputError: The name is another, or says an action that the data set has not.
        """
        label = f'A{_sample(clip)[5]}'
        if label not in self.classes:
            raise InputError(
                f"'{clip}' shows action {int(label[1:])}; {self.protocol} has the actions 1 to {len(self.classes)}"
            )
        return Label(label)

    def __repr__(self) -> str:
        return f'Ntu({self.protocol!r})'


def read_missing(path: Path) -> frozenset[str]:
    """The samples that an official list of missing skeletons names; other lines are passed over."""
    return frozenset(found[0] for line in read_lines(path) if (found := _NTU_NAME.search(line)))


# -- by name ----------------------------------------------------------------------------------------

OFFICIAL = ('ucf101', 'hmdb51', 'kinetics', *NTU_PROTOCOLS)


# Its authors publish these lists; they are theirs to give, so we bring none.
MISSING_LISTS = ('NTU_RGBD_samples_with_missing_skeletons.txt', 'NTU_RGBD120_samples_with_missing_skeletons.txt')


def read_official(name: str, lists: Path | None, number: int = 1) -> Lists | Ntu:
    """The official split and labels of a data set.

    Args:
        name: One of :data:`OFFICIAL`.
        lists: The folder with the official lists (Kinetics: train.csv, val.csv or validate.csv, or both); for
            NTU one with the samples to leave out (:data:`MISSING_LISTS`, or both), such a file itself, or None.
        number: Which of the three splits of UCF-101 and HMDB-51.

    Raises:
        InputError: A list is missing or has another structure.
    """
    if name in NTU_PROTOCOLS:
        return Ntu(name, _missing_in(lists) if lists else frozenset())
    if lists is None:
        raise InputError(f"the official split '{name}' needs the folder with its lists; give it with --official-lists")
    if not lists.is_dir():
        raise InputError(f"{lists}: there is no such folder; give the folder with the official lists of '{name}'")
    if name == 'ucf101':
        return read_ucf101(lists, number)
    if name == 'hmdb51':
        return read_hmdb51(lists, number)
    files = {part: lists / file for file, part in _KINETICS_FILES.items() if (lists / file).is_file()}
    if not files:
        raise InputError(
            f'{lists}: no {", ".join(_KINETICS_FILES)} in this folder; give the folder with the lists of Kinetics'
        )
    return read_kinetics(files)


def _missing_in(lists: Path) -> frozenset[str]:
    """The samples to leave out, from a list or from those in a folder."""
    if not lists.is_dir():
        return read_missing(lists)
    files = [lists / name for name in MISSING_LISTS if (lists / name).is_file()]
    if not files:
        raise InputError(f'{lists}: no {" and no ".join(MISSING_LISTS)} in this folder; give such a file itself')
    return frozenset[str]().union(*map(read_missing, files))


def list_files(name: str | None, lists: Path | None) -> list[Path]:
    """The files of an official split that could be taken for dumps."""
    return [lists / file for file in _KINETICS_FILES] if name == 'kinetics' and lists else []
