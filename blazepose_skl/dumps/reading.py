"""From a source to a clip: read, recognise units, link people, put them on the time axis."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.clips import Clip, FloatArray
from blazepose_skl.dumps.archives import Unpack
from blazepose_skl.dumps.arrays import MAGIC, holds_hands, is_one_frame, read_arrays
from blazepose_skl.dumps.coordinates import (
    WORLD_UNITS,
    is_about_the_body,
    points_up,
    recognise_unit,
    scale_to_metres,
    scale_to_pixels,
    settle_scores,
    unseen_to_nan,
)
from blazepose_skl.dumps.dialects import DIALECTS
from blazepose_skl.dumps.documents import NobodyFound, read_json, read_json_frames, recognise
from blazepose_skl.dumps.faults import SINGLE, beginning_of, check_encoding, refuse_zeros
from blazepose_skl.dumps.hands import HAND_DIALECTS, hands_of
from blazepose_skl.dumps.people import choose_people, link_people
from blazepose_skl.dumps.poseformat import is_pose_file, read_pose_file
from blazepose_skl.dumps.recording import Recording
from blazepose_skl.dumps.sources import File, Source, find_sources, read_file
from blazepose_skl.dumps.tables import CSV_DIALECTS, read_csv
from blazepose_skl.dumps.timing import order_frames
from blazepose_skl.dumps.videos import complete_from_video
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import BLAZEPOSE, HAND, HOLISTIC, Skeleton
from blazepose_skl.video import SUFFIXES as VIDEO_SUFFIXES

__all__ = ['DEFAULT_SIZE', 'DIALECT_NAMES', 'Reading', 'clip_of', 'find_dumps', 'read_clip', 'read_recording']

# All dialects, those that are not JSON too.
DIALECT_NAMES = (*dict.fromkeys(known.name for known in (*DIALECTS, *HAND_DIALECTS)), *CSV_DIALECTS, 'arrays', 'pose')

# What most cameras record; named in every summary in which it was used.
DEFAULT_SIZE = (1920, 1080)
# No name in the first column of a table is longer.
_FIRST_ROW = 1 << 12
# No picture is that large.
_FARTHEST = 1e6


@dataclass(frozen=True)
class Reading:
    """How to read dumps.

    Attributes:
        dialect: One of :data:`DIALECT_NAMES`; None to recognise it.
        coords: 'image' for 2-D landmarks in the picture, 'world' for 3-D ones about the body; None for image
            where the dump has them.
        coordinates: What they are counted in (:data:`blazepose_skl.dumps.coordinates.UNITS`), None to
            recognise it from their bulk.
        y_up: Whether y of world landmarks points up, None to recognise it.
        least_joints: The share of the joints that a dump must have.
        size: (width, height) of the pictures, for dumps that do not say theirs.
        videos: A folder with the videos of the dumps, of the same names: theirs goes before ``size``.
        people: People to keep, M.
        person: Whom to keep if there are more: see :func:`blazepose_skl.dumps.people.choose_people`.
        skeleton: Whose joints the dumps have, in its order or by its names.
    """

    dialect: str | None = None
    coords: str | None = None
    coordinates: str | None = None
    y_up: bool | None = None
    least_joints: float = 0.3
    size: tuple[int, int] | None = None
    videos: Path | None = None
    people: int = 1
    person: str = 'longest'
    skeleton: Skeleton = BLAZEPOSE


def find_dumps(
    dumps: Path,
    dialect: str | None = None,
    besides: Collection[Path] = (),
    skeleton: Skeleton = BLAZEPOSE,
    unpack: Unpack | None = None,
) -> list[Source]:
    """The clips under a folder, in natural order, without the files ``besides``, which are no dumps.

    Compressed archives are unpacked by ``unpack`` (:func:`.archives.unpacking`) if it is given.

    Raises:
        InputError: There is no dump.
    """
    if dumps.suffix.lower() in VIDEO_SUFFIXES and dumps.is_file():
        raise InputError(f'{dumps}: a video; blazepose-skl extract makes dumps of videos')
    names = {path.name for path in besides}
    paths = {path.resolve() for path in besides}
    sources = [
        source
        for source in find_sources(dumps, lambda file: _is_frame(file, dialect, skeleton), unpack)
        if source.files[0].path.name not in names or source.files[0].path.resolve() not in paths
    ]
    if not sources:
        raise InputError(f'{dumps}: no dump in this folder beside the files that other options name')
    return sources


def _is_frame(file: File, dialect: str | None, skeleton: Skeleton) -> bool:
    try:
        data = read_file(file)
        kind = _kind(data, file.place, dialect)
        if kind == 'arrays':
            return is_one_frame(data)
        return kind == 'json' and recognise(data, file.place, dialect, skeleton).sequence == SINGLE
    except InputError:
        return False


_KINDS = {'arrays': 'a NumPy array', 'pose': 'a .pose file', 'json': 'JSON', 'csv': 'a table'}


def _kind(data: bytes, place: str, dialect: str | None) -> str:
    """Which of :data:`_KINDS` a file is.

    Raises:
        InputError: The dialect that was asked for is of another kind, or it is a text that nobody reads.
    """
    if data.startswith(MAGIC):
        kind = 'arrays'
    elif is_pose_file(data):
        kind = 'pose'
    else:
        beginning = data.removeprefix(b'\xef\xbb\xbf').lstrip()[:4]
        kind = 'json' if beginning[:1] in (b'{', b'[', b'') or beginning == b'null' else 'csv'
        if kind == 'csv' and place.lower().removesuffix('.gz').endswith('.pose'):
            raise InputError(f'{place}: no .pose file, which would begin with its version, 0.1 or 0.2; write it again')
        check_encoding(data, place)
    if dialect is None:
        return kind
    wanted = 'csv' if dialect in CSV_DIALECTS else dialect if dialect in _KINDS else 'json'
    # A row of a table may begin as JSON does.
    if wanted != kind and (wanted, kind) != ('csv', 'json'):
        raise InputError(f"{place}: {_KINDS[kind]} where dialect '{dialect}' was expected")
    return wanted


def read_recording(
    source: Source, dialect: str | None = None, depth: bool = True, skeleton: Skeleton = BLAZEPOSE
) -> Recording:
    """What a source's files hold; depth and world landmarks may be left out, see :func:`.documents.read_json`.

    Raises:
        InputError: With the place of what is wrong.
    """
    recording = _read(source, dialect, depth, skeleton)
    if depth or recording.deeper:
        return recording
    return replace(recording, deeper=lambda: _read(source, dialect, True, skeleton))


def _read(source: Source, dialect: str | None, depth: bool, skeleton: Skeleton) -> Recording:
    files = [(file.place, read_file(file)) for file in source.files]
    place, data = files[0]
    kind = _kind(data, place, dialect)
    if skeleton == HAND and (kind == 'pose' or (kind == 'arrays' and holds_hands(data))):
        return hands_of(_read(source, dialect, depth, HOLISTIC))
    if source.per_frame:
        if kind == 'arrays':
            recording = read_arrays(files, source.place, depth, skeleton)
        else:
            recording = read_json_frames(files, source.place, dialect, depth, skeleton)
        return recording if recording.numbers is not None else replace(recording, numbers=_numbers_of(source))
    if kind == 'arrays':
        return read_arrays(files, place, depth, skeleton)
    if kind == 'pose':
        return read_pose_file(data, place, skeleton)
    if kind == 'json':
        return read_json(data, place, dialect, depth, skeleton)
    if beginning := beginning_of(data):
        refuse_zeros(data, place)
        if b',' not in data[:_FIRST_ROW].strip().split(b'\n')[0]:
            raise InputError(f"{place}: neither JSON nor a table with commas; it begins with '{beginning}'")
    return read_csv(data, place, dialect, depth, skeleton)


def _numbers_of(source: Source) -> NDArray[np.float64] | None:
    """The frame numbers that end the names of a clip's files, (T,), None if any has none."""
    found = [re.findall(r'[0-9]{1,9}', PurePosixPath(file.place).name) for file in source.files]
    return np.array([float(numbers[-1]) for numbers in found]) if all(found) else None


