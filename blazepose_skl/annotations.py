"""Annotation pickles: the format of MMAction2's and PYSKL's ``PoseDataset``.

``{'split': {name: [frame_dir]}, 'annotations': [{frame_dir, label, img_shape, original_shape,
total_frames, keypoint, keypoint_score}]}``, and top-level keys of ours that the frameworks ignore:
``skeleton``, ``class_names``, ``provenance``.
"""

from __future__ import annotations

import os
import pickle
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np

from blazepose_skl.annotationstream import stream_annotations
from blazepose_skl.arrowform import is_arrow
from blazepose_skl.arrowwriting import write_arrow
from blazepose_skl.clips import Clip
from blazepose_skl.errors import InputError
from blazepose_skl.outfiles import appearing

__all__ = [
    'AnnotationWriter',
    'annotate',
    'pack_annotation',
    'read_annotations',
    'select_split',
    'unfinished',
    'write_annotations',
]


def annotate(clip: Clip, name: str) -> dict[str, Any]:
    """The annotation of a clip, all but its label.

    ``keypoint`` (M, T, V, 2) in pixels of ``img_shape`` (height, width), or (M, T, V, 3) in metres, and
    ``keypoint_score`` (M, T, V), float32; what is unseen is 0 with score 0.
    """
    unseen = np.asarray(np.isnan(clip.landmarks).any(-1))
    keypoint = np.where(unseen[..., None], np.float32(0), clip.landmarks).astype(np.float32)
    score = np.where(unseen, np.float32(0), clip.scores).astype(np.float32)
    width, height = clip.size
    annotation = dict(
        frame_dir=name,
        img_shape=(height, width),
        original_shape=(height, width),
        total_frames=keypoint.shape[1],
        keypoint=keypoint,
        keypoint_score=score,
    )
    if clip.fps is not None:
        annotation['fps'] = float(clip.fps)
    return annotation


# -- writing ----------------------------------------------------------------------------------------

# Protocol 3 numbers its memo in the stream itself, so that pickles of parts can stand one behind the other;
# later protocols count at load time.
_PROTOCOL = 3


def pack_annotation(annotation: Mapping[str, Any]) -> bytes:
    """An annotation as the part of a pickle that leaves it, with label 0, on the stack.

    The label stands in the last four bytes but one, since labels are numbered when all classes are known.
    """
    return _body(dict(annotation)) + _string('label') + pickle.BININT + struct.pack('<i', 0) + pickle.SETITEM


_HEAD = pickle.PROTO + bytes([_PROTOCOL])
_LABEL_BEHIND = len(pickle.SETITEM) + struct.calcsize('<i')


def _body(value: object) -> bytes:
    """A value as the part of a pickle that leaves it on the stack."""
    return pickle.dumps(value, protocol=_PROTOCOL)[len(_HEAD) : -len(pickle.STOP)]


def _string(text: str) -> bytes:
    encoded = text.encode('utf-8', 'surrogatepass')
    return pickle.BINUNICODE + struct.pack('<I', len(encoded)) + encoded


def unfinished(path: Path) -> Path:
    """Where an annotation pickle stands until it is whole, one that becomes an Arrow file too."""
    return path.with_name(path.name + ('.pkl.part' if is_arrow(path) else '.part'))


