"""Synthetic MediaPipe dumps: for tests, load and a first run; never for a result about people.

A handful of actions written down as joint angles (:mod:`.actions`), performed by made-up people
(:mod:`.body`) before a camera, and seen with the faults of a pose estimator (:mod:`.camera`).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from blazepose_skl.clips import Clip, FloatArray
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import BLAZEPOSE
from blazepose_skl.synthetic.actions import ACTIONS, Take, stand, wander
from blazepose_skl.synthetic.body import Array, Person, middle, place_joints, random_person
from blazepose_skl.synthetic.camera import HIPS, missed_frames, observe, project, random_camera, to_camera

__all__ = ['ACTIONS', 'DIALECTS', 'Recording', 'generate_clip', 'random_person', 'synthesize', 'write_dumps']


@dataclass(frozen=True)
class Recording:
    """One synthetic clip, as MediaPipe would have given it.

    Attributes:
        name: ``synthetic_person03_take02``.
        action: One of :data:`ACTIONS`.
        image: (T, 33, 3) float32; x and y in 0..1 of the picture, z in about the unit of x.
        world: (T, 33, 3) float32; metres from the middle of the hips.
        scores: (T, 33) float32, the visibility.
        missed: (T,) frames in which nobody was found; their landmarks are NaN and their scores 0.
        size: (width, height) of the picture in pixels.
        fps: Frames per second.
    """

    name: str
    action: str
    image: FloatArray
    world: FloatArray
    scores: FloatArray
    missed: NDArray[np.bool_]
    size: tuple[int, int]
    fps: float

    def clip(self) -> Clip:
        """The image landmarks as a reader of dumps gives them: one person, in pixels."""
        width, height = self.size
        pixels = self.image * np.array([width, height, width], dtype=np.float32)
        return Clip(pixels[None], self.scores[None], BLAZEPOSE.name, self.size, self.fps, f'{self.action}/{self.name}')


def generate_clip(
    action: str,
    rng: np.random.Generator,
    person: Person | None = None,
    frames: int | None = None,
    cropped: bool | None = None,
    name: str = 'synthetic',
) -> Recording:
    """One performance of an action before a random camera.

    Args:
        action: One of :data:`ACTIONS`.
        rng: The dice; the same state gives the same clip.
        person: Who performs it; somebody new if None.
        frames: T; 2 to 4 seconds if None.
        cropped: Whether the legs are out of the picture; in a fifth of the clips if None.
        name: The recording's name.

    Raises:
        InputError: Unknown action, or fewer than 2 frames.

    >>> recording = generate_clip('wave', np.random.default_rng(0), frames=30)
    >>> recording.image.shape, recording.scores.shape
    ((30, 33, 3), (30, 33))
    """
    if action not in ACTIONS:
        raise InputError(f'no synthetic action {action!r}; there are {", ".join(ACTIONS)}')
    fps = float(rng.choice((15, 24, 25, 30)))
    if frames is None:
        frames = round(rng.uniform(2, 4) * fps)
    if frames < 2:
        raise InputError(f'a synthetic clip of {frames} frames; a motion takes at least 2')
    person = person or random_person(rng)
    if cropped is None:
        cropped = bool(rng.random() < 0.2)

    swap = {'left': 'right', 'right': 'left'}
    side = swap[person.hand] if rng.random() < 0.15 else person.hand
    # A clip of few frames is a quick one, not a cut: every action takes a second and a half.
    fps = min(fps, frames / 1.5)
    take = Take(person, np.arange(frames) / fps, side, rng)
    camera = random_camera(person.height, cropped, rng)
    walk = _walk(take, restless=camera.distance * (0.12 if action == 'march' else 0.03))
    points = to_camera(place_joints(ACTIONS[action](take), person), walk, camera)
    still = to_camera(place_joints(stand(take), person), walk, camera)
    seen, scores = observe(points, still, camera, take)

    image, world = project(seen, camera), seen - middle(seen, HIPS)[:, None]
    missed = missed_frames(scores, rng)
    image[missed] = world[missed] = np.nan
    scores[missed] = 0
    return Recording(
        name=name,
        action=action,
        image=image.astype(np.float32),
        world=world.astype(np.float32),
        scores=scores.astype(np.float32),
        missed=missed,
        size=camera.size,
        fps=fps,
    )


def _walk(take: Take, restless: float) -> Array:
    """Where the person is in each frame, (T, 2) metres: swaying, and drifting in one direction."""
    drift = take.rng.normal(0, restless, 2) * take.time[:, None] / 2
    return np.asarray(drift - drift.mean(axis=0) + 0.01 * wander(take, 2, period=2.0))


def synthesize(
    clips_per_class: int, people: int, seed: int = 0, actions: Sequence[str] = tuple(ACTIONS)
) -> Iterator[Recording]:
    """Recordings of every action, in turn by each person, named by person and take.

    A recording depends on the seed, its action, person and take alone, so a larger set contains the smaller.

    Raises:
        InputError: Unknown action, no clips or no people.
    """
    if clips_per_class < 1 or people < 1:
        raise InputError(f'{clips_per_class} clips per class of {people} people; at least one of each is needed')
    cast = [random_person(np.random.default_rng([seed, person])) for person in range(people)]
    for action in actions:
        for number in range(clips_per_class):
            take, person = divmod(number, people)
            rng = np.random.default_rng([seed, zlib.crc32(action.encode()), person, take])
            yield generate_clip(action, rng, cast[person], name=f'synthetic_person{person + 1:02d}_take{take + 1:02d}')


# -- dumps ----------------------------------------------------------------------------------------------


class _Landmark(msgspec.Struct):
    x: float
    y: float
    z: float
    visibility: float


class _TasksLandmark(_Landmark):
    presence: float
    name: None = None


def keypoint_objects(recording: Recording) -> list[dict[str, Any]]:
    """A list with ``{"keypoints": [{x, y, z, visibility}, …]}`` for each frame, empty where nobody was found."""
    rows = _rows(recording, recording.image, recording.scores)
    return [{'keypoints': [_Landmark(*row) for row in frame]} for frame in rows]


def tasks_results(recording: Recording) -> dict[str, Any]:
    """The results of MediaPipe's Tasks API in Python for each frame, with world landmarks, fps and size."""
    scores = (recording.scores, recording.scores)
    image, world = (_rows(recording, places, *scores) for places in (recording.image, recording.world))
    width, height = recording.size
    return {
        'video': f'{recording.action}/{recording.name}',
        'generator': 'blazepose-skl synthetic',
        'fps': recording.fps,
        'width': width,
        'height': height,
        'frames': [
            {
                'frame': frame,
                'timestamp_ms': round(1000 * frame / recording.fps),
                'pose_landmarks': [[_TasksLandmark(*row) for row in image[frame]]] if image[frame] else [],
                'pose_world_landmarks': [[_TasksLandmark(*row) for row in world[frame]]] if world[frame] else [],
            }
            for frame in range(len(image))
        ],
    }


