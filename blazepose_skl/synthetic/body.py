"""A person and a motion, and where that puts the 33 joints: forward kinematics.

In the person's own axes: to the left, up, and forward, in metres, the ground at height 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.skeletons import BLAZEPOSE

Array = NDArray[np.float64]

SIDES = {'left': 1.0, 'right': -1.0}

# Segment lengths as shares of the height, each named by the joint at its far end. Drillis and Contini,
# "Body Segment Parameters" (1966), as in Winter, "Biomechanics and Motor Control of Human Movement", Fig. 4.1.
_SHARES = {'elbow': 0.186, 'wrist': 0.146, 'knee': 0.245, 'ankle': 0.246}
_TORSO, _NECK = 0.29, 0.11
_HALF_SHOULDERS, _HALF_HIPS = 0.105, 0.06
_HEEL, _TOE, _SOLE = 0.04, 0.11, 0.039

# The left half of the face from the middle between the ears, as shares of the height: to the left, up, forward.
_FACE = {
    'nose': (0.0, 0.0, 0.064),
    'left_eye_inner': (0.010, 0.018, 0.052),
    'left_eye': (0.019, 0.019, 0.050),
    'left_eye_outer': (0.028, 0.018, 0.045),
    'left_ear': (0.045, 0.0, 0.0),
    'mouth_left': (0.015, -0.025, 0.050),
}
_FACE |= {name.replace('left', 'right'): (-x, y, z) for name, (x, y, z) in _FACE.items()}

# From the wrist, as shares of the height: along the forearm, and across the palm towards the thumb.
_FINGERS = {'pinky': (0.050, -0.018), 'index': (0.056, 0.012), 'thumb': (0.028, 0.022)}


@dataclass(frozen=True)
class Person:
    """What stays the same over all clips of one person.

    Attributes:
        height: Metres.
        build: Factor on the length of each segment ('torso', 'shoulders', 'hips' and the names of joints).
        tempo: Factor on the speed of every action.
        vigour: Factor on its amplitude.
        hand: The side that person prefers.
        habits: Personal ways of doing things, each in -1..1; actions read them by number.
    """

    height: float
    build: dict[str, float]
    tempo: float
    vigour: float
    hand: str
    habits: tuple[float, ...]


def random_person(rng: np.random.Generator) -> Person:
    """Somebody between 1.5 and 1.95 m, right-handed in four of five cases."""
    parts = ('torso', 'shoulders', 'hips', *_SHARES)
    return Person(
        height=float(rng.uniform(1.5, 1.95)),
        build={part: float(factor) for part, factor in zip(parts, rng.uniform(0.9, 1.1, len(parts)), strict=True)},
        tempo=float(rng.uniform(0.75, 1.3)),
        vigour=float(rng.uniform(0.7, 1.15)),
        hand='left' if rng.random() < 0.2 else 'right',
        habits=tuple(float(habit) for habit in rng.uniform(-1, 1, 4)),
    )


@dataclass
class Motion:
    """How the body is held over T frames; actions write into it.

    Attributes:
        bones: (T, 3) direction of the segment that ends in each joint ('left_elbow', 'right_ankle', …):
            outwards (away from the body's middle), up, forward. Any length.
        bend, tilt, twist: (T,) radians of the torso: forward, to the left, turning to the left.
        nod: (T,) radians of the head, forward, relative to the torso.
        hop: (T,) metres between the ground and the lower foot.
        planted: The feet stay where they are and the body moves over them; else the other way round.
    """

    bones: dict[str, Array]
    bend: Array
    tilt: Array
    twist: Array
    nod: Array
    hop: Array
    planted: bool = True


def place_joints(motion: Motion, person: Person) -> Array:
    """Positions of the joints in the order of the ``blazepose`` skeleton, (T, 33, 3)."""
    size, build = person.height, person.build
    turn = _rotation(1, motion.twist)
    torso = turn @ _rotation(0, motion.bend) @ _rotation(2, -motion.tilt)
    head = torso @ _rotation(0, motion.nod)
    joints: dict[str, Array] = {}

    shoulders = torso @ np.array([0, _TORSO * size * build['torso'], 0])
    skull = shoulders + torso @ np.array([0, _NECK * size, 0])
    face = skull[:, None] + size * np.array(list(_FACE.values())) @ head.transpose(0, 2, 1)
    joints.update(zip(_FACE, face.transpose(1, 0, 2), strict=True))
    lowest: list[Array] = []
    for side, sign in SIDES.items():
        outward = np.array([sign, 1, 1])
        breadth = np.array([sign * size, 0, 0])
        joints[f'{side}_shoulder'] = shoulders + torso @ (breadth * _HALF_SHOULDERS * build['shoulders'])
        joints[f'{side}_hip'] = np.broadcast_to(breadth * _HALF_HIPS * build['hips'], shoulders.shape)
        for part, share in _SHARES.items():
            name = f'{side}_{part}'
            along = _unit(motion.bones[name]) * outward
            if part in ('elbow', 'wrist'):
                along = np.einsum('tij,tj->ti', turn, along)
            parent = BLAZEPOSE.parents[name]
            joints[name] = joints[parent] + along * (share * size * build[part])
            if part == 'wrist':
                # Across the palm: square to the forearm, thumbs forward and inwards.
                across = _unit(np.cross(along, np.cross([-0.5 * sign, 0.4, 1.0], along)))
                for finger, (far, wide) in _FINGERS.items():
                    joints[f'{side}_{finger}'] = joints[name] + size * (far * along + wide * across)
        lowest.append(joints[f'{side}_ankle'][:, 1])
    floor = np.minimum(*lowest)
    for side, sign in SIDES.items():
        # A standing foot is flat, a lifted one square to its shin.
        ankle = joints[f'{side}_ankle']
        lifted = np.clip((ankle[:, 1] - floor) / (0.12 * size), 0, 1)[:, None]
        shin = _unit(motion.bones[f'{side}_ankle'])
        square = np.stack([0 * shin[:, 0], shin[:, 2], -shin[:, 1]], 1)
        ahead = _unit((1 - lifted) * [0.2 * sign, 0, 1] + lifted * square)
        down = (1 - lifted) * [0, -1, 0] + lifted * shin * [sign, 1, 1]
        joints[f'{side}_heel'] = ankle + size * (0.8 * _SOLE * down - _HEEL * ahead)
        joints[f'{side}_foot_index'] = ankle + size * (_SOLE * down + _TOE * ahead)

    places = np.stack([joints[name] for name in BLAZEPOSE.joints], axis=1)
    places[..., 1] -= places[..., 1].min(axis=1, keepdims=True) - motion.hop[:, None]
    if motion.planted:
        feet = (joints['left_ankle'] + joints['right_ankle']) / 2
        places[..., (0, 2)] -= feet[:, None, (0, 2)]
    return places


def middle(places: Array, joints: Iterable[str]) -> Array:
    """The mean position of some joints by name; (…, V, C) to (…, C)."""
    return np.asarray(places[..., [BLAZEPOSE.index(joint) for joint in joints], :].mean(axis=-2))


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def _rotation(axis: int, angle: Array) -> Array:
    """(T, 3, 3) turning about an axis of (left, up, forward), towards the axis after it but one."""
    matrix = np.zeros((len(angle), 3, 3))
    a, b = (axis + 1) % 3, (axis + 2) % 3
    matrix[:, axis, axis] = 1
    matrix[:, a, a] = matrix[:, b, b] = np.cos(angle)
    matrix[:, b, a] = np.sin(angle)
    matrix[:, a, b] = -np.sin(angle)
    return matrix
