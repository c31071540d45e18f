"""``.pose`` files of the pose-format library, versions 0.1 and 0.2."""

from __future__ import annotations

import struct

import numpy as np

from blazepose_skl.clips import FloatArray
from blazepose_skl.dumps.joints import joint_index
from blazepose_skl.dumps.recording import Metadata, Recording
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import BLAZEPOSE, HAND, HOLISTIC, Skeleton

__all__ = ['is_pose_file', 'read_pose_file']

_IMAGE, _WORLD = 'POSE_LANDMARKS', 'POSE_WORLD_LANDMARKS'
_HANDS = ('LEFT_HAND_LANDMARKS', 'RIGHT_HAND_LANDMARKS')
_VERSIONS = (np.float32(0.1), np.float32(0.2))


def is_pose_file(data: bytes) -> bool:
    """Whether a file begins as a .pose file does."""
    return len(data) > 12 and np.frombuffer(data[:4], '<f4')[0] in _VERSIONS


class _Cursor:
    """Reads little-endian values one after another."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, form: str) -> tuple[float, ...]:
        values = struct.unpack_from('<' + form, self.data, self.at)
        self.at += struct.calcsize('<' + form)
        return values

    def number(self) -> int:
        return int(self.take('H')[0])

    def text(self) -> str:
        length = self.number()
        self.at += length
        return self.data[self.at - length : self.at].decode('utf-8', 'replace')


def read_pose_file(data: bytes, where: str, skeleton: Skeleton = BLAZEPOSE) -> Recording:
    """The recording in a .pose file: coordinates in pixels, several people, confidence 0 where unseen.

    Of MediaPipe's pose, or with the hands for 'holistic'.

    Raises:
        InputError: It is cut, or has no MediaPipe pose.
    """
    try:
        return _parse(_Cursor(data), where, skeleton == HOLISTIC)
    except struct.error:
        raise InputError(f'{where}: the .pose file ends in the middle; copy it again') from None


def _parse(cursor: _Cursor, where: str, with_hands: bool) -> Recording:
    (version,) = cursor.take('f')
    width, height, _ = cursor.take('HHH')
    places: dict[str, tuple[int, list[str]]] = {}
    points = dims = 0
    for _component in range(cursor.number()):
        name, form = cursor.text(), cursor.text()
        count, limbs, colors = (int(value) for value in cursor.take('HHH'))
        places[name] = (points, [cursor.text() for _ in range(count)])
        cursor.at += 4 * limbs + 6 * colors
        points += count
        dims = max(dims, len(form) - 1)
    if version < 0.15:
        fps, frames, people = cursor.take('HHH')
    else:
        fps, frames, people = cursor.take('fIH')
    if _IMAGE not in places:
        raise InputError(f'{where}: no {_IMAGE} in this .pose file, which has {", ".join(places) or "nothing"}')
    count = int(frames) * int(people) * points
    if count == 0 or dims < 2:
        raise InputError(f'{where}: nobody was found in this .pose file')
    if len(cursor.data) - cursor.at < 4 * count * (dims + 1):
        raise InputError(f'{where}: the .pose file ends in the middle; copy it again')
    data = np.frombuffer(cursor.data, '<f4', count * dims, cursor.at)
    confidence = np.frombuffer(cursor.data, '<f4', count, cursor.at + data.nbytes)
    data = data.reshape(int(frames), int(people), points, dims)
    confidence = confidence.reshape(int(frames), int(people), points)

    def pick(component: str, skeleton: Skeleton = BLAZEPOSE) -> tuple[FloatArray, FloatArray]:
        start, names = places[component]
        joints = [joint_index(name, skeleton) for name in names]
        wanted = skeleton.num_joints
        if len(joints) != wanted or set(joints) != set(range(wanted)):
            raise InputError(f"{where}: {len(names)} points in {component} where '{skeleton.name}' has {wanted} joints")
        order = start + np.argsort(np.array(joints, np.float64))
        landmarks = np.full((*data.shape[:2], len(joints), 3), np.nan, np.float32)
        landmarks[..., : min(dims, 3)] = data[:, :, order, :3]
        scores = confidence[:, :, order]
        landmarks[scores == 0] = np.nan
        return landmarks, scores

    image, scores = pick(_IMAGE)
    world = pick(_WORLD)[0] if _WORLD in places and not with_hands else None
    if with_hands:
        lacking = [component for component in _HANDS if component not in places]
        if lacking:
            raise InputError(
                f'{where}: no {" and no ".join(lacking)} in this .pose file, which has {", ".join(places)}'
            )
        parts = [(image, scores), *(pick(component, HAND) for component in _HANDS)]
        image, scores = (np.concatenate(values, axis=2) for values in zip(*parts, strict=True))
    present = ~np.isnan(image[..., 0]).all(-1)
    return Recording(
        dialect='pose',
        length=int(frames),
        frames=np.nonzero(present)[0],
        image=image[present],
        world=world[present] if world is not None else None,
        scores=scores[present].astype(np.float32),
        metadata=Metadata(
            size=(int(width), int(height)) if width and height else None, fps=float(fps) if 0.1 <= fps <= 1000 else None
        ),
    )
