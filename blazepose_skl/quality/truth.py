"""Pictures with people whose joints somebody marked, in the form of COCO's keypoint annotations."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import COCO

__all__ = ['Person', 'Picture', 'Truth', 'read_truth']

Id = int | str


@dataclass(frozen=True)
class Person:
    """Somebody in a picture; V joints of COCO-17.

    Attributes:
        points: (V, 2) float64, pixels.
        labelled: (V,), the joints that were marked, visible or hidden: v > 0.
        box: x, y, width, height.
        area: Of the person in square pixels.
        crowd: Whether this is a group, whom nobody need find.
    """

    points: NDArray[np.float64]
    labelled: NDArray[np.bool_]
    box: tuple[float, float, float, float]
    area: float
    crowd: bool = False

    @property
    def counts(self) -> bool:
        """Whether PCK and AP ask for this person."""
        return not self.crowd and bool(self.labelled.any())


@dataclass(frozen=True)
class Picture:
    """A picture, or a frame of a video.

    Attributes:
        name: Its file, or the video's, relative to the folder of pictures.
        frame: Which frame of the video, from 0; None for a picture.
        size: (width, height).
        people: Who is in it.
    """

    name: str
    frame: int | None
    size: tuple[int, int]
    people: tuple[Person, ...]

    def __str__(self) -> str:
        return self.name if self.frame is None else f'{self.name}, frame {self.frame}'


@dataclass(frozen=True)
class Truth:
    """A set of pictures with its name."""

    name: str
    path: Path
    pictures: tuple[Picture, ...]

    @property
    def people(self) -> tuple[Person, ...]:
        """Those who count, in the order of the pictures."""
        return tuple(person for picture in self.pictures for person in picture.people if person.counts)


class _Image(msgspec.Struct):
    id: Id
    file_name: str
    width: Annotated[int, msgspec.Meta(ge=1)]
    height: Annotated[int, msgspec.Meta(ge=1)]
    video_id: Id | None = None
    frame_id: Annotated[int, msgspec.Meta(ge=0)] | None = None


class _Video(msgspec.Struct):
    id: Id
    name: str


class _Category(msgspec.Struct):
    keypoints: list[str] = []


_LENGTH = 3 * COCO.num_joints


class _Annotation(msgspec.Struct):
    image_id: Id
    keypoints: Annotated[list[float], msgspec.Meta(min_length=_LENGTH, max_length=_LENGTH)]
    bbox: tuple[float, float, float, float]
    area: Annotated[float, msgspec.Meta(ge=0)]
    iscrowd: int = 0


class _Document(msgspec.Struct):
    images: list[_Image]
    annotations: list[_Annotation]
    categories: list[_Category] = []
    videos: list[_Video] = []


def read_truth(path: Path, name: str = '') -> Truth:
    """The pictures of a file as COCO's ``person_keypoints_val2017.json``.

    An image with ``video_id`` and ``frame_id`` (from 0) is a frame of the video of that id under ``videos``, as in
    the CocoVID form; any other is the picture ``file_name``.

    Args:
        path: The file.
        name: What to call it, without one its stem.

    Raises:
        InputError: It cannot be read, is of another form, or nobody in it has a marked joint.
    """
    document = _decode(path)
    for category in document.categories:
        if category.keypoints and tuple(category.keypoints) != COCO.joints:
            raise InputError(
                f"{path}: a category with other keypoints than COCO's 17 or in another order "
                f'({", ".join(category.keypoints[:4])}, …); only those can be compared with'
            )
    people: dict[Id, list[Person]] = defaultdict(list)
    for number, annotation in enumerate(document.annotations):
        people[annotation.image_id].append(_person(annotation, f'{path}: annotation {number}'))
    videos = {video.id: video.name for video in document.videos}
    pictures: dict[Id, Picture] = {}
    for image in document.images:
        if image.id in pictures:
            raise InputError(f'{path}: two images with the id {image.id!r}; each needs its own')
        where, frame = image.file_name, None
        if image.video_id is not None:
            if image.video_id not in videos or image.frame_id is None:
                raise InputError(
                    f"{path}: image {image.id!r} has a video_id that is not among 'videos', or no frame_id; a frame of "
                    'a video needs both'
                )
            where, frame = videos[image.video_id], image.frame_id
        pictures[image.id] = Picture(where, frame, (image.width, image.height), tuple(people.pop(image.id, ())))
    if people:
        raise InputError(f'{path}: annotations of an image {next(iter(people))!r} that is not among the images')
    truth = Truth(name or path.stem, path, tuple(pictures.values()))
    if not truth.people:
        raise InputError(f'{path}: nobody in it has a marked joint (v of 1 or 2), so there is nothing to compare with')
    return truth


def _decode(path: Path) -> _Document:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Document)
    except OSError as error:
        raise InputError(f'{path}: cannot be read: {error.strerror or error}') from None
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: no keypoint annotations in COCO's form: {error}; give a file as person_keypoints_val2017.json"
        ) from None


def _person(annotation: _Annotation, where: str) -> Person:
    values = np.array(annotation.keypoints, np.float64).reshape(-1, 3)
    marks = values[:, 2]
    if not np.isin(marks, (0, 1, 2)).all():
        raise InputError(f'{where} has v = {marks[~np.isin(marks, (0, 1, 2))][0]:g} where COCO has 0, 1 or 2')
    person = Person(values[:, :2], marks > 0, annotation.bbox, annotation.area, bool(annotation.iscrowd))
    if person.counts and not (person.area > 0 and min(person.box[2:]) > 0):
        raise InputError(f'{where} has an area or a bbox of 0 for somebody with joints; OKS divides by it')
    return person
