"""The pictures of the docs, drawn from synthetic clips.

    python tools/pictures.py CONFIG CHECKPOINT

The network is one that was trained on synthetic dumps, as tools/quickstart.py does; the clips are of other people.
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


def footage_of(action: str) -> ClipFootage:
    """A synthetic clip, in a picture of one height."""
    clip = next(synthesize(1, 1, SEED, [action])).clip()
    scale = HEIGHT / clip.size[1]
    size = (round(clip.size[0] * scale), HEIGHT)
    return ClipFootage(replace(clip, landmarks=clip.landmarks[..., :2] * np.float32(scale), size=size))


def labelled(recognizer: Recognizer, action: str) -> Picture:
    """The middle of a clip, with what the network says of it."""
    footage = footage_of(action)
    findings = recognize_whole(footage, footage.sights(), recognizer, together=False, filling=Filling())
    pictures = list(label_footage(footage, findings, recognizer, Look(threshold=0.0)))
    return pictures[len(pictures) // 2]


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
