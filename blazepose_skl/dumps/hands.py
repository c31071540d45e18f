"""MediaPipe's hands in dumps: Holistic's body with both as one skeleton, or each hand for itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Generic

import msgspec
import numpy as np

from blazepose_skl.dumps.dialects import DIALECTS, Dialect, Frame, Message, P, of_type
from blazepose_skl.dumps.recording import Recording
from blazepose_skl.skeletons import BLAZEPOSE, HAND, HOLISTIC, Skeleton

__all__ = ['HAND_DIALECTS', 'PARTS', 'dialects_of', 'hands_of']

People = Sequence[Any]

# Where the left and the right hand stand among the joints of Holistic.
PARTS = tuple(
    slice(HOLISTIC.index(f'{side}_hand_{HAND.joints[0]}'), HOLISTIC.index(f'{side}_hand_{HAND.joints[-1]}') + 1)
    for side in ('left', 'right')
)


class HolisticResults(Frame, Generic[P], gc=False):
    poseLandmarks: P | None = None
    leftHandLandmarks: P | None = None
    rightHandLandmarks: P | None = None


class HolisticPython(Frame, Generic[P], gc=False):
    pose_landmarks: P | None = None
    left_hand_landmarks: P | None = None
    right_hand_landmarks: P | None = None


class HolisticMessages(Frame, Generic[P], gc=False):
    pose_landmarks: Message[P] | None = None
    left_hand_landmarks: Message[P] | None = None
    right_hand_landmarks: Message[P] | None = None


class Hands(Frame, Generic[P], gc=False):
    hand_landmarks: list[P] | None = None
    hand_world_landmarks: list[P] | None = None


class HandsJs(Frame, Generic[P], gc=False):
    multiHandLandmarks: list[P] | None = None
    multiHandWorldLandmarks: list[P] | None = None


class HandMessages(Frame, Generic[P], gc=False):
    multi_hand_landmarks: list[Message[P]] | None = None


def _together(body: Any, left: Any, right: Any) -> People | None:
    """The one person in a frame, with blanks for the parts that were not found."""
    found = body or left or right
    if not found or any(part and not isinstance(part, list) for part in (body, left, right)):
        return None  # while a dialect is looked for, anything may stand there
    if not isinstance(found[0], (msgspec.Struct, dict, list)):
        return None
    blank = _blank(found[0])
    person = [
        landmark
        for part, skeleton in ((body, BLAZEPOSE), (left, HAND), (right, HAND))
        for landmark in (part or [blank] * skeleton.num_joints)
    ]
    return (person,)


def _blank(landmark: Any) -> Any:
    """A landmark of the same kind that was not seen."""
    if isinstance(landmark, msgspec.Struct):
        values = {field: getattr(landmark, field) for field in landmark.__struct_fields__}
        nested = {field: _blank(value) for field, value in values.items() if isinstance(value, msgspec.Struct)}
        return type(landmark)(**dict.fromkeys(values) | nested)
    if isinstance(landmark, dict):
        return dict.fromkeys(landmark)
    return [None] * len(landmark)


def _message(message: Message[Any] | None) -> Any:
    return message.landmark if message else None


def _each(*hands: Any) -> People:
    return [hand for hand in hands if hand]


def _holistic(frame: Any) -> tuple[Any, Any, Any]:
    parts = (
        (frame.poseLandmarks, frame.leftHandLandmarks, frame.rightHandLandmarks)
        if isinstance(frame, HolisticResults)
        else (frame.pose_landmarks, frame.left_hand_landmarks, frame.right_hand_landmarks)
    )
    body, left, right = (_message(part) if isinstance(part, Message) else part for part in parts)
    return body, left, right


_KINDS = (
    (
        'results',
        'legacy JavaScript Holistic: poseLandmarks[], leftHandLandmarks[], rightHandLandmarks[]',
        HolisticResults,
    ),
    ('messages', "Holistic's protobuf messages: pose_landmarks.landmark[] and those of both hands", HolisticMessages),
    ('python-results', 'Holistic under Python names: pose_landmarks[] and those of both hands', HolisticPython),
)
_BODY_AND_HANDS = tuple(
    Dialect(name, title, of_type(kind), lambda frame: _together(*_holistic(frame))) for name, title, kind in _KINDS
)
_SINGLE_HANDS = (
    *(Dialect(name, title, of_type(kind), lambda frame: _each(*_holistic(frame)[1:])) for name, title, kind in _KINDS),
    Dialect(
        'hands',
        'MediaPipe Tasks, HandLandmarker: hand_landmarks[][] and hand_world_landmarks[][]',
        of_type(Hands),
        lambda frame: frame.hand_landmarks,
        lambda frame: frame.hand_world_landmarks,
    ),
    Dialect(
        'hands-js',
        'legacy JavaScript Hands: multiHandLandmarks[][]',
        of_type(HandsJs),
        lambda frame: frame.multiHandLandmarks,
        lambda frame: frame.multiHandWorldLandmarks,
    ),
    Dialect(
        'hand-messages',
        "Hands' protobuf messages: multi_hand_landmarks[].landmark[]",
        of_type(HandMessages),
        lambda frame: [hand.landmark for hand in frame.multi_hand_landmarks or () if hand.landmark],
    ),
)
HAND_DIALECTS = _BODY_AND_HANDS + _SINGLE_HANDS


@lru_cache(maxsize=16)
def dialects_of(skeleton: Skeleton) -> tuple[Dialect, ...]:
    """The dialects in which a skeleton's joints may stand: all, with those of Holistic in the place of the body's."""
    own = {HOLISTIC.name: _BODY_AND_HANDS, HAND.name: _SINGLE_HANDS}.get(skeleton.name, ())
    names = {dialect.name for dialect in own}
    return (*own, *(dialect for dialect in DIALECTS if dialect.name not in names))


def hands_of(recording: Recording) -> Recording:
    """The hands in a recording of Holistic, each a detection of its own; in a frame the left before the right."""
    assert recording.image is not None  # Holistic's landmarks are those in the picture
    there = [(frame, side) for frame in range(len(recording.frames)) for side in (0, 1)]
    image, scores = (
        np.stack([values[frame, PARTS[side]] for frame, side in there])
        for values in (recording.image, recording.scores)
    )
    seen = ~np.isnan(image[..., 0]).all(axis=-1)
    frames = np.repeat(recording.frames, 2)
    return replace(recording, frames=frames[seen], image=image[seen], scores=scores[seen], world=None)
