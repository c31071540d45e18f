"""How one person's landmarks are written in JSON: as objects or rows, in order or by name, or as one flat list.

A coding is recognised from one person (:func:`recognise_coding`), names the msgspec type to decode it
with, and turns many people into arrays at once. Which key holds people is the dialects' business.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, starmap
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import astuple
from numpy.typing import NDArray

from blazepose_skl.dumps.joints import BLAZEPOSE, has_depth, joint_index, knows_names
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import Skeleton

__all__ = ['Coding', 'Flat', 'InOrder', 'Table', 'Tables', 'is_number', 'recognise_coding', 'without_depth']

# x, y, perhaps depth, and the score last, of one joint of one person.
Table = NDArray[np.float64]
# Coordinates (N, V, 2 or 3) and scores (N, V).
Tables = tuple[Table, Table]
Place = Callable[[int], str]  # where the n-th person stands, for messages

Number = float | None
# In the order of preference: Tasks writes both visibility and presence.
_SCORES = ('visibility', 'score', 'confidence', 'likelihood', 'inFrameLikelihood', 'v', 'presence')
_NAMES = ('name', 'type', 'part')


def wrong_number(found: object, skeleton: Skeleton) -> str:
    return f"{found} landmarks where '{skeleton.name}' has {skeleton.num_joints}"


@dataclass(frozen=True)
class Spelling:
    """The keys of a landmark object; '' for what it has not."""

    x: str
    y: str
    z: str = ''
    score: str = ''
    name: str = ''
    nested: str = ''  # the key under which x, y and z stand, as in ML Kit's `position`
    depth: bool = True  # whether z is read

    @cached_property
    def type(self) -> Any:
        """A msgspec struct with the fields x, y, z, score (and name), under these keys."""
        point: list[Any] = [('x', Number), ('y', Number)] + ([('z', Number, None)] if self.depth else [])
        if self.nested:
            keys = {'x': self.x, 'y': self.y, 'z': self.z or 'z'}
            inner = msgspec.defstruct('Position', point, rename=keys, gc=False)
            point = [('at', inner)]
        score: list[Any] = [('score', Number, None)]
        name: list[Any] = [('name', str | int | None, None)] if self.name else []
        rename = {'at': self.nested} if self.nested else {'x': self.x, 'y': self.y, 'z': self.z or 'z'}
        rename |= {'score': self.score or 'visibility', 'name': self.name}
        rename = {field: rename[field] for field, *_ in point + score + name}
        # gc=False: landmarks hold nothing but numbers, and there are very many.
        return msgspec.defstruct('Landmark', point + score + name, rename=rename, gc=False)

    def table(self, landmarks: Iterable[Any], count: int) -> Table:
        """(count, 4), or (count, 3) without depth."""
        rows: Iterable[tuple[Number, ...]]
        axes = 'xyz' if self.depth else 'xy'
        if self.nested:
            rows = map(attrgetter(*(f'at.{axis}' for axis in axes), 'score'), landmarks)
        elif self.name:
            rows = map(attrgetter(*axes, 'score'), landmarks)
        else:
            rows = map(astuple, landmarks)
        width = len(axes) + 1
        return np.fromiter(chain.from_iterable(rows), np.float64, count * width).reshape(count, width)


def _spelling(landmark: dict[str, Any]) -> Spelling | None:
    def find(words: Sequence[str], among: Iterable[str]) -> str:
        keys = {key.lower(): key for key in among}
        return next((keys[word.lower()] for word in words if word.lower() in keys), '')

    nested = find(('position',), landmark)
    point = landmark[nested] if nested else landmark
    if not isinstance(point, dict):
        return None
    x, y = find('x', point), find('y', point)
    if not (x and y) or not all(is_number(point[key]) for key in (x, y)):
        return None
    name = next((key for key in _NAMES if isinstance(landmark.get(key), (str, int))), '')
    return Spelling(x, y, find('z', point), find(_SCORES, landmark), name, nested)


def is_number(value: object) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


@dataclass(frozen=True)
class Rows:
    """Landmarks written as [x, y], [x, y, z] (or [x, y, score]) or [x, y, z, score]."""

    scored: bool = False  # three numbers are x, y, score

    type: Any = list[Number]

    def table(self, landmarks: Iterable[Any], count: int) -> Table:
        """(count, 4)."""
        rows = list(landmarks)
        width = len(rows[0]) if rows else 2
        if not 2 <= width <= 5 or any(len(row) != width for row in rows):
            found = sorted({len(row) for row in rows})
            raise InputError(f'landmarks of {" and ".join(map(str, found))} numbers where 2, 3 or 4 were expected')
        table = np.full((count, 4), np.nan)
        values = np.fromiter(chain.from_iterable(rows), np.float64, count * width).reshape(count, width)
        if width == 3 and self.scored:
            table[:, [0, 1, 3]] = values
        else:
            table[:, : min(width, 4)] = values[:, :4]
        return table


Values = Spelling | Rows


def _example(skeleton: Skeleton) -> str:
    """A name, for whoever has others."""
    if skeleton == BLAZEPOSE:
        return "MediaPipe's names, such as left_foot_index"
    return f'such as {skeleton.joints[-1]}'


@dataclass(frozen=True)
class InOrder:
    """A list of all landmarks in keypoint order."""

    values: Values
    skeleton: Skeleton = BLAZEPOSE

    @property
    def type(self) -> Any:
        return list[self.values.type]  # type: ignore[name-defined]

    def tables(self, people: Sequence[Any], place: Place) -> Tables:
        """(N, V, 3), or (N, V, 2) without depth, and the scores."""
        joints = self.skeleton.num_joints
        if set(map(len, people)) - {joints}:
            wrong = next(n for n, person in enumerate(people) if len(person) != joints)
            raise InputError(f'{place(wrong)}: {wrong_number(len(people[wrong]), self.skeleton)}')
        count = len(people) * joints
        return _apart(self.values.table(chain.from_iterable(people), count).reshape(len(people), joints, -1))


@dataclass(frozen=True)
class ByName:
    """Landmarks with names: a dict from names (or numbers) to landmarks, or a list of objects with a name."""

    values: Values
    listed: bool
    skeleton: Skeleton = BLAZEPOSE

    @property
    def type(self) -> Any:
        return list[self.values.type] if self.listed else dict[str, self.values.type]  # type: ignore[name-defined]

    def tables(self, people: Sequence[Any], place: Place) -> Tables:
        """(N, V, 3), or (N, V, 2) without depth, and the scores, NaN for joints that are not named."""
        owners: list[int] = []
        joints: list[int] = []
        landmarks: list[Any] = []
        for n, person in enumerate(people):
            names = [landmark.name for landmark in person] if self.listed else list(person)
            places = [joint_index(str(name), self.skeleton) for name in names]
            if None in places:
                self._refuse(names, place(n))
            if len(set(places)) != len(places):
                raise InputError(f'{place(n)}: two landmarks of one name among {", ".join(map(str, names[:40]))}')
            owners += [n] * len(names)
            joints += places  # type: ignore[arg-type]
            landmarks += person if self.listed else person.values()
        values = self.values.table(landmarks, len(landmarks))
        table = np.full((len(people), self.skeleton.num_joints, values.shape[-1]), np.nan)
        table[owners, joints] = values
        return _apart(table)

    def _refuse(self, names: Sequence[object], where: str) -> None:
        skeleton = self.skeleton
        strange = [str(name) for name in names if joint_index(str(name), skeleton) is None]
        if all(name.isdigit() for name in strange):
            last = skeleton.num_joints - 1
            raise InputError(f"{where}: landmark number {strange[0]} where '{skeleton.name}' has 0 to {last}")
        shown = ', '.join(repr(name[:30]) for name in strange[:3]) + (' …' if len(strange) > 3 else '')
        raise InputError(
            f'{where}: {len(names)} landmarks, of which {shown} {"is" if len(strange) == 1 else "are"} not named as '
            f"in '{skeleton.name}' ({_example(skeleton)}); rename or remove them"
        )


@dataclass(frozen=True)
class Flat:
    """One list of numbers, x y, x y z (or x y score) or x y z score for each landmark."""

    scored: bool = False  # three numbers are x, y, score
    skeleton: Skeleton = BLAZEPOSE

    type: Any = list[Number]

    def tables(self, people: Sequence[Any], place: Place) -> Tables:
        """(N, V, 3) and the scores."""
        joints = self.skeleton.num_joints
        width, rest = divmod(len(people[0]), joints)
        for n, person in enumerate(people):
            if rest or not 2 <= width <= 4 or len(person) != width * joints:
                found = len(person)
                hint = ' (OpenPose BODY_25, which is another skeleton)' if found == 75 else ''
                raise InputError(
                    f"{place(n)}: {found} numbers{hint} where '{self.skeleton.name}' has "
                    f'{joints} landmarks of 2, 3 or 4 numbers, {2 * joints}, {3 * joints} or {4 * joints} in all'
                )
        values = _numbers(people, width * joints).reshape(len(people), joints, width)
        table = np.full((len(people), joints, 4), np.nan)
        if width == 3 and self.scored:
            table[..., [0, 1, 3]] = values
        else:
            table[..., :width] = values
        return _apart(table)


def _apart(table: Table) -> Tables:
    return table[..., :-1], table[..., -1]


def _numbers(lists: Sequence[list[Number]], length: int) -> Table:
    """(N, length) of N lists of as many numbers; NaN for None."""
    try:
        # Twice as fast as NumPy, but it has no word for None.
        packed = b''.join(starmap(struct.Struct(f'={length}d').pack, lists))
        return np.frombuffer(packed).reshape(len(lists), length)
    except struct.error:
        return np.fromiter(chain.from_iterable(lists), np.float64, len(lists) * length).reshape(len(lists), length)


class PoseAndScore(msgspec.Struct, gc=False):
    """A person of Kinetics-skeleton: x0, y0, x1, y1, … and a score for each landmark."""

    pose: list[Number]
    score: list[Number] | None = None


@dataclass(frozen=True)
class Split:
    """Coordinates and scores in two lists, as ST-GCN's Kinetics-skeleton has them."""

    skeleton: Skeleton = BLAZEPOSE

    type: Any = PoseAndScore

    def tables(self, people: Sequence[Any], place: Place) -> Tables:
        """(N, V, 2), or (N, V, 3) if there is depth, and the scores."""
        joints = self.skeleton.num_joints
        unknown: list[Number] = [None] * joints
        poses = [person.pose for person in people]
        scores = [person.score or unknown for person in people]
        width = len(poses[0]) // joints
        if width not in (2, 3) or {*map(len, poses)} != {width * joints} or {*map(len, scores)} != {joints}:
            self._refuse(poses, scores, place)
        return _numbers(poses, width * joints).reshape(-1, joints, width), _numbers(scores, joints)

    def _refuse(self, poses: Sequence[list[Number]], scores: Sequence[list[Number]], place: Place) -> None:
        joints = self.skeleton.num_joints
        for n, (pose, score) in enumerate(zip(poses, scores, strict=True)):
            found = len(pose) // 2
            if len(pose) % joints or found < joints or len(pose) > 3 * joints:
                hint = ' (OpenPose, which is another skeleton)' if found in (18, 25) else ''
                raise InputError(f'{place(n)}: {wrong_number(found, self.skeleton)}{hint}')
            if len(score) != joints:
                raise InputError(f'{place(n)}: {len(score)} scores for {joints} landmarks')
            if len(pose) != len(poses[0]):
                raise InputError(f'{place(n)}: {len(pose)} numbers where there were {len(poses[0])} before')


