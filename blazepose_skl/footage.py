"""What a skeleton is drawn on: a video, a camera, a dump or an entry of an annotation pickle, frame by frame."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.annotationstream import stream_annotations
from blazepose_skl.arrowform import SUFFIX
from blazepose_skl.clips import Clip
from blazepose_skl.dumps import Reading, find_dumps, read_clip
from blazepose_skl.dumps.people import choose_people, link_people
from blazepose_skl.dumps.recording import Metadata, Recording
from blazepose_skl.dumps.timing import order_frames
from blazepose_skl.errors import InputError
from blazepose_skl.recognition import Sight
from blazepose_skl.video import SUFFIXES, cut_short, read_facts, read_frames

__all__ = ['ClipFootage', 'Footage', 'VideoFootage', 'camera_number', 'open_footage', 'whole_clip']

_LOG = logging.getLogger(__name__)

# Dumps and pickles that do not say their rate are shown, and windows counted, at this one.
USUAL_FPS = 30.0

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class VideoFootage:
    """A video.

    Attributes:
        path: The file.
        size: (width, height) of the upright picture.
        fps: Frames per second.
        frames: About how many there are, None if the video does not say.
        model: The file of MediaPipe's model.
        people: At most so many are looked for.
    """

    path: Path
    size: tuple[int, int]
    fps: float
    frames: int | None
    model: Path
    people: int

    @property
    def name(self) -> str:
        """For messages."""
        return str(self.path)

    def sights(self) -> Iterator[Sight]:
        """The people that MediaPipe finds, by a tracker of this video's own."""
        from blazepose_skl.landmarker import Landmarker

        last = 0.0
        with Landmarker(self.model, self.people) as landmarker:
            for frame in read_frames(self.path):
                last = frame.time
                poses = landmarker.find(frame.picture, last)
                yield Sight(last, poses.image[..., :2] * np.array(self.size, np.float32), poses.visibility)
        if note := cut_short(read_facts(self.path), last):
            _LOG.warning('%s: %s', self.path, note)

    def pictures(self) -> Iterator[Picture]:
        """The pictures, of one size."""
        return (frame.picture for frame in read_frames(self.path))


