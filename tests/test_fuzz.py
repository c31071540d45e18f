"""Mutated and truncated dumps of every dialect: a clip or an InputError, never anything else."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
from conftest import WRITERS, make_motion
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_tables import HEADERS, numbers, pose_file

from blazepose_skl.dumps import Reading, find_dumps, read_clip
from blazepose_skl.errors import InputError


def seeds() -> list[bytes]:
    motion = make_motion(4)
    texts = [json.dumps(write(motion, (1,))).encode() for _, write in WRITERS.values()]
    texts += [
        '\n'.join(map(json.dumps, WRITERS[name][1](motion))).encode() for name in ('messages', 'keypoints', 'bare')
    ]
    texts += [pose_file(motion, (), version) for version in (0.1, 0.2)]
    array = io.BytesIO()
    np.save(array, motion[0].reshape(4, -1))
    wide = '\n'.join([','.join(HEADERS['from 1']), *(numbers(frame) for frame in motion[0])])
    notebook = '\n'.join(f'{n}.jpg,{numbers(frame[:, :3])}' for n, frame in enumerate(motion[0]))
    return [*texts, array.getvalue(), wide.encode(), notebook.encode()]


TOKENS = [
    b'null',
    b'{}',
    b'[]',
    b'-1',
    b'1e308',
    b'NaN',
    b'"x"',
    b'99999999999999999999',
    b'true',
    b'[[',
    b'}}',
    b'\xff',
]
TOKENS += [
    b'"frames"',
    b'"data":',
    b'Infinity',
    b'"label":3,',
    b'"width":0,',
    b'"frame":1e18,',
    b'',
    b'\x00\xff\xff\xff',
]

mutation = st.tuples(st.floats(0, 1), st.integers(0, 600), st.sampled_from(TOKENS))


@given(seed=st.sampled_from(seeds()), mutations=st.lists(mutation, min_size=1, max_size=4), cut=st.floats(0.01, 1.2))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_clip_or_a_sentence(
    tmp_path: Path, seed: bytes, mutations: list[tuple[float, int, bytes]], cut: float
) -> None:
    for place, length, token in mutations:
        start = int(place * len(seed))
        seed = seed[:start] + token + seed[start + length % 7 * (length > 300) :]
    (tmp_path / 'a.json').write_bytes(seed[: int(cut * len(seed))])
    for source in find_dumps(tmp_path):
        try:
            clip = read_clip(source, Reading(people=2))
        except InputError as error:
            assert str(error).startswith('a.json') and '\n' not in str(error)  # noqa: PT017, PT018
            continue
        assert clip.landmarks.dtype == clip.scores.dtype == np.float32
        assert clip.landmarks.nbytes < 1 << 24
        assert ((clip.scores >= 0) & (clip.scores <= 1)).all()
        assert not np.isinf(clip.landmarks).any()