def read_clip(source: Source, how: Reading) -> Clip:
    """The clip of a source.

    Raises:
        InputError: With the place of what is wrong.
    """
    flat = how.coords != 'world' and how.coordinates not in WORLD_UNITS
    recording = read_recording(source, how.dialect, depth=not flat, skeleton=how.skeleton)
    if how.videos is not None:
        needed = how.size is None and how.coords != 'world'
        recording = complete_from_video(recording, how.videos, source.name, source.place, needed)
    return clip_of(recording, how, source.place)


def clip_of(recording: Recording, how: Reading, where: str) -> Clip:
    """A recording in pixels, people linked over time and chosen, on its time axis.

    Raises:
        InputError: With the place of what is wrong.
    """
    if not len(recording.frames):
        raise NobodyFound(f'{where}: nobody was found in any of its {recording.length} frames')
    recording = order_frames(recording, where)
    image, world = recording.image, recording.world
    if image is not None:
        image = _checked(image, recording.scores, where)
        about_body = how.coordinates in WORLD_UNITS if how.coordinates else is_about_the_body(image, how.skeleton)
        if about_body and recording.deeper:
            return clip_of(recording.deeper(), how, where)
        if about_body:
            image, world = None, image
    chosen, flat = _choose(image, world, how.coords, where)
    # MediaPipe's own y points down; landmarks that somebody else turned into these are looked at.
    own = chosen is recording.world
    frames, chosen, scores, seen = _present(
        recording, _checked(chosen, recording.scores, where) if own else chosen, where
    )
    _check_joints(seen, how.least_joints, where, how.skeleton)
    scores, note = settle_scores(scores, seen)
    notes = recording.notes + ((note,) if note else ())
    size = recording.metadata.size or how.size or DEFAULT_SIZE
    if flat:
        unit = how.coordinates or recognise_unit(chosen, where, how.skeleton)
        placed = scale_to_pixels(chosen, unit, size)
        notes += _notes_on_picture(recording, how, unit, size)
    else:
        placed, unit = scale_to_metres(
            chosen, how.coordinates if how.coordinates in WORLD_UNITS else None, how.skeleton
        )
        up = how.y_up if how.y_up is not None else not own and points_up(placed, how.skeleton)
        if up:
            placed = placed * np.array([1, -1, 1], np.float32)
            notes += ('y pointed up, turned to point down',)
        if not recording.metadata.size:
            unknown = f'not known, nor needed for landmarks about the body; written as {size[0]}x{size[1]}'
            notes += (f'picture size {"from --size" if how.size else unknown}',)
    people = choose_people(link_people(frames, placed), placed, scores, how.people, how.person)
    landmarks, confidence = _lay_out(people, frames, placed, scores, recording.length)
    return Clip(
        landmarks=landmarks,
        scores=confidence,
        skeleton=how.skeleton.name,
        size=size,
        fps=recording.metadata.fps,
        source=where,
        label=recording.metadata.label,
        label_index=recording.metadata.label_index,
        dialect=recording.dialect,
        coordinates=unit,
        notes=notes,
    )


