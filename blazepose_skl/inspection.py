"""What is in annotations, and what would make training with them fail or flatter."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ['Inspection', 'inspect_annotations']


@dataclass(frozen=True)
class Inspection:
    """The findings about a set of annotations.

    Attributes:
        classes: For each class its clips, frames, missed frames, and the shortest and longest clip.
        shapes: How many clips have how many people, joints and channels, as 'M x V x C'.
        splits: Clips in each split.
        scores: Share of the joints of frames with somebody whose score is in each tenth of 0..1.
        faults: What makes training fail or learn nothing.
        warnings: What flatters or weakens its results.
    """

    classes: Mapping[str, Mapping[str, int]]
    shapes: Mapping[str, int]
    splits: Mapping[str, int]
    scores: Sequence[float]
    faults: Sequence[str]
    warnings: Sequence[str]


def inspect_annotations(data: Mapping[str, Any], joints: int = 33) -> Inspection:
    """Look through the dict of an annotation pickle.

    Args:
        data: As :func:`blazepose_skl.annotations.read_annotations` gives it.
        joints: How many joints the skeleton has.
    """
    found = _Findings()
    names = data.get('class_names')
    names = [str(name) for name in names] if isinstance(names, (list, tuple)) else None
    per_class: dict[str, list[tuple[int, int]]] = defaultdict(list)
    shapes: dict[str, int] = defaultdict(int)
    histogram = np.zeros(10)
    prints: dict[bytes, list[str]] = defaultdict(list)
    seen: set[str] = set()
    labels = set()
    for number, item in enumerate(data['annotations']):
        name = str(item.get('frame_dir', item.get('filename', number)))
        if name in seen:
            found.faults['two clips of one name'].append(name)
        seen.add(name)
        label = item.get('label')
        if not isinstance(label, (int, np.integer)) or label < 0 or (names is not None and label >= len(names)):
            found.faults['labels out of range'].append(f'{name} ({label})')
        else:
            labels.add(int(label))
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
        class_name = names[label] if names and isinstance(label, int) and 0 <= label < len(names) else str(label)
        per_class[class_name].append((frames, missed))
        shapes[' x '.join(str(keypoint.shape[axis]) for axis in (0, 2, 3))] += 1
        histogram += _score_histogram(item.get('keypoint_score'))
        prints[_fingerprint(keypoint)].append(name)
    given = data.get('split')
    splits: Mapping[Any, Any] = given if isinstance(given, Mapping) else {}
    _look_at_splits({str(part): list(map(str, clips)) for part, clips in splits.items()}, seen, prints, found)
    if labels and labels != set(range(max(labels) + 1)):
        found.warnings['class numbers without a clip'] += sorted(map(str, set(range(max(labels) + 1)) - labels))
    if len(shapes) > 1:
        found.warnings['clips of different shapes'] += list(shapes)
    total = histogram.sum()
    return Inspection(
        classes={name: _summary(clips) for name, clips in sorted(per_class.items())},
        shapes=dict(shapes),
        splits={str(part): len(clips) for part, clips in splits.items()},
        scores=[round(float(share), 4) for share in histogram / total] if total else [],
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


def _score_histogram(score: object) -> NDArray[np.float64]:
    if not isinstance(score, np.ndarray) or score.dtype.kind != 'f' or score.ndim != 3:
        return np.zeros(10)
    present = np.asarray(score, np.float32)[(score != 0).any(-1)]
    return np.histogram(present[np.isfinite(present)].clip(0, 1), bins=10, range=(0, 1))[0].astype(np.float64)


def _fingerprint(keypoint: NDArray[Any]) -> bytes:
    """The same for clips that show the same, whatever the picture size: where a frame in the middle puts the body."""
    middle = keypoint[0, keypoint.shape[1] // 2].astype(np.float64)
    spread = np.ptp(middle, axis=0)
    shape = (middle - middle.min(axis=0)) / np.where(spread > 0, spread, 1)
    return hashlib.blake2b(np.round(shape, 3).tobytes() + bytes([keypoint.shape[1] % 251]), digest_size=8).digest()


def _look_at_splits(
    splits: Mapping[str, Sequence[str]], seen: set[str], prints: Mapping[bytes, Sequence[str]], found: _Findings
) -> None:
    part_of: dict[str, str] = {}
    for part, clips in splits.items():
        if not any(clip in seen for clip in clips):
            found.faults['empty splits'].append(part)
        found.faults['clips of a split that are not there'] += [clip for clip in clips if clip not in seen]
        for clip in clips:
            if part_of.setdefault(clip, part) != part:
                found.warnings['clips in two splits'].append(clip)
    for same in prints.values():
        if len({part_of.get(clip) for clip in same} - {None}) > 1:
            found.warnings['the same clip under two names in two splits'].append(' = '.join(same[:2]))


def _summary(clips: Sequence[tuple[int, int]]) -> dict[str, int]:
    frames = [frames for frames, _ in clips]
    missed = sum(missed for _, missed in clips)
    return dict(clips=len(clips), frames=sum(frames), missed=missed, shortest=min(frames), longest=max(frames))