@dataclass(frozen=True)
class ClipFootage:
    """A clip that is there already; there is nothing to see but black.

    Attributes:
        clip: With image landmarks.
        filled: Whether its missed frames were filled when it was converted.
    """

    clip: Clip
    filled: bool = False

    @property
    def name(self) -> str:
        """For messages."""
        return self.clip.source

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the picture."""
        return self.clip.size

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.clip.fps or USUAL_FPS

    @property
    def frames(self) -> int:
        """How many there are."""
        return int(self.clip.landmarks.shape[1])

    @property
    def people(self) -> int:
        """How many there are."""
        return int(self.clip.landmarks.shape[0])

    def sights(self) -> Iterator[Sight]:
        """Its people, under their numbers."""
        for frame in range(self.frames):
            landmarks = self.clip.landmarks[:, frame, :, :2]
            there = np.flatnonzero(~np.isnan(landmarks).all(axis=(1, 2)))
            yield Sight(frame / self.fps, landmarks[there], self.clip.scores[there, frame], tuple(there.tolist()))

    def pictures(self) -> Iterator[Picture]:
        """Black ones."""
        from blazepose_skl.draw import black

        return (black(self.size) for _ in range(self.frames))


Footage = VideoFootage | ClipFootage


def camera_number(text: str) -> int | None:
    """The camera that an input names, None if it names none.

    >>> camera_number('0'), camera_number('a.mp4')
    (0, None)
    """
    return int(text) if text.isdecimal() else None


def open_footage(text: str, find_model: Callable[[], Path], reading: Reading) -> Footage:
    """A video, a dump, or ``FILE.pkl:CLIP``, be it .arrow; what they are is seen from the name.

    Args:
        text: As the user typed it.
        find_model: Gives MediaPipe's model, if one is needed.
        reading: How to read dumps, and how many people there are at most.

    Raises:
        InputError: There is no such thing, it cannot be read, or has no place in a picture.
    """
    if Path(text).suffix.lower() in SUFFIXES:
        path = Path(text)
        facts = read_facts(path)
        return VideoFootage(
            path, (facts.width, facts.height), facts.fps or USUAL_FPS, facts.frames, find_model(), reading.people
        )
    for suffix in ('.pkl', SUFFIX):
        file, in_set, entry = text.rpartition(f'{suffix}:')
        if in_set or text.endswith(suffix):
            clip = _read_entry(Path(file + suffix if in_set else text), entry if in_set else '')
            return ClipFootage(clip, filled=True)
    path = Path(text)
    if path.is_dir():
        raise InputError(f'{path} is a folder; give one video or dump')
    found = find_dumps(path)
    if len(found) > 1:
        raise InputError(f'{path}: {len(found)} dumps in it; give one')
    return ClipFootage(read_clip(found[0], replace(reading, coords='image')))


def _read_entry(path: Path, name: str) -> Clip:
    """A clip of an annotation pickle or Arrow file."""
    wanted: list[dict[str, Any]] = []
    others: list[str] = []

    def look(item: dict[str, Any]) -> None:
        if str(item.get('frame_dir')) == name:
            wanted[:] = [item]
        elif len(others) < 4:
            others.append(str(item.get('frame_dir')))

    data = stream_annotations(path, look)
    if not wanted:
        what = f"no clip '{name}' in it" if name else 'one of its clips is wanted'
        some = ', '.join(others[:3])
        raise InputError(f'{path}: {what}; write {path}:CLIP, where CLIP is {some}{" …" if len(others) > 3 else ""}')
    said = data.get('skeleton')
    return _clip_of(wanted[0], said if isinstance(said, str) else '', f'{path}:{name}')


def _clip_of(annotation: dict[str, Any], skeleton: str, where: str) -> Clip:
    try:
        landmarks = np.array(annotation['keypoint'], np.float32)
        scores = np.array(annotation.get('keypoint_score', np.ones(landmarks.shape[:-1])), np.float32)
        height, width = (int(side) for side in annotation['img_shape'])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f'{where}: not a skeleton clip ({type(error).__name__}: {error})') from None
    if landmarks.ndim != 4 or scores.shape != landmarks.shape[:-1]:
        raise InputError(f'{where}: keypoints {landmarks.shape} and scores {scores.shape}; (M, T, V, C) was expected')
    if landmarks.shape[-1] != 2:
        raise InputError(f'{where}: it has landmarks about the body; only those in the picture can be drawn')
    # What annotate() wrote for unseen joints; whatever else a stranger's clip has stays as testing sees it.
    landmarks[(scores == 0) & (landmarks == 0).all(axis=-1)] = np.nan
    fps = annotation.get('fps')
    return Clip(landmarks, scores, skeleton, (width, height), float(fps) if fps else None, where)


def whole_clip(footage: VideoFootage, sights: Sequence[Sight], skeleton: str) -> tuple[Clip, list[Sight]]:
    """The clip that ``extract`` and ``convert`` make of a video, and its frames with those who are in the clip.

    Args:
        footage: The video.
        sights: All its frames.
        skeleton: Name of the layout.

    Raises:
        InputError: There is nobody in it.
    """
    frames = np.repeat(np.arange(len(sights)), [len(sight.landmarks) for sight in sights])
    if not len(frames):
        raise InputError(f'{footage.path}: nobody was found in any of its {len(sights)} frames')
    landmarks = np.concatenate([sight.landmarks for sight in sights])
    scores = np.concatenate([sight.scores for sight in sights])
    recording = Recording(
        dialect='video',
        length=len(sights),
        frames=frames,
        image=landmarks,
        world=None,
        scores=scores,
        times=np.array([sight.time for sight in sights]),
        metadata=Metadata(footage.size, footage.fps),
    )
    where = footage.name
    ordered = order_frames(recording, where)
    kept = choose_people(link_people(ordered.frames, landmarks), landmarks, scores, footage.people, 'longest')
    filled = np.full((len(kept), ordered.length, *landmarks.shape[1:]), np.nan, np.float32)
    confidence = np.zeros(filled.shape[:-1], np.float32)
    who = np.full(len(frames), -1)
    for person, detections in enumerate(kept):
        filled[person, ordered.frames[detections]] = landmarks[detections]
        confidence[person, ordered.frames[detections]] = scores[detections]
        who[detections] = person
    named = []
    for frame, sight in enumerate(sights):
        there = who[frames == frame]
        people = tuple(there[there >= 0].tolist())
        named.append(Sight(sight.time, sight.landmarks[there >= 0], sight.scores[there >= 0], people))
    return Clip(filled, confidence, skeleton, footage.size, footage.fps, where), named
