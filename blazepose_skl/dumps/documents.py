"""JSON dumps: how frames follow one another, and from the text of a dump to a recording.

A dump is a list of frames, an object with such a list under a key, a frame per line, or a single frame
(a file per frame, or a single picture). Which of these, which dialect and which coding it is, is seen
from the beginning of the text; then the whole is decoded once, with exactly that type.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np

from blazepose_skl.dumps.codings import Coding, Flat, InOrder, Table, Tables, is_number, recognise_coding, without_depth
from blazepose_skl.dumps.dialects import DIALECTS, Dialect, Frame
from blazepose_skl.dumps.faults import LINES, LIST, SINGLE, fault_in, name_of_type
from blazepose_skl.dumps.hands import HAND_DIALECTS, dialects_of
from blazepose_skl.dumps.joints import BLAZEPOSE
from blazepose_skl.dumps.metadata import METADATA_KEYS, note_on_numbers, read_metadata, read_numbers, read_times
from blazepose_skl.dumps.outline import NOT_A_NUMBER, decode_beginning
from blazepose_skl.dumps.recording import Metadata, Recording, to_float32
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import Skeleton

__all__ = ['SINGLE', 'Layout', 'NobodyFound', 'read_json', 'read_json_frames', 'recognise']

# The keys under which frames stand.
_FRAMES = ('frames', 'data')


@dataclass(frozen=True)
class Layout:
    """The structure of a dump: how frames follow one another, the dialect, the coding.

    ``sequence`` is 'list', 'lines', 'single' or the key under which the list of frames stands; ``world`` is whether
    there are landmarks about the body alone, which ``coding`` is of then.
    """

    sequence: str
    dialect: Dialect
    coding: Coding
    world: bool = False


class NobodyFound(InputError):
    """A dump in which no frame shows anybody: there is nothing to learn from it."""


# -- recognising ------------------------------------------------------------------------------------

_FIRST_LOOK = 1024
# No frame with one person is longer.
_FIRST_FRAME = 1 << 16
_FIRST_LINE = 4 * _FIRST_FRAME
# What the poses of TensorFlow.js and ml5 have and frames have not.
_POSE_SCORES = (b'"score"', b'"confidence"')


def recognise(text: bytes, where: str, dialect: str | None = None, skeleton: Skeleton = BLAZEPOSE) -> Layout:
    """The structure of a JSON dump, from as little of its beginning as shows a person.

    Raises:
        InputError: It is empty, no JSON, in no known dialect, in several, or shows nobody.
    """
    if not (text[:_FIRST_LOOK].strip() or text.strip()):  # the latter may copy it all
        raise InputError(f'{where}: the file is empty; a JSON dump was expected')
    dialects = [known for known in dialects_of(skeleton) if dialect in (None, known.name)]
    lines = _first_lines(text)
    size = _FIRST_LOOK
    while True:
        whole = size >= len(text)
        try:
            layouts, blank = _layouts(text, size, lines, dialects, skeleton)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise fault_in(text, error, where, LINES if lines else SINGLE) from None
        if len(layouts) == 1:
            return layouts[0]
        if layouts and (whole or size > 100 * _FIRST_LOOK):
            names = ' or '.join(sorted({layout.dialect.name for layout in layouts}))
            raise InputError(f'{where}: this may be dialect {names}; say which with --dialect')
        if whole:
            _explain(text, where, dialect, blank, LINES if lines else SINGLE)
        size *= 8


def _first_lines(text: bytes) -> list[bytes]:
    """The first lines if every line is a JSON text of its own, else none."""
    text = text.lstrip()
    end = text.find(b'\n', 0, _FIRST_LINE)
    # In a list or object over several lines the first is no JSON text of its own.
    if end < 0 or text[:end].rstrip()[-1:] in b'[{,' or not text[end : end + 4096].strip():
        return []
    try:
        msgspec.json.decode(NOT_A_NUMBER.sub(b'null', text[:end]), type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    lines = [line for line in text[: 1 << 16].split(b'\n', 64)[:64] if line.strip()]
    return lines if len(lines) > 1 else [text[:end]]


def _layouts(
    text: bytes, size: int, lines: Sequence[bytes], dialects: Sequence[Dialect], skeleton: Skeleton
) -> tuple[list[Layout], bool]:
    """The layouts that fit the first ``size`` bytes, and whether these are of a dump in which nobody was seen."""
    if lines:
        frames = [decode_beginning(line) for line in lines]
        found = _of_frames(LINES, frames, True, dialects, skeleton)
        return found, not found and all(map(_nobody, frames))
    value = decode_beginning(text[:size])
    whole = size >= len(text)
    if isinstance(value, dict):
        for key in _FRAMES:
            if isinstance(value.get(key), list):
                found = _of_frames(key, value[key], whole, dialects, skeleton)
                return found, not found and all(map(_nobody, value[key]))
    elif isinstance(value, list):
        found = _of_frames(LIST, value, whole, dialects, skeleton)
        poses = _of_frames(SINGLE, [value], whole, [known for known in dialects if known.name == 'poses'], skeleton)
        if found and poses:
            if len(value) == 1 and not whole and any(text.find(word, 0, _FIRST_FRAME) >= 0 for word in _POSE_SCORES):
                return [], False  # the score may stand behind the keypoints
            if _may_be_poses(value):
                # A single person in a single frame is the same either way.
                found = poses if len(value) == 1 else found + poses
        if found:
            return found, False
    found = _of_frames(SINGLE, [value], whole, dialects, skeleton)
    blank = _nobody(value) or (isinstance(value, list) and all(map(_nobody, value)))
    return found, not found and blank


# More than these in a list are frames, not people in one of them.
_MANY = 8


def _may_be_poses(items: Sequence[Any]) -> bool:
    """Whether a list may be the poses of one frame, as TensorFlow.js and ml5 give them: each has a score."""
    first = items[0]
    return (
        len(items) <= _MANY
        and isinstance(first, dict)
        and not {'score', 'confidence'}.isdisjoint(first)
        and first.keys().isdisjoint(Frame.__struct_fields__)
    )


def _of_frames(
    sequence: str, frames: Iterable[Any], whole: bool, dialects: Sequence[Dialect], skeleton: Skeleton
) -> list[Layout]:
    """The layouts that fit the first frame in which somebody is seen, in the picture if anywhere."""
    frames = list(frames)
    # That nobody is seen in the picture is known only when all of it has been looked at.
    for world in (False, True) if whole else (False,):
        for frame in frames:
            found = []
            for dialect in dialects:
                layout = _fitting(sequence, frame, dialect, world, whole, skeleton)
                if layout is not None:
                    found.append(layout)
            if found:
                return found
    return []


def _fitting(
    sequence: str, frame: Any, dialect: Dialect, world: bool, whole: bool, skeleton: Skeleton
) -> Layout | None:
    """The layout of a frame in a dialect, None if it is another or shows nobody."""
    try:
        typed = msgspec.convert(frame, dialect.frame(Any), strict=True)
    except msgspec.ValidationError:
        return None
    where = dialect.world if world else dialect.people
    people = [person for person in (where(typed) if where else None) or () if person]
    coding = recognise_coding(people[0], whole, skeleton) if people else None
    if isinstance(coding, Flat):
        coding = replace(coding, scored=dialect.scored)
    return Layout(sequence, dialect, coding, world) if coding else None


def _nobody(frame: object) -> bool:
    """Whether a frame holds no landmarks at all: null, {}, [], {"landmarks": []}, {"frame": 3}."""
    if isinstance(frame, dict):
        return not any(isinstance(value, (list, dict)) and not _nobody(value) for value in frame.values())
    return frame is None or frame == []


_FRAME_TYPES = [
    getattr(kind, '__origin__', kind) for kind in (dialect.frame(Any) for dialect in (*DIALECTS, *HAND_DIALECTS))
]
_KNOWN_KEYS = frozenset(METADATA_KEYS + _FRAMES).union(
    *(kind.__struct_fields__ for kind in _FRAME_TYPES if isinstance(kind, type) and issubclass(kind, Frame))
)
_ANYTHING: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


def _explain(text: bytes, where: str, dialect: str | None, blank: bool, sequence: str) -> None:
    """Raise what is wrong with a text in which no dialect was recognised."""
    decode(text, _ANYTHING, where, sequence)  # says so if it is cut short
    value = decode_beginning(text)
    if blank and not (isinstance(value, dict) and value and _KNOWN_KEYS.isdisjoint(value)):
        raise NobodyFound(f'{where}: nobody was found in any frame')
    wanted = f"dialect '{dialect}'" if dialect else 'a known dialect'
    shown = value[0] if isinstance(value, list) and value else value
    holder = 'it' if shown is value else 'its first item'
    keys = ', '.join(repr(key[:20]) for key in list(shown)[:6]) if isinstance(shown, dict) else ''
    found = f'{holder} has {keys}' if keys else f'{holder} is {name_of_type(shown)}'
    # A frame of strange keys may still be a missed one among many files.
    kind = NobodyFound if blank else InputError
    raise kind(f'{where}: not {wanted} of MediaPipe Pose dumps ({found})')


# -- decoding ---------------------------------------------------------------------------------------

_Said = msgspec.defstruct('Said', [(key, Any, None) for key in METADATA_KEYS], gc=False)


@lru_cache(maxsize=256)
def _decoder(layout: Layout) -> msgspec.json.Decoder[Any]:
    frame = layout.dialect.frame(layout.coding.type)
    # A missed frame may be null, or an empty list or object where the others are not.
    listed = getattr(frame, '__origin__', frame) is list
    # Only the other kind of container can stand beside it in a type of msgspec's.
    frame = frame | (dict[str, Any] if listed else list[Any]) | None
    kind: Any = list[frame]  # type: ignore[valid-type]
    if layout.sequence in (LINES, SINGLE):
        kind = frame
    elif layout.sequence != LIST:
        kind = msgspec.defstruct('Dump', [(layout.sequence, kind)], bases=(_Said,), kw_only=True, gc=False)
    return msgspec.json.Decoder(kind)


def decode(text: bytes, decoder: msgspec.json.Decoder[Any], where: str, sequence: str = SINGLE) -> Any:
    """Decoded JSON, a list of what stands in the lines if ``sequence`` says so.

    Raises:
        InputError: With the place of what is wrong.
    """
    try:
        return decoder.decode_lines(text) if sequence == LINES else decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # Python writes these for what JSON has no word for.
        strange = not isinstance(error, msgspec.ValidationError) and (b'NaN' in text or b'Infinity' in text)
        if not strange:
            raise fault_in(text, error, where, sequence) from None
    return _decode_strange(text, decoder, where, sequence)


def _decode_strange(text: bytes, decoder: msgspec.json.Decoder[Any], where: str, sequence: str) -> Any:
    """The same for a text with NaN and Infinity, which the standard library alone reads."""
    parts = [line for line in text.splitlines() if line.strip()] if sequence == LINES else [text]
    try:
        values = [json.loads(part, parse_constant=lambda word: None) for part in parts]
        kind: Any = decoder.type
        return msgspec.convert(values, list[kind]) if sequence == LINES else msgspec.convert(values[0], kind)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise fault_in(text, error, where, sequence) from None


# -- from frames to a recording ---------------------------------------------------------------------


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Without Python's cycle collector: decoding makes very many objects, none in a cycle, each of which it visits."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def read_json(
    text: bytes, where: str, dialect: str | None = None, depth: bool = True, skeleton: Skeleton = BLAZEPOSE
) -> Recording:
    """The recording of one JSON dump.

    Args:
        text: The dump.
        where: For messages.
        dialect: Its dialect, None to recognise it.
        depth: False to leave out depth and world landmarks, which landmarks in the picture do without;
            the recording's ``deeper`` reads them after all.
        skeleton: Whose joints they are.

    Raises:
        InputError: With the place of what is wrong.
    """
    with _collector_paused():
        return _read_json(text.removeprefix(b'\xef\xbb\xbf'), where, dialect, depth, skeleton)


def _read_json(text: bytes, where: str, dialect: str | None, depth: bool, skeleton: Skeleton) -> Recording:
    layout = recognise(text, where, dialect, skeleton)
    depth = depth or layout.world  # without depth they are nothing
    if not depth:
        layout = replace(layout, coding=without_depth(layout.coding))
    decoded = decode(text, _decoder(layout), where, layout.sequence)
    said = {}
    if layout.sequence == SINGLE:
        frames = layout.dialect.spread(decoded) if layout.dialect.spread else [decoded]
    elif layout.sequence in (LIST, LINES):
        frames = decoded
    else:
        frames = getattr(decoded, layout.sequence)
        said = {key: getattr(decoded, key) for key in METADATA_KEYS}
    recording = _record(frames, layout, where, read_metadata(said), lambda frame: f'{where}, frame {frame}', depth)
    return recording if depth else replace(recording, deeper=lambda: read_json(text, where, dialect, skeleton=skeleton))


def read_json_frames(
    texts: Sequence[tuple[str, bytes]],
    where: str,
    dialect: str | None = None,
    depth: bool = True,
    skeleton: Skeleton = BLAZEPOSE,
) -> Recording:
    """The recording of a clip that has a file, (place, text), for each frame; an empty one is a missed frame.

    Depth and world landmarks may be left out, see :func:`read_json`.

    Raises:
        InputError: With the place of what is wrong.
    """
    layout = None
    for place, text in texts:
        try:
            layout = recognise(text, place, dialect, skeleton)
            break
        except NobodyFound:
            continue
    if layout is None:
        raise NobodyFound(f'{where}: nobody was found in any of its {len(texts)} files')
    if layout.sequence != SINGLE:
        raise InputError(f'{place}: several frames in one of many files; one frame in each was expected')
    depth = depth or layout.world
    if not depth:
        layout = replace(layout, coding=without_depth(layout.coding))
    decoder = _decoder(layout)
    frames = [decode(text, decoder, place) for place, text in texts]
    return _record(frames, layout, where, Metadata(), lambda frame: texts[frame][0], depth)


def _record(
    frames: Sequence[Any], layout: Layout, where: str, metadata: Metadata, place: Any, depth: bool = True
) -> Recording:
    dialect, coding = layout.dialect, layout.coding
    if layout.world and dialect.world:
        dialect = replace(dialect, people=dialect.world, world=None)
    shown = [(number, frame) for number, frame in enumerate(frames) if frame]  # not null, [] or {}
    if len({type(frame) for _, frame in shown}) > 1:
        other = next(number for number, frame in shown if type(frame) is not type(shown[0][1]))
        raise InputError(f'{place(other)}: a frame of another structure than the first one')
    seen = [(number, person) for number, frame in shown for person in dialect.people(frame) or () if person]
    if not seen:
        raise NobodyFound(f'{where}: nobody was found in any of its {len(frames)} frames')
    owners, people = zip(*seen, strict=True)
    image, scores = _tables(coding, people, where, lambda n: place(owners[n]))
    if dialect.scores and isinstance(coding, (InOrder, Flat)):
        scores = _with_those_apart(scores, _apart(shown, dialect), lambda n: place(owners[n]))
    worlds = _worlds(shown, dialect) if depth and dialect.world else []
    world_table = _world(coding, worlds, where, lambda n: place(owners[n]))
    numbers, times = read_numbers(frames), read_times(frames)
    return Recording(
        dialect=dialect.name,
        length=len(frames),
        frames=np.array(owners, np.intp),
        image=None if layout.world else to_float32(image),
        world=to_float32(image) if layout.world else world_table,
        scores=to_float32(scores),
        numbers=numbers,
        times=times,
        metadata=_completed(metadata, frames),
        notes=note_on_numbers(frames) if numbers is None or times is None else (),
    )


def _tables(coding: Coding, people: Sequence[Any], where: str, place: Callable[[int], str]) -> Tables:
    """What :meth:`.codings.InOrder.tables` and its like give; they do not all know where something is wrong."""
    try:
        return coding.tables(people, place)
    except InputError as error:
        if str(error).startswith(where):
            raise
        for n, person in enumerate(people):
            try:
                coding.tables([person], place)
            except InputError as wrong:
                raise InputError(f'{place(n)}: {wrong}') from None
        raise InputError(f'{where}: {error}') from None


def _apart(shown: Sequence[tuple[int, Any]], dialect: Dialect) -> list[Any]:
    """The scores of the people in frames that stand apart from their landmarks, in the order of the people."""
    found: list[Any] = []
    for _, frame in shown:
        present = dialect.people(frame) or ()
        apart = (dialect.scores(frame) if dialect.scores else None) or ()
        if len(apart) != len(present):
            apart = [None] * len(present)
        found += [scores for person, scores in zip(present, apart, strict=True) if person]
    return found


def _with_those_apart(scores: Table, apart: Sequence[Any], place: Callable[[int], str]) -> Table:
    """Scores (N, V) with those that stand in lists of their own."""
    if not any(apart):
        return scores
    scores = scores.copy()
    for n, given in enumerate(apart):
        if not given or not isinstance(given, list) or not all(map(is_number, given)):
            continue  # strangers put anything there
        if len(given) != scores.shape[1]:
            raise InputError(f'{place(n)}: {len(given)} scores for {scores.shape[1]} landmarks')
        scores[n] = np.array(given, np.float64)
    return scores


def _worlds(shown: Sequence[tuple[int, Any]], dialect: Dialect) -> list[Any]:
    """The world landmarks of the people in frames, in the order of the people, None where there are none."""
    worlds: list[Any] = []
    for _, frame in shown:
        present = dialect.people(frame) or ()
        world = (dialect.world(frame) if dialect.world else None) or ()
        if len(world) != len(present):
            world = [None] * len(present)
        worlds += [about for person, about in zip(present, world, strict=True) if person]
    return worlds


def _completed(metadata: Metadata, frames: Sequence[Any]) -> Metadata:
    """Metadata with what the first frame with somebody says where the dump itself says nothing."""
    first = next((frame for frame in frames if isinstance(frame, msgspec.Struct)), None)
    if first is None:
        return metadata
    images = getattr(first, 'images', None)
    said = dict(images[0]) if images else {}
    said |= {key: getattr(first, key, None) for key in ('image_dimensions', 'frameWidth', 'frameHeight')}
    found = read_metadata(said)
    label = getattr(first, 'label', None)
    if label is not None and any(getattr(frame, 'label', label) != label for frame in frames):
        label = None
    label = str(label) if isinstance(label, (str, int)) else None
    return replace(metadata, size=metadata.size or found.size, label=metadata.label or label)


def _world(coding: Coding, worlds: Sequence[Any], where: str, place: Callable[[int], str]) -> Any:
    """(N, V, 3) float32 with NaN for detections that have none, None if none has any."""
    present = [n for n, world in enumerate(worlds) if world]
    if not present:
        return None
    about, _ = _tables(coding, [worlds[n] for n in present], where, lambda n: place(present[n]))
    whole = np.full((len(worlds), about.shape[1], 3), np.nan, np.float32)
    whole[present, :, : about.shape[-1]] = to_float32(about)
    return whole
