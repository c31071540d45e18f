"""Laws of the skeletons, then MediaPipe's own tables, then files and messages."""

import importlib
import json
import re
from pathlib import Path

import msgspec
import numpy as np
import pytest

from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import Skeleton, get_skeleton, read_skeleton, register_skeleton, skeleton_names

BLAZEPOSES = ('blazepose', 'enhanced_blazepose', 'blazepose_tree')
STOCK = ('coco', 'openpose', 'nturgb+d')
SHIPPED = (*BLAZEPOSES, 'hand', 'holistic', *STOCK)


@pytest.fixture(params=SHIPPED)
def skeleton(request):
    return get_skeleton(request.param)


def test_shipped():
    assert skeleton_names() == SHIPPED


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


def test_inward_never_leads_away_from_the_center(skeleton):
    assert all(skeleton.distances[a] >= skeleton.distances[b] for a, b in skeleton.inward)


def test_distances_are_steps(skeleton):
    """A joint other than the center is one step farther than one of its neighbours, and none is nearer by two."""
    neighbours = {joint: set() for joint in range(skeleton.num_joints)}
    for a, b in (*skeleton.limbs, *skeleton.bones):
        neighbours[a].add(b)
        neighbours[b].add(a)
    for joint, distance in enumerate(skeleton.distances):
        assert (distance == 0) == (joint == skeleton.center_index)
        if distance:
            assert distance - 1 in {skeleton.distances[other] for other in neighbours[joint]}
    for a, b in skeleton.limbs:
        assert abs(skeleton.distances[a] - skeleton.distances[b]) <= 1


@pytest.mark.parametrize('name', BLAZEPOSES)
def test_in_a_body_that_hangs_from_its_center_distance_is_depth(name):
    assert get_skeleton(name).distances == get_skeleton(name).depths


def test_the_order_in_which_edges_are_written_does_not_matter(skeleton):
    rng = np.random.default_rng(0)
    pairs = [tuple(rng.permutation(pair)) for pair in rng.permutation(skeleton.connections)]
    other = Skeleton(skeleton.name, skeleton.joints, skeleton.parents, pairs, skeleton.center)
    assert set(other.inward) == set(skeleton.inward)
    assert other.distances == skeleton.distances


def test_inward_holds_each_connection(skeleton):
    assert {frozenset(edge) for edge in skeleton.inward} == {frozenset(edge) for edge in skeleton.limbs}


def test_equally_far_connections_stand_in_both_directions(skeleton):
    edges = set(skeleton.inward)
    assert len(edges) == len(skeleton.inward)
    for a, b in skeleton.limbs:
        assert ((a, b) in edges and (b, a) in edges) == (skeleton.distances[a] == skeleton.distances[b])


def test_mirror_twice_is_identity(skeleton):
    assert [skeleton.twins[twin] for twin in skeleton.twins] == list(range(skeleton.num_joints))


def test_mirror_keeps_edges_bones_and_center(skeleton):
    for pairs in (skeleton.inward, skeleton.bones):
        assert {(skeleton.twins[a], skeleton.twins[b]) for a, b in pairs} == set(pairs)
    assert skeleton.twins[skeleton.center_index] == skeleton.center_index


def test_left_and_right_are_counterparts(skeleton):
    assert len(skeleton.left) == len(skeleton.right)
    assert not set(skeleton.left) & set(skeleton.right)
    on_axis = {joint for joint, twin in enumerate(skeleton.twins) if joint == twin}
    assert set(skeleton.left) | set(skeleton.right) | on_axis == set(range(skeleton.num_joints))


def test_limbs_have_counterparts(skeleton):
    left, right = skeleton.left_limbs, skeleton.right_limbs
    assert len(left) == len(right)
    assert len({*left, *right}) == 2 * len(left)
    for a, b in zip(left, right, strict=True):
        assert {skeleton.twins[joint] for joint in skeleton.limbs[a]} == set(skeleton.limbs[b])
    for limb in set(range(len(skeleton.limbs))) - {*left, *right}:
        assert {skeleton.twins[joint] for joint in skeleton.limbs[limb]} == set(skeleton.limbs[limb])


def names(skeleton, pairs):
    return {frozenset(skeleton.joints[joint] for joint in pair) for pair in pairs}


def test_the_layouts_differ_as_the_paper_says():
    plain, enhanced, tree = (get_skeleton(name) for name in BLAZEPOSES)
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


def test_hands_are_mediapipes():
    landmarker = pytest.importorskip('mediapipe.tasks.python.vision.hand_landmarker', reason='mediapipe is absent')
    hand = get_skeleton('hand')
    assert hand.joints == tuple(landmark.name.lower() for landmark in landmarker.HandLandmark)
    theirs = {frozenset((c.start, c.end)) for c in landmarker.HandLandmarksConnections.HAND_CONNECTIONS}
    assert {frozenset(limb) for limb in hand.limbs} == theirs


