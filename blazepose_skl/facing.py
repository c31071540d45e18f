"""Three-dimensional clips from one side: upright, and facing the camera."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import Skeleton, SkeletonLike
from blazepose_skl.steps import Results, check_joints, find_skeleton

__all__ = ['FaceCamera', 'body_axes']

_TORSO = ('left_shoulder', 'right_shoulder', 'left_hip', 'right_hip')


def body_axes(torso: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """The axes of a body as rows, (3, 3): to its left, down its spine, and to its back; None where it has none.

    Args:
        torso: (4, 3), the left and the right shoulder, the left and the right hip.

    In MediaPipe's world, x right, y down and z away, the axes of somebody who stands facing the camera are the
    identity. The spine is taken as it is, the shoulders are brought at right angles to it, as in ``PreNormalize3D``.
    """
    left_shoulder, right_shoulder, left_hip, right_hip = np.asarray(torso, np.float64)
    down = (left_hip + right_hip - left_shoulder - right_shoulder) / 2
    across = left_shoulder - right_shoulder
    across = across - (across @ down) * down / max(float(down @ down), 1e-12)
    lengths = np.linalg.norm(down), np.linalg.norm(across)
    if min(lengths) < 1e-6:
        return None
    down, across = down / lengths[0], across / lengths[1]
    return np.stack([across, down, np.cross(across, down)])


class FaceCamera:
    """Turn a 3-D clip upright and to the camera, its origin between the hips, as ``PreNormalize3D`` does for NTU-25.

    The person with the highest scores says where hips, spine and shoulders are, in the first frame in which all four
    joints are seen (score of ``seen``, else any score); all frames and people are moved and turned alike, so that
    who turns or walks still does. A clip in which a torso is never seen, or has no extent, stays as it is. What was
    not seen (score 0) is at the origin.

    Required keys: keypoint (M, T, V, 3), keypoint_score (M, T, V). Modified: keypoint; its unit stays.

    Args:
        layout: The skeleton of the data, with shoulders and hips.
        seen: See above.
    """

    def __init__(self, layout: SkeletonLike = 'blazepose', seen: float = 0.5) -> None:
        self.skeleton = find_skeleton(layout, 'FaceCamera')
        self.torso = _torso(self.skeleton)
        self.seen = seen

    def __call__(self, results: Results) -> Results:
        check_joints(self.skeleton, results, 'FaceCamera')
        keypoint, score = results['keypoint'], results.get('keypoint_score')
        if keypoint.shape[-1] != 3 or score is None:
            found = 'no keypoint_score' if score is None else f'{keypoint.shape[-1]} coordinates'
            raise InputError(
                f"FaceCamera: clip '{results.get('frame_dir', '?')}' has {found}; "
                'it takes x, y and z with scores beside them: convert with --coords world'
            )
        person = int(score.sum(axis=(1, 2)).argmax())
        certainty = score[person][:, self.torso].min(axis=1)
        for enough in (certainty >= self.seen, certainty > 0):
            if enough.any():
                torso = keypoint[person, enough.argmax()][self.torso]
                axes = body_axes(torso)
                if axes is not None:
                    moved = (keypoint - torso[2:].mean(0)) @ axes.T
                    results['keypoint'] = np.where(score[..., None] > 0, moved, 0).astype(np.float32)
                break
        return results


def _torso(skeleton: Skeleton) -> list[int]:
    missing = [joint for joint in _TORSO if joint not in skeleton.joints]
    if missing:
        raise InputError(
            f"FaceCamera: '{skeleton.name}' has no {', '.join(missing)}; leave the step out, or name these joints so"
        )
    return [skeleton.index(joint) for joint in _TORSO]
