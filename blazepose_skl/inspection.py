"""What is in annotations, and what would make training with them fail or flatter."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.annotationstream import stream_annotations
from blazepose_skl.clipfolder import whole_clip
from blazepose_skl.leaks import MOST, find_joined, find_same, key_poses
from blazepose_skl.ownskeleton import own_skeleton
from blazepose_skl.safepickle import shown
from blazepose_skl.skeletons import BLAZEPOSE

__all__ = ['AlikeClips', 'Facts', 'Inspection', 'Origin', 'inspect_annotations', 'inspect_pickle']

_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_BINS = 200
# Clips that a finding names.
_NAMED = 3


@dataclass(frozen=True)
class Origin:
    """What is known of a clip from the dump that it was converted from, where the annotation does not say it.

    Attributes:
        missed: Frames of the dump in which nobody was found.
        coordinates: What the dump counted coordinates in.
        size_from: How the size of the picture was known.
    """

    missed: int
    coordinates: str
    size_from: str


@dataclass(frozen=True)
class Facts:
    """What is in some clips.

    Attributes:
        clips: Their number.
        frames: All their frames.
        shortest: The frames of the shortest clip.
        median: The median of the clips' frames.
        longest: The frames of the longest clip.
        missed: Frames in which nobody was found; where that is not known, in which nobody is.
        scores: Quantiles, to 1 / 200, of the scores of joints in frames with somebody.
        coordinates: How many clips count coordinates in what.
        sizes: How many have pictures of what size, and how it was known.
    """

    clips: int
    frames: int
    shortest: int
    median: float
    longest: int
    missed: int
    scores: Mapping[str, float]
    coordinates: Mapping[str, int]
    sizes: Mapping[str, int]


@dataclass(frozen=True)
class AlikeClips:
    """Two clips of two splits.

    Attributes:
        kind: 'same', or 'cuts' of one video, of which the second seems to follow the first.
        first: The name of one.
        second: The name of the other.
    """

    kind: str
    first: str
    second: str


@dataclass(frozen=True)
class Inspection:
    """The findings about a set of annotations.

    Attributes:
        overall: What is in all clips.
        classes: What is in the clips of each class.
        shapes: How many clips have how many people, joints and channels, as 'M x V x C'.
        splits: Clips in each split.
        rejected: Dumps that are not among the annotations, their name and the reason with its place.
        faults: What makes training fail or learn nothing.
        warnings: What flatters or weakens its results.
        alike: All pairs of clips of two splits that a warning of those counts.
    """

    overall: Facts
    classes: Mapping[str, Facts]
    shapes: Mapping[str, int]
    splits: Mapping[str, int]
    rejected: Sequence[Mapping[str, str]]
    faults: Sequence[str]
    warnings: Sequence[str]
    alike: Sequence[AlikeClips] = ()


def inspect_annotations(
    data: Mapping[str, Any],
    joints: int | None = None,
    origins: Mapping[str, Origin] | None = None,
    rejected: Sequence[Mapping[str, str]] = (),
) -> Inspection:
    """Look through the dict of an annotation pickle.

    Args:
        data: As :func:`blazepose_skl.annotations.read_annotations` gives it.
        joints: How many joints the skeleton has, None for the one that the data names, else MediaPipe's.
        origins: By clip, what its conversion knows of it.
        rejected: The dumps that it rejected.

    Raises:
        InputError: It names a skeleton that is not known.
    """
    look = _Look(joints, origins or {})
    for annotation in data['annotations']:
        look.at(annotation)
    return look.result(data, rejected, 'the annotations')


def inspect_pickle(
    path: Path,
    clip_folder: Path | None = None,
    joints: int | None = None,
    origins: Mapping[str, Origin] | None = None,
    rejected: Sequence[Mapping[str, str]] = (),
) -> Inspection:
    """Look through an annotation pickle, one clip after another: of each only its name and three poses are kept.

    Args:
        path: The pickle, ours or a stranger's; nothing in it is executed.
        clip_folder: Where the clips are if it is an index of them.
        joints: How many joints the skeleton has, None for the one that the pickle names, else MediaPipe's.
        origins: By clip, what its conversion knows of it.
        rejected: The dumps that it rejected.

    Raises:
        InputError: It cannot be read, or a clip that it names cannot, or it names a skeleton that is not known.
    """
    look = _Look(joints, origins or {})
    rest = stream_annotations(path, lambda item: look.at(whole_clip(item, clip_folder) if clip_folder else item))
    return look.result(rest, rejected, path)


class _Look:
    """What is found in annotations that are looked at one after another."""

    def __init__(self, joints: int | None, origins: Mapping[str, Origin]) -> None:
        self._joints, self._origins = joints, origins
        self._clips_of: dict[int, _Named] = defaultdict(_Named)  # by the number of joints
        self._faults, self._warnings = _Findings(), _Findings()
        self._overall = _Tally()
        self._by_label: dict[int | None, _Tally] = defaultdict(_Tally)
        self._label_of: dict[str, int | None] = {}
        self._shapes: Counter[str] = Counter()
        self._poses: dict[tuple[int, ...], _Poses] = defaultdict(_Poses)
        self._alike: list[AlikeClips] = []

    def at(self, annotation: Mapping[str, Any]) -> None:
        """Look at one annotation."""
        name = self._note_name(annotation)
        label = self._note_label(name, annotation.get('label'))
        keypoint = annotation.get('keypoint')
        if (
            not isinstance(keypoint, np.ndarray)
            or keypoint.ndim != 4
            or keypoint.dtype.kind != 'f'
            or not keypoint.size
        ):
            self._faults.add('keypoint that is no (M, T, V, C) array', name)
            return
        with np.errstate(all='ignore'):  # numbers may be anything
            empty = np.asarray((keypoint == 0).all(axis=(0, 2, 3)))
            self._note_faults(name, annotation, keypoint, empty)
            self._count(name, label, annotation, keypoint, empty)
            poses = key_poses(keypoint)
        if poses is not None:
            self._poses[poses.shape[1:]].add(name, poses)

    def result(self, rest: Mapping[str, Any], rejected: Sequence[Mapping[str, str]], where: Path | str) -> Inspection:
        """What was found, with what the pickle says besides its annotations."""
        self._compare_joints(rest, where)
        names = _class_names(rest)
        parts = _parts(rest)
        if not self._label_of:
            self._faults.add('clips that a training needs', 'the list of annotations is empty')
        self._compare_labels(names)
        self._compare_parts(parts, names)
        self._find_leaks(parts)
        if len(self._shapes) > 1:
            for shape in self._shapes:
                self._warnings.add('clips of different shapes', shape)
        classes: dict[str, _Tally] = defaultdict(_Tally)
        for label, tally in self._by_label.items():
            classes[_class_name(label, names)].add_all(tally)
        return Inspection(
            overall=self._overall.facts(),
            classes={name: classes[name].facts() for name in sorted(classes)},
            shapes=dict(self._shapes),
            splits={shown(part): len(clips) for part, clips in parts.items()},
            rejected=list(rejected),
            faults=self._faults.lines(),
            warnings=self._warnings.lines(),
            alike=self._alike,
        )

    # -- one annotation -----------------------------------------------------------------------------

    def _note_name(self, annotation: Mapping[str, Any]) -> str:
        given = annotation.get('frame_dir', annotation.get('filename'))
        name = str(given) if isinstance(given, (str, int)) else str(len(self._label_of))
        if name in self._label_of:
            self._faults.add('two clips of one name', name)
        return name

    def _note_label(self, name: str, given: object) -> int | None:
        """The label if it may be one; whether there is such a class is known in the end."""
        label = int(given) if isinstance(given, (int, np.integer)) and 0 <= given < 1 << 31 else None
        if label is None:
            self._faults.add('labels out of range', f'{name} ({shown(given)})')
        self._label_of[name] = label
        return label

    def _note_faults(
        self, name: str, annotation: Mapping[str, Any], keypoint: NDArray[Any], empty: NDArray[np.bool_]
    ) -> None:
        self._clips_of[keypoint.shape[2]].add(name)
        if not np.isfinite(keypoint).all():
            self._faults.add('NaN or infinite keypoints', name)
        if empty.all():
            self._faults.add('clips in which nobody is seen', name)
        if keypoint.dtype == np.float16:
            self._warnings.add('float16 keypoints, which step by a pixel beyond 1024', name)
        frames = annotation.get('total_frames')
        if not isinstance(frames, (int, np.integer)) or frames != keypoint.shape[1]:
            self._faults.add('total_frames that differs from the keypoints', name)
        score = annotation.get('keypoint_score')
        if isinstance(score, np.ndarray) and score.shape != keypoint.shape[:3]:
            self._faults.add('keypoint_score of another shape', name)
        size = _size(annotation)
        if keypoint.shape[3] == 2 and size is not None and max(size) > 8 and not empty.all():
            bulk = float(np.median(np.abs(keypoint[:, ~empty])))
            if bulk < 2:
                self._faults.add('0-1 coordinates with a picture size in pixels', name)

    def _count(
        self,
        name: str,
        label: int | None,
        annotation: Mapping[str, Any],
        keypoint: NDArray[Any],
        empty: NDArray[np.bool_],
    ) -> None:
        origin = self._origins.get(name)
        missed = origin.missed if origin is not None else int(empty.sum())
        histogram = _score_histogram(annotation.get('keypoint_score'))
        coordinates, size = _recorded(annotation, keypoint, origin)
        for tally in (self._overall, self._by_label[label]):
            tally.add(keypoint.shape[1], missed, histogram, coordinates, size)
        self._shapes[' x '.join(str(keypoint.shape[axis]) for axis in (0, 2, 3))] += 1

    # -- all of them --------------------------------------------------------------------------------

    def _compare_joints(self, rest: Mapping[str, Any], where: Path | str) -> None:
        wanted = self._joints
        if wanted is None:
            wanted = (own_skeleton(rest, where, '--skeleton') or BLAZEPOSE).num_joints
        kind = f'not {wanted} joints'
        others = {joints: clips for joints, clips in self._clips_of.items() if joints != wanted}
        for joints, clips in others.items():
            for name in clips.first:
                self._faults.add(kind, f'{name} ({joints})')
        self._faults.more(kind, sum(clips.count for clips in others.values()))

    def _compare_labels(self, names: list[str] | None) -> None:
        labels = {label for label in self._label_of.values() if label is not None}
        if names is not None:
            for name, label in self._label_of.items():
                if label is not None and label >= len(names):
                    self._faults.add('labels out of range', f'{name} ({label})')
        absent = (label for label in range(max(labels, default=0)) if label not in labels)
        for label in islice(absent, _NAMED):
            self._warnings.add('class numbers without a clip', str(label))
        self._warnings.more('class numbers without a clip', max(labels, default=-1) + 1 - len(labels))

    def _compare_parts(self, parts: Mapping[str, Sequence[str]], names: list[str] | None) -> None:
        labels = {label for label in self._label_of.values() if label is not None}
        part_of: dict[str, str] = {}
        for part, clips in parts.items():
            there = [clip for clip in clips if clip in self._label_of]
            if not there:
                self._faults.add('empty splits', part)
            for clip in clips:
                if clip not in self._label_of:
                    self._faults.add('clips of a split that are not there', clip)
                if part_of.setdefault(clip, part) != part:
                    self._warnings.add('clips in two splits', clip)
            if 'train' in part:  # train, train1, xsub_train
                for label in sorted(labels - {self._label_of[clip] for clip in there}):
                    self._faults.add(f"classes without a clip in '{part}'", _class_name(label, names))
        for wanted in ('train', 'val'):
            if not any(wanted in part or (wanted == 'val' and 'test' in part) for part in parts):
                self._warnings.add('parts that a training needs and the split lacks', wanted)

    def _find_leaks(self, parts: Mapping[str, Sequence[str]]) -> None:
        number_of: dict[str, int] = {}
        for number, clips in enumerate(parts.values()):
            for clip in clips:
                number_of.setdefault(clip, number)
        for poses in self._poses.values():
            self._find_leaks_among(*poses.of_those(number_of))

    def _find_leaks_among(self, names: list[str], poses: NDArray[np.float32], parts: NDArray[np.intp]) -> None:
        same, joined = find_same(poses, parts), find_joined(poses)
        for one, other in same.pairs:
            self._warnings.add('the same clip under two names in two splits', f'{names[one]} = {names[other]}')
            self._alike.append(AlikeClips('same', shown(names[one]), shown(names[other])))
        for one, other in joined.pairs:
            if parts[one] != parts[other]:
                kind = 'clips of two splits that seem to be cuts of one video'
                self._warnings.add(kind, f'{names[one]} -> {names[other]}')
                self._alike.append(AlikeClips('cuts', shown(names[one]), shown(names[other])))
        for clip in sorted({*same.crowded, *joined.crowded}):
            kind = f'clips like so many others that they were compared with some {MOST} of these only'
            self._warnings.add(kind, names[clip])


@dataclass
class _Named:
    """How many clips there are of a kind, and the names of the first."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        self.count += 1
        if len(self.first) < _NAMED:
            self.first.append(name)


