"""The size of the picture and the frame rate of a dump that does not say them, from the video it was made of."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import replace
from functools import lru_cache
from pathlib import Path, PurePosixPath

from blazepose_skl.dumps.recording import Metadata, Recording
from blazepose_skl.errors import InputError
from blazepose_skl.video import SUFFIXES, check_opencv, read_facts

__all__ = ['check_videos', 'complete_from_video', 'find_video', 'read_video_header']


def check_videos(folder: Path) -> Path:
    """The folder.

    Raises:
        InputError: There is none, or OpenCV, which reads videos, is not installed.
    """
    if not folder.is_dir():
        raise InputError(f'{folder}: there is no such folder; give the folder with the videos')
    try:
        check_opencv()
    except InputError as error:
        raise InputError(f'{error}, or give the size of the pictures with --size') from None
    return folder


@lru_cache(maxsize=64)
def _videos_in(folder: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = defaultdict(list)
    for name in sorted(os.listdir(folder)) if folder.is_dir() else ():
        path = folder / name
        if path.suffix.lower() in SUFFIXES:
            found[path.stem].append(path)
    return dict(found)


def find_video(folder: Path, clip: str) -> Path:
    """The video of a clip: its name in the folder, with the suffix of a video.

    Raises:
        InputError: There is none, or more than one.
    """
    place = PurePosixPath(clip)
    videos = _videos_in(folder / place.parent).get(place.name, [])
    if not videos:
        raise InputError(f"no video called '{clip}' in {folder}; --size sets the size of the pictures")
    if len(videos) > 1:
        raise InputError(f"the video of '{clip}' may be {' or '.join(map(str, videos))}; leave one of them")
    return videos[0]


def read_video_header(path: Path) -> Metadata:
    """The size and the frame rate that a video says it has; no frame is decoded.

    Raises:
        InputError: It is no video that OpenCV reads.
    """
    facts = read_facts(path)
    return Metadata(size=(facts.width, facts.height), fps=facts.fps)


def complete_from_video(recording: Recording, folder: Path, clip: str, where: str, needed: bool) -> Recording:
    """The recording with the size and the frame rate of its video where it does not say its own.

    Args:
        recording: What was read.
        folder: The videos, in folders as the dumps are.
        clip: The clip's name.
        where: For messages.
        needed: Whether there is no other way to know the size.

    Raises:
        InputError: The size is not known then, since the video is missing or cannot be read.
    """
    said = recording.metadata
    if said.size and said.fps:
        return recording
    try:
        header = read_video_header(find_video(folder, clip))
    except InputError as error:
        if needed and not said.size:
            raise InputError(f'{where}: {error}') from None
        return recording

    def complete(incomplete: Recording) -> Recording:
        completed = replace(
            incomplete, metadata=replace(said, size=said.size or header.size, fps=said.fps or header.fps)
        )
        return completed if said.size else completed.noting('picture size from the video')

    deeper = recording.deeper
    return replace(complete(recording), deeper=(lambda: complete(deeper())) if deeper else None)
