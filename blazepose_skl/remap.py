"""From one skeleton's joints to another's: by name, and where there is no such joint as the mean of some.

So that stock checkpoints for COCO-17, OpenPose-18 or (in three dimensions) NTU-25 run on MediaPipe's data.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.annotations import AnnotationWriter, pack_annotation
from blazepose_skl.annotationstream import stream_annotations
from blazepose_skl.arrowform import is_arrow
from blazepose_skl.clipfolder import ClipFolder, whole_clip
from blazepose_skl.errors import InputError
from blazepose_skl.ownskeleton import own_skeleton
from blazepose_skl.skeletons import COCO, NTU, OPENPOSE, Skeleton, SkeletonLike, get_skeleton

__all__ = ['find_parts', 'remap', 'remap_annotation', 'remap_pickle']

Array = NDArray[np.float32]
Parts = tuple[tuple[int, ...], ...]

_SHOULDERS = ('left_shoulder', 'right_shoulder')
_HIPS = ('left_hip', 'right_hip')

# Joints that only the target has, by the joints of BlazePose whose mean they are. Kinect's hand is the palm, its
# hand tip is past the knuckles, which are the outermost joints here, and its neck is between shoulders and head.
_MEANS: dict[str, dict[str, tuple[str, ...]]] = {
    COCO.name: {},
    OPENPOSE.name: {'neck': _SHOULDERS},
    NTU.name: {
        'spine_base': _HIPS,
        'spine_middle': _SHOULDERS + _HIPS,
        'spine_shoulder': _SHOULDERS,
        'neck': (*_SHOULDERS, 'mouth_left', 'mouth_right'),
        'head': ('left_ear', 'right_ear'),
        **{
            f'{side}_{joint}': tuple(f'{side}_{part}' for part in parts)
            for side in ('left', 'right')
            for joint, parts in {
                'hand': ('wrist', 'pinky', 'index'),
                'hand_tip': ('pinky', 'index'),
                'foot': ('foot_index',),
            }.items()
        },
    },
}


def find_parts(source: Skeleton, target: Skeleton) -> Parts:
    """Of each joint of the target the joints of the source whose mean it is, usually one of the same name.

    Raises:
        InputError: The source has no joints for one.

    >>> blazepose, openpose = get_skeleton('blazepose'), get_skeleton('openpose')
    >>> neck = find_parts(blazepose, openpose)[openpose.index('neck')]
    >>> [blazepose.joints[part] for part in neck]
    ['left_shoulder', 'right_shoulder']
    """
    means = _MEANS.get(target.name, {})
    places = []
    lacking = []
    for joint in target.joints:
        names = (joint,) if joint in source.joints else means.get(joint, ())
        if names and all(name in source.joints for name in names):
            places.append(tuple(source.index(name) for name in names))
        else:
            lacking.append(joint)
    if lacking:
        raise InputError(
            f"'{source.name}' has no joints for {', '.join(lacking[:5])}{', …' if lacking[5:] else ''} of "
            f"'{target.name}'; a joint is found by its name, or as a mean of BlazePose's"
        )
    return tuple(places)


def remap(keypoint: Array, score: Array | None, parts: Parts) -> tuple[Array, Array | None]:
    """Keypoints (M, T, V, C) and scores (M, T, V) of one skeleton as those of another, float32.

    The score of a mean is the lowest of its parts, and it was seen only if all of them were: else it is 0 with
    score 0. Without scores, a part counts as unseen where all its coordinates are 0.

    Args:
        keypoint: (M, T, V, C).
        score: (M, T, V), or None.
        parts: See :func:`find_parts`.
    """
    seen = np.asarray(score > 0 if score is not None else keypoint.any(axis=-1))
    moved = np.zeros((*keypoint.shape[:2], len(parts), keypoint.shape[3]), np.float32)
    scores = np.zeros(moved.shape[:3], np.float32)
    for joint, places in enumerate(parts):
        index = list(places)
        if len(index) == 1:  # as it stands, unseen or not
            moved[:, :, joint] = keypoint[:, :, index[0]]
        else:
            both = np.asarray(seen[:, :, index].all(axis=-1))
            mean = keypoint[:, :, index].mean(axis=2, dtype=np.float64)
            moved[:, :, joint] = np.where(both[..., None], mean, 0)
        if score is not None:
            scores[:, :, joint] = score[:, :, index].min(axis=-1)
    return moved, (scores if score is not None else None)


def remap_annotation(annotation: dict[str, Any], source: Skeleton, parts: Parts, where: str) -> dict[str, Any]:
    """An annotation, as ``PoseDataset`` has it, with the joints of another skeleton.

    Raises:
        InputError: It has not the joints of the source.
    """
    name = annotation.get('frame_dir', annotation.get('filename', '?'))
    keypoint = annotation.get('keypoint')
    if not isinstance(keypoint, np.ndarray) or keypoint.ndim != 4:
        raise InputError(
            f"{where}: clip '{name}' has no keypoints (M, T, V, C); if the pickle is an index, "
            'name the folder with its clips (--clip-folder)'
        )
    if keypoint.shape[2] != source.num_joints:
        raise InputError(
            f"{where}: clip '{name}' has {keypoint.shape[2]} joints where '{source.name}' has {source.num_joints}; "
            'name the skeleton that the data has with --from'
        )
    score = annotation.get('keypoint_score')
    if score is not None and np.shape(score) != keypoint.shape[:3]:
        raise InputError(f"{where}: clip '{name}' has scores {np.shape(score)} for keypoints {keypoint.shape}")
    moved, scores = remap(np.asarray(keypoint, np.float32), score, parts)
    return {**annotation, 'keypoint': moved} | ({} if scores is None else {'keypoint_score': scores})


def remap_pickle(
    path: Path,
    out: Path,
    to: SkeletonLike,
    given: SkeletonLike | None = None,
    track: Callable[[Sequence[int]], Iterable[int]] = iter,
    clip_folder: Path | None = None,
    out_folder: Path | None = None,
) -> int:
    """Write an annotation pickle again with the joints of another skeleton; how many clips it has.

    Clip by clip, and file and folder appear whole or not at all; nothing in the pickle is executed.

    Args:
        path: The pickle.
        out: What to write.
        to: The skeleton to have.
        given: The skeleton that it has, None if the pickle says so itself.
        track: Wraps the numbers of the clips, to show progress.
        clip_folder: Where the clips are if the pickle is an index of them (:mod:`blazepose_skl.clipfolder`).
        out_folder: A new folder for their clips; then, and only then, ``out`` is an index too.

    Raises:
        InputError: One of the files, a clip or a skeleton is wrong.
    """
    if (clip_folder is None) != (out_folder is None):
        given_one, lacking = ('--clip-folder', '--out-folder') if clip_folder else ('--out-folder', '--clip-folder')
        raise InputError(
            f'{given_one} without {lacking}: an index has a folder with its clips, and so has the new one; name both'
        )
    if out.suffix != '.pkl' and not is_arrow(out):
        raise InputError(
            f'{out}: an annotation pickle ends in .pkl, an Arrow file in .arrow; name the file to write so'
        )
    target = get_skeleton(to)
    count = 0

    def counted(_: dict[str, Any]) -> None:
        nonlocal count
        count += 1

    rest = stream_annotations(path, counted)
    source = get_skeleton(given) if given is not None else own_skeleton(rest, path, '--from')
    if source is None:
        raise InputError(f'{path}: it does not say which skeleton it has; name it with --from')
    parts = find_parts(source, target)
    labels: list[int] = []
    progress = iter(track(range(count)))
    folder = ClipFolder(out_folder) if out_folder else None
    if folder:
        folder.start(go_on=False)
    with folder or nullcontext(), _writing(out) as writer:

        def add(annotation: dict[str, Any]) -> None:
            next(progress, None)
            whole = whole_clip(annotation, clip_folder) if clip_folder else annotation
            moved = remap_annotation(whole, source, parts, str(path))
            name = moved.get('frame_dir', moved.get('filename', '?'))
            if target == NTU and moved['keypoint'].shape[-1] < 3:
                raise InputError(
                    f"{path}: clip '{name}' has landmarks in the picture where '{target.name}' has three dimensions; "
                    'convert the dumps with --coords world'
                )
            label = moved.pop('label', None)
            if not isinstance(label, (int, np.integer)) or not 0 <= label < 2**31:
                raise InputError(f"{path}: clip '{name}' has label {label!r} where a number from 0 was expected")
            if folder:
                folder.add(name, pickle.dumps(moved))
                moved = {
                    key: annotation[key] for key in annotation if key not in ('label', 'keypoint', 'keypoint_score')
                }
            writer.add(pack_annotation(moved))
            labels.append(int(label))

        stream_annotations(path, add)
        next(progress, None)
        if folder:
            folder.finish()
        provenance = rest.get('provenance')
        writer.finish(
            labels,
            {
                **rest,
                'skeleton': target.name,
                'provenance': {**(provenance if isinstance(provenance, dict) else {}), 'remapped_from': source.name},
            },
        )
    return count


def _writing(out: Path) -> AnnotationWriter:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        return AnnotationWriter(out)
    except OSError as error:
        raise InputError(f'{out}: cannot be written: {error.strerror}; choose another folder') from None