class _Findings:
    """Kinds of findings, how many there are of each, and what they are about."""

    def __init__(self) -> None:
        self._first: dict[str, list[str]] = defaultdict(list)
        self._counts: Counter[str] = Counter()

    def add(self, kind: str, about: str) -> None:
        self.more(kind, self._counts[kind] + 1)
        if len(self._first[kind]) < _NAMED:
            self._first[kind].append(shown(about))

    def more(self, kind: str, count: int) -> None:
        """There are so many of a kind, of which some may have been added."""
        self._counts[kind] = count

    def lines(self) -> list[str]:
        """One line for each kind, with how many and the first ones."""
        return [
            f'{shown(kind)}: {count} ({", ".join(self._first[kind])}{", …" if count > _NAMED else ""})'
            for kind, count in self._counts.items()
            if count
        ]


class _Poses:
    """Key poses of one shape, without an object for each."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._numbers = bytearray()
        self._shape: tuple[int, ...] = ()

    def add(self, name: str, poses: NDArray[np.float32]) -> None:
        self._names.append(name)
        self._numbers += poses.tobytes()
        self._shape = poses.shape

    def of_those(self, number_of: Mapping[str, int]) -> tuple[list[str], NDArray[np.float32], NDArray[np.intp]]:
        """The names, poses (N, 3, V, C) and numbers (N,) of those that have one."""
        poses = np.frombuffer(self._numbers, np.float32).reshape(-1, *self._shape)
        kept = [place for place, name in enumerate(self._names) if name in number_of]
        names = [self._names[place] for place in kept]
        if len(kept) < len(poses):
            poses = poses[kept]
        return names, poses, np.array([number_of[name] for name in names], np.intp)


@dataclass
class _Tally:
    lengths: Counter[int] = field(default_factory=Counter)
    missed: int = 0
    histogram: NDArray[np.float64] = field(default_factory=lambda: np.zeros(_BINS))
    coordinates: Counter[str] = field(default_factory=Counter)
    sizes: Counter[str] = field(default_factory=Counter)

    def add(self, frames: int, missed: int, histogram: NDArray[np.float64], coordinates: str, size: str) -> None:
        self.lengths[frames] += 1
        self.missed += missed
        self.histogram += histogram
        self.coordinates[coordinates] += 1
        self.sizes[size] += 1

    def add_all(self, other: _Tally) -> None:
        self.lengths.update(other.lengths)
        self.missed += other.missed
        self.histogram += other.histogram
        self.coordinates.update(other.coordinates)
        self.sizes.update(other.sizes)

    def facts(self) -> Facts:
        shares = self.histogram.cumsum() / max(self.histogram.sum(), 1)
        places = {q: (int(np.searchsorted(shares, q)) + 0.5) / _BINS for q in _QUANTILES}
        return Facts(
            clips=self.lengths.total(),
            frames=sum(length * count for length, count in self.lengths.items()),
            shortest=min(self.lengths, default=0),
            median=_median(self.lengths),
            longest=max(self.lengths, default=0),
            missed=self.missed,
            scores={f'{q:.0%}': round(place, 4) for q, place in places.items()} if self.histogram.any() else {},
            coordinates=dict(self.coordinates),
            sizes=dict(self.sizes),
        )


def _median(counts: Counter[int]) -> float:
    """The median of numbers that are counted."""
    if not counts:
        return 0.0
    numbers = np.array(sorted(counts))
    reached = np.cumsum([counts[number] for number in numbers.tolist()])
    total = int(reached[-1])
    middle = [numbers[np.searchsorted(reached, place, side='right')] for place in ((total - 1) // 2, total // 2)]
    return float(np.mean(middle))


# -- what a pickle says -------------------------------------------------------------------------------


def _class_names(rest: Mapping[str, Any]) -> list[str] | None:
    names = rest.get('class_names')
    return [shown(name) for name in names] if isinstance(names, (list, tuple)) else None


def _class_name(label: int | None, names: list[str] | None) -> str:
    return names[label] if label is not None and names is not None and label < len(names) else str(label)


def _parts(rest: Mapping[str, Any]) -> dict[str, list[str]]:
    """The names of the clips in each part of the split."""
    given = rest.get('split')
    if not isinstance(given, Mapping):
        return {}
    return {
        str(part): [str(clip) for clip in clips if isinstance(clip, (str, int))]
        for part, clips in given.items()
        if isinstance(part, (str, int)) and isinstance(clips, (list, tuple, set, np.ndarray))
    }


def _size(annotation: Mapping[str, Any]) -> tuple[int, int] | None:
    """Height and width of the picture, if the annotation says them."""
    shape = annotation.get('img_shape')
    if not isinstance(shape, (tuple, list, np.ndarray)) or len(shape) != 2:
        return None
    height, width = shape
    if not all(isinstance(side, (int, float, np.number)) and 0 < side < 1e6 for side in (height, width)):
        return None
    return int(height), int(width)


def _recorded(annotation: Mapping[str, Any], keypoint: NDArray[Any], origin: Origin | None) -> tuple[str, str]:
    """What coordinates are counted in, and the size of the picture and how it is known."""
    given = _size(annotation)
    size = f'{given[1]}x{given[0]}' if given is not None else 'unknown'
    if origin is not None:
        return origin.coordinates, f'{size}, {origin.size_from}'
    if keypoint.shape[3] != 2:
        return f'{keypoint.shape[3]} dimensions', size
    return ('pixels' if _bulk(keypoint) >= 2 else 'fraction'), size


def _bulk(keypoint: NDArray[Any]) -> float:
    """The median of what is seen."""
    seen = np.abs(keypoint[(keypoint != 0).any(-1)])
    return float(np.median(seen)) if seen.size else 0.0


def _score_histogram(score: object) -> NDArray[np.float64]:
    if not isinstance(score, np.ndarray) or score.dtype.kind != 'f' or score.ndim != 3:
        return np.zeros(_BINS)
    present = np.asarray(score, np.float32)[(score != 0).any(-1)]
    return np.histogram(present[np.isfinite(present)].clip(0, 1), bins=_BINS, range=(0, 1))[0].astype(np.float64)