Coding = InOrder | ByName | Flat | Split


def recognise_coding(person: object, whole: bool, skeleton: Skeleton = BLAZEPOSE) -> Coding | None:
    """The coding of one person's landmarks, None if they are none.

    Args:
        person: Decoded JSON.
        whole: False if the JSON was cut short, so that the last item of any list may lack something.
        skeleton: Whose joints they are.
    """
    enough = 1 if whole else 2
    if isinstance(person, dict):
        if isinstance(person.get('pose'), list) and _flat(person['pose']):
            return Split(skeleton)
        named = list(person.values())
        if len(named) >= enough and knows_names(person, skeleton):
            values = _values(named[0])
            return ByName(values, listed=False, skeleton=skeleton) if values else None
    if isinstance(person, list) and len(person) >= enough:
        values = _values(person[0])
        if isinstance(values, Spelling) and values.name:
            return ByName(values, listed=True, skeleton=skeleton)
        if values:
            return InOrder(values, skeleton)
        if _flat(person):
            return Flat(skeleton=skeleton)
    return None


def without_depth(coding: Coding) -> Coding:
    """The same without z where it can be left out, which saves a fourth of the time.

    A third bare number is then the score, but for MediaPipe's skeletons (:func:`.joints.has_depth`).
    """
    if isinstance(coding, (InOrder, ByName)) and isinstance(coding.values, Spelling):
        return replace(coding, values=replace(coding.values, depth=False))
    if has_depth(coding.skeleton) or isinstance(coding, Split):
        return coding
    return replace(coding, scored=True) if isinstance(coding, Flat) else replace(coding, values=Rows(scored=True))


def _values(landmark: object) -> Values | None:
    if isinstance(landmark, dict):
        return _spelling(landmark)
    if isinstance(landmark, list) and 2 <= len(landmark) <= 5 and all(map(is_number, landmark)):
        return Rows()
    return None


def _flat(numbers: list[Any]) -> bool:
    # More than any row of one landmark has.
    return len(numbers) > 5 and all(map(is_number, numbers))
