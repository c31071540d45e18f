"""A pickle for each clip: the same arrays as in one pickle, whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import interrupt_at, keypoints, make_motion, split, write_dump, write_tree
from typer.testing import CliRunner

from blazepose_skl import convert as converter
from blazepose_skl.annotations import AnnotationWriter, read_annotations
from blazepose_skl.cli import app
from blazepose_skl.convert import convert
from blazepose_skl.errors import InputError
from blazepose_skl.remap import remap_pickle
from blazepose_skl.safepickle import load_safely


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob('*') if path.is_file()}


@pytest.mark.parametrize('jobs', [1, 2])
def test_pose_dataset_reads_the_same_either_way(tmp_path: Path, jobs: int) -> None:
    pytest.importorskip('mmaction')
    from mmaction.datasets import PoseDataset

    dumps = write_tree(tmp_path / 'dumps', dict(jump=3, run=3))
    write_dump(dumps / 'deep' / 'run' / '0.json', keypoints(make_motion(9), (1,)))
    convert(dumps, tmp_path / 'one.pkl', split)
    convert(dumps, tmp_path / 'index.pkl', split, jobs=jobs, clip_folder=tmp_path / 'clips')
    one = PoseDataset(str(tmp_path / 'one.pkl'), [], split='train')
    apart = PoseDataset(str(tmp_path / 'index.pkl'), [], 'train', data_prefix=dict(skeleton=str(tmp_path / 'clips')))
    assert len(one) == len(apart) > 3
    for number in range(len(one)):
        wanted, found = one.get_data_info(number), apart.get_data_info(number)
        assert wanted.keys() == found.keys()
        for key, value in wanted.items():
            np.testing.assert_equal(found[key], value, err_msg=key)


def test_the_index_holds_no_arrays(tmp_path: Path) -> None:
    dumps = write_tree(tmp_path / 'dumps', dict(jump=3))
    convert(dumps, tmp_path / 'index.pkl', split, clip_folder=tmp_path / 'clips')
    first, *_ = read_annotations(tmp_path / 'index.pkl')['annotations']
    assert first == dict(frame_dir='jump/00', total_frames=4, missed=0, label=0)
    assert load_safely(tmp_path / 'clips' / 'jump' / '00.pkl')['keypoint'].shape == (1, 4, 33, 2)


def test_interrupted_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dumps, out, clips = write_tree(tmp_path / 'dumps', dict(jump=4)), tmp_path / 'out.pkl', tmp_path / 'clips'
    convert(dumps, tmp_path / 'whole.pkl', split, clip_folder=tmp_path / 'whole')
    with pytest.raises(KeyboardInterrupt):
        convert(dumps, out, split, track=interrupt_at(3), clip_folder=clips)
    assert not clips.exists()
    # A clip that has gone since is converted again, and so are those behind it.
    (tmp_path / 'clips.part' / 'jump' / '01.pkl').unlink()
    read = []
    original = converter.read_clip
    monkeypatch.setattr(converter, 'read_clip', lambda source, how: read.append(source.name) or original(source, how))
    convert(dumps, out, split, clip_folder=clips)
    assert read == ['jump/01', 'jump/02', 'jump/03']
    assert tree(clips) == tree(tmp_path / 'whole')
    assert out.read_bytes() == (tmp_path / 'whole.pkl').read_bytes()
    assert not list(tmp_path.glob('*.part*'))


def test_interrupted_between_the_folder_and_the_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dumps, out, clips = write_tree(tmp_path / 'dumps', dict(jump=4)), tmp_path / 'out.pkl', tmp_path / 'clips'

    def interrupt(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(AnnotationWriter, 'finish', interrupt)
        with pytest.raises(KeyboardInterrupt):
            convert(dumps, out, split, clip_folder=clips)
    assert clips.exists()
    assert not out.exists()
    convert(dumps, out, split, clip_folder=clips)
    assert len(tree(clips)) == len(read_annotations(out)['annotations']) == 4


def test_remapping_makes_a_new_folder_and_index(tmp_path: Path) -> None:
    dumps = write_tree(tmp_path / 'dumps', dict(jump=3, run=3))
    convert(dumps, tmp_path / 'one.pkl', split)
    convert(dumps, tmp_path / 'index.pkl', split, clip_folder=tmp_path / 'clips')
    before = tree(tmp_path / 'clips')
    remap_pickle(tmp_path / 'one.pkl', tmp_path / 'one_coco.pkl', 'coco')
    options = ('--clip-folder', tmp_path / 'clips', '--out-folder', tmp_path / 'coco')
    line = ['remap', tmp_path / 'index.pkl', tmp_path / 'coco.pkl', '--to', 'coco', *options]
    done = CliRunner().invoke(app, [str(word) for word in line])
    assert done.stdout == f'6 clips written to {tmp_path}/coco, index {tmp_path}/coco.pkl\n'
    old, index, one = (read_annotations(tmp_path / name) for name in ('index.pkl', 'coco.pkl', 'one_coco.pkl'))
    assert index.pop('annotations') == old.pop('annotations')
    assert index == {key: value for key, value in one.items() if key != 'annotations'}
    for item in one['annotations']:
        clip = load_safely(tmp_path / 'coco' / (item['frame_dir'] + '.pkl'))
        np.testing.assert_equal({**clip, 'label': item['label']}, item)
    assert tree(tmp_path / 'clips') == before


def test_remapping_fails_whole(tmp_path: Path) -> None:
    dumps = write_tree(tmp_path / 'dumps', dict(jump=3))
    index, clips, out = tmp_path / 'index.pkl', tmp_path / 'clips', tmp_path / 'out.pkl'
    convert(dumps, index, split, clip_folder=clips)
    there = sorted(tmp_path.iterdir())
    with pytest.raises(
        InputError, match=r'if the pickle is an index, name the folder with its clips \(--clip-folder\)'
    ):
        remap_pickle(index, out, 'coco')
    with pytest.raises(InputError, match=r'--clip-folder without --out-folder: .*; name both'):
        remap_pickle(index, out, 'coco', clip_folder=clips)
    with pytest.raises(InputError, match='clips exists already; give the name of a new folder'):
        remap_pickle(index, out, 'coco', clip_folder=clips, out_folder=clips)
    (clips / 'jump' / '02.pkl').unlink()
    with pytest.raises(InputError, match=r'clips/jump/02\.pkl: cannot be read: No such file'):
        remap_pickle(index, out, 'coco', clip_folder=clips, out_folder=tmp_path / 'new')
    assert sorted(tmp_path.iterdir()) == there


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    dumps = write_tree(tmp_path / 'dumps', dict(jump=2))
    shutil.copytree(dumps, tmp_path / 'clips')
    with pytest.raises(InputError, match='clips exists already; give the name of a new folder, or remove it'):
        convert(dumps, tmp_path / 'out.pkl', split, clip_folder=tmp_path / 'clips')
    with pytest.raises(InputError, match="class 'swim' has no clip"):
        convert(dumps, tmp_path / 'out.pkl', split, classes=['jump', 'swim'], clip_folder=tmp_path / 'new')
    assert sorted(path.name for path in tmp_path.iterdir()) == ['clips', 'dumps']
