"""One video to its dump."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import msgspec

import blazepose_skl
from blazepose_skl.errors import InputError
from blazepose_skl.extraction.document import DIALECT, DumpWriter, Head, ModelFacts, Settings, read_head
from blazepose_skl.extraction.sampling import Sampling
from blazepose_skl.landmarker import Landmarker, Thresholds
from blazepose_skl.models import checksum, find_model
from blazepose_skl.video import VideoFacts, cut_short, read_facts, read_frames

__all__ = ['Extracted', 'Job', 'existing_dump', 'expected_frames', 'extract_video']

# Frames between two words to whoever shows the progress.
_WORD = 8


class Job(msgspec.Struct, frozen=True):
    """One video to extract; paths are as the machine that does it sees them.

    Attributes:
        name: What messages and the dump call it.
        video: The video.
        dump: The dump to write.
        model: lite, full, heavy or a path.
        model_facts: What that must be.
        settings: How people are looked for.
    """

    name: str
    video: str
    dump: str
    model: str
    model_facts: ModelFacts
    settings: Settings


class Extracted(msgspec.Struct, frozen=True):
    """A video that has a dump.

    Attributes:
        name: Of the video.
        frames: Frames in the dump.
        detected: Those in which somebody was found.
        before: Whether the dump was there before.
        note: What is strange about the video, '' if nothing.
    """

    name: str
    frames: int
    detected: int
    before: bool = False
    note: str = ''


def extract_video(job: Job, on_frames: Callable[[int], None] = lambda frames: None) -> Extracted:
    """Make the dump of a video, unless it is there.

    Args:
        job: See there.
        on_frames: Told now and then how many more frames are done.

    Raises:
        InputError: The video cannot be read or has no frames, the model or MediaPipe is not to be had, or the dump
            is there with other settings.
    """
    done = existing_dump(job)
    if done:
        return done
    video, dump, settings = Path(job.video), Path(job.dump), job.settings
    facts = read_facts(video)
    sampling = Sampling(facts.fps, settings.every, settings.fps)
    thresholds = Thresholds(settings.detection, settings.presence, settings.tracking)
    model = _model(job.model, job.model_facts.sha256)
    dump.parent.mkdir(parents=True, exist_ok=True)
    place, last = -1, 0.0

    def wanted(time: float, number: int) -> bool:
        nonlocal place, last
        taken, last = sampling.take(time, number), time
        place = place if taken is None else taken
        return taken is not None

    size = facts.width, facts.height
    with (
        Landmarker(model, settings.people, thresholds, settings.smoothing) as landmarker,
        DumpWriter(dump) as writer,
    ):
        for picture, time, number in read_frames(video, wanted):
            size = picture.shape[1], picture.shape[0]
            writer.add(place, number, time, landmarker.find(picture, time))
            if writer.listed % _WORD == 0:
                on_frames(_WORD)
        on_frames(writer.listed % _WORD)
        writer.finish(_head(job, facts, sampling.fps, size, writer, note := cut_short(facts, last)))
    return Extracted(job.name, writer.listed, writer.detected, note=note)


def existing_dump(job: Job) -> Extracted | None:
    """What is known of the dump of a job that is there already, None if there is none of the same video.

    Raises:
        InputError: It was made with other settings or another model.
    """
    head = read_head(Path(job.dump))
    if head is None or head.video_bytes != Path(job.video).stat().st_size:
        return None
    asked = dict(model=job.model_facts.sha256, **msgspec.structs.asdict(job.settings))
    used = dict(model=head.model.sha256, **msgspec.structs.asdict(head.settings))
    other = [key for key, value in asked.items() if used[key] != value]
    if other:
        shown = f"model '{head.model.name}'" if other[0] == 'model' else f'{other[0]} {used[other[0]]}'
        raise InputError(f'{job.dump}: made with {shown}; give the same, another folder for dumps, or remove it')
    return Extracted(job.name, head.listed, head.detected, before=True, note=head.note)


def expected_frames(video: Path, settings: Settings) -> int:
    """About how many frames the dump of a video will have, 0 if the video cannot be read or does not say."""
    try:
        facts = read_facts(video)
    except InputError:
        return 0
    rate = Sampling(facts.fps, settings.every, settings.fps).fps
    return round((facts.frames or 0) * (rate / facts.fps if rate and facts.fps else 1))


@lru_cache(maxsize=1)
def _model(model: str, sha256: str) -> Path:
    path = find_model(model)
    if checksum(path) != sha256:
        raise InputError(f'{path}: not the model that the others use; put the same on all machines')
    return path


def _head(job: Job, facts: VideoFacts, fps: float | None, size: tuple[int, int], writer: DumpWriter, note: str) -> Head:
    from importlib.metadata import version

    return Head(
        format=DIALECT,
        program=f'blazepose-skl {blazepose_skl.__version__}, mediapipe {version("mediapipe")}',
        video=job.name,
        video_bytes=Path(job.video).stat().st_size,
        video_fps=facts.fps,
        video_frames=facts.frames,
        rotation=facts.rotation,
        width=size[0],
        height=size[1],
        fps=fps,
        model=job.model_facts,
        settings=job.settings,
        listed=writer.listed,
        detected=writer.detected,
        note=note,
    )
