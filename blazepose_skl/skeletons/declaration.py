"""What a skeleton is: one declaration, from which everything else follows.

A :class:`Skeleton` states the joint names in keypoint order, the parent of each joint and the
connections between joints. Graph edges and their direction, bones, the mirror map, left/right
lists and limbs are derived from it, so that no joint index is typed anywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NoReturn

from blazepose_skl.errors import InputError

__all__ = ['KEYS', 'Skeleton', 'hops']

Pair = tuple[int, int]

KEYS = ('name', 'joints', 'parents', 'connections', 'center', 'mirror')


@dataclass(frozen=True)
class Skeleton:
    """One body layout.

    Args:
        name: What configs call it.
        joints: Joint names in keypoint order.
        parents: The parent of every joint but the root, by name; or a list with the parent of each joint in
            keypoint order, None for the root, which becomes such a mapping.
        connections: Undirected edges, by name. Defaults to the bones.
        center: The joint that graph distances are measured to. Defaults to the root.
        mirror: Pairs of a left joint and its right one, by name, where the names do not say it (:attr:`twins`).

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
    mirror: tuple[tuple[str, str], ...] = ()
    _index: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        def fix(attribute: str, value: object) -> None:
            object.__setattr__(self, attribute, value)

        for key in ('name', 'center'):
            if not isinstance(getattr(self, key), str):
                self._fail(f'{key} is {getattr(self, key)!r} where a name was expected')
        fix('joints', self._names(self.joints, 'joints'))
        fix('parents', self._parents_by_name())
        fix('_index', {joint: i for i, joint in enumerate(self.joints)})
        self._check_parents()
        fix('center', self.center or self.root)
        fix('connections', self._pairs('connections') or tuple(self.parents.items()))
        self._check_connections()
        fix('mirror', self._pairs('mirror'))
        self._check_mirror()

    def __hash__(self) -> int:
        return hash(self.name)  # often asked for: skeletons are keys of caches

    # -- validation ---------------------------------------------------------------------------

    def _fail(self, problem: str) -> NoReturn:
        raise InputError(f"skeleton '{self.name}': {problem}")

    def _names(self, value: object, what: str) -> tuple[str, ...]:
        if not isinstance(value, Iterable) or isinstance(value, (str, Mapping)):
            self._fail(f'{what} is {value!r} where a list of joint names was expected')
        names = tuple(value)
        for name in names:
            if not isinstance(name, str) or not name:
                self._fail(f'{name!r} among {what} where a joint name was expected')
        return names

    def _parents_by_name(self) -> dict[str, str]:
        value: object = self.parents
        if isinstance(value, Mapping):
            self._names(list(value) + list(value.values()), 'parents')
            return dict(value)
        if not isinstance(value, Sequence) or isinstance(value, str):
            self._fail(f'parents is {value!r} where joint names by joint, or a list of them, were expected')
        if len(value) != len(self.joints):
            self._fail(f'{len(value)} parents for {len(self.joints)} joints')
        # TOML has no null, so the root's parent may be '' too.
        pairs = [(joint, parent) for joint, parent in zip(self.joints, value, strict=True) if parent not in (None, '')]
        self._names([parent for _, parent in pairs], 'parents')
        return dict(pairs)

    def _pairs(self, what: str) -> tuple[tuple[str, str], ...]:
        value: object = getattr(self, what)
        if not isinstance(value, Iterable) or isinstance(value, (str, Mapping)):
            self._fail(f'{what} is {value!r} where a list of pairs of joints was expected')
        pairs = []
        for pair in value:
            names = self._names(pair, what)
            if len(names) != 2:
                self._fail(f'{len(names)} joints ({", ".join(names)}) among {what} where a pair was expected')
            pairs.append((names[0], names[1]))
        return tuple(pairs)

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

    def _check_mirror(self) -> None:
        paired = [joint for pair in self.mirror for joint in pair]
        for joint in paired:
            if joint not in self._index:
                self._fail(f"'{joint}' in mirror is not among its {len(self.joints)} joints")
        twice = sorted({joint for joint in paired if paired.count(joint) > 1})
        if twice:
            self._fail(f'{", ".join(twice)} more than once in mirror, where each joint has one counterpart')

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
    def distances(self) -> tuple[int, ...]:
        """Steps from each joint to the center, (V,).

        Over connections; where these fall into several parts, as MediaPipe's 35 do, the bones that lead from
        one part to another count as steps too.
        """
        part = _parts(self.num_joints, self.limbs)
        between = [(a, b) for a, b in self.bones if part[a] != part[b]]
        steps = hops(self.num_joints, (*self.limbs, *between), self.center_index)
        return tuple(int(step) for step in steps)

    @cached_property
    def inward(self) -> tuple[Pair, ...]:
        """Directed edges from the joint farther from the center to the nearer, as ``Graph.inward``.

        Where both are equally far neither is nearer, and both directions are listed, so that
        mirroring the skeleton mirrors the graph.
        """
        edges: list[Pair] = []
        for a, b in self.limbs:
            if self.distances[a] >= self.distances[b]:
                edges.append((a, b))
            if self.distances[b] >= self.distances[a]:
                edges.append((b, a))
        return tuple(edges)

    @property
    def center_index(self) -> int:
        """The place of :attr:`center` in keypoint order."""
        return self._index[self.center]

    @cached_property
    def twins(self) -> tuple[int, ...]:
        """For each joint the one on the other side of the body, itself on the axis, (V,).

        As :attr:`mirror` pairs them; those in no pair by the words of their names, in any case: ``left`` and
        ``right``, or else ``l`` and ``r`` where there is such a counterpart. Words end where there is no letter or
        digit (``arm_left``, ``arm.l``) and where a capital begins the next (``LeftArm``, ``LArm``).

        Raises:
            InputError: A joint of one side has no counterpart on the other, or is that of two.
        """
        paired = dict(self.mirror) | {b: a for a, b in self.mirror}
        by_words = {tuple(_words(joint)): joint for joint in reversed(self.joints)}
        twins = {}
        for joint in self.joints:
            other = _other_side(joint)
            twin = paired.get(joint) or (other if other in self._index else by_words.get(tuple(_words(other))))
            if twin is None and _is_spelt_out(joint):
                self._fail(
                    f"'{joint}' has no counterpart '{other}', so it cannot be mirrored; "
                    f"add it, or pair '{joint}' with another in mirror"
                )
            twins[joint] = twin or joint
        for joint, twin in twins.items():
            if twins[twin] != joint:
                self._fail(
                    f"'{twin}' is the counterpart of '{joint}' and of '{twins[twin]}'; say in mirror which are pairs"
                )
        return tuple(self._index[twins[joint]] for joint in self.joints)

    @cached_property
    def left(self) -> tuple[int, ...]:
        """Joints of the left side, in keypoint order; ``left_kp`` of the frameworks' ``Flip``."""
        first = {a for a, _ in self.mirror}
        second = {b for _, b in self.mirror}
        return tuple(
            i
            for i, joint in enumerate(self.joints)
            if self.twins[i] != i and joint not in second and (joint in first or _is_left(joint))
        )

    @cached_property
    def right(self) -> tuple[int, ...]:
        """The counterparts of :attr:`left`, in the same order; ``right_kp`` of ``Flip``."""
        return tuple(self.twins[i] for i in self.left)

    @cached_property
    def _mirrored_limbs(self) -> tuple[Pair, ...]:
        """(limb, counterpart), by their places in :attr:`limbs`: the one with more of the left side first."""
        place = {frozenset(limb): i for i, limb in enumerate(self.limbs)}
        pairs = []
        for i, limb in enumerate(self.limbs):
            twin = place.get(frozenset(self.twins[joint] for joint in limb))
            if twin is None:
                a, b = (self.joints[joint] for joint in limb)
                self._fail(f"connection '{a}' - '{b}' has no counterpart on the other side of the body")
            sides = sum((joint in self.left) - (joint in self.right) for joint in limb)
            if twin != i and (sides > 0 or (sides == 0 and i < twin)):
                pairs.append((i, twin))
        return tuple(pairs)

    @property
    def left_limbs(self) -> tuple[int, ...]:
        """Limbs of the left side, by their places in :attr:`limbs`; ``left_limb`` of ``GeneratePoseTarget``."""
        return tuple(i for i, _ in self._mirrored_limbs)

    @property
    def right_limbs(self) -> tuple[int, ...]:
        """The counterparts of :attr:`left_limbs`, in the same order."""
        return tuple(i for _, i in self._mirrored_limbs)

    # -- other forms ----------------------------------------------------------------------------

    def as_layout(self) -> dict[str, Any]:
        """The ``dict(num_node, inward, center)`` that the frameworks' ``Graph`` takes.

        Also ``distances``, which the frameworks ignore and :mod:`blazepose_skl.partitions` reads.
        """
        return dict(
            num_node=self.num_joints,
            inward=list(self.inward),
            center=self.center_index,
            distances=list(self.distances),
        )

    @classmethod
    def from_mapping(cls, declaration: Mapping[str, Any], name: str = 'inline') -> Skeleton:
        """A skeleton from a dict of the constructor's arguments, as it stands in a config.

        Args:
            declaration: The arguments.
            name: What it is called if it does not say so.
        """
        name = declaration.get('name', name)
        unknown = sorted(map(str, set(declaration) - set(KEYS)))
        missing = sorted({'joints', 'parents'} - set(declaration))
        if unknown or missing:
            raise InputError(
                f"skeleton '{name}': "
                + (f'unknown key {", ".join(unknown)}' if unknown else f'{" and ".join(missing)} missing')
                + f'; a skeleton is declared by {", ".join(KEYS)}'
            )
        return cls(**{**declaration, 'name': name})


