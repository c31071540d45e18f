"""Compressed tars are unpacked once, wherever their members stand; what is in them is what a folder would give."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest
from conftest import keypoints, make_motion, write_tree

from blazepose_skl import convert as converter
from blazepose_skl.annotations import read_annotations
from blazepose_skl.convert import convert, rejects_path
from blazepose_skl.dumps import Reading, find_dumps, read_clip
from blazepose_skl.dumps.archives import unpacking
from blazepose_skl.errors import InputError
from blazepose_skl.splits import Split, split_last

COMPRESSED = ['.tar.gz', '.tar.xz', '.tar.bz2']


def split(labels: dict[str, str]) -> Split:
    return split_last(labels, 1)


def pack(path: Path, members: dict[str, bytes]) -> Path:
    """A tar with members in this order."""
    with tarfile.open(path, 'w:' + path.name.rpartition('.tar')[2].lstrip('.')) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def pack_backwards(folder: Path, path: Path) -> Path:
    """The dumps of a folder in a tar, the last first."""
    files = sorted(folder.rglob('*.json'), reverse=True)
    return pack(path, {file.relative_to(folder).as_posix(): file.read_bytes() for file in files})


# -- laws -------------------------------------------------------------------------------------------


@pytest.mark.parametrize('suffix', ['.tar', *COMPRESSED])
@pytest.mark.parametrize('jobs', [1, 2])
def test_an_archive_gives_what_its_folder_gives(tmp_path: Path, suffix: str, jobs: int) -> None:
    dumps = write_tree(tmp_path / 'dumps', dict(jump=3, run=3))
    told: list[str] = []
    convert(dumps, tmp_path / 'folder.pkl', split)
    packed = pack_backwards(dumps, tmp_path / f'dumps{suffix}')
    convert(packed, tmp_path / 'packed.pkl', split, jobs=jobs, tell=told.append)
    one, other = (read_annotations(tmp_path / name)['annotations'] for name in ('folder.pkl', 'packed.pkl'))
    assert [item['frame_dir'] for item in one] == [item['frame_dir'] for item in other]
    assert all((a['keypoint'] == b['keypoint']).all() for a, b in zip(one, other, strict=True))
    assert len(told) == (suffix != '.tar')
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ['dumps', packed.name, 'folder.pkl', 'packed.pkl']
    )


@pytest.mark.parametrize('suffix', COMPRESSED)
def test_it_is_decompressed_once(tmp_path: Path, suffix: str) -> None:
    dumps = write_tree(tmp_path / 'dumps', dict(jump=4))
    packed = pack_backwards(dumps, tmp_path / f'dumps{suffix}')
    told: list[str] = []
    with unpacking(tmp_path / 'new', told.append) as unpack:
        sources = find_dumps(packed, unpack=unpack)
        packed.unlink()  # nobody needs it any more
        assert [read_clip(source, Reading()).landmarks.shape[1] for source in sources] == [4, 4, 4, 4]
        assert len(list((tmp_path / 'new').iterdir())) == 1
    assert not (tmp_path / 'new').exists()
    (sentence,) = told
    assert sentence == (
        f'{packed}: a compressed tar cannot be read at random, so it is unpacked once beside the new pickle'
    )


def test_interrupted_it_goes_on_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dumps = write_tree(tmp_path / 'dumps', dict(jump=3, run=3))
    packed = pack_backwards(dumps, tmp_path / 'dumps.tar.xz')
    shutil.rmtree(dumps)
    convert(packed, tmp_path / 'whole.pkl', split)
    out = tmp_path / 'out.pkl'
    (tmp_path / 'out.pkl.part.unpacked').mkdir()  # as a killed conversion leaves it
    (tmp_path / 'out.pkl.part.unpacked' / '0').write_bytes(b'old')

    def interrupt(sources: Any) -> Any:
        yield from sources[:4]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(packed, out, split, track=interrupt)
    assert not (tmp_path / 'out.pkl.part.unpacked').exists()
    read: list[str] = []
    original = converter.read_clip
    monkeypatch.setattr(converter, 'read_clip', lambda source, how: read.append(source.name) or original(source, how))
    convert(packed, out, split)
    assert read == ['run/01', 'run/02']
    assert out.read_bytes() == (tmp_path / 'whole.pkl').read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ['dumps.tar.xz', 'out.pkl', 'whole.pkl']


def test_actions16_packed(real_data: Any, tmp_path: Path) -> None:
    some = [path for path in sorted(real_data('actions16').rglob('*.json')) if path.stem in ('00', '01')]
    files = {'/'.join(path.parts[-2:]): path.read_bytes() for path in reversed(some)}
    summary = convert(pack(tmp_path / 'a.tar.xz', files), tmp_path / 'a.pkl', split)
    assert (len(summary.clips), len(summary.classes), len(summary.rejected)) == (32, 16, 0)


# -- messages ---------------------------------------------------------------------------------------

DUMP = json.dumps(keypoints(make_motion())).encode()


@pytest.mark.parametrize('suffix', COMPRESSED)
def test_a_bomb(tmp_path: Path, suffix: str) -> None:
    dumps = write_tree(tmp_path / 'dumps', dict(jump=3))
    pack(dumps / f'bomb{suffix}', {'a.json': bytes(1 << 25)})
    out = tmp_path / 'out.pkl'
    convert(dumps, out, split)
    (line,) = rejects_path(out).read_text().splitlines()
    assert 'bytes would unpack to' in json.loads(line)['reason']
    assert not (tmp_path / 'out.pkl.part.unpacked').exists()
    with pytest.raises(InputError, match=r'bytes would unpack to \d+; no dump is like that'):
        convert(dumps / f'bomb{suffix}', tmp_path / 'b.pkl', split)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['dumps', 'out.pkl', 'out.pkl.rejects.jsonl']


@pytest.mark.parametrize('suffix', ['.tar', '.tar.gz'])
def test_a_member_that_leads_out(tmp_path: Path, suffix: str) -> None:
    message = "a member called '../a.json' leads out of the archive, so the archive was not read, none of its members"
    packed = pack(tmp_path / f'a{suffix}', {'jump/0.json': DUMP, '../a.json': DUMP})
    with pytest.raises(InputError, match=message):
        find_dumps(packed)


def test_a_member_with_holes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = pack(tmp_path / 'a.tar', {'jump/0.json': DUMP, 'jump/1.json': DUMP})
    monkeypatch.setattr(tarfile.TarInfo, 'issparse', lambda member: member.name == 'jump/1.json')
    good, bad = find_dumps(packed)
    assert read_clip(good, Reading()).landmarks.shape[1] == 5
    with pytest.raises(InputError, match=r'jump/1\.json: packed with holes; pack it without'):
        read_clip(bad, Reading())
