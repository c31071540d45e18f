"""The pictures of the docs, drawn from synthetic clips.

    blazepose-skl synthesize DUMPS --clips-per-class 40 --people 20 --dialect tasks
    python tools/quickstart.py DUMPS --work-dir WORK --group '(person\\d+)' --epochs 36
    python tools/pictures.py WORK/train/CONFIG.py WORK/train/epoch_36.pth

The clips are of people whom the network has not seen.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from blazepose_skl.convert import Filling
from blazepose_skl.demo import Look, label_footage, recognize_whole
from blazepose_skl.draw import Picture, beside
from blazepose_skl.footage import ClipFootage
from blazepose_skl.mmaction2.recognizer import Recognizer, load_recognizer
from blazepose_skl.sheet import choose_frames, contact_sheet, write_png
from blazepose_skl.skeletons import BLAZEPOSE, ENHANCED_BLAZEPOSE
from blazepose_skl.synthetic import synthesize

PICTURES = Path(__file__).resolve().parent.parent / 'docs/pictures'
SEED = 7  # of people whom no network was trained on: the quickstart's is 0
LABELLED = ('wave', 'squat', 'punch', 'jumping_jack')
HEIGHT = 960
TILE = (640, HEIGHT)


def footage_of(action: str) -> ClipFootage:
    """A synthetic clip, in a picture of one height."""
    clip = next(synthesize(1, 1, SEED, [action])).clip()
    scale = HEIGHT / clip.size[1]
    size = (round(clip.size[0] * scale), HEIGHT)
    return ClipFootage(replace(clip, landmarks=clip.landmarks[..., :2] * np.float32(scale), size=size))


def framed(footage: ClipFootage) -> ClipFootage:
    """The same in an upright picture, large, with room for a label above."""
    clip = footage.clip
    low, high = (end(clip.landmarks.reshape(-1, 2), axis=0) for end in (np.nanmin, np.nanmax))
    scale = min(0.84 * TILE[0] / (high - low)[0], 0.7 * TILE[1] / (high - low)[1])
    middle, where = (low + high) / 2, np.array([0.5, 0.58]) * TILE
    landmarks = ((clip.landmarks - middle) * scale + where).astype(np.float32)
    return ClipFootage(replace(clip, landmarks=landmarks, size=TILE))


def labelled(recognizer: Recognizer, action: str) -> Picture:
    """What the network says of a clip, on the frame that is farthest from how it begins, of those that show most."""
    footage = framed(footage_of(action))
    findings = recognize_whole(footage, footage.sights(), recognizer, together=False, filling=Filling())
    pictures = list(label_footage(footage, findings, recognizer, Look(threshold=0.0)))
    poses, seen = footage.clip.landmarks[0], (footage.clip.scores[0] > 0.3).mean(axis=1)
    apart = np.nan_to_num(np.linalg.norm(poses - np.nanmedian(poses[:5], axis=0), axis=-1).mean(axis=1))
    return pictures[int(np.where(seen >= np.quantile(seen, 0.8), apart, -1).argmax())]


def main(config: str, checkpoint: str) -> None:
    """Draw them."""
    footage = footage_of('jumping_jack')
    sights = list(footage.sights())
    skeletons = (BLAZEPOSE, ENHANCED_BLAZEPOSE)
    sheet = contact_sheet(footage.pictures(), sights, skeletons, choose_frames(len(sights), 6))
    write_png(sheet, PICTURES / 'contact_sheet.png')
    recognizer = load_recognizer(config, checkpoint)
    row = beside([labelled(recognizer, action) for action in LABELLED])
    half = (row.shape[1] // 2, row.shape[0] // 2)
    write_png(np.asarray(cv2.resize(row, half, interpolation=cv2.INTER_AREA), np.uint8), PICTURES / 'labelled.png')


if __name__ == '__main__':
    main(*sys.argv[1:])
