"""From a source to a clip: read, recognise units, link people, put them on the time axis."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blazepose_skl.clips import Clip
from blazepose_skl.dumps.coordinates import recognise_unit, scale_to_pixels, settle_scores, unseen_to_nan
from blazepose_skl.dumps.documents import SINGLE, read_json, read_json_frames, recognise
from blazepose_skl.dumps.joints import BLAZEPOSE
from blazepose_skl.dumps.people import choose_people, link_people
from blazepose_skl.dumps.recording import Recording
from blazepose_skl.dumps.sources import File, Source, find_sources, read_file
from blazepose_skl.errors import InputError

__all__ = ['DEFAULT_SIZE', 'Reading', 'clip_of', 'find_dumps', 'read_clip', 'read_recording']

# What most cameras record; named in every summary in which it was used.
DEFAULT_SIZE = (1920, 1080)


@dataclass(frozen=True)
class Reading:
    """How to read dumps.

    Attributes:
        dialect: The name of the dialect; None to recognise it.
        coordinates: 'fraction', 'pixels', or None to recognise them from their bulk.
        size: (width, height) of the pictures, for dumps that do not say theirs.
        people: People to keep, M.
        person: Whom to keep if there are more: see :func:`blazepose_skl.dumps.people.choose_people`.
    """

    dialect: str | None = None
    coordinates: str | None = None
    size: tuple[int, int] | None = None
    people: int = 1
    person: str = 'longest'


def find_dumps(dumps: Path) -> list[Source]:
    """The clips under a folder, in natural order.

    Raises:
        InputError: There is no dump.
    """
    return list(find_sources(dumps, _is_frame))


def _is_frame(file: File) -> bool:
    try:
        return recognise(read_file(file), file.place).sequence == SINGLE
    except InputError:
        return False


def read_recording(source: Source, dialect: str | None = None) -> Recording:
    """What a source's files hold.

    Raises:
        InputError: With the place of what is wrong.
    """
    if source.per_frame:
        return read_json_frames([(file.place, read_file(file)) for file in source.files], source.place, dialect)
    return read_json(read_file(source.files[0]), source.place, dialect)


def read_clip(source: Source, how: Reading) -> Clip:
    """The clip of a source.

    Raises:
        InputError: With the place of what is wrong.
    """
    return clip_of(read_recording(source, how.dialect), how, source.place)


def clip_of(recording: Recording, how: Reading, where: str) -> Clip:
    """A recording in pixels, people linked over time and chosen, on its time axis.

    Raises:
        InputError: With the place of what is wrong.
    """
    if recording.image is None:
        raise InputError(f'{where}: it has no landmarks in the picture')
    image = unseen_to_nan(recording.image, recording.scores)
    if np.isinf(image).any():
        raise InputError(f'{where}: coordinates beyond all pictures; the file is damaged')
    seen = ~np.isnan(image[..., 0])
    present = seen.any(axis=1)
    if not present.any():
        raise InputError(f'{where}: nobody was found in any of its {recording.length} frames')
    frames, image, seen = recording.frames[present], image[present], seen[present]
    scores, note = settle_scores(recording.scores[present], seen)
    unit = how.coordinates or recognise_unit(image, where)
    size = recording.metadata.size or how.size or DEFAULT_SIZE
    pixels = scale_to_pixels(image, unit, size)
    people = choose_people(link_people(frames, pixels), pixels, scores, how.people, how.person)
    landmarks = np.full((len(people), recording.length, BLAZEPOSE.num_joints, 2), np.nan, np.float32)
    confidence = np.zeros(landmarks.shape[:-1], np.float32)
    for person, detections in enumerate(people):
        landmarks[person, frames[detections]] = pixels[detections]
        confidence[person, frames[detections]] = scores[detections]
    notes = recording.notes + ((note,) if note else ())
    if not recording.metadata.size and not how.size:
        notes += (f'picture size not known, taken as {size[0]}x{size[1]}; --size sets it',)
    return Clip(
        landmarks=landmarks,
        scores=confidence,
        skeleton=BLAZEPOSE.name,
        size=size,
        fps=recording.metadata.fps,
        source=where,
        label=recording.metadata.label,
        label_index=recording.metadata.label_index,
        dialect=recording.dialect,
        coordinates=unit,
        notes=notes,
    )