def test_holistic_is_the_body_with_two_hands_on_its_wrists():
    body, hand, both = (get_skeleton(name) for name in ('blazepose', 'hand', 'holistic'))
    assert both.num_joints == 33 + 21 + 21
    assert both.joints[:33] == body.joints
    starts = {'left': 33, 'right': 33 + 21}
    expected = set(body.limbs)
    for side, start in starts.items():
        assert both.joints[start : start + 21] == tuple(f'{side}_hand_{joint}' for joint in hand.joints)
        expected |= {(start + a, start + b) for a, b in hand.limbs} | {(start, body.index(f'{side}_wrist'))}
        assert both.bones[start] == (start, body.index(f'{side}_wrist'))
    assert set(both.limbs) == expected
    assert set(both.bones[:33]) == set(body.bones)


@pytest.mark.parametrize('name', STOCK)
def test_stock_layouts_are_the_stock_tables(name):
    pytest.importorskip('mmaction', reason='mmaction2 is absent')
    importlib.import_module('blazepose_skl.mmaction2')
    pose_transforms = importlib.import_module('mmaction.datasets.transforms.pose_transforms')
    graph = importlib.import_module('mmaction.models.utils.graph').Graph(layout=name)
    skeleton = get_skeleton(name)
    assert sorted(skeleton.inward) == sorted(graph.inward)
    assert (skeleton.num_joints, skeleton.center_index) == (graph.num_node, graph.center)
    assert sorted(skeleton.bones) == sorted(pose_transforms.JointToBone(dataset=name).pairs)


def test_cocos_sides_are_the_stock_tables():
    pytest.importorskip('mmaction', reason='mmaction2 is absent')
    importlib.import_module('blazepose_skl.mmaction2')
    stock = importlib.import_module('mmaction.datasets.transforms.pose_transforms').GeneratePoseTarget()
    assert (get_skeleton('coco').left, get_skeleton('coco').right) == (tuple(stock.left_kp), tuple(stock.right_kp))


def test_a_parents_list_and_a_dict_declare_the_same():
    joints = ['hip', 'left_knee', 'right_knee']
    by_list = Skeleton.from_mapping(dict(name='legs', joints=joints, parents=[None, 'hip', 'hip']))
    by_dict = Skeleton.from_mapping(dict(name='legs', joints=joints, parents={'left_knee': 'hip', 'right_knee': 'hip'}))
    assert by_list == by_dict == Skeleton('legs', joints, [None, 'hip', 'hip'])
    assert by_list.as_layout() == dict(num_node=3, inward=[(1, 0), (2, 0)], center=0, distances=[0, 1, 1])


# -- sides ------------------------------------------------------------------------------------------------

SPELLINGS = [
    *('left_arm right_arm', 'arm_left arm_right', 'LeftArm RightArm', 'ArmLeft ArmRight', 'leftArm rightArm'),
    *('LEFT_ARM RIGHT_ARM', 'ARM_LEFT ARM_RIGHT', 'Left-Arm Right-Arm', 'left.arm right.arm', 'LEFTArm RIGHTArm'),
    *('l_arm r_arm', 'arm_L arm_R', 'LShoulder RShoulder', 'lShoulder rShoulder', 'shoulderL shoulderR', 'arm.l arm.r'),
    *('L R', 'left right', 'rig:LeftUpLeg rig:RightUpLeg', 'LeftArm rightArm', 'left_arm RIGHT_ARM'),
]


@pytest.mark.parametrize('pair', [*(tuple(names.split()) for names in SPELLINGS), ('left arm', 'right arm')])
def test_sides_are_words_in_any_case(pair):
    for left, right in ((1, 2), (2, 1)):
        joints = ['root', '', '']
        joints[left], joints[right] = pair
        skeleton = Skeleton('mine', joints, [None, 'root', 'root'])
        assert skeleton.twins == (0, 2, 1)
        assert (skeleton.left, skeleton.right) == ((left,), (right,))
        assert len(skeleton.left_limbs) == len(skeleton.right_limbs) == 1


@pytest.mark.parametrize('name', SHIPPED)
@pytest.mark.parametrize('spelling', ['capitals', 'camel', 'spaces'])
def test_the_shipped_are_mirrored_alike_however_they_are_spelt(name, spelling):
    shipped = get_skeleton(name)
    new = {
        joint: dict(capitals=joint.upper(), camel=joint.title().replace('_', ''), spaces=joint.replace('_', ' '))[
            spelling
        ]
        for joint in shipped.joints
    }
    parents = {new[joint]: new[parent] for joint, parent in shipped.parents.items()}
    spelt = Skeleton('spelt', [*new.values()], parents)
    assert (spelt.twins, spelt.left, spelt.right) == (shipped.twins, shipped.left, shipped.right)


