"""What dumps say beside their landmarks, under all its names."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.dumps.recording import Metadata

__all__ = ['HEADERS', 'METADATA_KEYS', 'note_on_numbers', 'read_metadata', 'read_number', 'read_numbers', 'read_times']

# Objects that hold metadata of their own.
HEADERS = ('metadata', 'header', 'info', 'meta')
_SIZES = ('image_dimensions', 'resolution', 'shape', 'image_size', 'img_shape', 'size')
_WIDTHS = ('width', 'frameWidth', 'frame_width', 'image_width')
_HEIGHTS = ('height', 'frameHeight', 'frame_height', 'image_height')
_RATES = ('fps', 'frame_rate', 'frameRate', 'ticksPerSecond')
_LABELS = ('label', 'action')
METADATA_KEYS = (*HEADERS, *_SIZES, *_WIDTHS, *_HEIGHTS, *_RATES, *_LABELS, 'label_index')

_NUMBERS = ('frame_index', 'frame_number', 'frameNumber', 'frameNum', 'frame')
_TIMES = {'timestamp_ms': 1e-3, 'timestamp': 1.0, 'time': 1.0}


def read_metadata(said: Mapping[str, Any]) -> Metadata:
    """The metadata in an object; what is not understood is passed over.

    >>> read_metadata({'metadata': {'resolution': '640x480', 'frame_rate': '30fps', 'action': 'squat'}})
    Metadata(size=(640, 480), fps=30.0, label='squat', label_index=None)
    """
    known = {key: value for key, value in said.items() if value is not None}
    if not known:
        return Metadata()
    for header in HEADERS:
        if isinstance(known.get(header), Mapping):
            known = {**known[header], **known}
    fps = next((rate for key in _RATES if (rate := read_number(known.get(key)))), None)
    label = next((known[key] for key in _LABELS if isinstance(known.get(key), (str, int))), None)
    index = known.get('label_index')
    return Metadata(
        size=_size(known),
        fps=fps if fps and 0.1 <= fps <= 1000 else None,
        label=str(label) if label is not None else None,
        label_index=index if isinstance(index, int) and not isinstance(index, bool) else None,
    )


def read_number(value: object) -> float | None:
    """The number at the beginning of a value such as 30, '30' or '30fps', None if there is none."""
    if isinstance(value, str):
        found = re.match(r'\s*(\d{1,12}(?:\.\d+)?)', value)
        value = float(found[1]) if found else None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15 and math.isfinite(value):
        return float(value)
    return None


def _size(known: Mapping[str, Any]) -> tuple[int, int] | None:
    width, height = (
        next((side for key in keys if (side := read_number(known.get(key)))), None) for keys in (_WIDTHS, _HEIGHTS)
    )
    for key in _SIZES:
        value = known.get(key)
        if width and height:
            break
        if isinstance(value, Mapping):
            width, height = read_number(value.get('width')), read_number(value.get('height'))
        elif isinstance(value, str):
            sides = re.fullmatch(r'\s*(\d{1,6})\s*[xX×*]\s*(\d{1,6})\s*', value)
            width, height = (float(sides[1]), float(sides[2])) if sides else (None, None)
        elif isinstance(value, Sequence) and 2 <= len(value) <= 3 and key in ('shape', 'img_shape'):
            height, width = read_number(value[0]), read_number(value[1])  # rows first, as an array's shape
        elif isinstance(value, Sequence) and len(value) == 2:
            width, height = read_number(value[0]), read_number(value[1])
    if width and height and 1 <= width <= 100_000 and 1 <= height <= 100_000:
        return round(width), round(height)
    return None


def _of_every_frame(frames: Sequence[Any], keys: Sequence[str]) -> tuple[str, NDArray[np.float64]] | None:
    """The first of the keys that every frame has a number under, and the numbers, (T,)."""
    for key in keys:
        if frames and getattr(frames[0], key, None) is not None:
            values: list[Any] = [getattr(frame, key, None) for frame in frames]
            if set(map(type, values)) <= {int, float}:  # the usual, and fast
                try:
                    numbers = np.array(values, np.float64)
                except OverflowError:
                    return None
                return (key, numbers) if (np.abs(numbers) < 1e15).all() else None
            values = [read_number(value) for value in values]
            if None not in values:
                return key, np.array(values, np.float64)
    return None


def read_numbers(frames: Sequence[Any]) -> NDArray[np.float64] | None:
    """The frame numbers that frames carry, (T,), None if they do not all carry one."""
    found = _of_every_frame(frames, _NUMBERS)
    return found[1] if found else None


def note_on_numbers(frames: Sequence[Any]) -> tuple[str, ...]:
    """A note where frames carry numbers or times that cannot be used."""
    notes: tuple[str, ...] = ()
    for keys, name in ((_NUMBERS, 'numbers'), (tuple(_TIMES), 'times')):
        said = any(getattr(frame, key, None) is not None for frame in frames for key in keys)
        if said and _of_every_frame(frames, keys) is None:
            notes += (f'frame {name} that are beyond use or not in every frame, not used',)
    return notes


def read_times(frames: Sequence[Any]) -> NDArray[np.float64] | None:
    """The times that frames carry, in the unit that the key says (seconds if none), (T,)."""
    found = _of_every_frame(frames, tuple(_TIMES))
    return found[1] * _TIMES[found[0]] if found else None
