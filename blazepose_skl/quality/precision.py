"""COCO's average precision of poses, by COCO's own code."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from blazepose_skl.errors import InputError
from blazepose_skl.quality.estimates import Found
from blazepose_skl.quality.truth import Picture

__all__ = ['PRECISIONS', 'average_precision', 'check_pycocotools']

# As COCO's evaluation lists them: at OKS of 0.50 to 0.95, at 0.50, at 0.75.
PRECISIONS = ('OKS-AP', 'AP50', 'AP75')
# Where a joint is that was not estimated: so far away that its likeness is 0.
_NOWHERE = -1e9


def check_pycocotools() -> None:
    """Nothing, if pycocotools is here.

    Raises:
        InputError: It is not.
    """
    try:
        import pycocotools.cocoeval  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"OKS-AP is COCO's own, by pycocotools, which is not here ({error}); pip install 'blazepose-skl[quality]'"
        ) from None


def average_precision(pictures: Sequence[Picture], found: Sequence[Found]) -> tuple[float, ...]:
    """:data:`PRECISIONS` of people of all sizes, 20 estimates a picture, NaN where nobody counts.

    Args:
        pictures: With their people.
        found: Who was estimated in each.

    Raises:
        InputError: pycocotools is not here.
    """
    check_pycocotools()
    from pycocotools.cocoeval import COCOeval

    truths, estimates = [], []
    for number, (picture, here) in enumerate(zip(pictures, found, strict=True)):
        for person in picture.people:
            keypoints = np.column_stack([person.points, person.labelled])
            known = dict(num_keypoints=int(person.labelled.sum()), iscrowd=int(person.crowd), area=person.area)
            truths.append(dict(image_id=number, keypoints=keypoints.ravel().tolist(), bbox=[*person.box], **known))
        for points, score in zip(here.points, here.scores, strict=True):
            keypoints = np.column_stack([np.nan_to_num(points, nan=_NOWHERE), np.ones(len(points))])
            # Of any size: estimates count by their size only where sizes are told apart.
            estimates.append(dict(image_id=number, keypoints=keypoints.ravel().tolist(), score=float(score), area=1.0))
    evaluation = COCOeval(_index(len(pictures), truths), _index(len(pictures), estimates), 'keypoints')
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    values = evaluation.stats[:3]
    return tuple(float(value) if value >= 0 else float('nan') for value in values)


def _index(pictures: int, annotations: Sequence[dict[str, Any]]) -> Any:
    from pycocotools.coco import COCO

    index = COCO()
    index.dataset = dict(
        images=[dict(id=number) for number in range(pictures)],
        categories=[dict(id=1, name='person')],
        # An id of 0 would count as no match.
        annotations=[dict(known, id=number, category_id=1) for number, known in enumerate(annotations, 1)],
    )
    with contextlib.redirect_stdout(io.StringIO()):
        index.createIndex()
    return index
