"""Laws of our graph modes, cases by hand, then the modes in the real MMAction2."""

import importlib

import numpy as np
import pytest

from blazepose_skl.errors import InputError
from blazepose_skl.partitions import MODES, SPLITS, TRUE_HOPS, partition
from blazepose_skl.skeletons import Skeleton, get_skeleton, skeleton_names
from blazepose_skl.skeletons.declaration import hops


def subsets(skeleton, mode, max_hop=1, edges=None):
    edges = skeleton.inward if edges is None else edges
    return partition(mode, skeleton.num_joints, edges, skeleton.center_index, max_hop, skeleton.distances)


@pytest.fixture(params=skeleton_names())
def skeleton(request):
    return get_skeleton(request.param)


@pytest.fixture(params=MODES)
def mode(request):
    return request.param


@pytest.mark.parametrize('max_hop', [1, 2])
def test_subsets_are_disjoint_and_add_up_to_the_normalised_adjacency(skeleton, mode, max_hop):
    A = subsets(skeleton, mode, max_hop)
    assert ((A > 0).sum(axis=0) <= 1).all()
    steps = np.array([hops(skeleton.num_joints, skeleton.limbs, joint) for joint in range(skeleton.num_joints)])
    np.testing.assert_array_equal(A.sum(axis=0) > 0, steps <= max_hop)
    for joint in range(skeleton.num_joints):
        taken = A.sum(axis=0)[:, joint]
        np.testing.assert_allclose(taken[taken > 0], 1 / (taken > 0).sum())


def test_columns_add_up_to_one(skeleton, mode):
    np.testing.assert_allclose(subsets(skeleton, mode).sum(axis=(0, 1)), 1)


def test_subset_0_is_the_joint_itself(skeleton, mode):
    np.testing.assert_array_equal(subsets(skeleton, mode)[0] > 0, np.eye(skeleton.num_joints, dtype=bool))


def test_order_and_direction_of_edges_do_not_matter(skeleton, mode):
    rng = np.random.default_rng(0)
    shuffled = [tuple(rng.permutation(pair)) for pair in rng.permutation(skeleton.limbs)]
    np.testing.assert_array_equal(subsets(skeleton, mode, edges=shuffled), subsets(skeleton, mode))


def test_every_rank_but_none_twice(skeleton):
    """A joint with n neighbours finds one in each of the subsets 1 to n, and there are as many as any joint needs."""
    for mode in SPLITS:
        A = subsets(skeleton, mode)
        counts = (A > 0).sum(axis=1)
        neighbours = counts[1:].sum(axis=0)
        assert len(A) == 1 + neighbours.max()
        for joint, number in enumerate(neighbours):
            assert counts[:, joint].tolist() == [1] * (1 + number) + [0] * (len(A) - 1 - number)


def test_ranks_follow_their_order(skeleton):
    degree = np.bincount(np.ravel(skeleton.limbs), minlength=skeleton.num_joints)
    orders = [np.array(skeleton.distances), -degree, np.arange(skeleton.num_joints)]
    for mode, order in zip(SPLITS, orders, strict=True):
        A = subsets(skeleton, mode)
        for joint in range(skeleton.num_joints):
            ranked = [int(np.flatnonzero(column)[0]) for column in A[1:, :, joint] if column.any()]
            assert ranked == sorted(ranked, key=lambda other: (order[other], other))


def mirrored(A, skeleton):
    mirror = list(skeleton.twins)
    return A[..., mirror, :][..., mirror]


def test_the_union_is_mirror_symmetric_in_every_mode(skeleton, mode):
    union = subsets(skeleton, mode).sum(axis=0)
    np.testing.assert_array_equal(mirrored(union, skeleton), union)


def test_true_hops_are_mirror_symmetric_subset_by_subset(skeleton):
    A = subsets(skeleton, TRUE_HOPS)
    np.testing.assert_array_equal(mirrored(A, skeleton), A)


@pytest.mark.parametrize('mode', ['full_distance_split', 'connection_split'])
def test_splits_are_mirror_symmetric_but_where_the_index_decides(skeleton, mode):
    """What is ranked, distance or degree, is mirrored at every rank; equals change places by their index."""
    degree = np.bincount(np.ravel(skeleton.limbs), minlength=skeleton.num_joints)
    order = np.array(skeleton.distances) if mode == 'full_distance_split' else degree
    A = subsets(skeleton, mode)
    ranked = ((A > 0) * (1 + order)[:, None]).sum(axis=1)  # (K, V): the order of the neighbour at each rank
    np.testing.assert_array_equal(ranked[:, list(skeleton.twins)], ranked)
    for joint in range(skeleton.num_joints):
        values = ranked[1:, joint][ranked[1:, joint] > 0]
        if len(set(values)) == len(values):
            twin = skeleton.twins[joint]
            np.testing.assert_array_equal(A[:, list(skeleton.twins), twin], A[:, :, joint])


def test_true_hops_divide_what_one_hop_leaves_together():
    plain = get_skeleton('blazepose')
    distances = np.array(plain.distances)
    A = subsets(plain, TRUE_HOPS)
    assert len(A) == 3
    for joint, other in (*plain.limbs, *[(b, a) for a, b in plain.limbs]):
        nearer = distances[other] < distances[joint]
        assert (A[:, other, joint] > 0).tolist() == [False, not nearer, nearer]


