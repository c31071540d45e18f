"""A network for one skeleton begins with the weights of one that was trained on another.

Convolutions do not know how many joints there are, and are copied. What holds a number for each joint, or for each
pair, is carried over for the joints that both skeletons have by name, and stays as the new network was built for
the others. The frameworks' adapters give both networks as what ``state_dict`` says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blazepose_skl.errors import InputError
from blazepose_skl.launch import explain
from blazepose_skl.skeletons import Skeleton, SkeletonLike, get_skeleton

__all__ = ['Transfer', 'begin_with', 'initialize', 'transfer']

State = Mapping[str, Any]


@dataclass(frozen=True)
class Transfer:
    """What becomes of the weights of a network.

    Attributes:
        state: All weights of the new network, by name.
        copied: Taken as they are.
        carried: Taken for the joints that both skeletons have.
        rebuilt: As the new network was built, because they belong to its skeleton.
        fresh: As it was built, because the checkpoint has none of this name or shape.
        unused: What else the checkpoint has.
        joints: The joints that both skeletons have.
        of: How many joints the new one has.
    """

    state: dict[str, Any]
    copied: tuple[str, ...]
    carried: tuple[str, ...]
    rebuilt: tuple[str, ...]
    fresh: tuple[str, ...]
    unused: tuple[str, ...]
    joints: tuple[str, ...]
    of: int

    def report(self) -> list[str]:
        """What was taken and what was not, in a line each."""
        kinds = {
            'copied': self.copied,
            f'carried over for {len(self.joints)} of {self.of} joints': self.carried,
            'as built for its skeleton': self.rebuilt,
            'as built, not in the checkpoint in this shape': self.fresh,
        }
        lines = [
            f'{len(names)} tensors ({sum(self.state[name].numel() for name in names)} numbers) {kind}{_listed(names)}'
            for kind, names in kinds.items()
            if names
        ]
        return lines + ([f'{len(self.unused)} of the checkpoint unused{_listed(self.unused)}'] if self.unused else [])


def _listed(names: Sequence[str]) -> str:
    """The names without the numbers of layers, each once, if they are few."""
    kinds = list(dict.fromkeys(re.sub(r'\.\d+(?=\.)', '.*', name) for name in names))
    return ': ' + ', '.join(kinds) if len(kinds) <= 8 else ''


# -- which axes are joints ----------------------------------------------------------------------------

# (axis, numbers around a joint, numbers of a joint): an axis of length around * V * of.
Axis = tuple[int, int, int]

_OWN = re.compile(r'(^|\.)conv_sa\.')  # AAGCN's attention over joints: a filter along their order


def _joint_axes(name: str, shape: Sequence[int], joints: int, channels: int | None) -> list[Axis] | None:
    """The axes of a tensor that run over joints; [] if none does, None if it cannot be told how."""
    last = re.split(r'\.', name)[-1]
    axes: list[tuple[int, int]] = []  # (axis, numbers of a joint)
    if re.search(r'(^|\.)data_bn\.', name) and len(shape) == 1:
        if channels is None:
            return None
        axes = [(0, channels)]  # people, joints, channels
    elif re.search(r'(^|\.)(joint|motion)_bn\.', name) and len(shape) == 1:
        axes = [(0, 1)]  # SGN: channels, joints
    elif last in ('A', 'PA') and len(shape) >= 2:
        axes = [(len(shape) - 2, 1), (len(shape) - 1, 1)]  # MS-G3D: joints of several frames
    elif re.search(r'(^|\.)s_embed\.0\.', name) and len(shape) == 4:
        axes = [(1, 1)]  # SGN: which joint it is
    elif last == 'add_coeff':
        # DG-STGCN: the first of them, however many there are.
        return [(0, 1, 1)] if shape[0] >= joints else None
    if any(shape[axis] % (joints * of) for axis, of in axes):
        return None
    return [(axis, shape[axis] // (joints * of), of) for axis, of in axes]


def _places(axis: Axis, joints: int, chosen: Sequence[int]) -> list[int]:
    """Where the numbers of some joints stand along an axis."""
    _, around, of = axis
    return [(outer * joints + joint) * of + inner for outer in range(around) for joint in chosen for inner in range(of)]


def _carry(new: Any, old: Any, axes: Sequence[tuple[Axis, Axis]], here: Skeleton, there: Skeleton) -> Any:
    """The new tensor with the old one's numbers for the joints that both skeletons have."""
    import torch

    shared = [joint for joint in here.joints if joint in there.joints]
    places = []
    for new_axis, old_axis in axes:
        old_places = _places(old_axis, there.num_joints, [there.index(joint) for joint in shared])
        old = old.index_select(old_axis[0], torch.tensor(old_places))
        places.append((new_axis[0], torch.tensor(_places(new_axis, here.num_joints, [*map(here.index, shared)]))))

    def put(into: Any, what: Any, left: Sequence[tuple[int, Any]]) -> Any:
        (axis, where), *rest = left
        if rest:
            what = put(into.index_select(axis, where), what, rest)
        return into.index_copy(axis, where, what)

    return put(new, old.to(new.dtype), places)


