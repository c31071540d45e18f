"""Back again: the clips of an annotation pickle as dumps, exact to float32."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import numpy as np

from blazepose_skl.errors import InputError

__all__ = ['dump_of', 'export_dumps']


def dump_of(annotation: Mapping[str, Any]) -> dict[str, Any]:
    """A dump in the dialect 'tasks' with coordinates as the annotation has them: pixels, or metres about the body.

    What is 0 with score 0 was not seen; a frame with nothing else is a missed one.
    """
    keypoint = np.asarray(annotation['keypoint'], np.float64)
    score = annotation.get('keypoint_score')
    score = np.ones(keypoint.shape[:3]) if score is None else np.asarray(score, np.float64)
    keys = ('x', 'y', 'z')[: keypoint.shape[3]]

    def people(frame: int) -> Iterator[list[dict[str, float]]]:
        for person, scores in zip(keypoint[:, frame], score[:, frame], strict=True):
            if person.any() or scores.any():
                yield [
                    dict(zip((*keys, 'visibility'), (*map(float, joint), float(confidence)), strict=True))
                    for joint, confidence in zip(person, scores, strict=True)
                ]

    frames = [dict(frame=f, pose_landmarks=list(people(f))) for f in range(keypoint.shape[1])]
    said: dict[str, Any] = {}
    if 'img_shape' in annotation:
        said = dict(height=int(annotation['img_shape'][0]), width=int(annotation['img_shape'][1]))
    if annotation.get('fps') is not None:
        said['fps'] = float(annotation['fps'])
    return said | dict(frames=frames)


def export_dumps(data: Mapping[str, Any], folder: Path) -> int:
    """Write every clip of an annotation pickle under its name into a folder; how many were written.

    Raises:
        InputError: A name leads out of the folder, two clips have one, or a clip has no keypoints.
    """
    written: set[str] = set()
    for number, annotation in enumerate(data['annotations']):
        name = str(annotation.get('frame_dir', annotation.get('filename', number)))
        parts = PurePosixPath(name.replace('\\', '/')).parts
        if not parts or '..' in parts or PurePosixPath(name).is_absolute() or ':' in name:
            raise InputError(f"a clip called '{name}' would be written outside of {folder}")
        if name in written:
            raise InputError(f"two clips are called '{name}'")
        keypoint = annotation.get('keypoint')
        if not isinstance(keypoint, np.ndarray) or keypoint.ndim != 4 or keypoint.shape[3] not in (2, 3):
            raise InputError(f"clip '{name}' has no keypoints (M, T, V, 2 or 3)")
        written.add(name)
        path = folder.joinpath(*parts[:-1], parts[-1] + '.json')
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(dump_of(annotation)))
    return len(written)