def test_sides_of_the_shipped_are_left_and_right_in_their_names(skeleton):
    swap = {'left': 'right', 'right': 'left'}
    other = ['_'.join(swap.get(word, word) for word in joint.split('_')) for joint in skeleton.joints]
    assert [skeleton.joints[twin] for twin in skeleton.twins] == other


def test_a_letter_is_a_side_only_where_it_has_a_counterpart():
    joints = ('r', 'l_hip', 'L5', 'hall', 'l_arm', 'r_arm', 'a', 'A')
    assert Skeleton('mine', joints, [None, *['r'] * 7]).twins == (0, 1, 2, 3, 5, 4, 6, 7)
    fingers = ('root', 'left_finger_l', 'left_finger_r', 'right_finger_l', 'right_finger_r')
    assert Skeleton('mine', fingers, [None, *['root'] * 4]).twins == (0, 3, 4, 1, 2)


def test_mirror_says_what_the_names_do_not():
    joints = ['root', 'east', 'west', 'left_leg', 'right_leg', 'LASI', 'RASI']
    inline = dict(joints=joints, parents=[None, *['root'] * 6], mirror=[['west', 'east'], ['LASI', 'RASI']])
    skeleton = get_skeleton(inline)
    assert skeleton.twins == (0, 2, 1, 4, 3, 6, 5)
    assert (skeleton.left, skeleton.right) == ((2, 3, 5), (1, 4, 6))
    assert len(skeleton.left_limbs) == 3
    joints[3:] = 'arm_l', 'arm_r'
    mirror = [('east', 'arm_l'), ('west', 'arm_r')]
    overruled = Skeleton('mine', joints, [None, *['root'] * 4], mirror=mirror)
    assert overruled.twins == (0, 3, 4, 1, 2)


def test_registering_twice(monkeypatch):
    monkeypatch.setattr('blazepose_skl.skeletons.registry._REGISTRY', {})
    mine = Skeleton('mine', ('a', 'b'), {'b': 'a'})
    assert register_skeleton(mine) is register_skeleton(mine) is get_skeleton('mine')
    with pytest.raises(InputError, match="another skeleton is called 'mine' already"):
        register_skeleton(Skeleton('mine', ('a', 'c'), {'c': 'a'}))


@pytest.mark.parametrize('name', ['blazepose', *STOCK, 'handmp'])
def test_a_name_that_means_something_already_is_refused(name):
    with pytest.raises(InputError, match=f"another skeleton is called '{re.escape(name)}' already"):
        register_skeleton(Skeleton(name, ('a', 'b'), {'b': 'a'}))


# -- files ----------------------------------------------------------------------------------------------

TOML = """
joints = ["nose", "left_wrist", "right_wrist"]
parents = ["", "nose", "nose"]
connections = [["left_wrist", "nose"], ["nose", "right_wrist"]]
"""


def test_a_file_declares_what_the_same_declaration_inline_does(tmp_path, skeleton):
    inline = dict(
        name='mine',
        joints=list(skeleton.joints),
        parents=dict(skeleton.parents),
        connections=[list(pair) for pair in skeleton.connections],
        center=skeleton.center,
        mirror=[[skeleton.joints[i] for i in pair] for pair in zip(skeleton.left, skeleton.right, strict=True)],
    )
    toml, whole = tmp_path / 'mine.toml', tmp_path / 'mine.json'
    keys = ('joints', 'connections', 'center', 'mirror')
    toml.write_text(''.join(f'{key} = {json.dumps(inline[key])}\n' for key in keys))
    with toml.open('a') as file:
        file.writelines(['[parents]\n', *(f'{joint} = "{parent}"\n' for joint, parent in skeleton.parents.items())])
    whole.write_bytes(msgspec.json.encode(inline))
    assert get_skeleton(str(toml)) == get_skeleton(str(whole)) == get_skeleton(inline) == read_skeleton(toml)


def test_a_list_of_parents_in_a_file(tmp_path):
    (tmp_path / 'arms.toml').write_text(TOML)
    arms = get_skeleton(str(tmp_path / 'arms.toml'))
    assert (arms.name, arms.root, arms.parents) == ('arms', 'nose', {'left_wrist': 'nose', 'right_wrist': 'nose'})