# -- the whole network --------------------------------------------------------------------------------


def transfer(
    checkpoint: State,
    model: State,
    source: Skeleton,
    target: Skeleton,
    trained: Collection[str],
    channels: int | None = None,
) -> Transfer:
    """The weights with which a network for one skeleton begins, from those of one for another.

    Args:
        checkpoint: The weights by name, of MMAction2 or PYSKL.
        model: Those of the network as it was built.
        source: The skeleton of the checkpoint.
        target: The skeleton of the network.
        trained: The names of the network's parameters; a graph that is not among them is the skeleton's alone.
        channels: What the network takes of a joint (coordinates, score); None leaves its first batch norm as built.

    Raises:
        InputError: Nothing of the checkpoint fits, or it is of another skeleton.
    """
    checkpoint = {_name_in(key.removeprefix('module.'), model): value for key, value in checkpoint.items()}
    _check_graphs(checkpoint, source)
    state = {name: value.detach().clone().cpu() for name, value in model.items()}
    kinds: dict[str, list[str]] = {kind: [] for kind in ('copied', 'carried', 'rebuilt', 'fresh')}
    shared = tuple(joint for joint in target.joints if joint in source.joints)
    same = source.joints == target.joints
    for name, new in state.items():
        if name not in checkpoint:
            kinds['fresh'].append(name)
            continue
        old = checkpoint[name].detach().cpu()
        here = _joint_axes(name, new.shape, target.num_joints, channels)
        there = _joint_axes(name, old.shape, source.num_joints, channels)
        if (name.split('.')[-1] == 'A' and name not in trained) or (_OWN.search(name) and not same):
            kind = 'rebuilt'
        elif here == [] and there == []:
            kind = 'copied' if new.shape == old.shape else 'fresh'
        elif here is None or there is None or not _alike(new.shape, old.shape, here, there):
            kind = 'rebuilt'
        else:
            kind = 'carried' if shared else 'rebuilt'
        if kind == 'copied':
            state[name] = old.to(new.dtype).clone()
        elif kind == 'carried' and here and there:
            state[name] = _carry(new, old, list(zip(here, there, strict=True)), target, source)
        kinds[kind].append(name)
    if not any(name in trained and state[name].dim() > 1 for name in kinds['copied']):
        raise InputError(
            'none of its weights fits the network: it is of another model, width or framework version; '
            'give the checkpoint of the same model, trained on another layout'
        )
    unused = tuple(name for name in checkpoint if name not in model)
    lists = {kind: tuple(names) for kind, names in kinds.items()}
    return Transfer(state=state, unused=unused, joints=shared, of=target.num_joints, **lists)


