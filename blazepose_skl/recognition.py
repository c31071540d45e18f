"""Actions in a stream of skeletons: windows of the latest frames, classified every few frames, scores smoothed."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.clips import Clip, FloatArray
from blazepose_skl.convert import Filling
from blazepose_skl.dumps.people import PeopleLinker
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import Skeleton

if TYPE_CHECKING:
    from blazepose_skl.landmarker import Landmarker

__all__ = ['EVERYBODY', 'Classifier', 'Recognition', 'Sight', 'Sliding', 'StreamRecognizer']

# Who does something that people do together.
EVERYBODY = -1
# Somebody who was seen in less of a window than this is not recognised in it.
_LEAST_SEEN = 0.5


class Classifier(Protocol):
    """What gives the scores of clips: :func:`blazepose_skl.mmaction2.recognizer.load_recognizer`."""

    @property
    def skeleton(self) -> Skeleton:
        """The layout of the clips."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the K classes."""
        ...

    def classify(self, clips: Sequence[Clip]) -> FloatArray:
        """The scores of N clips, (N, K)."""
        ...


@dataclass(frozen=True)
class Sliding:
    """How the window slides, in frames.

    Attributes:
        length: Of the window.
        stride: From one window to the next.
        smoothing: So many windows, one after another, are averaged; 1 averages none.

    Raises:
        InputError: One of them is less than 1, or the stride is longer than the window.
    """

    length: int = 60
    stride: int = 10
    smoothing: int = 3

    def __post_init__(self) -> None:
        if min(self.length, self.stride, self.smoothing) < 1 or self.stride > self.length:
            raise InputError(
                f'a window of {self.length} frames every {self.stride}, {self.smoothing} averaged; each is at least 1 '
                'and the step from window to window no longer than the window'
            )


@dataclass(frozen=True)
class Recognition:
    """What somebody does in a stretch of frames.

    Attributes:
        person: The track, or :data:`EVERYBODY`.
        start: The first frame.
        stop: The frame after the last.
        scores: (K,) the higher the likelier.
    """

    person: int
    start: int
    stop: int
    scores: FloatArray

    @property
    def best(self) -> int:
        """The likeliest class."""
        return int(self.scores.argmax())

    @property
    def score(self) -> float:
        """Of the likeliest class."""
        return float(self.scores.max())


class Sight(NamedTuple):
    """The people of one frame.

    time: Seconds from the beginning. landmarks: (P, V, 2) in pixels. scores: (P, V). people: Who they are, None where
    that is not known yet.
    """

    time: float
    landmarks: FloatArray
    scores: FloatArray
    people: tuple[int, ...] | None = None


class _Seen(NamedTuple):
    people: list[int]
    landmarks: FloatArray
    scores: FloatArray


class _Window(NamedTuple):
    start: int
    stop: int
    scores: FloatArray