@pytest.mark.parametrize(
    ('name', 'text', 'message'),
    [
        ('a.toml', 'joints = [', 'not TOML: '),
        ('a.json', '{"joints": ["a"}', 'not JSON: '),
        ('a.json', '[' * 100_000, 'not JSON: '),
        ('a.json', '["a", "b"]', 'a list where an object with name, joints, .*, center, mirror was expected'),
        ('a.json', '{"joints": ["a"]}', "skeleton 'a': parents missing"),
        ('a.json', '{"name": 5, "joints": ["a"], "parents": {}}', "skeleton '5': name is 5 where a name was"),
        ('a.json', b'\xff\xfe', 'not a text in UTF-8'),
        ('none.toml', None, 'cannot be read: No such file'),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path, name, text, message):
    path = tmp_path / name
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=f'^{re.escape(str(path))}: {message}') as error:
        get_skeleton(str(path))
    assert '\n' not in str(error.value)


def test_a_file_of_another_kind_is_named():
    for name in ('arm.yaml', 'skeletons/arm.txt'):
        for read in (read_skeleton, get_skeleton):
            with pytest.raises(InputError, match=rf'^{name}: only files that end in \.toml or \.json are read as skel'):
                read(Path(name) if read is read_skeleton else name)


# -- messages -------------------------------------------------------------------------------------------


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
        (dict(joints=['a', 'b'], parents={'b': 'a'}, center=3), 'center is 3 where a name was expected'),
        (dict(joints=5, parents={}), 'joints is 5 where a list of joint names was expected'),
        (dict(joints='ab', parents={}), "joints is 'ab' where a list"),
        (dict(joints=['a', 5], parents={}), '5 among joints where a joint name was expected'),
        (dict(joints=['a', 'b'], parents=7), 'parents is 7 where joint names by joint, or a list of them,'),
        (dict(joints=['a', 'b'], parents={'b': None}), 'None among parents where a joint name was expected'),
        (dict(joints=['a', 'b'], parents=[None, 0]), '0 among parents where a joint name was expected'),
        (dict(joints=['a', 'b'], parents=[None, 'a'], connections='ab'), "connections is 'ab' where a list of pairs"),
        (dict(joints=['a', 'b'], parents=[None, 'a'], connections=['ab']), "connections is 'ab' where"),
        (dict(joints=['a', 'b'], parents=[None, 'a'], connections=[['a']]), r'1 joints \(a\) among connections where'),
        (dict(joints=['a', 'b'], parents=[None, 'a'], mirror='ab'), "mirror is 'ab' where a list of pairs"),
        (dict(joints=['a', 'b'], parents=[None, 'a'], mirror={'a': 'b'}), "mirror is {'a': 'b'} where a list of pairs"),
        (dict(joints=['a', 'b'], parents=[None, 'a'], mirror=[['a']]), r'1 joints \(a\) among mirror where a pair'),
        (dict(joints=['a', 'b'], parents=[None, 'a'], mirror=[[0, 1]]), '0 among mirror where a joint name'),
        (dict(joints=['a', 'b'], parents=[None, 'a'], mirror=[['a', 'c']]), "'c' in mirror is not among its 2 joints"),
        (dict(joints=['a', 'b'], parents=[None, 'a'], mirror=[['a', 'b'], ['b', 'a']]), 'a, b more than once in'),
        (dict(joints=['a', 'b'], parents=[None, 'a'], mirror=[['a', 'a']]), 'a more than once in mirror'),
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
        one_armed.twins  # noqa: B018, raises when computed
    shouted = Skeleton('shouted', ('nose', 'RightWrist'), {'RightWrist': 'nose'})
    with pytest.raises(InputError, match=r"'RightWrist' has no counterpart 'LeftWrist', .*; add it, or pair"):
        shouted.twins  # noqa: B018
    joints = ('nose', 'left_eye', 'right_eye', 'LeftEye')
    with pytest.raises(InputError, match="'right_eye' is the counterpart of 'LeftEye' and of 'left_eye'; say in"):
        Skeleton('three_eyed', joints, [None, *['nose'] * 3]).twins  # noqa: B018
    with pytest.raises(InputError, match="'left_eye' is the counterpart of 'right_eye' and of 'nose'; say in mirror"):
        Skeleton('odd', joints[:3], [None, *['nose'] * 2], mirror=[('left_eye', 'nose')]).twins  # noqa: B018
    lopsided = Skeleton('lopsided', ('nose', 'left_eye', 'right_eye'), [None, 'nose', 'nose'], [('nose', 'left_eye')])
    with pytest.raises(InputError, match="connection 'nose' - 'left_eye' has no counterpart on the other side"):
        lopsided.left_limbs  # noqa: B018, raises when computed
