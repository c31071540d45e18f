"""Skeletons: one declaration each, from which everything else follows.

A :class:`Skeleton` states the joint names in keypoint order, the parent of each joint and the
connections between joints. Graph edges and their direction, bones, the mirror map, left/right
lists and limbs are derived from it, so that no joint index is typed anywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from blazepose_skl.errors import InputError

__all__ = [
    'Skeleton',
    'SkeletonLike',
    'get_skeleton',
    'register_skeleton',
    'skeleton_names',
]

Pair = tuple[int, int]


@dataclass(frozen=True)
class Skeleton:
    """One body layout.

    Args:
        name: What configs call it.
        joints: Joint names in keypoint order.
        parents: The parent of every joint but the root, by name.
        connections: Undirected edges, by name. Defaults to the bones.
        center: The joint that graph distances are measured to. Defaults to the root.

    Raises:
        InputError: The declaration contradicts itself.

    >>> arm = Skeleton('arm', ('shoulder', 'elbow', 'wrist'), {'elbow': 'shoulder', 'wrist': 'elbow'})
    >>> arm.bones
    ((0, 0), (1, 0), (2, 1))
    >>> arm.inward
    ((1, 0), (2, 1))
    """

    name: str
    joints: tuple[str, ...]
    parents: Mapping[str, str]
    connections: tuple[tuple[str, str], ...] = ()
    center: str = ''
    _index: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        def fix(attribute: str, value: object) -> None:
            object.__setattr__(self, attribute, value)

        fix('joints', tuple(self.joints))
        fix('parents', dict(self.parents))
        fix('_index', {joint: i for i, joint in enumerate(self.joints)})
        self._check_parents()
        fix('center', self.center or self.root)
        fix('connections', tuple((a, b) for a, b in self.connections or self.parents.items()))
        self._check_connections()

    def __hash__(self) -> int:
        return hash((self.name, self.joints))

    # -- validation ---------------------------------------------------------------------------

    def _fail(self, problem: str) -> None:
        raise InputError(f"skeleton '{self.name}': {problem}")

    def _check_parents(self) -> None:
        if not self.joints:
            self._fail('it has no joints; list their names in keypoint order')
        twice = sorted({joint for joint in self.joints if self.joints.count(joint) > 1})
        if twice:
            self._fail(f'joints named twice: {", ".join(twice)}')
        for child, parent in self.parents.items():
            for joint in (child, parent):
                if joint not in self._index:
                    self._fail(f"'{joint}' in parents is not among its {len(self.joints)} joints")
        roots = [joint for joint in self.joints if joint not in self.parents]
        if len(roots) != 1:
            found = ', '.join(roots) or 'none'
            self._fail(f'exactly one joint (the root) may be without a parent, found {len(roots)}: {found}')
        for joint in self.joints:
            seen = [joint]
            while seen[-1] in self.parents:
                seen.append(self.parents[seen[-1]])
                if seen[-1] in seen[:-1]:
                    self._fail(f'parents run in a circle: {" -> ".join(seen)}')

    def _check_connections(self) -> None:
        if self.center not in self._index:
            self._fail(f"the center '{self.center}' is not among its joints")
        seen = set()
        for a, b in self.connections:
            for joint in (a, b):
                if joint not in self._index:
                    self._fail(f"'{joint}' in connections is not among its {len(self.joints)} joints")
            if a == b:
                self._fail(f"connection of '{a}' with itself")
            if frozenset((a, b)) in seen:
                self._fail(f"connection '{a}' - '{b}' stands twice")
            seen.add(frozenset((a, b)))

    # -- what follows from the declaration ------------------------------------------------------

    @property
    def num_joints(self) -> int:
        """V, the number of joints."""
        return len(self.joints)

    def index(self, joint: str) -> int:
        """The place of a joint in keypoint order."""
        if joint not in self._index:
            self._fail(f"no joint '{joint}'; it has {', '.join(self.joints)}")
        return self._index[joint]

    @property
    def root(self) -> str:
        """The joint without a parent."""
        return next(joint for joint in self.joints if joint not in self.parents)

    @cached_property
    def depths(self) -> tuple[int, ...]:
        """Bones between each joint and the root, (V,)."""

        def depth(joint: str) -> int:
            return 1 + depth(self.parents[joint]) if joint in self.parents else 0

        return tuple(depth(joint) for joint in self.joints)

    @cached_property
    def bones(self) -> tuple[Pair, ...]:
        """(joint, parent) for every joint, the root with itself, as ``JointToBone.pairs``."""
        return tuple((i, self._index[self.parents.get(joint, joint)]) for i, joint in enumerate(self.joints))

    @cached_property
    def limbs(self) -> tuple[Pair, ...]:
        """The connections as index pairs, each once, in the order of the declaration."""
        return tuple((self._index[a], self._index[b]) for a, b in self.connections)

    @cached_property
    def inward(self) -> tuple[Pair, ...]:
        """Directed edges from the deeper joint to the less deep, as ``Graph.inward``.

        Where both are equally deep neither is nearer, and both directions are listed, so that
        mirroring the skeleton mirrors the graph.
        """
        edges: list[Pair] = []
        for a, b in self.limbs:
            if self.depths[a] >= self.depths[b]:
                edges.append((a, b))
            if self.depths[b] >= self.depths[a]:
                edges.append((b, a))
        return tuple(edges)

    @property
    def center_index(self) -> int:
        """The place of :attr:`center` in keypoint order."""
        return self._index[self.center]

    @cached_property
    def mirror(self) -> tuple[int, ...]:
        """For each joint the one on the other side of the body, itself on the axis, (V,).

        Raises:
            InputError: A joint of one side has no counterpart on the other.
        """
        twins = []
        for joint in self.joints:
            twin = _other_side(joint)
            if twin not in self._index:
                self._fail(f"'{joint}' has no counterpart '{twin}', so it cannot be mirrored")
            twins.append(self._index[twin])
        return tuple(twins)

    @property
    def left(self) -> tuple[int, ...]:
        """Joints of the left side, in keypoint order; ``left_kp`` of the frameworks' ``Flip``."""
        return tuple(i for i, joint in enumerate(self.joints) if 'left' in _words(joint))

    @property
    def right(self) -> tuple[int, ...]:
        """The counterparts of :attr:`left`, in the same order; ``right_kp`` of ``Flip``."""
        return tuple(self.mirror[i] for i in self.left)

    # -- other forms ----------------------------------------------------------------------------

    def as_layout(self) -> dict[str, Any]:
        """The ``dict(num_node, inward, center)`` that the frameworks' ``Graph`` takes."""
        return dict(num_node=self.num_joints, inward=list(self.inward), center=self.center_index)

    @classmethod
    def from_mapping(cls, declaration: Mapping[str, Any]) -> Skeleton:
        """A skeleton from a dict of the constructor's arguments, as it stands in a config.

        ``parents`` is a dict of joint names, or a list with the parent of each joint (None for
        the root) in keypoint order.
        """
        name = declaration.get('name', 'inline')
        known = ('name', 'joints', 'parents', 'connections', 'center')
        unknown = sorted(set(declaration) - set(known))
        missing = sorted({'joints', 'parents'} - set(declaration))
        if unknown or missing:
            raise InputError(
                f"skeleton '{name}': "
                + (f'unknown key {", ".join(unknown)}' if unknown else f'{" and ".join(missing)} missing')
                + f'; a skeleton is declared by {", ".join(known)}'
            )
        joints, parents = tuple(declaration['joints']), declaration['parents']
        if not isinstance(parents, Mapping):
            if len(parents) != len(joints):
                raise InputError(f"skeleton '{name}': {len(parents)} parents for {len(joints)} joints")
            parents = {j: p for j, p in zip(joints, parents, strict=True) if p is not None}
        return cls(
            name=name,
            joints=joints,
            parents=parents,
            connections=tuple(tuple(pair) for pair in declaration.get('connections', ())),
            center=declaration.get('center', ''),
        )


