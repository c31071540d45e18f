"""The A of every layout and mode against a plain computation, bit for bit, in the framework that is here.

MMAction2 and PYSKL cannot share an environment; these tests run in both, so their matrices are the same.
"""

import importlib
import importlib.util

import numpy as np
import pytest

from blazepose_skl import partitions
from blazepose_skl.skeletons import get_skeleton, skeleton_names

INLINE = dict(
    name='arms',
    joints=['nose', 'left_shoulder', 'right_shoulder', 'left_wrist', 'right_wrist'],
    parents=[None, 'nose', 'nose', 'left_shoulder', 'right_shoulder'],
)
LAYOUTS = [*skeleton_names(), INLINE]


@pytest.fixture(scope='module', params=['mmaction2', 'pyskl'])
def graph(request):
    package, module = dict(mmaction2=('mmaction', 'mmaction.models.utils.graph'), pyskl=('pyskl', 'pyskl.utils.graph'))[
        request.param
    ]
    if importlib.util.find_spec(package) is None:
        pytest.skip(f'{request.param} is absent')
    importlib.import_module(f'blazepose_skl.{request.param}')
    return importlib.import_module(module).Graph


def by_columns(adjacency):
    """Every column divided by its sum, if it has one."""
    sums = adjacency.sum(axis=0)
    return adjacency / np.where(sums > 0, sums, 1)


def adjacency(joints, edges):
    """1 at [to, from] for every directed edge."""
    matrix = np.zeros((joints, joints))
    for source, target in edges:
        matrix[target, source] = 1
    return matrix


def plain(skeleton, mode):
    """A (K, V, V) of a skeleton, for one hop."""
    joints, inward = skeleton.num_joints, skeleton.inward
    outward = [(b, a) for a, b in inward]
    if mode in partitions.MODES:
        return partitions.partition(mode, joints, inward, skeleton.center_index, 1, skeleton.distances)
    if mode == 'spatial':
        return np.stack([np.eye(joints), by_columns(adjacency(joints, inward)), by_columns(adjacency(joints, outward))])
    beside = adjacency(joints, [*inward, *outward])
    if mode == 'binary_adj':
        return beside[None]
    normal = by_columns(beside + np.eye(joints))
    far = np.where(beside[skeleton.center_index], 1, np.inf)  # as upstream: infinite beyond a hop
    far[skeleton.center_index] = 0
    outer = far[:, None] >= far[None]
    itself = np.eye(joints, dtype=bool)
    return np.stack([normal * itself, normal * (outer & ~itself), normal * (~outer & ~itself)])


@pytest.mark.parametrize('mode', ['stgcn_spatial', 'spatial', 'binary_adj', *partitions.MODES])
@pytest.mark.parametrize('layout', LAYOUTS, ids=[*skeleton_names(), 'inline'])
def test_matrices_are_those_of_a_plain_computation(graph, layout, mode):
    np.testing.assert_array_equal(graph(layout=layout, mode=mode).A, plain(get_skeleton(layout), mode))
