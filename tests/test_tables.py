"""Dumps that are no JSON: CSV, NumPy arrays, .pose files; and archives of anything."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import keypoints, make_motion, message
from test_dumps import MISSED, SIZE, assert_same, read

from blazepose_skl.dumps import Reading, find_dumps, read_clip
from blazepose_skl.errors import InputError
from blazepose_skl.skeletons import BLAZEPOSE

PIXELS = np.array([*SIZE, 1, 1], np.float32)


def numbers(values: np.ndarray) -> str:
    return ','.join(repr(float(value)) for value in values.ravel())


# -- laws -------------------------------------------------------------------------------------------


@pytest.mark.parametrize('named', [1, 2])
def test_the_notebooks_table(tmp_path: Path, named: int) -> None:
    motion = make_motion()
    motion[..., 3] = 1
    rows = [
        ','.join([f'frame_{f + 1:04}.jpg', 'jump'][:named]) + ',' + numbers((motion * PIXELS)[0, f, :, :3])
        for f in range(5)
        if f != 3
    ]
    (tmp_path / 'a.csv').write_text('\n'.join(rows))
    clip = read(tmp_path / 'a.csv')
    assert clip.label == (None, 'jump')[named - 1]
    assert_same(clip, motion, (3,))


HEADERS = {
    'counted': [str(n) for n in range(132)],
    'from 1': [f'{channel}{joint}' for joint in range(1, 34) for channel in 'xyzv'],
    'from 0': [f'{channel}_{joint}' for joint in range(33) for channel in ('x', 'y', 'z', 'visibility')],
    'by name': [f'{joint.upper()}_{c}' for joint in BLAZEPOSE.joints for c in ('x', 'y', 'z', 'visibility')],
    'name last': [f'{channel}_{joint}' for joint in BLAZEPOSE.joints for channel in ('x', 'y', 'z', 'v')],
}


@pytest.mark.parametrize('header', HEADERS)
def test_a_wide_table(tmp_path: Path, header: str) -> None:
    motion = make_motion()
    rows = [','.join([*HEADERS[header], 'img_path', 'label'])]
    rows += [numbers(motion[0, f]) + f',img/{f}.jpg,jump' for f in range(5)]
    (tmp_path / 'a.csv').write_text('\n'.join(rows))
    clip = read(tmp_path / 'a.csv')
    assert clip.label == 'jump'
    assert_same(clip, motion)


@pytest.mark.parametrize('width', [132, 1662])
@pytest.mark.parametrize('per_frame', [True, False])
def test_arrays(tmp_path: Path, width: int, per_frame: bool) -> None:
    motion = make_motion(frames=12)
    rows = np.zeros((12, width))
    rows[:, :132] = motion[0].reshape(12, 132)
    rows[3] = 0
    (tmp_path / 'jump').mkdir()
    if per_frame:
        for f in range(12):
            np.save(tmp_path / 'jump' / f'{f}.npy', rows[f])
    else:
        np.save(tmp_path / 'jump' / 'a.npy', rows)
    assert_same(read(tmp_path), motion, (3,))


def pose_file(motion: np.ndarray, missed: tuple[int, ...], version: float, component: str = 'POSE_LANDMARKS') -> bytes:
    def text(string: str) -> bytes:
        return struct.pack('<H', len(string)) + string.encode()

    people, frames = motion.shape[:2]
    data = (motion * PIXELS).transpose(1, 0, 2, 3).astype('<f4')
    data[list(missed)] = 0
    header = struct.pack('<fHHHH', version, *SIZE, 0, 2) + text('OTHER') + text('XYZC') + struct.pack('<HHH', 1, 0, 0)
    header += text('point') + text(component) + text('XYZC') + struct.pack('<HHH', 33, 1, 1)
    header += b''.join(text(joint.upper()) for joint in BLAZEPOSE.joints) + struct.pack('<HH', 0, 1) + bytes(6)
    body = struct.pack('<HHH', 25, frames, people) if version < 0.15 else struct.pack('<fIH', 25, frames, people)
    data = np.concatenate([np.zeros((frames, people, 1, 4), '<f4'), data], axis=2)
    return header + body + data[..., :3].tobytes() + data[..., 3].tobytes()


@pytest.mark.parametrize('version', [0.1, 0.2])
@pytest.mark.parametrize('people', [1, 2])
def test_pose_files(tmp_path: Path, version: float, people: int) -> None:
    motion = make_motion(people=people)
    (tmp_path / 'a.pose').write_bytes(pose_file(motion, MISSED, version))
    clip = read(tmp_path / 'a.pose', size=None, people=people)
    assert (clip.size, clip.fps) == (SIZE, 25)
    assert_same(clip, motion, MISSED)


def write_kinds(folder: Path, motion: np.ndarray) -> dict[str, Path]:
    """A dump of each kind that is no JSON, by dialect, and one that is."""
    names = [f'nod_{frame}.jpg' for frame in range(5)]  # n, as JSON's null
    pixels = (motion * PIXELS)[0, ..., :3]
    table = [','.join(HEADERS['counted']), *(numbers(frame) for frame in motion[0])]
    texts = {
        'notebook': '\n'.join(f'{name},{numbers(frame)}' for name, frame in zip(names, pixels, strict=True)),
        'table': '\n'.join(table),
        'keypoints': json.dumps(keypoints(motion)),
    }
    paths = {dialect: folder / f'{dialect}.dump' for dialect in (*texts, 'arrays', 'pose')}
    for dialect, text in texts.items():
        paths[dialect].write_text(text)
    with paths['arrays'].open('wb') as file:
        np.save(file, motion[0].reshape(5, 132))
    paths['pose'].write_bytes(pose_file(motion, (), 0.2))
    return paths


def test_the_dialect_that_was_asked_for_or_none(tmp_path: Path) -> None:
    motion = make_motion()
    paths = write_kinds(tmp_path, motion)
    for dialect, path in paths.items():
        clip = read(path, dialect=dialect)
        assert clip.dialect == dialect
        np.testing.assert_allclose(clip.landmarks[0], (motion * PIXELS)[0, ..., :2], rtol=1e-6)
        # Without names, a header of counted columns is a row of numbers.
        for other in paths.keys() - {dialect} - ({'notebook'} if dialect == 'table' else set()):
            with pytest.raises(InputError, match=r'expected|not dialect|neither'):
                read(path, dialect=other)
    with pytest.raises(InputError, match=r"pose\.dump: a \.pose file where dialect 'table' was expected"):
        read(paths['pose'], dialect='table')


def archive(path: Path, members: dict[str, bytes]) -> Path:
    if path.name.endswith('.zip'):
        with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as packed:
            for name, data in members.items():
                packed.writestr(name, data)
    else:
        with tarfile.open(path, 'w:' + path.name.rpartition('.tar')[2].lstrip('.')) as packed:
            for name, data in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                packed.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize('name', ['a.zip', 'a.tar', 'a.tar.gz', 'a.tar.xz'])
def test_members_are_read_in_place(tmp_path: Path, name: str) -> None:
    motion = make_motion(frames=12)
    members = {f'jump/{n}.json': json.dumps(keypoints(motion, (n,))).encode() for n in range(3)}
    members |= {f'run/0/{f}.json': json.dumps(message(motion)[f]).encode() for f in range(12)}
    members |= {'README.md': b'nothing', 'run/1.json.gz': gzip.compress(members['jump/0.json'])}
    archive(tmp_path / name, members)
    for place in (tmp_path, tmp_path / name):
        clips = {source.name: read_clip(source, Reading(size=SIZE)) for source in find_dumps(place)}
        prefix = 'a/' if place == tmp_path else ''
        assert sorted(clips) == [prefix + clip for clip in ('jump/0', 'jump/1', 'jump/2', 'run/0', 'run/1')]
        assert_same(clips[prefix + 'jump/1'], motion, (1,))
        assert_same(clips[prefix + 'run/0'], motion)
        assert_same(clips[prefix + 'run/1'], motion, (0,))
    assert [path.name for path in tmp_path.iterdir()] == [name]


# -- messages ---------------------------------------------------------------------------------------

_HEADER = b"{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999,), }\n".ljust(70)
HUGE_ARRAY = b'\x93NUMPY\x01\x00\x46\x00' + _HEADER


@pytest.mark.parametrize(
    ('name', 'data', 'message'),
    [
        ('a.npy', b'\x93NUMPY\x01\x00v\x00', 'not a whole .npy file; write it again'),
        ('a.pose', bytes(range(1, 200)), r'a\.pose: no \.pose file, which would begin with its version, 0\.1 or 0\.2'),
        ('a.pose', b'nobody, nothing', r'a\.pose: no \.pose file, which would begin with its version, 0\.1 or 0\.2'),
        ('a.npy', HUGE_ARRAY, 'bytes where an array of shape'),
        ('a.csv', b'a,b\n1,2\n', "neither JSON nor a table of 'blazepose': 2 columns"),
        ('a.csv', b'\xff\xfa\x00', 'neither JSON nor CSV nor another known kind of dump'),
        ('a.pose', pose_file(make_motion(), (), 0.1)[:-9], 'the .pose file ends in the middle'),
        ('a.pose', pose_file(make_motion(), (), 0.1)[:40], 'the .pose file ends in the middle'),
        ('a.pose', pose_file(make_motion(), (), 0.1, 'BODY_25'), 'no POSE_LANDMARKS in this .pose file'),
        ('a.json.gz', gzip.compress(b'[' * 10000)[:-20], 'cannot be unpacked'),
        ('a.json.gz', gzip.compress(b' ' * (1 << 26)), 'bytes would unpack to'),
        ('a.zip', b'PK\x03\x04nothing', 'cannot be unpacked'),
    ],
)  # fmt: skip
def test_damaged_files(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=message):
        read(tmp_path / name)


def test_hands_alone(tmp_path: Path) -> None:
    np.save(tmp_path / 'a.npy', np.ones((30, 126)))
    with pytest.raises(InputError, match='126 numbers are the landmarks of two hands, without the pose'):
        read(tmp_path)


def test_archives_that_lead_out_or_blow_up(tmp_path: Path) -> None:
    archive(tmp_path / 'a.zip', {'../../evil.json': b'[]'})
    with pytest.raises(InputError, match=r"a member called '\.\./\.\./evil\.json' leads out of the archive"):
        read(tmp_path)
    (tmp_path / 'a.zip').unlink()
    archive(tmp_path / 'b.zip', {'bomb.json': b' ' * (1 << 26)})
    with pytest.raises(InputError, match='bytes would unpack to 67108864; no dump is like that'):
        read(tmp_path)
