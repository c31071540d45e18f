"""What is in annotations, and what would make training with them fail or flatter."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.leaks import find_joined, find_same, key_poses

__all__ = ['Facts', 'Inspection', 'Origin', 'inspect_annotations']

_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_BINS = 200


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
    """

    overall: Facts
    classes: Mapping[str, Facts]
    shapes: Mapping[str, int]
    splits: Mapping[str, int]
    rejected: Sequence[Mapping[str, str]]
    faults: Sequence[str]
    warnings: Sequence[str]


def inspect_annotations(
    data: Mapping[str, Any],
    joints: int = 33,
    origins: Mapping[str, Origin] | None = None,
    rejected: Sequence[Mapping[str, str]] = (),
) -> Inspection:
    """Look through the dict of an annotation pickle.

    Args:
        data: As :func:`blazepose_skl.annotations.read_annotations` gives it.
        joints: How many joints the skeleton has.
        origins: By clip, what its conversion knows of it.
        rejected: The dumps that it rejected.
    """
    origins = origins or {}
    found = _Findings()
    names = data.get('class_names')
    names = [str(name) for name in names] if isinstance(names, (list, tuple)) else None
    overall = _Tally()
    per_class: dict[str, _Tally] = defaultdict(_Tally)
    shapes: dict[str, int] = defaultdict(int)
    poses: dict[str, NDArray[np.float32]] = {}
    seen: set[str] = set()
    label_of: dict[str, int] = {}
    for number, item in enumerate(data['annotations']):
        name = str(item.get('frame_dir', item.get('filename', number)))
        if name in seen:
            found.faults['two clips of one name'].append(name)
        seen.add(name)
        label = item.get('label')
        if not isinstance(label, (int, np.integer)) or label < 0 or (names is not None and label >= len(names)):
            found.faults['labels out of range'].append(f'{name} ({label})')
        else:
            label_of[name] = int(label)
        keypoint = item.get('keypoint')
        if (
            not isinstance(keypoint, np.ndarray)
            or keypoint.ndim != 4
            or keypoint.dtype.kind != 'f'
            or not keypoint.size
        ):
            found.faults['keypoint that is no (M, T, V, C) array'].append(name)
            continue
        frames, missed = _look(name, item, keypoint, joints, found)
        if name in origins:
            missed = origins[name].missed
        class_name = names[label] if names and isinstance(label, int) and 0 <= label < len(names) else str(label)
        histogram = _score_histogram(item.get('keypoint_score'))
        for tally in (overall, per_class[class_name]):
            tally.add(frames, missed, histogram, *_recorded(item, keypoint, origins.get(name)))
        shapes[' x '.join(str(keypoint.shape[axis]) for axis in (0, 2, 3))] += 1
        shown = key_poses(keypoint)
        if shown is not None:
            poses[name] = shown
    given = data.get('split')
    splits: Mapping[Any, Any] = given if isinstance(given, Mapping) else {}
    parts = {str(part): list(map(str, clips)) for part, clips in splits.items()}
    _look_at_splits(parts, seen, poses, found)
    labels = set(label_of.values())
    for part, clips in parts.items():
        if 'train' in part:  # train, train1, xsub_train
            untrained = labels - {label_of[clip] for clip in clips if clip in label_of}
            found.faults[f"classes without a clip in '{part}'"] += [
                names[label] if names else str(label) for label in sorted(untrained)
            ]
    for part in ('train', 'val'):
        if not any(part in name or (part == 'val' and 'test' in name) for name in parts):
            found.warnings['parts that a training needs and the split lacks'].append(part)
    if labels and labels != set(range(max(labels) + 1)):
        found.warnings['class numbers without a clip'] += sorted(map(str, set(range(max(labels) + 1)) - labels))
    if len(shapes) > 1:
        found.warnings['clips of different shapes'] += list(shapes)
    return Inspection(
        overall=overall.facts(),
        classes={name: per_class[name].facts() for name in sorted(per_class)},
        shapes=dict(shapes),
        splits={str(part): len(clips) for part, clips in splits.items()},
        rejected=list(rejected),
        faults=found.lines(found.faults),
        warnings=found.lines(found.warnings),
    )


class _Findings:
    def __init__(self) -> None:
        self.faults: dict[str, list[str]] = defaultdict(list)
        self.warnings: dict[str, list[str]] = defaultdict(list)

    @staticmethod
    def lines(findings: Mapping[str, Sequence[str]]) -> list[str]:
        """One line for each kind, with how many and the first ones."""
        return [
            f'{kind}: {len(names)} ({", ".join(names[:3])}{", …" if len(names) > 3 else ""})'
            for kind, names in findings.items()
            if names
        ]