class StreamRecognizer:
    """Takes the people of one frame after another; remembers one window of frames, however long the stream is.

    Each window is filled and classified as a converted clip is, so that the scores are those that testing gives
    for that stretch of a video.

    Args:
        classifier: Gives the scores.
        size: (width, height) of the picture in pixels.
        sliding: The window.
        people: At most so many are in a frame; one person is always the same one.
        together: People are classified together, as clips of several people are in testing, not each alone.
        filling: What stands in missed frames, as ``convert`` was told; with ``filling.fps`` give ``fps``.
        fps: Frames per second of the stream.
    """

    def __init__(
        self,
        classifier: Classifier,
        size: tuple[int, int],
        sliding: Sliding | None = None,
        people: int = 1,
        together: bool = False,
        filling: Filling | None = None,
        fps: float | None = None,
    ) -> None:
        self.classifier, self.size, self.people, self.together = classifier, size, people, together
        self.sliding, self.filling, self.fps = sliding or Sliding(), filling or Filling(), fps
        self.frames = 0
        self.latest: dict[int, Recognition] = {}
        self._linker = PeopleLinker()
        self._seen: deque[_Seen] = deque(maxlen=self.sliding.length)
        self._windows: dict[int, deque[_Window]] = {}
        self._looked = 0

    def add_picture(self, picture: NDArray[np.uint8], time: float, landmarker: Landmarker) -> list[Recognition]:
        """Find the people in a picture and add them.

        Args:
            picture: (H, W, 3) uint8, RGB.
            time: Seconds.
            landmarker: Of this stream alone.

        Raises:
            InputError: The picture is of another size than the stream, or none.
        """
        width, height = self.size
        if picture.shape != (height, width, 3) or picture.dtype != np.uint8:
            raise InputError(
                f'frame {self.frames}: a picture {picture.shape} of {picture.dtype} where {(height, width, 3)} of '
                'uint8 was expected, as the size of the stream says'
            )
        poses = landmarker.find(picture, time)
        return self.add(poses.image[..., :2] * np.array(self.size, np.float32), poses.visibility)

    def add(self, landmarks: FloatArray, scores: FloatArray, people: Sequence[int] | None = None) -> list[Recognition]:
        """Add the people of the next frame.

        Args:
            landmarks: (P, V, 2) in pixels, NaN where unseen; P is 0 if nobody was found, and who has no joint that is
                seen is not there.
            scores: (P, V).
            people: Who they are; without it they are linked to those of the frames before.

        Returns:
            What was recognised, if a window ends here; also in :attr:`latest`, by person.

        Raises:
            InputError: More people than there may be, other joints, or what are no numbers.
        """
        landmarks, scores = self._checked(landmarks, scores, people)
        there = np.asarray(~np.isnan(landmarks).all(axis=(1, 2)))
        if there.sum() > self.people:
            raise InputError(f'frame {self.frames}: {there.sum()} people where {self.people} were announced')
        landmarks, scores = landmarks[there], scores[there]
        if people is not None:
            tracks = [person for person, seen in zip(people, there.tolist(), strict=True) if seen]
        elif self.people == 1:
            tracks = [0] * len(landmarks)
        else:
            tracks = self._linker.link(self.frames, landmarks)
        self._seen.append(_Seen(tracks, landmarks, scores))
        self.frames += 1
        full = self.frames - self.sliding.length
        return self._look() if full >= 0 and full % self.sliding.stride == 0 else []

    def _checked(
        self, landmarks: FloatArray, scores: FloatArray, people: Sequence[int] | None
    ) -> tuple[FloatArray, FloatArray]:
        """The same as float32, if they are the people of a frame."""
        skeleton, where = self.classifier.skeleton, f'frame {self.frames}'
        try:
            given = np.asarray(landmarks), np.asarray(scores)
        except ValueError as error:
            raise InputError(f'{where}: landmarks and scores that are no arrays ({error})') from None
        if any(array.dtype.kind not in 'fiu' for array in given):
            raise InputError(
                f'{where}: landmarks of {given[0].dtype} and scores of {given[1].dtype} where numbers were expected'
            )
        landmarks, scores = (array.astype(np.float32, copy=False) for array in given)
        shape, depths = landmarks.shape, (self._seen[-1].landmarks.shape[-1],) if self._seen else (2, 3)
        if len(shape) != 3 or shape[1] != skeleton.num_joints or shape[2] not in depths or scores.shape != shape[:2]:
            raise InputError(
                f'{where}: landmarks {shape} and scores {scores.shape} where people, the {skeleton.num_joints} joints '
                f"of '{skeleton.name}' and {' or '.join(map(str, depths))} coordinates were expected"
            )
        if np.isinf(landmarks).any() or not np.isfinite(scores).all():
            raise InputError(f'{where}: a number is infinite, or a score is none; landmarks are NaN where unseen')
        if people is not None and len(people) != shape[0]:
            raise InputError(f'{where}: {shape[0]} people where {len(people)} are named')
        return landmarks, scores

    def sight(self, time: float) -> Sight:
        """The people of the latest frame, with who they are."""
        people, landmarks, scores = self._seen[-1]
        return Sight(time, landmarks, scores, tuple(people))

    def finish(self) -> list[Recognition]:
        """Look at the frames since the last window, at the end of the stream."""
        return self._look() if self.frames > self._looked else []

    def _look(self) -> list[Recognition]:
        """Classify the frames that are remembered."""
        self._looked = self.frames
        length = len(self._seen)
        counts: dict[int, int] = {}
        for seen in self._seen:
            for person in seen.people:
                counts[person] = counts.get(person, 0) + 1
        self._windows = {who: kept for who, kept in self._windows.items() if who in counts or who == EVERYBODY}
        present = [person for person, count in counts.items() if count >= _LEAST_SEEN * length]
        present.sort(key=lambda person: -counts[person])  # as choose_people does
        groups = {EVERYBODY: present} if self.together and present else {person: [person] for person in present}
        self.latest = {}
        if not groups:
            return []
        scores = self.classifier.classify([self._clip(group) for group in groups.values()])
        for person, row in zip(groups, scores, strict=True):
            windows = self._windows.setdefault(person, deque(maxlen=self.sliding.smoothing))
            # Who was away for a while begins anew.
            if windows and windows[-1].stop < self.frames - self.sliding.stride:
                windows.clear()
            windows.append(_Window(self.frames - length, self.frames, row))
            mean: FloatArray = np.stack([window.scores for window in windows]).mean(axis=0, dtype=np.float32)
            self.latest[person] = Recognition(person, windows[0].start, self.frames, mean)
        return list(self.latest.values())

    def _clip(self, people: Sequence[int]) -> Clip:
        """The remembered frames of some people, prepared as the converter prepares clips."""
        first = next(seen for seen in self._seen if seen.people)
        landmarks = np.full((len(people), len(self._seen), *first.landmarks.shape[1:]), np.nan, np.float32)
        scores = np.zeros(landmarks.shape[:-1], np.float32)
        for frame, seen in enumerate(self._seen):
            for at, person in enumerate(seen.people):
                if person in people:
                    landmarks[people.index(person), frame] = seen.landmarks[at]
                    scores[people.index(person), frame] = seen.scores[at]
        where = f'frames {self.frames - len(self._seen)} to {self.frames - 1}'
        clip = Clip(landmarks, scores, self.classifier.skeleton.name, self.size, self.fps, where)
        return self.filling.applied_to(clip)