def _choose(
    image: FloatArray | None, world: FloatArray | None, coords: str | None, where: str
) -> tuple[FloatArray, bool]:
    """The landmarks to make a clip of, and whether they are those in the picture."""
    kind = coords or ('world' if image is None else 'image')
    chosen = image if kind == 'image' else world
    if chosen is None:
        has, other = ('about the body', 'world') if kind == 'image' else ('in the picture', 'image')
        raise InputError(f'{where}: it has only landmarks {has}; convert such dumps with --coords {other}')
    if kind == 'world' and chosen.shape[-1] < 3:
        raise InputError(f'{where}: landmarks about the body without depth; only three dimensions make a clip of them')
    return chosen, kind == 'image'


def _present(
    recording: Recording, landmarks: FloatArray, where: str
) -> tuple[NDArray[np.intp], FloatArray, FloatArray, NDArray[np.bool_]]:
    """The detections that show any joint: their frames, landmarks and scores, and which joints are seen, (N, V)."""
    seen = ~np.isnan(landmarks[..., 0])
    if seen.all():  # the usual clip passes at once
        return recording.frames, landmarks, recording.scores, seen
    present = seen.any(axis=1)
    if not present.any():
        raise NobodyFound(f'{where}: nobody was found in any of its {recording.length} frames')
    if present.all():
        return recording.frames, landmarks, recording.scores, seen
    return recording.frames[present], landmarks[present], recording.scores[present], seen[present]


def _check_joints(seen: NDArray[np.bool_], least: float, where: str, skeleton: Skeleton) -> None:
    """Raise InputError if too few joints are seen in any frame."""
    joints = skeleton.num_joints if seen.all() else int(seen.any(axis=0).sum())
    if joints < least * skeleton.num_joints:
        wanted = f'a share of {least} is wanted (--least-joints)'
        raise InputError(f'{where}: {joints} of {skeleton.num_joints} joints; {wanted}')


def _notes_on_picture(recording: Recording, how: Reading, unit: str, size: tuple[int, int]) -> tuple[str, ...]:
    """Where the size of the picture is from if not from the dump, and what unusual coordinates were divided by."""
    notes: tuple[str, ...] = ()
    if not recording.metadata.size and how.size:
        notes += ('picture size from --size',)
    elif not recording.metadata.size and unit == 'pixels':
        notes += (f'picture size not known, though coordinates are pixels; taken as {size[0]}x{size[1]}',)
    elif not recording.metadata.size:
        notes += (f'picture size not known, taken as {size[0]}x{size[1]}; --size sets it',)
    if unit in ('width', 'height'):
        notes += (f'coordinates were divided by the {unit} alone',)
    return notes


def _lay_out(
    people: Sequence[NDArray[np.intp]],
    frames: NDArray[np.intp],
    placed: FloatArray,
    scores: FloatArray,
    length: int,
) -> tuple[FloatArray, FloatArray]:
    """Landmarks (M, T, V, C) and scores (M, T, V) of people, each given by the numbers of its detections."""
    if len(people) == 1 and len(people[0]) == len(frames) == length:  # one person in all frames
        return placed[None], scores[None]
    landmarks = np.full((len(people), length, *placed.shape[1:]), np.nan, np.float32)
    confidence = np.zeros(landmarks.shape[:-1], np.float32)
    for person, detections in enumerate(people):
        landmarks[person, frames[detections]] = placed[detections]
        confidence[person, frames[detections]] = scores[detections]
    return landmarks, confidence


def _checked(landmarks: FloatArray, scores: FloatArray, where: str) -> FloatArray:
    """Landmarks with NaN where unseen."""
    size = np.abs(landmarks[..., :2])
    # A NaN makes both comparisons false, so that the usual clip, where all is seen, passes at once.
    if size.min() > 0 and size.max() <= _FARTHEST:
        return landmarks
    if (size > _FARTHEST).any():
        raise InputError(f'{where}: coordinates beyond all pictures; the file is damaged')
    return unseen_to_nan(landmarks, scores)