def _check_graphs(checkpoint: State, source: Skeleton) -> None:
    """Raise InputError if the graphs in a checkpoint are not of so many joints, or as many in several frames."""
    for name, value in checkpoint.items():
        joints = value.shape[-1] if name.split('.')[-1] in ('A', 'PA') and value.dim() > 1 else 0
        if joints % source.num_joints:
            raise InputError(
                f"{name} is a graph of {joints} joints where '{source.name}' has {source.num_joints}; "
                'name the layout that it was trained on'
            )


def _name_in(name: str, model: State) -> str:
    """What a weight of the other framework is called in this one."""
    for ours, theirs in (('cls_head.fc.', 'cls_head.fc_cls.'), ('cls_head.fc_cls.', 'cls_head.fc.')):
        if name not in model and name.replace(ours, theirs) in model:
            return name.replace(ours, theirs)
    return name


def _alike(new: Sequence[int], old: Sequence[int], here: Sequence[Axis], there: Sequence[Axis]) -> bool:
    """Whether two tensors differ in the number of joints alone."""
    joint_axes = {axis for axis, _, _ in here}
    return (
        list(here) == list(there)
        and len(new) == len(old)
        and all(a == b for axis, (a, b) in enumerate(zip(new, old, strict=True)) if axis not in joint_axes)
    )


def initialize(model: Any, checkpoint: State, layout: SkeletonLike, target: SkeletonLike | None = None) -> Transfer:
    """Give a network the weights of a checkpoint that was trained on another skeleton; what became of them.

    Args:
        model: A recogniser of MMAction2 or PYSKL.
        checkpoint: Weights by name.
        layout: The skeleton of the checkpoint.
        target: The skeleton of the network, None if its graph says so.

    Raises:
        InputError: One of the skeletons is not known, or nothing of the checkpoint fits.
    """
    source = get_skeleton(layout)
    graph = getattr(model.backbone, 'graph', None)
    if target is None:
        target = getattr(graph, 'layout', None)
    if target is None or (isinstance(target, Mapping) and 'num_node' in target):
        raise InputError('the network does not say the names of its joints; give its skeleton as target')
    trained = {name for name, _ in model.named_parameters()}
    state = model.state_dict()
    channels = getattr(model.backbone, 'in_channels', None)
    if channels is None:  # CTR-GCN keeps it to itself; its first convolution takes as many
        channels = next((value.shape[1] for value in state.values() if value.dim() == 4), None)
    done = transfer(checkpoint, state, source, get_skeleton(target), trained, channels)
    model.load_state_dict(done.state)
    return done


def begin_with(
    model: Any,
    checkpoint: str,
    layout: Skeleton,
    target: SkeletonLike | None,
    read: Callable[[str], Any],
    where: str,
) -> str:
    """Give a network the weights in a checkpoint file; what the log should say of it.

    Args:
        model: A recogniser of MMAction2 or PYSKL, without what wraps it for parallel training.
        checkpoint: A file or an address.
        layout: The skeleton that it was trained on.
        target: The skeleton of the network, None if its graph says so.
        read: The framework's own reader of checkpoints.
        where: What a config calls this, for errors.

    Raises:
        InputError: There is no such file, it cannot be read, or nothing of it fits.
    """
    try:
        content = read(checkpoint)
    except FileNotFoundError:
        raise InputError(f'{where}: {checkpoint}: no such checkpoint') from None
    except Exception as error:  # a damaged file may fail in any way
        if (sentence := explain(error)) is None:
            raise
        raise InputError(f'{where}: {checkpoint}: {sentence}') from None
    state = content.get('state_dict', content) if isinstance(content, Mapping) else {}
    try:
        done = initialize(model, state, layout, target)
    except InputError as error:
        raise InputError(f'{where}: {checkpoint}: {error}') from None
    return f'From {checkpoint} ({layout.name}):\n  ' + '\n  '.join(done.report())