class AnnotationWriter:
    """Writes one annotation pickle, clip by clip, so that memory does not grow with their number.

    The file appears whole under its name in :meth:`finish` or not at all. If that name ends in .arrow it is then an
    Arrow file, written from the pickle when all labels are known; the disk holds both until then.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / 'clips.pkl'
    >>> clip = Clip(np.ones((1, 4, 33, 2), np.float32), np.ones((1, 4, 33), np.float32), 'blazepose', (640, 480))
    >>> with AnnotationWriter(path) as writer:
    ...     places = writer.add(pack_annotation(annotate(clip, 'jump/03')))
    ...     writer.finish(labels=[0], rest=dict(split=dict(train=['jump/03']), class_names=['jump']))
    >>> read_annotations(path)['annotations'][0]['keypoint'].shape
    (1, 4, 33, 2)
    """

    def __init__(self, path: Path, labels: Sequence[int] = (), end: int = 0) -> None:
        """Begin, or go on with an unfinished pickle.

        Args:
            path: The pickle or Arrow file.
            labels: The places that :meth:`add` gave for the annotations that the unfinished one holds.
            end: Where the last of them ends.
        """
        self.path = path
        self._labels = list(labels)
        self._file: BinaryIO = open(unfinished(path), 'r+b' if end else 'w+b')  # noqa: SIM115 - closed in __exit__
        if end:
            self._file.truncate(end)
            self._file.seek(end)
        else:
            self._file.write(_HEAD + pickle.EMPTY_DICT + _string('annotations') + pickle.EMPTY_LIST)

    def add(self, packed: bytes) -> tuple[int, int]:
        """Add one annotation, as :func:`pack_annotation` made it; the places of its label and its end."""
        self._file.write(packed)
        self._labels.append(self._file.tell() - _LABEL_BEHIND)
        self._file.write(pickle.APPEND)
        self._file.flush()
        return self._labels[-1], self._file.tell()

    def finish(
        self,
        labels: Sequence[int],
        rest: Mapping[str, Any],
        track: Callable[[Sequence[Any]], Iterable[Any]] = iter,
    ) -> None:
        """Put in the labels of all annotations and the other top-level keys, and give the file its name.

        Args:
            labels: In the order of the annotations.
            rest: The other keys.
            track: Wraps the numbers of the clips that go to an Arrow file, to show progress.
        """
        self._file.write(pickle.SETITEM)
        for key, value in rest.items():
            self._file.write(_string(key) + _body(value) + pickle.SETITEM)
        self._file.write(pickle.STOP)
        for place, label in zip(self._labels, labels, strict=True):
            self._file.seek(place)
            self._file.write(struct.pack('<i', label))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if is_arrow(self.path):
            write_arrow(unfinished(self.path), self.path, track)
            unfinished(self.path).unlink()
        else:
            os.replace(unfinished(self.path), self.path)

    def __enter__(self) -> AnnotationWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
        # Whoever interrupts may want to go on; what failed would fail again.
        if kind is None or issubclass(kind, Exception):
            unfinished(self.path).unlink(missing_ok=True)


def write_annotations(
    path: Path, annotations: Iterable[Mapping[str, Any]], rest: Mapping[Any, Any], listed: bool = False
) -> None:
    """Write an annotation pickle of annotations that are whole, one after another; it appears whole or not at all.

    Args:
        path: The pickle.
        annotations: With their labels.
        rest: The other top-level keys.
        listed: Whether the pickle is but a list of the annotations, which has no such keys.

    Raises:
        InputError: It cannot be written.
    """
    with appearing(path) as part, open(part, 'wb') as file:
        file.write(_HEAD + (b'' if listed else pickle.EMPTY_DICT + _string('annotations')) + pickle.EMPTY_LIST)
        for annotation in annotations:
            file.write(_body(dict(annotation)) + pickle.APPEND)
        if not listed:
            file.write(pickle.SETITEM)
            for key, value in rest.items():
                file.write(_body(key) + _body(value) + pickle.SETITEM)
        file.write(pickle.STOP)
        file.flush()
        os.fsync(file.fileno())


# -- reading ----------------------------------------------------------------------------------------


def read_annotations(path: Path) -> dict[str, Any]:
    """The dict in an annotation pickle, ours or a stranger's, or of an Arrow file; nothing in it is executed.

    Raises:
        InputError: It cannot be read, asks for more than plain values and arrays, or has another structure.
    """
    annotations: list[dict[str, Any]] = []
    return {**stream_annotations(path, annotations.append), 'annotations': annotations}


def select_split(data: Mapping[str, Any], split: str, where: str) -> list[dict[str, Any]]:
    """The annotations of a split.

    Raises:
        InputError: There is no such split, or none of its clips is there.
    """
    splits = data.get('split') or {}
    if split not in splits:
        known = ', '.join(map(str, splits)) or 'none'
        raise InputError(f"{where}: no split '{split}'; it has {known}")
    wanted = set(splits[split])
    annotations = [item for item in data['annotations'] if item.get('frame_dir', item.get('filename')) in wanted]
    if not annotations:
        raise InputError(f"{where}: split '{split}' is empty")
    return annotations