def test_by_hand():
    """A cross with a tail: d, e, b around c, a behind b; the center is a."""
    cross = Skeleton('cross', tuple('abcde'), [None, 'a', 'b', 'c', 'c'])
    third, fourth, half = 1 / 3, 1 / 4, 1 / 2
    index, near, most = (subsets(cross, mode) for mode in ('index_split', 'full_distance_split', 'connection_split'))
    assert index.shape == (4, 5, 5)
    assert index[1:, :, 2].tolist() == [[0, fourth, 0, 0, 0], [0, 0, 0, fourth, 0], [0, 0, 0, 0, fourth]]
    assert near[1:3, :, 1].tolist() == [[third, 0, 0, 0, 0], [0, 0, third, 0, 0]]
    assert most[1:3, :, 1].tolist() == [[0, 0, third, 0, 0], [third, 0, 0, 0, 0]]
    assert near[:2, :, 0].tolist() == [[half, 0, 0, 0, 0], [0, half, 0, 0, 0]]


def test_an_unknown_mode_is_answered_with_the_known():
    with pytest.raises(InputError, match="unknown mode 'split'; known are full_distance_split, connection_split, ind"):
        partition('split', 2, [(0, 1)], 0)


# -- in MMAction2 ---------------------------------------------------------------------------------------------


@pytest.fixture(scope='module')
def graph():
    pytest.importorskip('mmaction', reason='mmaction2 is absent')
    importlib.import_module('blazepose_skl.mmaction2')
    return importlib.import_module('mmaction.models.utils.graph').Graph


STOCK_MODES = ('stgcn_spatial', 'spatial', 'binary_adj')


@pytest.mark.parametrize('max_hop', [1, 2])
@pytest.mark.parametrize('mode', [*STOCK_MODES, *MODES])
@pytest.mark.parametrize('name', ['coco', 'openpose', 'nturgb+d'])
def test_stock_layouts_and_our_declarations_of_them_give_the_same_bits(graph, name, mode, max_hop):
    stock, ours = (graph(layout=layout, mode=mode, max_hop=max_hop) for layout in (name, get_skeleton(name)))
    np.testing.assert_array_equal(ours.A, stock.A)


@pytest.mark.parametrize('mode', [*STOCK_MODES, *MODES])
def test_name_file_inline_and_layout_give_the_same_bits(graph, skeleton, mode, tmp_path):
    path = tmp_path / 'mine.toml'
    lines = [f'{key} = {list(map(list, value)) if key == "connections" else list(value)}' for key, value in
             dict(joints=skeleton.joints, connections=skeleton.connections).items()]  # fmt: skip
    parents = [f"'{joint}' = '{parent}'" for joint, parent in skeleton.parents.items()]
    path.write_text('\n'.join([*lines, f"center = '{skeleton.center}'", '[parents]', *parents]))
    inline = dict(
        joints=list(skeleton.joints),
        parents=dict(skeleton.parents),
        connections=skeleton.connections[::-1],
        center=skeleton.center,
    )
    expected = graph(layout=skeleton.name, mode=mode).A
    for layout in (skeleton, str(path), inline, skeleton.as_layout()):
        np.testing.assert_array_equal(graph(layout=layout, mode=mode).A, expected)
    if mode in MODES:
        np.testing.assert_array_equal(subsets(skeleton, mode), expected)


@pytest.mark.parametrize('mode', [*STOCK_MODES, TRUE_HOPS])
def test_modes_that_do_not_rank_are_mirror_symmetric(graph, skeleton, mode):
    A = graph(layout=skeleton.name, mode=mode).A
    np.testing.assert_allclose(mirrored(A, skeleton), A, atol=1e-12)


def test_true_hops_are_stock_where_stock_sees_all_distances(graph):
    for name in ('coco', 'openpose', 'nturgb+d', 'blazepose_tree', 'hand'):  # in one piece
        stock, ours = (graph(layout=name, mode=mode, max_hop=12) for mode in ('stgcn_spatial', TRUE_HOPS))
        np.testing.assert_array_equal(ours.A, stock.A)


def test_normalisation_is_that_of_stgcn_spatial(graph, skeleton, mode):
    stock = graph(layout=skeleton.name, mode='stgcn_spatial').A
    np.testing.assert_array_equal(graph(layout=skeleton.name, mode=mode).A.sum(axis=0), stock.sum(axis=0))


@pytest.mark.parametrize('backbone', [dict(type='STGCN'), dict(type='STGCN', tcn_type='mstcn'), dict(type='AAGCN')])
def test_stock_backbones_take_the_subsets_of_every_mode(graph, mode, backbone):
    torch = importlib.import_module('torch')
    registry = importlib.import_module('mmaction.registry')
    importlib.import_module('mmaction.engine')  # AAGCN's own initialisation
    importlib.import_module('mmengine.registry').init_default_scope('mmaction')
    for layout in ('blazepose', 'enhanced_blazepose', 'holistic', 'coco'):
        model = registry.MODELS.build(dict(backbone, base_channels=8, graph_cfg=dict(layout=layout, mode=mode)))
        model.init_weights()
        joints = get_skeleton(layout).num_joints
        out = model(torch.randn(2, 2, 8, joints, 3))
        out.sum().backward()
        assert out.isfinite().all()
