"""Contact sheets: frames of a clip from left to right, a row for each skeleton, as in Fig. 4 of the paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from blazepose_skl.draw import Picture, draw_note, draw_skeleton
from blazepose_skl.outfiles import write_whole
from blazepose_skl.recognition import Sight
from blazepose_skl.skeletons import Skeleton

__all__ = ['choose_frames', 'contact_sheet', 'write_png']

_GAP, _FRAME = 6, (66, 70, 78)
# Of the whole sheet, about; and of one of its pictures, at most.
_WIDTH, _TILE = 2400, 480


def choose_frames(frames: int, count: int) -> list[int]:
    """Frames from all of a clip, at most so many: the middles of equal parts.

    >>> choose_frames(100, 4), choose_frames(2, 4)
    ([12, 37, 62, 87], [0, 1])
    """
    count = min(frames, count)
    return [int((part + 0.5) * frames / count) for part in range(count)]


def contact_sheet(
    pictures: Iterable[Picture], sights: Sequence[Sight], skeletons: Sequence[Skeleton], chosen: Sequence[int]
) -> Picture:
    """A sheet with a column for each chosen frame and a row for each skeleton.

    Args:
        pictures: Of all frames.
        sights: Who is where in them.
        skeletons: Whose connections are drawn.
        chosen: Numbers of frames.

    Raises:
        InputError: The landmarks are not of one of the skeletons.
    """
    wanted = set(chosen)
    across = min(_WIDTH // len(chosen), _TILE)
    tiles = [
        [_tile(picture, sight, skeleton, across) for skeleton in skeletons]
        for frame, (picture, sight) in enumerate(zip(pictures, sights, strict=False))
        if frame in wanted
    ]
    height, width = tiles[0][0].shape[:2]
    size = (len(skeletons) * (height + _GAP) + _GAP, len(tiles) * (width + _GAP) + _GAP, 3)
    sheet = np.full(size, _FRAME, np.uint8)
    for column, rows in enumerate(tiles):
        for row, tile in enumerate(rows):
            top, left = _GAP + row * (height + _GAP), _GAP + column * (width + _GAP)
            if column == 0:
                draw_note(tile, skeletons[row].name)
            sheet[top : top + height, left : left + width] = tile
    return sheet


def _tile(picture: Picture, sight: Sight, skeleton: Skeleton, across: int) -> Picture:
    scale = across / picture.shape[1]
    size = (across, max(1, round(picture.shape[0] * scale)))
    tile = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    for landmarks, scores in zip(sight.landmarks, sight.scores, strict=True):
        draw_skeleton(tile, landmarks * np.float32(scale), scores, skeleton)
    return tile


def write_png(picture: Picture, path: Path) -> None:
    """Write a picture, RGB, as PNG.

    Raises:
        InputError: It cannot be written.
    """
    _, data = cv2.imencode('.png', cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    write_whole(path, data.tobytes())