def _rows(recording: Recording, places: FloatArray, *scores: FloatArray) -> list[list[Any]]:
    """Per frame and joint x, y, z and the scores; no joints where nobody was found."""
    table = np.concatenate([places, *(score[..., None] for score in scores)], axis=2, dtype=np.float64)
    rows: list[list[Any]] = np.round(table, 6).tolist()
    return [[] if missed else frame for frame, missed in zip(rows, recording.missed, strict=True)]


DIALECTS = {'keypoints': keypoint_objects, 'tasks': tasks_results}


def write_dumps(
    folder: Path,
    clips_per_class: int = 30,
    people: int = 10,
    seed: int = 0,
    dialect: str = 'keypoints',
    actions: Sequence[str] = tuple(ACTIONS),
) -> list[Path]:
    """Write synthetic dumps ``folder/<action>/synthetic_person03_take02.json`` and return their paths.

    To hold people out of training, split by the regular expression ``person(\\d+)``.

    Args:
        folder: Made if it is not there; existing files of the same names are replaced.
        clips_per_class: Clips of every action.
        people: Made-up people, who take turns.
        seed: The same seed gives the same files.
        dialect: 'keypoints' (a list of frames, no size, no fps) or 'tasks' (MediaPipe Tasks in Python).
        actions: Which of :data:`ACTIONS`.

    Raises:
        InputError: Unknown dialect or action, no clips or no people.
    """
    if dialect not in DIALECTS:
        raise InputError(f'no synthetic dialect {dialect!r}; there are {", ".join(DIALECTS)}')
    paths = []
    for recording in synthesize(clips_per_class, people, seed, actions):
        path = Path(folder) / recording.action / f'{recording.name}.json'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(DIALECTS[dialect](recording)))
        paths.append(path)
    return paths
