"""Factories: a motion of made-up numbers, and its dump in each dialect."""

from __future__ import annotations

import gzip
import json
import pickle
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazepose_skl.skeletons import BLAZEPOSE, Skeleton
from blazepose_skl.splits import Split, split_last

SHARED = Path(__file__).resolve().parent.parent.parent / 'shared' / 'data'


def make_motion(frames: int = 5, seed: int = 0, people: int = 1) -> np.ndarray:
    """x, y, z in 0..1 and visibility of people who wander, (M, T, V, 4) float32; nobody is missed."""
    random = np.random.default_rng(seed)
    pose = random.uniform(0.2, 0.8, (people, 1, BLAZEPOSE.num_joints, 4))
    drift = np.cumsum(random.normal(0, 0.003, (people, frames, BLAZEPOSE.num_joints, 4)), axis=1)
    motion = pose + drift
    # People stand side by side, so that nobody can be taken for another.
    motion[..., 0] = (motion[..., 0] + np.arange(people)[:, None, None] * 3) / (3 * people)
    motion[..., 3] = motion[..., 3].clip(0.1, 0.99)
    return motion.astype(np.float32)


Landmarks = list[dict[str, Any]]


def landmarks(person: np.ndarray, score: str = 'visibility', **more: Any) -> Landmarks:
    """One person, (V, 4), as a list of objects; float32 written so that it is read back exactly."""
    return [
        dict(x=float(x), y=float(y), z=float(z), **({score: float(v)} if score else {}), **more)
        for x, y, z, v in person
    ]