SkeletonLike = str | Mapping[str, Any] | Skeleton


def _words(joint: str) -> list[str]:
    return joint.split('_')


def _other_side(joint: str) -> str:
    swap = {'left': 'right', 'right': 'left'}
    return '_'.join(swap.get(word, word) for word in _words(joint))


# -- the registry -----------------------------------------------------------------------------------

_REGISTRY: dict[str, Skeleton] = {}


def register_skeleton(skeleton: Skeleton) -> Skeleton:
    """Make a skeleton known by its name; the same declaration may come twice.

    Raises:
        InputError: Another skeleton has this name.
    """
    if _REGISTRY.setdefault(skeleton.name, skeleton) != skeleton:
        raise InputError(f"another skeleton is called '{skeleton.name}' already; choose another name")
    return skeleton


def skeleton_names() -> tuple[str, ...]:
    """The names that :func:`get_skeleton` knows."""
    return tuple(_REGISTRY)


def get_skeleton(skeleton: SkeletonLike) -> Skeleton:
    """The skeleton of a name, of an inline declaration, or itself.

    Raises:
        InputError: No skeleton of that name is registered, or the declaration is wrong.
    """
    if isinstance(skeleton, Skeleton):
        return skeleton
    if isinstance(skeleton, Mapping):
        return Skeleton.from_mapping(skeleton)
    if not isinstance(skeleton, str) or skeleton not in _REGISTRY:
        raise InputError(
            f'unknown skeleton {skeleton!r}; known are {", ".join(_REGISTRY)}; '
            'declare others with register_skeleton() or as an inline dict(joints=…, parents=…)'
        )
    return _REGISTRY[skeleton]