def _look(name: str, item: Mapping[str, Any], keypoint: NDArray[Any], joints: int, found: _Findings) -> tuple[int, int]:
    """Frames and missed frames of one annotation."""
    if keypoint.shape[2] != joints:
        found.faults[f'not {joints} joints'].append(f'{name} ({keypoint.shape[2]})')
    if not np.isfinite(keypoint).all():
        found.faults['NaN or infinite keypoints'].append(name)
    empty = np.asarray((keypoint == 0).all(axis=(0, 2, 3)))
    if empty.all():
        found.faults['clips in which nobody is seen'].append(name)
    if keypoint.dtype == np.float16:
        found.warnings['float16 keypoints, which step by a pixel beyond 1024'].append(name)
    if item.get('total_frames') != keypoint.shape[1]:
        found.faults['total_frames that differs from the keypoints'].append(name)
    score = item.get('keypoint_score')
    if isinstance(score, np.ndarray) and score.shape != keypoint.shape[:3]:
        found.faults['keypoint_score of another shape'].append(name)
    shape = item.get('img_shape')
    if keypoint.shape[3] == 2 and isinstance(shape, (tuple, list)) and len(shape) == 2:
        bulk = float(np.median(np.abs(keypoint[:, ~empty]))) if not empty.all() else 0.0
        if bulk < 2 and max(shape) > 8:
            found.faults['0-1 coordinates with a picture size in pixels'].append(name)
    return keypoint.shape[1], int(empty.sum())


@dataclass
class _Tally:
    lengths: list[int] = field(default_factory=list)
    missed: int = 0
    histogram: NDArray[np.float64] = field(default_factory=lambda: np.zeros(_BINS))
    coordinates: Counter[str] = field(default_factory=Counter)
    sizes: Counter[str] = field(default_factory=Counter)

    def add(self, frames: int, missed: int, histogram: NDArray[np.float64], coordinates: str, size: str) -> None:
        self.lengths.append(frames)
        self.missed += missed
        self.histogram += histogram
        self.coordinates[coordinates] += 1
        self.sizes[size] += 1

    def facts(self) -> Facts:
        lengths = self.lengths or [0]
        shares = self.histogram.cumsum() / max(self.histogram.sum(), 1)
        places = {q: (int(np.searchsorted(shares, q)) + 0.5) / _BINS for q in _QUANTILES}
        return Facts(
            clips=len(self.lengths),
            frames=sum(lengths),
            shortest=min(lengths),
            median=float(np.median(lengths)),
            longest=max(lengths),
            missed=self.missed,
            scores={f'{q:.0%}': round(place, 4) for q, place in places.items()} if self.histogram.any() else {},
            coordinates=dict(self.coordinates),
            sizes=dict(self.sizes),
        )


def _recorded(item: Mapping[str, Any], keypoint: NDArray[Any], origin: Origin | None) -> tuple[str, str]:
    """What coordinates are counted in, and the size of the picture and how it is known."""
    shape = item.get('img_shape')
    size = f'{shape[1]}x{shape[0]}' if isinstance(shape, (tuple, list)) and len(shape) == 2 else 'unknown'
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


def _look_at_splits(
    splits: Mapping[str, Sequence[str]], seen: set[str], poses: Mapping[str, NDArray[np.float32]], found: _Findings
) -> None:
    part_of: dict[str, str] = {}
    for part, clips in splits.items():
        if not any(clip in seen for clip in clips):
            found.faults['empty splits'].append(part)
        found.faults['clips of a split that are not there'] += [clip for clip in clips if clip not in seen]
        for clip in clips:
            if part_of.setdefault(clip, part) != part:
                found.warnings['clips in two splits'].append(clip)
    names = [name for name in poses if name in part_of]
    for channels in {poses[name].shape[1:] for name in names}:
        alike = [name for name in names if poses[name].shape[1:] == channels]
        stacked = np.stack([poses[name] for name in alike])
        for kind, sign, pairs in (
            ('the same clip under two names in two splits', '=', find_same(stacked)),
            ('clips of two splits that seem to be cuts of one video', '->', find_joined(stacked)),
        ):
            for one, other in pairs:
                if part_of[alike[one]] != part_of[alike[other]]:
                    found.warnings[kind].append(f'{alike[one]} {sign} {alike[other]}')
