"""MediaPipe's skeletons: BlazePose in three topologies, a hand, and Holistic's body with both hands."""

from __future__ import annotations

import re
from collections.abc import Iterable

from blazepose_skl.skeletons.declaration import Skeleton
from blazepose_skl.skeletons.registry import register_skeleton

__all__ = ['BLAZEPOSE', 'BLAZEPOSE_TREE', 'ENHANCED_BLAZEPOSE', 'HAND', 'HOLISTIC']


def both_sides(pairs: str) -> Iterable[tuple[str, str]]:
    """'a-b' once if it lies on the axis or spans it, else for the left side and the right."""
    for pair in pairs.split():
        a, b = pair.split('-')
        if '*' in pair:
            for side in ('left', 'right'):
                yield a.replace('*', side), b.replace('*', side)
        else:
            yield a, b


def sided(names: str) -> tuple[str, ...]:
    """The names, those with a star for the left side and for the right."""
    return tuple(
        joint.replace('*', side)
        for joint in re.split(r'\s+', names.strip())
        for side in (('left', 'right') if '*' in joint else ('',))
    )


# -- the body -----------------------------------------------------------------------------------------

# MediaPipe's PoseLandmark, in lower case. The eyes are listed side by side, all else in pairs.
_BLAZEPOSE_JOINTS = (
    'nose',
    *(f'{side}_{eye}' for side in ('left', 'right') for eye in ('eye_inner', 'eye', 'eye_outer')),
    *sided('*_ear mouth_* *_shoulder *_elbow *_wrist *_pinky *_index *_thumb *_hip *_knee *_ankle *_heel *_foot_index'),
)

_BLAZEPOSE_PARENTS = dict(
    both_sides(
        '*_eye_inner-nose *_eye-*_eye_inner *_eye_outer-*_eye *_ear-*_eye_outer mouth_*-nose '
        '*_shoulder-nose *_elbow-*_shoulder *_wrist-*_elbow *_pinky-*_wrist *_index-*_wrist *_thumb-*_wrist '
        '*_hip-*_shoulder *_knee-*_hip *_ankle-*_knee *_heel-*_ankle *_foot_index-*_ankle'
    )
)

# MediaPipe's PoseLandmarksConnections.POSE_LANDMARKS (Fig. 1a of the paper).
_MEDIAPIPE_CONNECTIONS = tuple(
    both_sides(
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
        {**_BLAZEPOSE_PARENTS, **dict(both_sides('mouth_*-*_shoulder'))},
        _MEDIAPIPE_CONNECTIONS + _HEAD_TORSO_CONNECTIONS,
    )
)

BLAZEPOSE_TREE = register_skeleton(Skeleton('blazepose_tree', _BLAZEPOSE_JOINTS, _BLAZEPOSE_PARENTS))

# -- hands --------------------------------------------------------------------------------------------

# MediaPipe's HandLandmark, in lower case: each finger from the palm outwards.
_FINGERS = (
    tuple(f'thumb_{part}' for part in ('cmc', 'mcp', 'ip', 'tip')),
    *(
        tuple(f'{finger}_{part}' for part in ('mcp', 'pip', 'dip', 'tip'))
        for finger in ('index_finger', 'middle_finger', 'ring_finger', 'pinky')
    ),
)
_HAND_PARENTS = {
    joint: parent for finger in _FINGERS for joint, parent in zip(finger, ('wrist', *finger), strict=False)
}
_FINGER_BONES = tuple((joint, parent) for joint, parent in _HAND_PARENTS.items() if parent != 'wrist')

# MediaPipe's HAND_PALM_CONNECTIONS: round the palm.
_PALM_CONNECTIONS = tuple(
    both_sides(
        'wrist-thumb_cmc wrist-index_finger_mcp index_finger_mcp-middle_finger_mcp middle_finger_mcp-ring_finger_mcp '
        'ring_finger_mcp-pinky_mcp wrist-pinky_mcp'
    )
)

HAND = register_skeleton(
    Skeleton(
        'hand',
        ('wrist', *(joint for finger in _FINGERS for joint in finger)),
        _HAND_PARENTS,
        _PALM_CONNECTIONS + _FINGER_BONES,
    )
)

# -- body and hands -----------------------------------------------------------------------------------

_SIDES = ('left', 'right')


def _of_hand(side: str, joint: str) -> str:
    return f'{side}_hand_{joint}'


# A hand's wrist hangs from the body's, which another network finds in another place.
_WRISTS = tuple((_of_hand(side, 'wrist'), f'{side}_wrist') for side in _SIDES)

HOLISTIC = register_skeleton(
    Skeleton(
        'holistic',
        (*BLAZEPOSE.joints, *(_of_hand(side, joint) for side in _SIDES for joint in HAND.joints)),
        {
            **_BLAZEPOSE_PARENTS,
            **dict(_WRISTS),
            **{_of_hand(side, a): _of_hand(side, b) for side in _SIDES for a, b in HAND.parents.items()},
        },
        (
            *_MEDIAPIPE_CONNECTIONS,
            *_WRISTS,
            *((_of_hand(side, a), _of_hand(side, b)) for side in _SIDES for a, b in HAND.connections),
        ),
    )
)
