"""The JSON dialects: where people stand in one frame. Each is one entry in :data:`DIALECTS`.

How a person's landmarks are written is told apart by :mod:`.codings`, and how frames follow one
another (a list, a list within an object, lines, a file each) by :mod:`.documents`; both go with every
dialect. P is the type of one person's landmarks in the types below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

__all__ = ['DIALECTS', 'Dialect', 'Frame', 'Message', 'P', 'of_type']

P = TypeVar('P')
People = Sequence[Any]


@dataclass(frozen=True)
class Dialect:
    """One way of putting people into a frame.

    Attributes:
        name: What ``--dialect`` calls it.
        title: Where it comes from, for people.
        frame: The msgspec type of a frame, from the type of one person's landmarks.
        people: The people in a frame, each in the picture's coordinates; empty or None where nobody was found.
        world: The same people in metres about the body, in the same order.
        spread: Turns an object that may hold all frames into the frames.
        scored: Whether a landmark of three numbers is x, y, score rather than x, y, depth.
        scores: Of the same people, in the same order, the scores that stand apart from the landmarks, None if none do.
    """

    name: str
    title: str
    frame: Callable[[Any], Any]
    people: Callable[[Any], People | None]
    world: Callable[[Any], People | None] | None = None
    spread: Callable[[Any], Sequence[Any]] | None = None
    scored: bool = False
    scores: Callable[[Any], Sequence[Any]] | None = None


class Frame(msgspec.Struct, gc=False):
    """What a frame may say about itself beside its people. Any: strangers put anything there."""

    frame: Any = None
    frame_index: Any = None
    frame_number: Any = None
    frameNum: Any = None
    frameNumber: Any = None
    timestamp: Any = None
    timestamp_ms: Any = None
    time: Any = None
    label: Any = None
    image_dimensions: Any = None
    frameWidth: Any = None
    frameHeight: Any = None


class Kinetics(Frame, Generic[P], gc=False):
    skeleton: list[P] | None = None


class Message(msgspec.Struct, Generic[P], gc=False):
    landmark: P | None = None


class OneMessage(Frame, Generic[P], gc=False):
    landmark: P | None = None


class Messages(Frame, Generic[P], gc=False):
    pose_landmarks: Message[P] | None = None
    pose_world_landmarks: Message[P] | None = None


class Results(Frame, Generic[P], gc=False):
    poseLandmarks: P | None = None
    poseWorldLandmarks: P | None = None


class PythonResults(Frame, Generic[P], gc=False):
    pose_landmarks: P | None = None
    pose_world_landmarks: P | None = None


class TasksJs(Frame, Generic[P], gc=False):
    landmarks: list[P] | None = None
    worldLandmarks: list[P] | None = None
    world_landmarks: list[P] | None = None


class TasksPython(Frame, Generic[P], gc=False):
    pose_landmarks: list[P] | None = None
    pose_world_landmarks: list[P] | None = None


class Landmarks(Frame, Generic[P], gc=False):
    landmarks: P | None = None


class Keypoints(Frame, Generic[P], gc=False):
    keypoints: P | None = None
    keypoints3D: P | None = None
    keypoint_scores: Any = None
    scores: Any = None


class JointPositions(Frame, Generic[P], gc=False):
    joint_positions: P | None = None


class Pose(msgspec.Struct, Generic[P], gc=False):
    keypoints: P | None = None
    keypoints3D: P | None = None
    keypoint_scores: Any = None
    scores: Any = None


class CocoAnnotation(msgspec.Struct, Generic[P], gc=False):
    keypoints: P | None = None
    image_id: Any = None


class Coco(Frame, Generic[P], gc=False):
    images: list[dict[str, Any]] | None = None
    annotations: list[CocoAnnotation[P]] | None = None


def _by_image(coco: Coco[Any]) -> list[Coco[Any]]:
    """A frame for each picture, in the order of the pictures."""
    images = coco.images or [{}]
    if len(images) < 2:
        return [coco]
    of_image: dict[str, list[CocoAnnotation[Any]]] = {str(image.get('id')): [] for image in images}
    for annotation in coco.annotations or ():
        if str(annotation.image_id) in of_image:
            of_image[str(annotation.image_id)].append(annotation)
    return [Coco(images=[image], annotations=of_image[str(image.get('id'))]) for image in images]


class OpenPosePerson(msgspec.Struct, Generic[P], gc=False):
    pose_keypoints_2d: P


class OpenPose(Frame, Generic[P], gc=False):
    people: list[OpenPosePerson[P]] | None = None


def of_type(generic: Any) -> Callable[[Any], Any]:
    return lambda person: generic[person]


def _one(person: Any) -> People | None:
    return (person,) if person else None


def _scores(pose: Keypoints[Any] | Pose[Any]) -> Any:
    """What MMPose and its like write beside the keypoints."""
    return pose.keypoint_scores if pose.keypoint_scores is not None else pose.scores


def _held(message: Message[Any] | None) -> People | None:
    return _one(message.landmark) if message else None


DIALECTS: tuple[Dialect, ...] = (
    Dialect(
        'kinetics',
        "ST-GCN's Kinetics-skeleton: skeleton[].pose and .score",
        of_type(Kinetics),
        lambda frame: frame.skeleton,
    ),
    Dialect(
        'message',
        "MediaPipe's protobuf message: landmark[]",
        of_type(OneMessage),
        _held,
    ),
    Dialect(
        'messages',
        "MediaPipe's protobuf messages: pose_landmarks.landmark[] and pose_world_landmarks.landmark[]",
        of_type(Messages),
        lambda frame: _held(frame.pose_landmarks),
        lambda frame: _held(frame.pose_world_landmarks),
    ),
    Dialect(
        'results',
        'legacy JavaScript onResults: poseLandmarks[] and poseWorldLandmarks[]',
        of_type(Results),
        lambda frame: _one(frame.poseLandmarks),
        lambda frame: _one(frame.poseWorldLandmarks),
    ),
    Dialect(
        'python-results',
        'one person under Python names: pose_landmarks[] and pose_world_landmarks[]',
        of_type(PythonResults),
        lambda frame: _one(frame.pose_landmarks),
        lambda frame: _one(frame.pose_world_landmarks),
    ),
    Dialect(
        'tasks-js',
        'MediaPipe Tasks, JavaScript and Swift: landmarks[][] and worldLandmarks[][]',
        of_type(TasksJs),
        lambda frame: frame.landmarks,
        lambda frame: frame.worldLandmarks or frame.world_landmarks,
    ),
    Dialect(
        'tasks',
        'MediaPipe Tasks, Python: pose_landmarks[][] and pose_world_landmarks[][]',
        of_type(TasksPython),
        lambda frame: frame.pose_landmarks,
        lambda frame: frame.pose_world_landmarks,
    ),
    Dialect(
        'landmarks',
        'one person a frame: landmarks, in order or by name',
        of_type(Landmarks),
        lambda frame: _one(frame.landmarks),
    ),
    Dialect(
        'keypoints',
        'one person a frame: keypoints (and keypoints3D), in order or by name',
        of_type(Keypoints),
        lambda frame: _one(frame.keypoints),
        lambda frame: _one(frame.keypoints3D),
        scores=lambda frame: [_scores(frame)],
    ),
    Dialect(
        'joint-positions',
        'one person a frame: joint_positions by name',
        of_type(JointPositions),
        lambda frame: _one(frame.joint_positions),
    ),
    Dialect(
        'bare',
        'a frame is the list, or the dict by name or number, of its landmarks',
        lambda p: p,
        _one,
    ),
    Dialect(
        'people',
        'a frame is a list of people, each the list of its landmarks, as ML Kit has several',
        lambda p: list[p],  # type: ignore[valid-type]
        lambda frame: frame,
    ),
    Dialect(
        'poses',
        'TensorFlow.js pose-detection and ml5: a frame is a list of poses with keypoints[] and keypoints3D[]',
        lambda p: list[Pose[p]],  # type: ignore[valid-type]
        lambda frame: [pose.keypoints for pose in frame if pose.keypoints],
        lambda frame: [pose.keypoints3D for pose in frame if pose.keypoints],
        scores=lambda frame: [_scores(pose) for pose in frame if pose.keypoints],
    ),
    Dialect(
        'openpose',
        "OpenPose's people[].pose_keypoints_2d, only if it holds 33 landmarks",
        of_type(OpenPose),
        lambda frame: [person.pose_keypoints_2d for person in frame.people or ()],
        scored=True,
    ),
    Dialect(
        'coco',
        'COCO-like: annotations[].keypoints of 33 times x, y, v, for each picture or for all',
        of_type(Coco),
        lambda frame: [person.keypoints for person in frame.annotations or () if person.keypoints],
        spread=_by_image,
        scored=True,
    ),
)