def kinetics(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    def skeleton(frame: int) -> list[Any]:
        return [
            dict(pose=[float(n) for n in person[frame, :, :2].ravel()], score=[float(n) for n in person[frame, :, 3]])
            for person in motion
        ]

    frames = range(motion.shape[1])
    data = [dict(frame_index=f + 1, skeleton=[] if f in missed else skeleton(f)) for f in frames]
    return dict(data=data, label='jumping', label_index=7)


def kinetics_from_mediapipe(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    dump = kinetics(motion * np.array([640, 480, 1, 1], np.float32))
    for frame in dump['data']:
        for skeleton in frame['skeleton']:
            skeleton['id'] = None
            if frame['frame_index'] - 1 in missed:
                skeleton['pose'] = [0] * len(skeleton['pose'])
                skeleton['score'] = [0] * len(skeleton['score'])
    return dump | dict(label='7')


def messages(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    both = ('pose_landmarks', 'pose_world_landmarks')
    return [
        dict(frame=f) if f in missed else dict(frame=f) | {key: dict(landmark=landmarks(motion[0, f])) for key in both}
        for f in range(motion.shape[1])
    ]


def message(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    return [{} if f in missed else dict(landmark=landmarks(motion[0, f])) for f in range(motion.shape[1])]


def message_of_nulls(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    nobody = [dict(x=None, y=None, z=None, visibility=None)] * BLAZEPOSE.num_joints
    return [dict(landmark=nobody if f in missed else landmarks(motion[0, f])) for f in range(motion.shape[1])]


def tasks_js(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    return [
        dict(landmarks=people, worldLandmarks=people)
        for f in range(motion.shape[1])
        for people in [[] if f in missed else [landmarks(person[f]) for person in motion]]
    ]


def tasks(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    def people(frame: int) -> list[Landmarks]:
        return [] if frame in missed else [landmarks(p[frame], presence=0.5, name=None) for p in motion]

    frames = [
        dict(frame=f, timestamp_ms=f * 40, pose_landmarks=people(f), pose_world_landmarks=people(f))
        for f in range(motion.shape[1])
    ]
    return dict(fps=25.0, width=640, height=480, frames=frames)


def keypoints(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    return [dict(keypoints=[] if f in missed else landmarks(motion[0, f])) for f in range(motion.shape[1])]


def results(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    return [
        dict(poseLandmarks=[] if f in missed else landmarks(motion[0, f]), image=None) for f in range(motion.shape[1])
    ]


def recorded(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    return [dict(landmarks=[] if f in missed else landmarks(motion[0, f]), time=f / 25) for f in range(motion.shape[1])]


def bare(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    return [[] if f in missed else landmarks(motion[0, f]) for f in range(motion.shape[1])]


def rows(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    frames = [None if f in missed else [list(map(float, row)) for row in motion[0, f]] for f in range(motion.shape[1])]
    return dict(fps=42.66, frames=frames)


def by_name(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    names = [joint.upper() for joint in BLAZEPOSE.joints]
    return [
        dict(frame=f, keypoints={} if f in missed else dict(zip(names, landmarks(motion[0, f]), strict=True)), label=1)
        for f in range(motion.shape[1])
    ]


def by_number(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    numbers = sorted(str(number) for number in range(BLAZEPOSE.num_joints))  # as text, as some writers do
    return [
        {} if f in missed else {number: landmarks(motion[0, f])[int(number)] for number in numbers}
        for f in range(motion.shape[1])
    ]


def tfjs(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    def pose(person: np.ndarray) -> list[Any]:
        listed = landmarks(person * np.array([640, 480, 480, 1], np.float32), score='score')
        return [landmark | dict(name=name) for landmark, name in zip(listed, BLAZEPOSE.joints, strict=True)]

    return [
        [] if f in missed else [dict(score=0.9, keypoints=pose(person[f])) for person in motion]
        for f in range(motion.shape[1])
    ]


def ml_kit(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    def pose(person: np.ndarray) -> list[Any]:
        pixels = person * np.array([640, 480, 480, 1], np.float32)
        return [
            dict(type=number, inFrameLikelihood=float(v), position=dict(x=float(x), y=float(y), z=float(z)))
            for number, (x, y, z, v) in enumerate(pixels)
        ]

    return [[] if f in missed else pose(motion[0, f]) for f in range(motion.shape[1])]


def ml5(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    def pose(person: np.ndarray) -> dict[str, Any]:
        points = [
            dict(x=float(x * np.float32(640)), y=float(y * np.float32(480)), confidence=float(v), name=name)
            for (x, y, _, v), name in zip(person, BLAZEPOSE.joints, strict=True)
        ]
        return dict(keypoints=points, confidence=0.9) | {point['name']: point for point in points}

    return [[] if f in missed else [pose(person[f]) for person in motion] for f in range(motion.shape[1])]


def ml_kit_by_type(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    def camel(joint: str) -> str:
        first, *rest = {'mouth_left': 'left_mouth', 'mouth_right': 'right_mouth'}.get(joint, joint).split('_')
        return first + ''.join(word.capitalize() for word in rest)

    def pose(frame: int) -> dict[str, Any]:
        pixels = motion[0, frame] * np.array([640, 480, 480, 1], np.float32)
        return {
            camel(joint): dict(type=camel(joint), likelihood=float(v), x=float(x), y=float(y), z=float(z))
            for joint, (x, y, z, v) in zip(BLAZEPOSE.joints, pixels, strict=True)
        }

    return [
        dict(frameWidth=640, frameHeight=480, landmarks={} if f in missed else pose(f)) for f in range(motion.shape[1])
    ]


def tfjs_by_frame(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    def points(frame: int) -> list[Any]:
        listed = landmarks(motion[0, frame], score='score')
        return [landmark | dict(name=name) for landmark, name in zip(listed, BLAZEPOSE.joints, strict=True)]

    frames = [
        dict(frameNum=f, keypoints=[] if f in missed else points(f), keypoints3D=[] if f in missed else points(f))
        for f in range(motion.shape[1])
    ]
    return dict(fileName='a.gif', duration=4, ticksPerSecond=10, frames=frames)


def positions(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    def joints(frame: int) -> dict[str, Any]:
        return dict(zip(BLAZEPOSE.joints, landmarks(motion[0, frame], x_normalized=0.1), strict=True))

    size = dict(height=480, width=640)
    return [
        dict(frame_number=f + 1, image_dimensions=size, joint_positions={} if f in missed else joints(f))
        for f in range(motion.shape[1])
    ]


def coco(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    """One object for all pictures; everything is seen, as COCO's 2 says."""
    pixels = motion[..., :3] * np.array([640, 480, 0], np.float32) + np.array([0, 0, 2], np.float32)
    return dict(
        images=[dict(id=f, width=640, height=480) for f in range(motion.shape[1])],
        annotations=[
            dict(image_id=f, keypoints=[float(number) for number in person[f].ravel()])
            for f in range(motion.shape[1])
            if f not in missed
            for person in pixels
        ],
        categories=[dict(keypoints=['nose'] * 17)],
    )


def coco_by_frame(motion: np.ndarray, missed: tuple[int, ...] = ()) -> Any:
    whole = coco(motion, missed)
    return [
        dict(images=[image], annotations=[a for a in whole['annotations'] if a['image_id'] == image['id']])
        for image in whole['images']
    ]


# Every JSON dialect: name as the reader calls it, and its writer.
WRITERS: dict[str, tuple[str, Callable[..., Any]]] = {
    'kinetics': ('kinetics', kinetics),
    'kinetics_from_mediapipe': ('kinetics', kinetics_from_mediapipe),
    'messages': ('messages', messages),
    'message': ('message', message),
    'message_of_nulls': ('message', message_of_nulls),
    'tasks_js': ('tasks-js', tasks_js),
    'tasks': ('tasks', tasks),
    'keypoints': ('keypoints', keypoints),
    'results': ('results', results),
    'recorded': ('landmarks', recorded),
    'bare': ('bare', bare),
    'rows': ('bare', rows),
    'by_name': ('keypoints', by_name),
    'by_number': ('bare', by_number),
    'tfjs': ('poses', tfjs),
    'ml_kit': ('bare', ml_kit),
    'ml_kit_by_type': ('landmarks', ml_kit_by_type),
    'ml5': ('poses', ml5),
    'tfjs_by_frame': ('keypoints', tfjs_by_frame),
    'positions': ('joint-positions', positions),
    'coco': ('coco', coco),
    'coco_by_frame': ('coco', coco_by_frame),
}


def write_dump(path: Path, dump: Any) -> Path:
    """A JSON file, gzipped if its name ends so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(dump).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == '.gz' else text)
    return path


def write_tree(folder: Path, classes: dict[str, int], frames: int = 4) -> Path:
    """A folder with dumps of the dialect 'keypoints', so many for each class."""
    for c, (label, count) in enumerate(classes.items()):
        for n in range(count):
            write_dump(folder / label / f'{n:02}.json', keypoints(make_motion(frames, seed=100 * c + n)))
    return folder


def split(labels: dict[str, str]) -> Split:
    """The last clip of each class held out."""
    return split_last(labels, 1)


def interrupt_at(count: int) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """Sources until the conversion is interrupted."""

    def track(sources: Iterable[Any]) -> Iterator[Any]:
        for number, source in enumerate(sources):
            if number == count:
                raise KeyboardInterrupt
            yield source

    return track


# -- what the frameworks take ---------------------------------------------------------------------------

# A skeleton declared in a config.
INLINE = dict(
    name='arms',
    joints=['nose', 'left_shoulder', 'right_shoulder', 'left_wrist', 'right_wrist'],
    parents=[None, 'nose', 'nose', 'left_shoulder', 'right_shoulder'],
)


def clip(
    joints: int, channels: int = 2, people: int = 1, frames: int = 6, scored: bool = True, seed: int = 0
) -> dict[str, Any]:
    """A clip as a pipeline hands it from step to step."""
    rng = np.random.default_rng(seed)
    keypoint = rng.normal(size=(people, frames, joints, channels)).astype(np.float32)
    results: dict[str, Any] = dict(frame_dir='clip', keypoint=keypoint)
    if scored:
        results['keypoint_score'] = rng.uniform(size=(people, frames, joints)).astype(np.float32)
    return results


def shuffled(skeleton: Skeleton, seed: int = 0) -> tuple[Skeleton, np.ndarray]:
    """The same skeleton with its joints in another order, and which of the old ones stands where."""
    order = np.random.default_rng(seed).permutation(skeleton.num_joints)
    joints = tuple(skeleton.joints[joint] for joint in order)
    return Skeleton(f'shuffled_{skeleton.name}', joints, skeleton.parents, skeleton.connections, skeleton.center), order


def in_a_new_process(steps: Sequence[Any], clips: Sequence[Any]) -> Any:
    """What steps make of a clip each where nothing is imported but what they bring with them."""
    code = (
        'import pickle, sys\n'
        'steps, clips = pickle.load(sys.stdin.buffer)\n'
        'sys.stdout.buffer.write(pickle.dumps([step(clip) for step, clip in zip(steps, clips)]))'
    )
    sent = pickle.dumps((steps, clips))
    done = subprocess.run([sys.executable, '-c', code], input=sent, stdout=subprocess.PIPE, check=True)
    return pickle.loads(done.stdout)


# -- real data ------------------------------------------------------------------------------------------


@pytest.fixture(scope='session')
def real_data(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a real data set, unpacked once; the test is skipped where it is not at hand."""
    unpacked: dict[str, Path] = {}

    def find(name: str) -> Path:
        if name not in unpacked:
            folder, archive = SHARED / name, SHARED / f'{name}.tar.xz'
            if archive.is_file():
                folder = tmp_path_factory.mktemp(name)
                with tarfile.open(archive) as tar:
                    tar.extractall(folder, filter='data')
                inner = list(folder.iterdir())
                folder = inner[0] if [path.name for path in inner] == [name] else folder
            elif not folder.is_dir():
                pytest.skip(f'{archive} is not here')
            unpacked[name] = folder
        return unpacked[name]

    return find
