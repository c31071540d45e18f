"""The pictures of the docs, drawn from synthetic clips.

    python tools/pictures.py CONFIG CHECKPOINT

The network is one that was trained on synthetic dumps, as tools/quickstart.py does; the clips are of other people.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2

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
HEIGHT = 300


def footage_of(action: str) -> ClipFootage:
    """A synthetic clip."""
    return ClipFootage(next(synthesize(1, 1, SEED, [action])).clip())


def labelled(recognizer: Recognizer, action: str) -> Picture:
    """The middle of a clip, with what the network says of it."""
    footage = footage_of(action)
    findings = recognize_whole(footage, footage.sights(), recognizer, together=False, filling=Filling())
    pictures = list(label_footage(footage, findings, recognizer, Look(threshold=0.0)))
    picture = pictures[len(pictures) // 2]
    width = round(picture.shape[1] * HEIGHT / picture.shape[0])
    return cv2.resize(picture, (width, HEIGHT), interpolation=cv2.INTER_AREA)


def main(config: str, checkpoint: str) -> None:
    """Draw them."""
    footage = footage_of('jumping_jack')
    sights = list(footage.sights())
    skeletons = (BLAZEPOSE, ENHANCED_BLAZEPOSE)
    sheet = contact_sheet(footage.pictures(), sights, skeletons, choose_frames(len(sights), 6))
    write_png(sheet, PICTURES / 'contact_sheet.png')
    recognizer = load_recognizer(config, checkpoint)
    write_png(beside([labelled(recognizer, action) for action in LABELLED]), PICTURES / 'labelled.png')


if __name__ == '__main__':
    main(*sys.argv[1:])
