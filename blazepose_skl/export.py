"""Back again: the clips of an annotation pickle as dumps, exact to float32."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, TypeGuard

import msgspec
import numpy as np
from numpy.typing import NDArray

from blazepose_skl.annotationstream import stream_annotations
from blazepose_skl.errors import InputError
from blazepose_skl.outfiles import write_whole
from blazepose_skl.safepickle import shown

__all__ = ['dump_of', 'export_dumps']

# No picture is larger, and no camera faster.
_LARGEST = 1e6


def dump_of(annotation: Mapping[str, Any], classes: Sequence[str] = ()) -> dict[str, Any]:
    """A dump in the dialect 'tasks' with coordinates as the annotation has them: pixels, or metres about the body.

    What is 0 with score 0 was not seen; a frame with nothing else is a missed one. Its class is named and numbered.

    Args:
        annotation: Of an annotation pickle.
        classes: Their names, in the order of their numbers; a class without one is called by its number.

    Raises:
        InputError: It has no keypoints, or scores of another shape.
    """
    keypoint, score = annotation.get('keypoint'), annotation.get('keypoint_score')
    if not _is_numbers(keypoint) or keypoint.ndim != 4 or keypoint.shape[3] not in (2, 3):
        raise InputError(f"clip '{_name(annotation)}' has no keypoints (M, T, V, 2 or 3)")
    score = np.ones(keypoint.shape[:3]) if score is None else score
    if not _is_numbers(score) or score.shape != keypoint.shape[:3]:
        raise InputError(f"clip '{_name(annotation)}' has no score for each of its keypoints")
    keypoint, score = np.asarray(keypoint, np.float64), np.asarray(score, np.float64)
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
    size, fps = annotation.get('img_shape'), annotation.get('fps')
    if isinstance(size, (tuple, list, np.ndarray)) and len(size) == 2 and all(map(_is_number, size)):
        said = dict(height=int(size[0]), width=int(size[1]))
    if _is_number(fps):
        said['fps'] = float(fps)
    label = annotation.get('label')
    if isinstance(label, (int, np.integer)) and not isinstance(label, bool) and 0 <= label < 1 << 31:
        said |= dict(label=classes[int(label)] if label < len(classes) else str(label), label_index=int(label))
    return said | dict(frames=frames)


def _is_numbers(value: object) -> TypeGuard[NDArray[Any]]:
    return isinstance(value, np.ndarray) and value.dtype.kind in 'fiu'


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float, np.integer, np.floating)) and bool(0 < value < _LARGEST)


def _name(annotation: Mapping[str, Any]) -> str:
    return shown(annotation.get('frame_dir', annotation.get('filename')))


def export_dumps(path: Path, folder: Path) -> int:
    """Write every clip of an annotation pickle under its name into a folder, one after another; how many there were.

    Raises:
        InputError: The pickle cannot be read, a name leads out of the folder, two clips have one, a clip has no
            keypoints, or a dump cannot be written.
    """
    written: set[str] = set()
    classes: list[str] = []

    def write(annotation: dict[str, Any]) -> None:
        name = annotation.get('frame_dir', annotation.get('filename', len(written)))
        if not isinstance(name, (str, int)):
            raise InputError(f'{path}, clip {len(written)}: {shown(name)} where a name was expected')
        name = shown(name) if isinstance(name, int) else name
        parts = PurePosixPath(name.replace('\\', '/')).parts
        if not parts or '..' in parts or PurePosixPath(name).is_absolute() or ':' in name:
            raise InputError(f"a clip called '{shown(name)}' would be written outside of {folder}")
        if not name.isprintable():
            raise InputError(f"a clip called '{shown(name)}' has letters in its name that no file should have")
        if name in written:
            raise InputError(f"two clips are called '{shown(name)}'")
        written.add(name)
        _write(folder.joinpath(*parts[:-1], parts[-1] + '.json'), msgspec.json.encode(dump_of(annotation, classes)))

    # Class names may stand behind the annotations.
    names = stream_annotations(path, lambda annotation: None).get('class_names')
    if isinstance(names, (list, tuple)) and all(isinstance(name, str) for name in names):
        classes = list(names)
    stream_annotations(path, write)
    return len(written)


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise InputError(f'{shown(str(path))}: cannot be written: {error.strerror}') from None
