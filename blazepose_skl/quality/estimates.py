"""Who was estimated in each picture: from dumps, or by MediaPipe now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.clips import Clip, FloatArray
from blazepose_skl.dumps import Reading, find_dumps, read_clip
from blazepose_skl.dumps.documents import NobodyFound
from blazepose_skl.dumps.sources import Source
from blazepose_skl.errors import InputError
from blazepose_skl.extraction.document import read_head
from blazepose_skl.quality.truth import Picture, Truth
from blazepose_skl.remap import find_parts, remap
from blazepose_skl.skeletons import BLAZEPOSE, COCO

__all__ = ['Estimates', 'Found', 'Track', 'estimate', 'read_estimates']

# Far more than anybody finds in a clip.
_EVERYBODY = 1 << 20
# Runs before the clock starts: MediaPipe prepares its network at the first.
_WARM_UP = 3

Shot = tuple[tuple[str, bool], list[int]]
Track = Callable[[Sequence[Shot]], Iterable[Shot]]


@dataclass(frozen=True)
class Found:
    """The people estimated in a picture.

    Attributes:
        points: (N, V, 2) float64, pixels, in the joints of COCO-17; NaN where a joint was not estimated.
        scores: (N,) float64, how sure each is: the mean score of its joints, as MediaPipe gives none for a person.
    """

    points: NDArray[np.float64]
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class Estimates:
    """Who was estimated in the pictures of a truth.

    Attributes:
        found: In each picture.
        seconds: What each run of the landmarker took, without reading the picture; empty for dumps.
        unknown: Pictures of which there is no dump, in which nobody was found therefore.
    """

    found: tuple[Found, ...]
    seconds: tuple[float, ...] = ()
    unknown: tuple[str, ...] = ()


def _to_coco(landmarks: FloatArray, scores: FloatArray) -> Found:
    """People in BlazePose's joints, (N, V, 2) in pixels with scores (N, V), without those who are not there."""
    here = ~np.isnan(landmarks).all(axis=(1, 2))
    points, likely = remap(landmarks[here, None, :, :2], scores[here, None], find_parts(BLAZEPOSE, COCO))
    assert likely is not None  # there were scores
    return Found(points[:, 0].astype(np.float64), likely[:, 0].mean(axis=-1, dtype=np.float64))


_NOBODY = Found(np.zeros((0, COCO.num_joints, 2)), np.zeros(0))


# -- from dumps -------------------------------------------------------------------------------------


def read_estimates(dumps: Path, truth: Truth) -> Estimates:
    """The people in dumps of any dialect, BlazePose's landmarks in the picture.

    A dump belongs to the picture or the video of the same path without suffix. That of a picture holds one frame;
    in that of a video, frame 0 is its first.

    Raises:
        InputError: No dump is of a picture of the truth, or one cannot be read or does not fit.
    """
    sources = _sources(dumps)
    clips: dict[str, Clip | None] = {}
    found, unknown = [], []
    for picture in truth.pictures:
        key = _key(picture.name)
        if key not in sources:
            unknown.append(str(picture))
            found.append(_NOBODY)
            continue
        if key not in clips:
            clips[key] = _read(sources[key], picture, dumps)
        found.append(_frame_of(clips[key], picture, f'{dumps}: {sources[key].place}'))
    if not clips:
        raise InputError(
            f"{dumps}: no dump of any picture of {truth.path}; the dump of '{truth.pictures[0].name}' would be called "
            f"'{_key(truth.pictures[0].name)}.json'"
        )
    return Estimates(tuple(found), unknown=tuple(unknown))


def _key(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(''))


def _sources(dumps: Path) -> dict[str, Source]:
    """Dumps by name. Files that hold a frame each are a clip, but may be of a picture each as well."""
    sources: dict[str, Source] = {}
    for source in find_dumps(dumps):
        if source.per_frame:
            for file in source.files:
                name = PurePosixPath(file.place.removesuffix('.gz')).with_suffix('')
                sources[str(name)] = Source(str(name), (file,), per_frame=True)
        sources[source.name] = source
    return sources


