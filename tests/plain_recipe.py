"""What the recipe for small sets does to a clip, written down joint by joint and segment by segment.

The steps of :mod:`blazepose_skl.steps` do the same faster; tests hold them to these, bit for bit.
"""

from contextlib import contextmanager
from unittest import mock

import numpy as np

from blazepose_skl import features, steps
from blazepose_skl.features import _ANCHORS, _SEGMENTS, Body, _plane_rotation, dimensions


def to_bone(keypoint, bones, score_channel):
    """The vector from its parent to each joint, (M, T, V, C)."""
    joints, parents = np.array(bones).T
    bone = np.zeros(keypoint.shape, dtype=np.float32)
    bone[..., joints, :] = keypoint[..., joints, :] - keypoint[..., parents, :]
    if score_channel:
        bone[..., joints, -1] = (keypoint[..., joints, -1] + keypoint[..., parents, -1]) / 2
    return bone


def to_motion(keypoint, score_channel):
    """The step from each frame to the next, 0 in the last one, (M, T, V, C)."""
    motion = np.zeros_like(keypoint)
    motion[:, :-1] = np.diff(keypoint, axis=1)
    if score_channel:
        motion[:, :-1, :, -1] = (keypoint[:, :-1, :, -1] + keypoint[:, 1:, :, -1]) / 2
    return motion


def measure_body(keypoint, score, skeleton, threshold=0.5):
    """Place and height of one person over a clip, from the joints that were seen."""
    if not (score > 0).any():
        return Body(np.zeros(keypoint.shape[-1], np.float32), 1.0)
    seen = score >= threshold
    anchors = [skeleton.index(joint) for joint in _ANCHORS if joint in skeleton.joints]
    for good in (seen[:, anchors].all(1), (score[:, anchors] > 0).all(1)):
        if anchors and good.any():
            center = np.median(keypoint[good][:, anchors].mean(1), axis=0)
            break
    else:
        good = seen if seen.any() else score > 0
        center = np.median(keypoint[good], axis=0)
    for good in (seen, score > 0):
        estimates = []
        for segment, share in _SEGMENTS.items():
            if all(joint in skeleton.joints for joint in segment):
                a, b = (skeleton.index(joint) for joint in segment)
                both = good[:, a] & good[:, b]
                if both.any():
                    lengths = np.linalg.norm(keypoint[both, a] - keypoint[both, b], axis=-1)
                    estimates.append(np.percentile(lengths, 75) / share)
        if estimates and np.median(estimates) > 0:
            return Body(center.astype(np.float32), float(np.median(estimates)))
    good = seen if seen.any() else score > 0
    spread = float(np.sqrt(np.square(keypoint[good] - center).sum(-1).mean()))
    return Body(center.astype(np.float32), 4 * spread or 1.0)


def shorten_unseen(keypoint, certainty, skeleton):
    """Keypoints (M, T, V, C) with the bone of every joint times its certainty, (M, T, V) from 0 to 1."""
    shortened = keypoint.copy()
    for joint, parent in sorted(skeleton.bones, key=lambda bone: skeleton.depths[bone[0]]):
        share = certainty[..., joint, None]
        if joint == parent:
            shortened[..., joint, :] *= share > 0
        else:
            bone = keypoint[..., joint, :] - keypoint[..., parent, :]
            shortened[..., joint, :] = shortened[..., parent, :] + share * bone
    return shortened


def rotate(keypoint, angles):
    """Keypoints turned about the origin, in each of their frames of reference."""
    size = dimensions(keypoint)
    if size == 2:
        matrix = _plane_rotation(angles[0])
    else:
        matrix = np.eye(3)
        for axis, angle in enumerate(angles):
            turn = np.eye(3)
            others = [i for i in range(3) if i != axis]
            turn[np.ix_(others, others)] = _plane_rotation(angle)
            matrix = turn @ matrix
    turned = keypoint.reshape(*keypoint.shape[:-1], -1, size) @ matrix.T
    return turned.reshape(keypoint.shape).astype(np.float32)


def resample(values, positions):
    """Values (M, T, …) at fractional frame positions (T',), linear between frames."""
    positions = np.clip(positions, 0, values.shape[1] - 1)
    before = np.floor(positions).astype(int)
    after = np.minimum(before + 1, values.shape[1] - 1)
    share = (positions - before).reshape(1, -1, *([1] * (values.ndim - 2))).astype(np.float32)
    return np.asarray(values[:, before] * (1 - share) + values[:, after] * share, dtype=np.float32)


def normalize_body(self, results):
    """``NormalizeBody``."""
    keypoint, score = results['keypoint'], results['keypoint_score']
    person = int(score.sum(axis=(1, 2)).argmax())
    body = measure_body(keypoint[person], score[person], self.skeleton, self.seen)
    normal = ((keypoint - body.center) / body.height).astype(np.float32)
    if self.place:
        height, width = results['img_shape']
        in_picture = (keypoint - np.array([width / 2, height / 2], np.float32)) / height
        normal = np.concatenate([normal, in_picture.astype(np.float32)], axis=-1)
    results['keypoint'] = shorten_unseen(normal, np.clip(score / self.seen, 0, 1) ** 2, self.skeleton)
    return results


def random_place(self, results):
    """``RandomPlace``."""
    keypoint = results['keypoint'].copy()
    seen = results['keypoint_score'][..., None] > 0
    factor = np.exp(np.random.uniform(-self.zoom, self.zoom))
    keypoint[..., 2:] = (keypoint[..., 2:] * factor + np.random.uniform(-self.shift, self.shift, 2)) * seen
    if np.random.rand() < self.forget:
        keypoint[..., 2:] = 0
    results['keypoint'] = keypoint
    return results


@contextmanager
def plainly():
    """Within it the steps work as they are written down here."""
    functions = (to_bone, to_motion, measure_body, shorten_unseen, rotate, resample)
    with (
        mock.patch.multiple(features, **{function.__name__: function for function in functions}),
        mock.patch.object(steps.NormalizeBody, '__call__', normalize_body),
        mock.patch.object(steps.RandomPlace, '__call__', random_place),
    ):
        yield
