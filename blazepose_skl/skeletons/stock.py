"""The layouts that MMAction2 and PYSKL know themselves, declared by joint names.

Their graphs and their bones disagree in places (COCO's hips hang from the shoulders in one, from the nose in
the other); here the connections and the center are those of ``Graph``, the parents those of ``JointToBone``.
The frameworks' own code still answers for these names; the declarations say which joint is which.
"""

from __future__ import annotations

from blazepose_skl.skeletons.blazepose import both_sides, sided
from blazepose_skl.skeletons.declaration import Skeleton
from blazepose_skl.skeletons.registry import register_skeleton

__all__ = ['COCO', 'NTU', 'OPENPOSE']

COCO = register_skeleton(
    Skeleton(
        'coco',
        ('nose', *sided('*_eye *_ear *_shoulder *_elbow *_wrist *_hip *_knee *_ankle')),
        dict(
            both_sides(
                '*_eye-nose *_ear-*_eye *_shoulder-nose *_elbow-*_shoulder *_wrist-*_elbow '
                '*_hip-nose *_knee-*_hip *_ankle-*_knee'
            )
        ),
        tuple(
            both_sides(
                '*_ankle-*_knee *_knee-*_hip *_hip-*_shoulder *_wrist-*_elbow *_elbow-*_shoulder '
                '*_shoulder-nose *_eye-nose *_ear-*_eye'
            )
        ),
    )
)

_LIMBS = '*_shoulder-neck *_elbow-*_shoulder *_wrist-*_elbow *_hip-*_shoulder *_knee-*_hip *_ankle-*_knee'

OPENPOSE = register_skeleton(
    Skeleton(
        'openpose',
        (
            'nose',
            'neck',
            *(f'{side}_{part}' for side in ('right', 'left') for part in ('shoulder', 'elbow', 'wrist')),
            *(f'{side}_{part}' for side in ('right', 'left') for part in ('hip', 'knee', 'ankle')),
            *(f'{side}_{part}' for part in ('eye', 'ear') for side in ('right', 'left')),
        ),
        dict(both_sides(f'neck-nose *_eye-nose *_ear-*_eye {_LIMBS}')),
        tuple(both_sides(f'nose-neck *_eye-nose *_ear-*_eye {_LIMBS}')),
        center='neck',
    )
)

_NTU_BONES = (
    'spine_base-spine_middle spine_middle-spine_shoulder neck-spine_shoulder head-neck '
    '*_shoulder-spine_shoulder *_elbow-*_shoulder *_wrist-*_elbow *_hand-*_wrist '
    '*_hip-spine_base *_knee-*_hip *_ankle-*_knee *_foot-*_ankle *_thumb-*_hand '
)

# The joints of Kinect's second version, which recorded NTU RGB+D.
NTU = register_skeleton(
    Skeleton(
        'nturgb+d',
        (
            *('spine_base', 'spine_middle', 'neck', 'head'),
            *(f'{side}_{part}' for side in ('left', 'right') for part in ('shoulder', 'elbow', 'wrist', 'hand')),
            *(f'{side}_{part}' for side in ('left', 'right') for part in ('hip', 'knee', 'ankle', 'foot')),
            'spine_shoulder',
            *(f'{side}_{part}' for side in ('left', 'right') for part in ('hand_tip', 'thumb')),
        ),
        # The tip of a hand hangs from the thumb in JointToBone, from the hand in Graph.
        dict(both_sides(_NTU_BONES + '*_hand_tip-*_thumb')),
        tuple(both_sides(_NTU_BONES + '*_hand_tip-*_hand')),
    )
)