# -- the skeletons that come with the package -------------------------------------------------------


def _both_sides(pairs: str) -> Iterable[tuple[str, str]]:
    """'a-b' once if it lies on the axis or spans it, else for the left side and the right."""
    for pair in pairs.split():
        a, b = pair.split('-')
        if '*' in pair:
            for side in ('left', 'right'):
                yield a.replace('*', side), b.replace('*', side)
        else:
            yield a, b


def _sided(names: str) -> tuple[str, ...]:
    return tuple(
        joint.replace('*', side)
        for joint in re.split(r'\s+', names.strip())
        for side in (('left', 'right') if '*' in joint else ('',))
    )


# MediaPipe's PoseLandmark, in lower case. The eyes are listed side by side, all else in pairs.
_BLAZEPOSE_JOINTS = (
    'nose',
    *(f'{side}_{eye}' for side in ('left', 'right') for eye in ('eye_inner', 'eye', 'eye_outer')),
    *_sided(
        '*_ear mouth_* *_shoulder *_elbow *_wrist *_pinky *_index *_thumb *_hip *_knee *_ankle *_heel *_foot_index'
    ),
)

_BLAZEPOSE_PARENTS = dict(
    _both_sides(
        '*_eye_inner-nose *_eye-*_eye_inner *_eye_outer-*_eye *_ear-*_eye_outer mouth_*-nose '
        '*_shoulder-nose *_elbow-*_shoulder *_wrist-*_elbow *_pinky-*_wrist *_index-*_wrist *_thumb-*_wrist '
        '*_hip-*_shoulder *_knee-*_hip *_ankle-*_knee *_heel-*_ankle *_foot_index-*_ankle'
    )
)

# MediaPipe's PoseLandmarksConnections.POSE_LANDMARKS (Fig. 1a of the paper).
_MEDIAPIPE_CONNECTIONS = tuple(
    _both_sides(
        'nose-*_eye_inner *_eye_inner-*_eye *_eye-*_eye_outer *_eye_outer-*_ear mouth_left-mouth_right '
        'left_shoulder-right_shoulder *_shoulder-*_elbow *_elbow-*_wrist *_wrist-*_pinky *_wrist-*_index '
        '*_wrist-*_thumb *_pinky-*_index *_shoulder-*_hip left_hip-right_hip *_hip-*_knee *_knee-*_ankle '
        '*_ankle-*_heel *_ankle-*_foot_index *_heel-*_foot_index'
    )
)

# Fig. 1b of the paper: each mouth corner with each shoulder.
_HEAD_TORSO_CONNECTIONS = (
    ('mouth_left', 'left_shoulder'),
    ('mouth_left', 'right_shoulder'),
    ('mouth_right', 'left_shoulder'),
    ('mouth_right', 'right_shoulder'),
)

BLAZEPOSE = register_skeleton(Skeleton('blazepose', _BLAZEPOSE_JOINTS, _BLAZEPOSE_PARENTS, _MEDIAPIPE_CONNECTIONS))

ENHANCED_BLAZEPOSE = register_skeleton(
    Skeleton(
        'enhanced_blazepose',
        _BLAZEPOSE_JOINTS,
        # A mouth corner hangs from the shoulder of its side: its bone is the relation that the new edges add.
        {**_BLAZEPOSE_PARENTS, **dict(_both_sides('mouth_*-*_shoulder'))},
        _MEDIAPIPE_CONNECTIONS + _HEAD_TORSO_CONNECTIONS,
    )
)

BLAZEPOSE_TREE = register_skeleton(Skeleton('blazepose_tree', _BLAZEPOSE_JOINTS, _BLAZEPOSE_PARENTS))
