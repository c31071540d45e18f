"""Skeletons and labels on pictures, RGB (H, W, 3) uint8, in place.

Everything is sized by the picture, so that it is legible from 240 lines to 2160. Needs OpenCV 5, whose
``putText`` writes any script.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.clips import FloatArray
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import Skeleton

if TYPE_CHECKING:
    import cv2

__all__ = ['Picture', 'Tag', 'beside', 'black', 'box_of', 'draw_note', 'draw_skeleton', 'draw_tags', 'person_color']

Picture = NDArray[np.uint8]
Color = tuple[int, int, int]

# Which part of the body a joint belongs to, by the words in its name; the first that fits counts.
_PARTS = {
    'head': ('nose', 'eye', 'ear', 'mouth', 'head'),
    'hand': ('pinky', 'index', 'thumb', 'hand'),
    'arm': ('elbow', 'wrist'),
    'foot': ('heel', 'foot', 'toe'),
    'leg': ('knee', 'ankle'),
    'torso': ('shoulder', 'hip', 'neck', 'spine', 'chest', 'pelvis'),
}
# Warm colours for the person's left, cool ones for the right, pale ones for the axis; RGB.
_COLORS: dict[str, dict[str, Color]] = {
    'left': dict(head=(255, 196, 140), torso=(255, 140, 60), arm=(255, 122, 0), hand=(255, 186, 60), leg=(255, 66, 72),
                 foot=(255, 132, 150), body=(255, 140, 60)),
    'right': dict(head=(160, 206, 255), torso=(70, 150, 255), arm=(0, 136, 255), hand=(40, 214, 255), leg=(0, 196, 150),
                  foot=(120, 236, 170), body=(70, 150, 255)),
    'axis': dict(head=(240, 240, 240), torso=(236, 236, 214), neck=(255, 224, 50), body=(236, 236, 214)),
}  # fmt: skip
# What the enhanced skeleton connects.
_NECK = {'head', 'torso'}
_PEOPLE: tuple[Color, ...] = (
    (52, 120, 246), (214, 72, 48), (36, 150, 84), (150, 84, 214), (196, 132, 0), (0, 146, 160), (206, 62, 134),
)  # fmt: skip
_INK: Color = (14, 16, 20)
_WHITE: Color = (255, 255, 255)

# Joints fade between these scores; below the first they are not drawn.
_FAINT, _SURE = 0.1, 0.8
_SHIFT = 4  # bits of a fraction of a pixel


def black(size: tuple[int, int]) -> Picture:
    """A dark picture of (width, height)."""
    return np.full((size[1], size[0], 3), (20, 22, 26), np.uint8)


def person_color(person: int) -> Color:
    """The colour of the label of a person, by number."""
    return _PEOPLE[person % len(_PEOPLE)]


# -- skeletons --------------------------------------------------------------------------------------


def draw_skeleton(picture: Picture, landmarks: FloatArray, scores: FloatArray, skeleton: Skeleton) -> None:
    """Draw one person: a connection for each of the skeleton's, a dot for each joint, faded by score.

    Args:
        picture: (H, W, 3).
        landmarks: (V, >= 2) in its pixels, NaN where unseen; any of them may be outside.
        scores: (V,) in 0..1.
        skeleton: Whose joints they are.

    Raises:
        InputError: The landmarks are not of that skeleton.
    """
    import cv2

    if landmarks.shape[0] != skeleton.num_joints:
        raise InputError(f"{landmarks.shape[0]} joints where '{skeleton.name}' has {skeleton.num_joints}")
    points = landmarks[:, :2].astype(np.float64)
    strength = np.clip((scores - _FAINT) / (_SURE - _FAINT), 0, 1) * 0.85 + 0.15
    strength[(scores < _FAINT) | np.isnan(points).any(axis=1)] = 0
    drawn = np.flatnonzero(strength).tolist()
    if not drawn:
        return
    width = _line_width(picture, points[drawn])
    window = _window(picture, points[drawn], 3 * width)
    if window is None:
        return
    part = picture[window]
    # What is drawn, and how much of it covers the picture.
    paint, cover = np.zeros_like(part), np.zeros(part.shape[:2], np.uint8)
    places = np.round((points - [window[1].start, window[0].start]) * 2**_SHIFT)
    places = np.clip(np.nan_to_num(places), -(2**20), 2**20).astype(int)
    limbs = [(min(strength[a], strength[b]), a, b) for a, b in skeleton.limbs]
    limbs = sorted((limb for limb in limbs if limb[0] > 0), key=lambda limb: limb[0])
    # The dark outline lies below every colour, so that crossing limbs stay whole.
    for outline in (True, False):
        for alpha, a, b in limbs:
            color = _INK if outline else _limb_color(skeleton, a, b)
            fine = _limb_fineness(skeleton, a, b)
            thickness = max(1, round(width * fine * (1.9 if outline else 1)))
            for layer, value in ((paint, color), (cover, float(alpha) * (150 if outline else 255))):
                cv2.line(layer, places[a], places[b], value, thickness, cv2.LINE_AA, _SHIFT)
        for joint in sorted(drawn, key=lambda joint: strength[joint]):
            color = _INK if outline else _joint_color(skeleton, joint)
            radius = round(width * _fineness(skeleton, joint) * (1.4 if outline else 0.95) * 2**_SHIFT)
            for layer, value in ((paint, color), (cover, float(strength[joint]) * (150 if outline else 255))):
                cv2.circle(layer, places[joint], radius, value, -1, cv2.LINE_AA, _SHIFT)
    # Where nothing is painted the cover is 0, so that the edges of lines blend into the picture.
    share = cover[..., None].astype(np.uint16)
    part[:] = (part * (255 - share) + paint * share + 127) // 255


def _line_width(picture: Picture, points: NDArray[np.float64]) -> float:
    """By the picture, thinner for somebody small in it."""
    body = float(np.hypot(*np.ptp(points, axis=0)))
    return max(1.0, min(_lines(picture) / 200, body / 60))


def _lines(picture: Picture) -> float:
    """The height of a picture of 16:9 that is as large, so that upright ones are drawn on as lying ones are."""
    return float(np.sqrt(picture.shape[0] * picture.shape[1] * 9 / 16))


def _window(picture: Picture, points: NDArray[np.float64], margin: float) -> tuple[slice, slice] | None:
    """The part of the picture that points lie in, None if it is empty."""
    low = np.floor(points.min(axis=0) - margin).clip(0)
    high = np.ceil(points.max(axis=0) + margin).clip(None, picture.shape[1::-1])
    if (high <= low).any():
        return None
    (left, top), (right, bottom) = low.astype(int), high.astype(int)
    return slice(top, bottom), slice(left, right)


def _words(skeleton: Skeleton, joint: int) -> set[str]:
    return set(skeleton.joints[joint].split('_'))


@lru_cache(maxsize=1024)
def _part(skeleton: Skeleton, joint: int) -> str:
    words = _words(skeleton, joint)
    # 'left_foot_index' is a toe and 'left_index' a finger.
    if words & set(_PARTS['foot']):
        return 'foot'
    return next((part for part, known in _PARTS.items() if words & set(known)), 'body')


@lru_cache(maxsize=1024)
def _side(skeleton: Skeleton, joint: int) -> str:
    return next((side for side in ('left', 'right') if side in _words(skeleton, joint)), 'axis')


@lru_cache(maxsize=1024)
def _limb_fineness(skeleton: Skeleton, a: int, b: int) -> float:
    parts = {_part(skeleton, joint) for joint in (a, b)}
    return 1.0 if parts == _NECK else min(_fineness(skeleton, joint) for joint in (a, b))


def _fineness(skeleton: Skeleton, joint: int) -> float:
    """How thick a joint is drawn; those of face and hands are close together."""
    return 0.6 if _part(skeleton, joint) in ('head', 'hand') else 1.0


@lru_cache(maxsize=1024)
def _joint_color(skeleton: Skeleton, joint: int) -> Color:
    colors = _COLORS[_side(skeleton, joint)]
    return colors.get(_part(skeleton, joint), colors['body'])


@lru_cache(maxsize=1024)
def _limb_color(skeleton: Skeleton, a: int, b: int) -> Color:
    parts = {_part(skeleton, joint) for joint in (a, b)}
    if parts == _NECK:
        return _COLORS['axis']['neck']
    sides = {_side(skeleton, joint) for joint in (a, b)}
    if len(sides) > 1:
        return _COLORS['axis'].get(parts.pop() if len(parts) == 1 else 'body', _COLORS['axis']['body'])
    return _joint_color(skeleton, max(a, b, key=lambda joint: skeleton.depths[joint]))


# -- words ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tag:
    """What is written beside a person.

    Attributes:
        text: The action, or what else there is to say.
        share: A bar below the text is filled so far, 0..1; None for no bar.
        color: Of the tag.
        box: (left, top, right, bottom) of the person in pixels; None writes in the picture's upper left corner.
    """

    text: str
    share: float | None
    color: Color
    box: tuple[float, float, float, float] | None = None


Box = tuple[int, int, int, int]


@lru_cache(maxsize=1)
def _font() -> cv2.FontFace:
    import cv2

    return cv2.FontFace('sans')


def _text_size(picture: Picture) -> int:
    return max(13, round(_lines(picture) / 26))


def _measure(text: str, size: int) -> tuple[int, int]:
    """Width of a text and how far it reaches above its base line."""
    import cv2

    _, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), _font(), size, 600)
    _, top, _, _ = cv2.getTextSize((0, 0), 'Ågp', (0, 0), _font(), size, 600)
    return width, -top


def draw_tags(picture: Picture, tags: Iterable[Tag]) -> None:
    """Write each tag above its person, where no other tag is and inside the picture."""
    taken: list[Box] = []
    for tag in tags:
        _draw_tag(picture, tag, taken)


def _draw_tag(picture: Picture, tag: Tag, taken: list[Box]) -> None:
    size = _text_size(picture)
    height, width = picture.shape[:2]
    pad, bar = max(3, size // 3), max(2, size // 6) if tag.share is not None else 0
    text = _shortened(tag.text, size, width - 2 * pad)
    across, ascent = _measure(text, size)
    wide, high = across + 2 * pad, ascent + size // 3 + 2 * pad + bar
    left, top = (float(pad), float(pad))
    if tag.box:
        left, top = tag.box[0], tag.box[1] - high - max(size / 2, _above_eyes(tag.box))
    left, top = (int(np.clip(at, 0, max(0, most))) for at, most in ((left, width - wide), (top, height - high)))
    top = _free(taken, left, top, wide, high, height)
    taken.append((left, top, left + wide, top + high))
    area = picture[top : top + high, left : left + wide]
    area[:] = (area * 0.15 + np.array(tag.color) * 0.85).astype(np.uint8)
    if tag.share is not None:
        area[-bar:] = (area[-bar:] * 0.45).astype(np.uint8)
        area[-bar:, : round(wide * float(np.clip(tag.share, 0, 1)))] = _WHITE
    _write(picture, text, (left + pad, top + pad + ascent), size)


def _shortened(text: str, size: int, width: int) -> str:
    """The text, or as much of it as is so wide; a number at its end stays."""
    number = match.group() if (match := re.search(r' [\d.]+$', text)) else ''
    name = text.removesuffix(number)
    while len(name) > 1 and _measure(name + number, size)[0] > width:
        name = name.removesuffix('…')[:-1] + '…'
    return name + number


def _above_eyes(box: tuple[float, float, float, float]) -> float:
    """How far the head reaches above the highest joint, which is an eye mostly, and a little more."""
    width, height = box[2] - box[0], box[3] - box[1]
    # Of somebody who is seen from the hips upwards it is a larger share of the height; the shoulders tell.
    return max(0.11 * height, min(0.25 * width, 0.17 * height))


def _free(taken: Sequence[Box], left: int, top: int, wide: int, high: int, height: int) -> int:
    """Where a tag can stand: above the others in its way if there is room, else below them."""
    for step in (-1, 1):
        place = top
        while 0 <= place <= height - high:
            hit = [
                box
                for box in taken
                if box[0] < left + wide and left < box[2] and box[1] < place + high and place < box[3]
            ]
            if not hit:
                return place
            place = min(box[1] for box in hit) - high if step < 0 else max(box[3] for box in hit)
    return top


def draw_note(picture: Picture, text: str) -> None:
    """Write a line in the picture's lower left corner."""
    size = _text_size(picture)
    _write(picture, text, (size // 2, picture.shape[0] - size // 2), size, outline=True)


def _write(picture: Picture, text: str, place: tuple[int, int], size: int, outline: bool = False) -> None:
    import cv2

    if outline:
        reach = max(1, size // 14)
        for across, down in ((-reach, 0), (reach, 0), (0, -reach), (0, reach)):
            cv2.putText(picture, text, (place[0] + across, place[1] + down), _INK, _font(), size, 600)
    cv2.putText(picture, text, place, _WHITE, _font(), size, 600)


def box_of(landmarks: FloatArray, scores: FloatArray) -> tuple[float, float, float, float] | None:
    """(left, top, right, bottom) of the joints that are drawn, None if there are none."""
    seen = (scores >= _FAINT) & ~np.isnan(landmarks[:, :2]).any(axis=1)
    if not seen.any():
        return None
    (left, top), (right, bottom) = landmarks[seen, :2].min(axis=0), landmarks[seen, :2].max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def beside(pictures: Sequence[Picture]) -> Picture:
    """Pictures of one height from left to right."""
    return np.concatenate(list(pictures), axis=1)
