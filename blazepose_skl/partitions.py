"""Graph modes beside the frameworks' own: which neighbour of a joint goes to which subset of the adjacency.

The split strategies are those of Alsawadi and Rio, "Skeleton split strategies for spatial temporal graph
convolution networks" (2021). All take what every ``Graph`` of MMAction2 and PYSKL has, and give an A whose
subsets are disjoint and add up to the normalised adjacency: A[k, v, w] is what joint w takes from joint v, and
what w takes from all adds up to 1 (columns, as in ``stgcn_spatial``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.errors import InputError
from blazepose_skl.skeletons.declaration import hops

__all__ = ['MODES', 'partition']

Array = NDArray[np.float64]

SPLITS = ('full_distance_split', 'connection_split', 'index_split')
TRUE_HOPS = 'stgcn_spatial_true_hops'
MODES = (*SPLITS, TRUE_HOPS)


def partition(
    mode: str,
    num_joints: int,
    edges: Iterable[tuple[int, int]],
    center: int,
    max_hop: int = 1,
    distances: Sequence[float] | None = None,
) -> Array:
    """The subsets of a mode, A (K, V, V).

    full_distance_split, connection_split, index_split: subset 0 is the joint itself. Its neighbours are ranked,
        by distance to the center (nearest first), by the number of their own neighbours (most first) or by
        index; among equals the lower index goes first, and rank r goes to subset r. K is 1 + the number of
        neighbours of the joint that has most.
    stgcn_spatial_true_hops: the joint itself; neighbours at least as far from the center; nearer ones; the two
        again for every further hop. As ``stgcn_spatial``, whose distances are infinite beyond ``max_hop``,
        so that at one hop most edges fall in one subset; with all distances known they divide.

    Args:
        mode: One of :data:`MODES`.
        num_joints: V.
        edges: Pairs of joints, in any order and direction.
        center: The joint that distances are measured to.
        max_hop: Joints up to so many steps away are neighbours.
        distances: Steps to the center, (V,); None to count them over the edges, infinite where none lead.

    Raises:
        InputError: There is no such mode.

    >>> partition('index_split', 3, [(0, 1), (1, 2)], center=0)[:, :, 1]  # what joint 1 takes: itself, 0, 2
    array([[0.        , 0.33333333, 0.        ],
           [0.33333333, 0.        , 0.        ],
           [0.        , 0.        , 0.33333333]])
    """
    if mode not in MODES:
        raise InputError(f'unknown mode {mode!r}; known are {", ".join(MODES)}')
    edges = list(edges)
    steps = np.array([hops(num_joints, edges, joint) for joint in range(num_joints)])
    far = steps[center] if distances is None else np.asarray(distances, np.float64)
    near = steps <= max_hop
    normalised = near * (1 / near.sum(axis=0))
    if mode == TRUE_HOPS:
        outer = far[:, None] >= far[None]
        subsets = [steps == 0]
        for hop in range(1, max_hop + 1):
            subsets += [(steps == hop) & outer, (steps == hop) & ~outer]
    else:
        degree = (steps == 1).sum(axis=0)
        order = {'full_distance_split': far, 'connection_split': -degree, 'index_split': np.zeros(num_joints)}[mode]
        ranks = _ranks(near & (steps > 0), order)
        subsets = [ranks == rank for rank in range(ranks.max() + 1)]
        subsets[0] = steps == 0
    return np.stack([np.where(subset, normalised, 0) for subset in subsets])


def _ranks(neighbours: NDArray[np.bool_], order: NDArray[np.floating | np.integer]) -> NDArray[np.intp]:
    """The rank of each neighbour of each joint, (V, V), from 1; 0 where there is none."""
    ranks = np.zeros(neighbours.shape, np.intp)
    for joint, beside in enumerate(neighbours.T):
        found = np.flatnonzero(beside)
        ranks[found[np.argsort(order[found], kind='stable')], joint] = np.arange(1, len(found) + 1)
    return ranks
