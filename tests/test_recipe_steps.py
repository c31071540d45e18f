"""The steps of the recipe for small sets are what their plain form is, in every bit, and as random."""

import copy
import importlib
import pickle
import shutil
from contextlib import nullcontext

import numpy as np
import plain_recipe
import pytest
from conftest import clip, split
from hypothesis import given, settings
from hypothesis import strategies as st

from blazepose_skl import features
from blazepose_skl.convert import convert
from blazepose_skl.skeletons import get_skeleton

pytest.importorskip('mmaction', reason='mmaction2 is absent')
importlib.import_module('blazepose_skl.mmaction2')  # before what it mends

from mmaction.registry import TRANSFORMS

STREAMS = ['j', 'b', 'jm', 'bm']


def recipe(layout, test_mode, flat, feats):
    """The pipelines of the configs, in 2-D or 3-D."""
    sampling = dict(test_mode=True, num_clips=4) if test_mode else dict(min_share=0.75)
    views = [
        dict(type='RandomRotateSkeleton', degrees=10 if flat else (10, 20, 10)),
        dict(type='RandomScaleSkeleton', amount=0.1),
        *([dict(type='RandomPlace', shift=0.1, zoom=0.1, forget=0.25)] if flat else []),
    ]
    steps = [
        dict(type='ResampleFrames', length=32, **sampling),
        dict(type='NormalizeBody', layout=layout, place=flat),
        *([] if test_mode else views),
        dict(type='GenSkeFeat', dataset=layout, feats=feats),
        dict(type='FormatGCNInput', num_person=1),
    ]
    return [TRANSFORMS.build(step) for step in steps]


def compare(results, layout, test_mode, feats, state):
    made = []
    for context in (plain_recipe.plainly(), nullcontext()):
        with context, np.errstate(all='ignore'):
            np.random.seed(state)
            given = copy.deepcopy(results)
            for step in recipe(layout, test_mode, results['keypoint'].shape[-1] == 2, feats):
                given = step(given)
        keypoint = given['keypoint']
        made.append((keypoint.shape, keypoint.dtype, keypoint.tobytes(), np.random.randint(2**31, size=4).tolist()))
    assert made[0] == made[1]


@pytest.mark.parametrize('layout', ['blazepose', 'holistic', 'hand'])
@pytest.mark.parametrize('channels', [2, 3])
@settings(max_examples=60, deadline=None)
@given(
    frames=st.integers(1, 150),
    people=st.integers(1, 2),
    unseen=st.sampled_from([0, 0.1, 0.5, 0.99, 1]),
    feats=st.lists(st.sampled_from(STREAMS), min_size=1, unique=True),
    test_mode=st.booleans(),
    state=st.integers(0, 2**32 - 1),
)
def test_the_recipe_is_its_plain_form_in_every_bit(layout, channels, frames, people, unseen, feats, test_mode, state):
    joints = get_skeleton(layout).num_joints
    results = clip(joints, channels, people, frames, seed=state) | dict(img_shape=(480, 640))
    rng = np.random.default_rng(state)
    results['keypoint'] = results['keypoint'] * 60 + 240
    results['keypoint_score'] **= rng.uniform(0.2, 6)
    results['keypoint_score'][rng.uniform(size=results['keypoint_score'].shape) < unseen] = 0
    compare(results, layout, test_mode, feats, state)


@pytest.mark.parametrize('channels', [2, 3, 4, 6])
@settings(max_examples=60, deadline=None)
@given(frames=st.integers(1, 150), people=st.integers(1, 2), state=st.integers(0, 2**32 - 1))
def test_turning_is_its_plain_form_in_every_bit(channels, frames, people, state):
    keypoint = clip(33, channels, people, frames, seed=state)['keypoint']
    angles = np.random.default_rng(state).uniform(-3, 3, 3 if channels in (3, 6) else 1)
    assert features.rotate(keypoint, angles).tobytes() == plain_recipe.rotate(keypoint, angles).tobytes()


def test_real_clips(real_data, tmp_path):
    for number, path in enumerate(sorted(real_data('actions16').rglob('*.json'))):
        if number % 10 == 0:
            (tmp_path / 'dumps' / path.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, tmp_path / 'dumps' / path.parent.name)
    convert(tmp_path / 'dumps', tmp_path / 'data.pkl', split)
    for state, results in enumerate(pickle.loads((tmp_path / 'data.pkl').read_bytes())['annotations']):
        for test_mode in (False, True):
            compare(results, 'blazepose', test_mode, STREAMS, state)