def _read(source: Source, picture: Picture, dumps: Path) -> Clip | None:
    """The clip of a dump, None if it shows nobody."""
    head = read_head(source.files[0].path) if not source.files[0].member else None
    if head is not None and (head.settings.every > 1 or head.settings.fps):
        raise InputError(
            f'{dumps}: {source.place} does not hold every frame of its video (it was made with --every or --fps), so '
            'that frames cannot be told by number; extract it without'
        )
    try:
        clip = read_clip(source, Reading(coords='image', least_joints=0, people=_EVERYBODY, size=picture.size))
    except NobodyFound:
        return None
    if clip.size != picture.size:
        raise InputError(
            f'{dumps}: {source.place} is of pictures {clip.size[0]}x{clip.size[1]} where the truth says '
            f'{picture.size[0]}x{picture.size[1]}; give dumps of the pictures that were marked'
        )
    return clip


def _frame_of(clip: Clip | None, picture: Picture, where: str) -> Found:
    if clip is None:
        return _NOBODY
    length = clip.landmarks.shape[1]
    if picture.frame is None and length > 1:
        raise InputError(
            f'{where} has {length} frames where that of one picture was expected; a frame of a video has video_id and '
            'frame_id in the truth'
        )
    frame = picture.frame or 0
    if frame >= length:
        raise InputError(f'{where} has {length} frames, counted from 0, where the truth has frame {frame}')
    return _to_coco(clip.landmarks[:, frame], clip.scores[:, frame])


# -- by MediaPipe -----------------------------------------------------------------------------------


def estimate(model: Path, truth: Truth, folder: Path, track: Track = iter) -> Estimates:
    """The people that MediaPipe finds in the pictures of a truth.

    Pictures are looked at one by one; videos are followed from their first frame to the last marked one, as
    ``extract`` does. It looks for as many people as are marked in any of the pictures, or in any frame of that video.

    Args:
        model: A .task file.
        truth: The pictures.
        folder: Where their files are.
        track: Wraps the pictures and videos, to show progress.

    Raises:
        InputError: A picture or video cannot be read or has another size, or MediaPipe is not here.
    """
    from blazepose_skl.landmarker import Landmarker

    found: list[Found] = [_NOBODY] * len(truth.pictures)
    seconds: list[float] = []

    def marked(places: Iterable[int]) -> int:
        people = (truth.pictures[place].people for place in places)
        return max((sum(not person.crowd for person in here) for here in people), default=1) or 1

    def look(landmarker: Landmarker, shot: NDArray[np.uint8], time: float, place: int | None) -> None:
        start = perf_counter()
        poses = landmarker.find(shot, time)
        seconds.append(perf_counter() - start)
        if place is not None:
            picture = truth.pictures[place]
            if (size := (shot.shape[1], shot.shape[0])) != picture.size:
                raise InputError(
                    f'{folder / picture.name}: {size[0]}x{size[1]} where {truth.path} says '
                    f'{picture.size[0]}x{picture.size[1]}; give the pictures that were marked'
                )
            found[place] = _to_coco(poses.image[..., :2] * np.array(size, np.float32), poses.visibility)

    shots = _shots(truth)
    with Landmarker(
        model, marked(here for (_, video), places in shots if not video for here in places), still=True
    ) as still:
        for (name, video), places in track(shots):
            path = folder / name
            if video:
                with Landmarker(model, marked(places)) as landmarker:
                    _follow(path, truth, places, lambda *shot, by=landmarker: look(by, *shot))
            else:
                for place in places:
                    look(still, _read_picture(path), 0, place)
    return Estimates(tuple(found), tuple(seconds[_WARM_UP:]))


def _shots(truth: Truth) -> list[Shot]:
    """Pictures and videos, each by its name and whether it is a video, with the places of those in the truth."""

    def shot(place: int) -> tuple[str, bool]:
        return truth.pictures[place].name, truth.pictures[place].frame is not None

    return [(key, list(places)) for key, places in groupby(sorted(range(len(truth.pictures)), key=shot), key=shot)]


def _follow(path: Path, truth: Truth, places: Sequence[int], look: Callable[..., None]) -> None:
    from blazepose_skl.video import read_frames

    wanted = {truth.pictures[place].frame: place for place in places}
    last = max(frame for frame in wanted if frame is not None)
    number = -1
    for picture, time, number in read_frames(path):
        look(picture, time, wanted.get(number))
        if number == last:
            return
    raise InputError(f'{path}: {number + 1} frames, counted from 0, where {truth.path} has frame {last}')


def _read_picture(path: Path) -> NDArray[np.uint8]:
    from blazepose_skl.video import check_opencv

    check_opencv()
    import cv2

    if not path.is_file():
        raise InputError(f'{path}: there is no such picture; name the folder of the pictures with --pictures')
    picture: Any = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise InputError(f'{path}: not a picture that OpenCV can read')
    return np.asarray(picture, np.uint8)
