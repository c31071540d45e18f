"""Laws of the skeletons, then MediaPipe's own tables, then messages."""

import pytest

from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import Skeleton, get_skeleton, register_skeleton, skeleton_names

SHIPPED = ('blazepose', 'enhanced_blazepose', 'blazepose_tree')


@pytest.fixture(params=skeleton_names())
def skeleton(request):
    return get_skeleton(request.param)


def test_shipped():
    assert set(SHIPPED) <= set(skeleton_names())


def test_every_bone_chain_reaches_the_root(skeleton):
    parent = dict(skeleton.bones)
    root = skeleton.index(skeleton.root)
    for joint in range(skeleton.num_joints):
        for _ in range(skeleton.depths[joint]):
            assert joint != root
            joint = parent[joint]
        assert joint == root


def test_one_bone_per_joint_in_keypoint_order(skeleton):
    assert [joint for joint, _ in skeleton.bones] == list(range(skeleton.num_joints))


def test_inward_never_leads_away_from_the_root(skeleton):
    assert all(skeleton.depths[a] >= skeleton.depths[b] for a, b in skeleton.inward)


def test_inward_holds_each_connection(skeleton):
    assert {frozenset(edge) for edge in skeleton.inward} == {frozenset(edge) for edge in skeleton.limbs}


def test_equally_deep_connections_stand_in_both_directions(skeleton):
    edges = set(skeleton.inward)
    assert len(edges) == len(skeleton.inward)
    for a, b in skeleton.limbs:
        assert ((a, b) in edges and (b, a) in edges) == (skeleton.depths[a] == skeleton.depths[b])


def test_mirror_twice_is_identity(skeleton):
    assert [skeleton.mirror[twin] for twin in skeleton.mirror] == list(range(skeleton.num_joints))


def test_mirror_keeps_edges_bones_and_center(skeleton):
    for pairs in (skeleton.inward, skeleton.bones):
        assert {(skeleton.mirror[a], skeleton.mirror[b]) for a, b in pairs} == set(pairs)
    assert skeleton.mirror[skeleton.center_index] == skeleton.center_index


def test_left_and_right_are_counterparts(skeleton):
    assert len(skeleton.left) == len(skeleton.right)
    assert not set(skeleton.left) & set(skeleton.right)
    on_axis = {joint for joint, twin in enumerate(skeleton.mirror) if joint == twin}
    assert set(skeleton.left) | set(skeleton.right) | on_axis == set(range(skeleton.num_joints))


def names(skeleton, pairs):
    return {frozenset(skeleton.joints[joint] for joint in pair) for pair in pairs}


def test_the_layouts_differ_as_the_paper_says():
    plain, enhanced, tree = (get_skeleton(name) for name in SHIPPED)
    assert plain.joints == enhanced.joints == tree.joints
    assert (len(plain.limbs), len(enhanced.limbs), len(tree.limbs)) == (35, 39, 32)
    assert set(enhanced.limbs) - set(plain.limbs) == {(9, 11), (9, 12), (10, 11), (10, 12)}
    assert names(tree, tree.limbs) == {names_ for names_ in names(tree, tree.bones) if len(names_) == 2}
    assert enhanced.parents['mouth_left'] == 'left_shoulder'
    assert plain.parents['mouth_left'] == 'nose'


def test_joints_and_connections_are_mediapipes():
    landmarker = pytest.importorskip('mediapipe.tasks.python.vision.pose_landmarker', reason='mediapipe is absent')
    skeleton = get_skeleton('blazepose')
    assert skeleton.joints == tuple(landmark.name.lower() for landmark in landmarker.PoseLandmark)
    theirs = {frozenset((c.start, c.end)) for c in landmarker.PoseLandmarksConnections.POSE_LANDMARKS}
    assert {frozenset(limb) for limb in skeleton.limbs} == theirs


def test_a_parents_list_and_a_dict_declare_the_same():
    joints = ['hip', 'left_knee', 'right_knee']
    by_list = Skeleton.from_mapping(dict(name='legs', joints=joints, parents=[None, 'hip', 'hip']))
    by_dict = Skeleton.from_mapping(dict(name='legs', joints=joints, parents={'left_knee': 'hip', 'right_knee': 'hip'}))
    assert by_list == by_dict
    assert by_list.as_layout() == dict(num_node=3, inward=[(1, 0), (2, 0)], center=0)


def test_registering_twice(monkeypatch):
    monkeypatch.setattr('blazepose_skl.skeletons._REGISTRY', {})
    mine = Skeleton('mine', ('a', 'b'), {'b': 'a'})
    assert register_skeleton(mine) is register_skeleton(mine) is get_skeleton('mine')
    with pytest.raises(InputError, match="another skeleton is called 'mine' already"):
        register_skeleton(Skeleton('mine', ('a', 'c'), {'c': 'a'}))


@pytest.mark.parametrize(
    ('declaration', 'message'),
    [
        (dict(joints=[], parents={}), 'it has no joints'),
        (dict(joints=['a', 'a'], parents={}), 'joints named twice: a'),
        (dict(joints=['a', 'b'], parents={'b': 'c'}), "'c' in parents is not among its 2 joints"),
        (dict(joints=['a', 'b'], parents={}), r'\(the root\) may be without a parent, found 2: a, b'),
        (dict(joints=['r', 'a', 'b'], parents={'a': 'b', 'b': 'a'}), 'parents run in a circle: a -> b -> a'),
        (dict(joints=['a', 'b'], parents={'b': 'a'}, connections=[('a', 'c')]), "'c' in connections"),
        (dict(joints=['a', 'b'], parents={'b': 'a'}, connections=[('a', 'a')]), "connection of 'a' with itself"),
        (dict(joints=['a', 'b'], parents={'b': 'a'}, connections=[('a', 'b'), ('b', 'a')]), 'stands twice'),
        (dict(joints=['a', 'b'], parents={'b': 'a'}, center='c'), "the center 'c' is not among"),
        (dict(joints=['a', 'b'], parents=[None]), '1 parents for 2 joints'),
        (dict(joints=['a'], parent={}), 'unknown key parent'),
        (dict(joints=['a']), 'parents missing'),
    ],
)
def test_a_wrong_declaration_is_one_sentence(declaration, message):
    with pytest.raises(InputError, match=f"^skeleton 'inline': .*{message}"):
        get_skeleton(declaration)


def test_an_unknown_name_lists_the_known():
    with pytest.raises(InputError, match="unknown skeleton 'blazepose33'; known are blazepose, enhanced_blazepose"):
        get_skeleton('blazepose33')


def test_a_joint_without_counterpart_cannot_be_mirrored():
    one_armed = Skeleton('one_armed', ('nose', 'left_wrist'), {'left_wrist': 'nose'})
    with pytest.raises(InputError, match="'left_wrist' has no counterpart 'right_wrist'"):
        one_armed.mirror  # noqa: B018, raises when computed