def hops(num_joints: int, edges: Iterable[Pair], start: int) -> list[float]:
    """Steps from a joint to every joint over undirected edges, (V,); infinite where none lead.

    >>> hops(4, [(0, 1), (2, 1)], 0)
    [0, 1, 2, inf]
    """
    neighbours: list[set[int]] = [set() for _ in range(num_joints)]
    for a, b in edges:
        neighbours[a].add(b)
        neighbours[b].add(a)
    steps: list[float] = [float('inf')] * num_joints
    front, step = {start}, 0
    while front:
        for joint in front:
            steps[joint] = step
        front = {other for joint in front for other in neighbours[joint] if steps[other] == float('inf')}
        step += 1
    return steps


def _parts(num_joints: int, edges: Iterable[Pair]) -> list[int]:
    """Of each joint the first of the joints that edges connect it with, (V,)."""
    edges = list(edges)
    part = [-1] * num_joints
    for joint in range(num_joints):
        if part[joint] < 0:
            for other, step in enumerate(hops(num_joints, edges, joint)):
                if step != float('inf'):
                    part[other] = joint
    return part


_BETWEEN_WORDS = re.compile(r'(?<=[\W_])|(?=[\W_])|(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])')

_SIDES = dict(left='right', right='left')
_LETTERS = dict(l='r', r='l')


def _words(joint: str) -> list[str]:
    """The words of a name, in lower case.

    >>> _words('LeftArm'), _words('LEFT_ARM'), _words('arm.l'), _words('LShoulder')
    (['left', 'arm'], ['left', 'arm'], ['arm', 'l'], ['l', 'shoulder'])
    """
    return [part.lower() for part in _BETWEEN_WORDS.split(joint) if part.isalnum()]


def _is_spelt_out(joint: str) -> bool:
    return not {'left', 'right'}.isdisjoint(_words(joint))


def _is_left(joint: str) -> bool:
    return ('left' if _is_spelt_out(joint) else 'l') in _words(joint)


def _other_side(joint: str) -> str:
    """The name with its sides exchanged, which is itself where it has none."""
    swap = _SIDES if _is_spelt_out(joint) else _LETTERS

    def exchange(part: str) -> str:
        if part.lower() not in swap:
            return part
        other = swap[part.lower()]
        return other.upper() if part.isupper() else other.capitalize() if part.istitle() else other

    return ''.join(map(exchange, _BETWEEN_WORDS.split(joint)))
