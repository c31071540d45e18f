"""What a pose estimator says of a scene: projection, scores, occlusion, invented joints, jitter, gaps.

Axes here are MediaPipe's: x to the right, y down, z away from the camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.skeletons import BLAZEPOSE
from blazepose_skl.synthetic.actions import Take, wander
from blazepose_skl.synthetic.body import Array, middle

__all__ = ['Camera', 'missed_frames', 'observe', 'project', 'random_camera', 'to_camera']

HIPS = ('left_hip', 'right_hip')
SHOULDERS = ('left_shoulder', 'right_shoulder')
_PICTURES = ((640, 480), (1280, 720), (1920, 1080), (720, 1280))

# How sure MediaPipe typically is of a joint in plain sight, as the argument of a sigmoid.
_SURE = {'shoulder': 7, 'hip': 7, 'elbow': 4.5, 'wrist': 4, 'pinky': 3.2, 'index': 3.4, 'thumb': 3.2}
_SURE |= {'knee': 4.5, 'ankle': 4.2, 'heel': 3.5, 'foot_index': 3.5}
_SURENESS = np.array([_SURE.get(joint.partition('_')[2], 7.0) for joint in BLAZEPOSE.joints])

_LIMBS = {
    f'{side}_{limb}': [BLAZEPOSE.index(f'{side}_{part}') for part in parts]
    for side in ('left', 'right')
    for limb, parts in (
        ('arm', ('elbow', 'wrist', 'pinky', 'index', 'thumb')),
        ('leg', ('knee', 'ankle', 'heel', 'foot_index')),
    )
}


@dataclass(frozen=True)
class Camera:
    """A camera and where the person stands before it.

    Attributes:
        size: (width, height) of the picture in pixels.
        focal: Focal length in heights of the picture.
        height: Of the camera above the ground, metres.
        pitch, roll: Radians; the pitch looks down.
        distance: Of the person along the ground, metres.
        aside: Of the person from the middle, metres to the right.
        yaw: The person turned away from facing the camera, radians.
    """

    size: tuple[int, int]
    focal: float
    height: float
    pitch: float
    roll: float
    distance: float
    aside: float
    yaw: float


def random_camera(stature: float, cropped: bool, rng: np.random.Generator) -> Camera:
    """A camera that sees a person of this stature whole or, ``cropped``, without the legs."""
    size = _PICTURES[rng.choice(len(_PICTURES), p=[0.3, 0.35, 0.2, 0.15])]
    focal = float(rng.uniform(1.0, 1.6) if cropped else rng.uniform(0.8, 1.3))
    share = rng.uniform(1.5, 2.3) if cropped else rng.uniform(0.5, 0.85)
    distance = float(max(focal * stature / share, 0.7))
    height = float(rng.uniform(0.7 if cropped else 0.5, 1.1) * stature)
    # The picture's middle is at the waist of a whole person, at the chest of a cropped one.
    aim = stature * (rng.uniform(0.72, 0.8) if cropped else rng.uniform(0.45, 0.6))
    half_width = 0.5 * size[0] / size[1] * distance / focal
    return Camera(
        size=size,
        focal=focal,
        height=height,
        pitch=float(np.arctan2(height - aim, distance)),
        roll=float(rng.normal(0, 0.02)),
        distance=distance,
        aside=float(rng.uniform(-0.35, 0.35) * max(half_width - 0.25 * stature, 0)),
        yaw=float(rng.uniform(-1.5, 1.5) if rng.random() < 0.15 else rng.normal(0, 0.4)),
    )


def to_camera(places: Array, walk: Array, camera: Camera) -> Array:
    """Joints in the camera's axes.

    Args:
        places: (T, V, 3) in the person's axes (left, up, forward), metres.
        walk: (T, 2) where the person stands: to the camera's right and away from it, metres.
        camera: The camera.
    """
    cos, sin = np.cos(camera.yaw), np.sin(camera.yaw)
    left, up, forward = places[..., 0], places[..., 1], places[..., 2]
    x = cos * left + sin * forward + camera.aside + walk[:, :1]
    z = sin * left - cos * forward + camera.distance + walk[:, 1:]
    y = camera.height - up
    cos, sin = np.cos(camera.pitch), np.sin(camera.pitch)
    y, z = cos * y - sin * z, sin * y + cos * z
    cos, sin = np.cos(camera.roll), np.sin(camera.roll)
    return np.stack([cos * x - sin * y, sin * x + cos * y, z], -1)


def project(points: Array, camera: Camera) -> Array:
    """MediaPipe's image landmarks of points in the camera's axes, (…, V, 3).

    x and y in 0..1 of the picture's width and height; z relative to the hips, negative towards the
    camera, in about the unit of x.
    """
    aspect = camera.size[1] / camera.size[0]
    depth = np.maximum(points[..., 2], 0.2)
    hips = np.maximum(middle(points, HIPS)[..., 2], 0.2)[..., None]
    return np.stack(
        [
            0.5 + aspect * camera.focal * points[..., 0] / depth,
            0.5 + camera.focal * points[..., 1] / depth,
            aspect * camera.focal * (points[..., 2] - hips) / hips,
        ],
        -1,
    )


def observe(points: Array, still: Array, camera: Camera, take: Take) -> tuple[Array, Array]:
    """What the estimator makes of true joints: joints with its errors, and its scores.

    Args:
        points: (T, V, 3) true joints in the camera's axes.
        still: The same of the person standing still. Joints outside the picture are invented from it, as
            MediaPipe does: they hang below what is seen, drift, and have a score near 0.
        camera: The camera.
        take: For the dice and the time.

    Returns:
        (T, V, 3) and (T, V), the scores in 0..1. The jitter grows as the score falls.
    """
    frames, joints = points.shape[:2]
    rng, time = take.rng, take.time
    picture = project(points, camera)[..., :2]
    outside = np.abs(picture - 0.5).max(-1) - 0.5
    # Just outside, the estimator still follows a limb that it has given up seeing; further off it invents.
    unseen, invented = np.clip(outside / 0.05, 0, 1), np.clip(outside / 0.25, 0, 1)

    logit = _SURENESS + rng.normal(0, 0.7) + 0.7 * wander(take, joints, period=1.5)
    logit -= 11 * unseen + 5 * _behind_torso(points)
    logit -= 0.5 * np.linalg.norm(np.gradient(points, time, axis=0), axis=-1)
    for limb in _LIMBS.values():
        if rng.random() < 0.06:  # something stands before it for a while
            start = rng.uniform(-0.3, 1) * time[-1]
            hidden = (time > start) & (time < start + rng.uniform(0.3, 1.5))
            logit[np.ix_(hidden, limb)] -= rng.uniform(4, 7)
    score = 1 / (1 + np.exp(-logit))

    guess = still + (middle(points, SHOULDERS) - middle(still, SHOULDERS))[:, None]
    guess[..., 2] += 0.7 * (middle(points, SHOULDERS)[:, None, 2] - guess[..., 2])  # it knows no perspective
    guess += 0.04 * wander(take, joints * 3, period=2.0).reshape(frames, joints, 3)
    seen = points + invented[..., None] * (guess - points)
    spread = (0.003 + 0.045 * (1 - score) * (1 - 0.7 * unseen))[..., None]
    noise = 0.6 * rng.normal(size=points.shape) + 0.8 * wander(take, joints * 3, period=0.6).reshape(points.shape)
    habit = rng.normal(0, 0.008, (joints, 3))
    # Depth is what a single camera knows least.
    return seen + (spread * noise + habit) * [1, 1, 3], score


def _behind_torso(points: Array) -> Array:
    """How much the torso hides each joint, 0..1, (T, V)."""
    torso = middle(points, (*SHOULDERS, *HIPS))[:, None]
    top, bottom = middle(points, SHOULDERS)[:, None, 1], middle(points, HIPS)[:, None, 1]
    behind = np.clip((points[..., 2] - torso[..., 2] - 0.08) / 0.08, 0, 1)
    before = np.abs(points[..., 0] - torso[..., 0]) < 0.16
    level = (points[..., 1] > top) & (points[..., 1] < bottom)
    return np.asarray(behind * before * level)


def missed_frames(scores: Array, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Frames in which the estimator found nobody, (T,): in three of ten clips, mostly in short gaps."""
    frames = len(scores)
    missed = np.zeros(frames, dtype=bool)
    if rng.random() < 0.3:
        for start in np.flatnonzero(rng.random(frames) < 0.02):
            missed[start : start + rng.geometric(0.4)] = True
        if rng.random() < 0.3:
            missed[: rng.integers(1, 4)] = True
    missed |= scores.mean(axis=1) < 0.2
    if missed.all():
        missed[frames // 2] = False
    return missed
