"""The converter, from the command line: convert then load gives the dumps back, and nothing is lost in silence."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import keypoints, kinetics, landmarks, make_motion, write_dump, write_tree
from test_coordinates import make_body

from blazepose_skl.annotations import read_annotations
from blazepose_skl.cli import main
from blazepose_skl.convert import rejects_path


def convert(monkeypatch: pytest.MonkeyPatch, *args: object) -> int:
    """The exit status of ``blazepose-skl convert``."""
    monkeypatch.setattr('sys.argv', ['blazepose-skl', 'convert', *map(str, args)])
    with pytest.raises(SystemExit) as stopped:
        main()
    return int(stopped.value.code or 0)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda *args: convert(monkeypatch, *args)


# -- laws -------------------------------------------------------------------------------------------


def test_convert_then_load_gives_the_dumps_back(tmp_path: Path, run: Any) -> None:
    write_tree(tmp_path / 'dumps', dict(jump=5, run=5))
    assert run(tmp_path / 'dumps', tmp_path / 'out.pkl', '--size', '640x480') == 0
    data = read_annotations(tmp_path / 'out.pkl')
    assert data['class_names'] == ['jump', 'run']
    assert data['skeleton'] == 'blazepose'
    assert {part: len(clips) for part, clips in data['split'].items()} == dict(train=8, val=2)
    for item in data['annotations']:
        label, number = item['frame_dir'].split('/')
        assert data['class_names'][item['label']] == label
        motion = make_motion(4, seed=100 * item['label'] + int(number))
        np.testing.assert_allclose(item['keypoint'], motion[..., :2] * np.array([640, 480], np.float32), rtol=1e-6)
        np.testing.assert_array_equal(item['keypoint_score'], motion[..., 3])


def test_a_bad_dump_is_one_line_and_the_rest_is_converted(tmp_path: Path, run: Any, capfd: Any) -> None:
    dumps = write_tree(tmp_path / 'dumps', dict(jump=3, run=3))
    bad = keypoints(make_motion(20))
    del bad[17]['keypoints'][25:]
    write_dump(dumps / 'jump' / '03.json', bad)
    (dumps / 'run' / '04.json').write_text('')
    out = tmp_path / 'out.pkl'
    assert run(dumps, out) == 1
    printed = capfd.readouterr()
    assert '6 clips, 2 classes, 24 frames, 0 missed, 2 rejected' in printed.out
    assert "jump/03.json, frame 17: 25 landmarks where 'blazepose' has 33" in printed.err
    rejects = tmp_path / 'out.pkl.rejects.jsonl'
    assert [json.loads(line)['name'] for line in rejects.read_text().splitlines()] == ['jump/03', 'run/04']
    assert len(read_annotations(out)['annotations']) == 6
    # Mended, the list of what was rejected goes away.
    (dumps / 'run' / '04.json').unlink()
    (dumps / 'jump' / '03.json').unlink()
    assert run(dumps, out) == 0
    assert not rejects.exists()


@pytest.mark.parametrize('suffix', ['.zip', '.tar', '.tar.gz', '.tar.xz'])
def test_a_damaged_archive_is_one_line_and_the_rest_is_converted(tmp_path: Path, run: Any, suffix: str) -> None:
    dumps = write_tree(tmp_path / 'dumps', dict(jump=2, run=2))
    kinds = {'.zip': 'zip', '.tar': 'tar', '.tar.gz': 'gztar', '.tar.xz': 'xztar'}
    packed = Path(shutil.make_archive(str(tmp_path / 'whole'), kinds[suffix], dumps)).read_bytes()
    (dumps / 'jump' / f'00{suffix}').write_bytes(packed[: len(packed) // 2])
    (dumps / 'run' / f'more{suffix}').write_bytes(packed)
    (dumps / 'run' / '02.json.gz').write_bytes(gzip.compress((dumps / 'run' / '01.json').read_bytes())[:-40])
    out = tmp_path / 'out.pkl'
    assert run(dumps, out) == 1
    names = {item['frame_dir'] for item in read_annotations(out)['annotations']}
    whole = {f'{label}/0{n}' for label in ('jump', 'run') for n in range(2)}
    assert names == whole | {f'run/more/{name}' for name in whole}
    rejected = [json.loads(line) for line in rejects_path(out).read_text().splitlines()]
    assert [item['name'] for item in rejected] == [f'jump/00{suffix}', 'run/02']
    assert all('cannot be unpacked' in item['reason'] for item in rejected)


def test_whoever_waits_for_a_compressed_archive_is_told(tmp_path: Path, run: Any, capfd: Any) -> None:
    dumps = write_tree(tmp_path / 'dumps', dict(jump=2, run=2))
    packed = shutil.make_archive(str(tmp_path / 'whole'), 'gztar', dumps)
    assert run(packed, tmp_path / 'out.pkl') == 0
    told = f'blazepose-skl: {packed}: a compressed tar cannot be read at random, so it is unpacked once beside the new'
    assert told in capfd.readouterr().err


def test_missed_frames_are_reported_and_filled(tmp_path: Path, run: Any, capfd: Any) -> None:
    for n in range(3):
        write_dump(tmp_path / 'dumps' / 'jump' / f'{n}.json', keypoints(make_motion(40, seed=n), tuple(range(5, 30))))
    for policy, frames, zero in (('interpolate', 40, 25), ('hold', 40, 0), ('zero', 40, 25), ('drop', 15, 0)):
        assert run(tmp_path / 'dumps', tmp_path / 'out.pkl', '--missed', policy) == 0
        assert '120 frames, 75 missed' in capfd.readouterr().out
        for item in read_annotations(tmp_path / 'out.pkl')['annotations']:
            assert item['total_frames'] == frames
            assert (item['keypoint'] == 0).all(axis=(0, 2, 3)).sum() == zero
            assert np.isfinite(item['keypoint']).all()


def test_kinetics_says_its_classes_itself(tmp_path: Path, run: Any) -> None:
    for n in range(4):
        dump = kinetics(make_motion(seed=n)) | dict(label=f'class {n % 2}', label_index=1 - n % 2)
        write_dump(tmp_path / 'kinetics_train' / f'{n}.json', dump)
    assert run(tmp_path, tmp_path / 'out.pkl', '--last', 1) == 0
    assert read_annotations(tmp_path / 'out.pkl')['class_names'] == ['class 1', 'class 0']


def test_label_and_list_files(tmp_path: Path, run: Any) -> None:
    dumps = tmp_path / 'dumps'
    for n in range(4):
        write_dump(dumps / f'{n}.json', keypoints(make_motion(seed=n)))
    (tmp_path / 'labels.csv').write_text('clip,label\n0,b\n1,a\n2,b\n3,a\n')
    (tmp_path / 'train.txt').write_text('0\n1\n')
    (tmp_path / 'val.txt').write_text('2.json\n3.json\n')
    lists = ('--list', f'train={tmp_path}/train.txt', '--list', f'val={tmp_path}/val.txt')
    assert run(dumps, tmp_path / 'out.pkl', '--labels', tmp_path / 'labels.csv', *lists) == 0
    data = read_annotations(tmp_path / 'out.pkl')
    assert data['split'] == dict(train=['0', '1'], val=['2', '3'])
    assert [item['label'] for item in data['annotations']] == [1, 0, 1, 0]


def test_the_report_knows_a_skeleton_of_ones_own(tmp_path: Path, run: Any) -> None:
    (tmp_path / 'puppet.toml').write_text('joints = ["hip", "head"]\nparents = {head = "hip"}')
    points = np.random.default_rng(0).uniform(0.1, 0.9, (6, 8, 2, 3))
    for number, frames in enumerate(points):
        write_dump(tmp_path / f'dumps/{"ab"[number % 2]}/{number}.json', frames.tolist())
    options = ('--skeleton', tmp_path / 'puppet.toml', '--last', '1', '--report', tmp_path / 'report.json')
    assert run(tmp_path / 'dumps', tmp_path / 'out.pkl', *options) == 0
    assert json.loads((tmp_path / 'report.json').read_text())['faults'] == []
    scores = {
        item['frame_dir']: item['keypoint_score'] for item in read_annotations(tmp_path / 'out.pkl')['annotations']
    }
    np.testing.assert_allclose(scores['a/0'][0], points[0, ..., 2], rtol=1e-6)


def test_the_report(tmp_path: Path, run: Any, capfd: Any) -> None:
    dumps = write_tree(tmp_path / 'dumps', dict(jump=4, run=4), frames=20)
    whole = make_motion(40, seed=77)
    write_dump(dumps / 'jump' / '04.json', keypoints(whole[:, :20], (3, 4)))
    write_dump(dumps / 'run' / '04.json', keypoints(whole[:, 20:]))
    (dumps / 'run' / '05.json').write_text('[')
    (tmp_path / 'train.txt').write_text(''.join(f'{label}/{n:02}\n' for label in ('jump', 'run') for n in range(4)))
    (tmp_path / 'train.txt').write_text((tmp_path / 'train.txt').read_text() + 'jump/04\n')
    (tmp_path / 'val.txt').write_text('run/04\n')
    lists = ('--list', f'train={tmp_path}/train.txt', '--list', f'val={tmp_path}/val.txt')
    assert run(dumps, tmp_path / 'out.pkl', '--size', '640x480', *lists, '--report', tmp_path / 'report.json') == 1
    warning = 'clips of two splits that seem to be cuts of one video: 1 (jump/04 -> run/04)'
    assert warning in capfd.readouterr().err
    report = json.loads((tmp_path / 'report.json').read_text())
    assert report['warnings'] == [warning]
    assert report['alike'] == [dict(kind='cuts', first='jump/04', second='run/04')]
    assert report['faults'] == []
    (rejected,) = report['rejected']
    assert rejected['name'] == 'run/05'
    assert rejected['reason'].startswith('run/05.json: the JSON ends in the middle')
    jump = report['classes']['jump']
    assert {key: jump[key] for key in ('clips', 'frames', 'shortest', 'median', 'longest', 'missed')} == dict(
        clips=5, frames=100, shortest=20, median=20, longest=20, missed=2
    )
    assert jump['coordinates'] == {'fraction': 5}
    assert jump['sizes'] == {'640x480, picture size from --size': 5}
    assert list(jump['scores']) == ['1%', '5%', '25%', '50%', '75%', '95%', '99%']
    assert report['overall']['clips'] == 10


@pytest.mark.parametrize(
    ('options', 'where'),
    [
        ((), '1920x1080, picture size not known, nor needed for landmarks about the body; written as 1920x1080'),
        (('--size', '640x480'), '640x480, picture size from --size'),
    ],
)
def test_the_report_on_landmarks_about_the_body(
    tmp_path: Path, run: Any, options: tuple[object, ...], where: str
) -> None:
    for n in range(3):
        frames = [dict(pose_world_landmarks=[landmarks(person)]) for person in make_body()[0]]
        write_dump(tmp_path / 'dumps' / 'jump' / f'{n}.json', frames)
    assert run(tmp_path / 'dumps', tmp_path / 'out.pkl', '--report', tmp_path / 'report.json', *options) == 0
    overall = json.loads((tmp_path / 'report.json').read_text())['overall']
    assert (overall['coordinates'], overall['sizes']) == ({'metres': 3}, {where: 3})


def test_the_report_on_a_folder_of_clips_is_the_same(tmp_path: Path, run: Any, monkeypatch: Any, capfd: Any) -> None:
    dumps = write_tree(tmp_path / 'dumps', dict(jump=4, run=4), frames=20)
    assert run(dumps, tmp_path / 'a.pkl', '--report', tmp_path / 'a.json') == 0
    options = ('--report', tmp_path / 'b.json', '--clip-folder', tmp_path / 'clips')
    assert run(dumps, tmp_path / 'b.pkl', *options) == 0
    assert (tmp_path / 'a.json').read_text() == (tmp_path / 'b.json').read_text()

    def inspect(name: str, *more: object) -> tuple[int, str]:
        monkeypatch.setattr('sys.argv', ['blazepose-skl', 'inspect', str(tmp_path / name), '--json', *map(str, more)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main()
        return int(stopped.value.code or 0), capfd.readouterr().out

    assert inspect('a.pkl') == inspect('b.pkl', '--clip-folder', tmp_path / 'clips')
    (tmp_path / 'clips' / 'jump' / '00.pkl').unlink()
    assert inspect('b.pkl', '--clip-folder', tmp_path / 'clips')[0] == 1


def official_clips(folder: Path, names: list[str]) -> Path:
    for n, name in enumerate(names):
        write_dump(folder / f'{name}.json', keypoints(make_motion(seed=n)))
    return folder


OFFICIAL = {
    'ucf101': {
        'classInd.txt': '1 Run\n2 Jump\n',
        'trainlist01.txt': 'Run/v_Run_g08_c01.avi 1\nJump/v_Jump_g08_c01.avi 2\n',
        'testlist01.txt': 'Run/v_Run_g01_c01.avi\nJump/v_Jump_g01_c01.avi\n',
    },
    'hmdb51': {
        'Run_test_split1.txt': 'v_Run_g08_c01.avi 1\nv_Run_g01_c01.avi 2\nother.avi 0\n',
        'Jump_test_split1.txt': 'v_Jump_g08_c01.avi 1\nv_Jump_g01_c01.avi 2\n',
    },
    'kinetics': {
        'train.csv': 'label,youtube_id\nRun,v_Run_g08_c01\nJump,v_Jump_g08_c01\n',
        'val.csv': 'label,youtube_id\nRun,v_Run_g01_c01\nJump,v_Jump_g01_c01\n',
    },
}


@pytest.mark.parametrize('official', OFFICIAL)
def test_official_lists_say_the_classes(tmp_path: Path, run: Any, official: str) -> None:
    """No folder of a class is needed, and a folder of another name does not matter."""
    clips = ['v_Run_g08_c01', 'v_Run_g01_c01', 'clips/v_Jump_g08_c01', 'clips/v_Jump_g01_c01']
    dumps = official_clips(tmp_path / 'dumps', clips)
    for name, text in OFFICIAL[official].items():
        (tmp_path / name).write_text(text)
    assert run(dumps, tmp_path / 'out.pkl', '--official', official, '--official-lists', tmp_path) == 0
    data = read_annotations(tmp_path / 'out.pkl')
    # UCF-101 numbers its classes, the others are in the order of the alphabet.
    assert data['class_names'] == (['Run', 'Jump'] if official == 'ucf101' else ['Jump', 'Run'])
    assert data['split'] == dict(train=[clips[0], clips[2]], val=[clips[1], clips[3]])
    for item in data['annotations']:
        assert data['class_names'][item['label']] in item['frame_dir']
    # The test clips of one class alone are possible, and the classes keep their numbers.
    assert (
        run(dumps / 'v_Run_g01_c01.json', tmp_path / 'one.pkl', '--official', official, '--official-lists', tmp_path)
        == 0
    )
    one = read_annotations(tmp_path / 'one.pkl')
    assert (one['class_names'], one['split']) == (data['class_names'], dict(val=['v_Run_g01_c01']))
    # A clip that no list names needs a folder.
    official_clips(dumps, ['v_Swim_g01_c01'])
    assert run(dumps, tmp_path / 'out.pkl', '--official', official, '--official-lists', tmp_path) == 1


def test_part_of_an_official_split_is_no_error(tmp_path: Path, run: Any, capfd: Any) -> None:
    """Class numbers are known, so that a class may have clips to test alone."""
    clips = ['S001C001P001R001A001', 'S001C001P003R001A001', 'S001C001P003R001A002']
    dumps = official_clips(tmp_path / 'dumps', clips)
    assert run(dumps, tmp_path / 'out.pkl', '--official', 'ntu60-xsub') == 0
    assert "warning: classes with clips, but none in 'train': 1 (A002)" in capfd.readouterr().err
    data = read_annotations(tmp_path / 'out.pkl')
    assert data['split'] == dict(train=clips[:1], val=clips[1:])
    assert [item['label'] for item in data['annotations']] == [0, 0, 1]


def test_names_of_ntu_say_the_classes(tmp_path: Path, run: Any, capfd: Any) -> None:
    train, val = 'S001C001P001R001A00', 'S001C001P003R001A00'
    clips = [f'{train}1', f'{train}2', f'{val}1', f'{val}2']
    dumps = official_clips(tmp_path / 'dumps', [*clips, 'S001C001P001R001A061', 'walk'])
    (tmp_path / 'missing.txt').write_text(f'{clips[3]}\n')
    assert run(dumps, tmp_path / 'out.pkl', '--official', 'ntu60-xsub') == 1
    printed = capfd.readouterr().err
    assert 'give it with --official-lists' in printed
    assert 'NTU_RGBD_samples_with_missing_skeletons.txt' in printed
    assert "'S001C001P001R001A061' shows action 61; ntu60-xsub has the actions 1 to 60" in printed
    assert "'walk' is not called as NTU RGB+D's samples are" in printed
    data = read_annotations(tmp_path / 'out.pkl')
    assert data['class_names'] == [f'A{action:03}' for action in range(1, 61)]
    assert data['split'] == dict(train=clips[:2], val=clips[2:])
    run(dumps, tmp_path / 'out.pkl', '--official', 'ntu60-xsub', '--official-lists', tmp_path / 'missing.txt')
    assert 'missing_skeletons' not in capfd.readouterr().err
    assert read_annotations(tmp_path / 'out.pkl')['split'] == dict(train=clips[:2], val=clips[2:3])


@pytest.mark.parametrize(('options', 'part'), [(('--val', 0), 'train'), (('--val', 1), 'val'), ((), 'train')])
def test_a_lone_dump(tmp_path: Path, run: Any, capfd: Any, options: tuple[object, ...], part: str) -> None:
    dump = write_tree(tmp_path / 'dumps', dict(jump=1)) / 'jump' / '00.json'
    assert run(dump, tmp_path / 'out.pkl', *options) == 0
    data = read_annotations(tmp_path / 'out.pkl')
    assert (data['split'], data['class_names']) == ({part: ['00']}, ['jump'])
    printed, warned = capfd.readouterr()
    assert '1 clip, 1 class, 4 frames, 0 missed, 0 rejected\n1 clip: picture size' in printed
    assert ('none is held out to validate with' in warned) == (part == 'train')
    assert ('give those of the training with --classes' in warned) == (part == 'val')


def test_a_set_to_be_tested_has_the_classes_of_the_training(tmp_path: Path, run: Any, capfd: Any) -> None:
    dumps = write_tree(tmp_path / 'dumps', dict(run=2))
    (tmp_path / 'classes.txt').write_text('jump\nrun\n')
    assert run(dumps, tmp_path / 'out.pkl', '--val', 0, '--test', 1, '--classes', tmp_path / 'classes.txt') == 0
    data = read_annotations(tmp_path / 'out.pkl')
    assert data['split'] == dict(test=['run/00', 'run/01'])
    assert [item['label'] for item in data['annotations']] == [1, 1]
    assert capfd.readouterr().err == 'warning: classes without a clip: 1 of 2 (jump)\n'


def test_part_of_a_numbered_set(tmp_path: Path, run: Any, capfd: Any) -> None:
    for n in range(4):
        dump = kinetics(make_motion(seed=n)) | dict(label=('jump', 'run')[n % 2], label_index=3 + n % 2)
        write_dump(tmp_path / 'dumps' / f'{n}.json', dump)
    assert run(tmp_path / 'dumps', tmp_path / 'out.pkl', '--val', 0.5) == 0
    assert 'classes without a clip: 3 of 5' in capfd.readouterr().err
    assert {item['label'] for item in read_annotations(tmp_path / 'out.pkl')['annotations']} == {3, 4}


def test_what_lists_and_labels_say_of_other_clips(tmp_path: Path, run: Any, capfd: Any) -> None:
    dumps = write_tree(tmp_path / 'dumps', dict(jump=3, run=2))
    (tmp_path / 'train.txt').write_text('jump/00\nrun/00\na\nb\nc\nd\n')
    (tmp_path / 'val.txt').write_text('jump\\01.mp4\n')
    (tmp_path / 'labels.csv').write_text('jump/00,x\njump/01,x\njump/02,x\nrun/00,y\nrun/01,y\nother,y\n')
    lists = ('--list', f'train={tmp_path}/train.txt', '--list', f'val={tmp_path}/val.txt')
    assert run(dumps, tmp_path / 'out.pkl', '--labels', tmp_path / 'labels.csv', *lists) == 0
    assert capfd.readouterr().err.splitlines() == [
        f'warning: clips in {tmp_path}/labels.csv that are not among the dumps: 1 of 6 (other)',
        'warning: clips in no part of the split: 2 (jump/02, run/01)',
        'warning: clips in the list for train that are not among the dumps: 4 of 6 (a, b, c, …)',
    ]


def test_folders_that_are_called_as_parts(tmp_path: Path, run: Any, capfd: Any) -> None:
    dumps = tmp_path / 'dumps'
    write_tree(dumps / 'train', dict(jump=4, run=4))
    write_tree(dumps / 'Validation', dict(jump=2, run=2))
    assert run(dumps, tmp_path / 'out.pkl') == 0
    printed = capfd.readouterr().err
    assert 'warning: clips in another part than their folders are called: ' in printed
    assert printed.endswith('give the parts with --list\n')
    for part, folder in (('train', 'train'), ('val', 'Validation')):
        names = [str(path.relative_to(tmp_path)) for path in (dumps / folder).rglob('*.json')]
        (tmp_path / f'{part}.txt').write_text('\n'.join(names))
    lists = ('--list', f'train={tmp_path}/train.txt', '--list', f'val={tmp_path}/val.txt')
    assert run(dumps, tmp_path / 'out.pkl', *lists) == 0
    assert capfd.readouterr().err == ''
    assert {part: len(clips) for part, clips in read_annotations(tmp_path / 'out.pkl')['split'].items()} == dict(
        train=8, val=4
    )


def test_what_lies_beside_the_dumps_is_no_dump(tmp_path: Path, run: Any) -> None:
    dumps = write_tree(tmp_path, dict(jump=3, run=3))
    (dumps / 'jump' / '02.json').write_text('')
    (dumps / 'labels.csv').write_text(''.join(f'{c}/{n:02},{c}\n' for c in ('jump', 'run') for n in range(3)))
    options = ('--labels', dumps / 'labels.csv', '--report', dumps / 'report.json')
    for _ in range(2):  # the second time the report and the rejects are there too
        assert run(dumps, dumps / 'out.pkl', *options) == 1
        rejected = [json.loads(line)['name'] for line in rejects_path(dumps / 'out.pkl').read_text().splitlines()]
        assert rejected == ['jump/02']


@pytest.mark.parametrize('jobs', [1, 2])
def test_interrupted_it_says_how_to_go_on(
    tmp_path: Path, run: Any, capfd: Any, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    def track(sources: Any) -> Any:
        for number, source in enumerate(sources):
            if number == 30:
                os.kill(os.getpid(), signal.SIGINT)
            yield source

    dumps, out = write_tree(tmp_path / 'dumps', dict(jump=20, run=20)), tmp_path / 'out.pkl'
    # Jobs that a shell starts in the background ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with monkeypatch.context() as patch:
        patch.setattr('blazepose_skl.cli.convert.progress', lambda what: track)
        assert run(dumps, out, '--jobs', jobs) == 130
    signal.signal(signal.SIGINT, before)
    assert capfd.readouterr().err == 'blazepose-skl: interrupted; the same command goes on where it was\n'
    assert not out.exists()
    assert (tmp_path / 'out.pkl.part').exists()
    assert run(dumps, out) == 0
    assert len(read_annotations(out)['annotations']) == 40


# -- real data --------------------------------------------------------------------------------------


def test_push_ups(real_data: Any, tmp_path: Path, run: Any, capfd: Any) -> None:
    dumps = real_data('pushfit_json')
    assert run(dumps, tmp_path / 'out.pkl', '--last', 30) == 0
    assert '265 clips, 2 classes, 32539 frames, 393 missed, 0 rejected' in capfd.readouterr().out
    annotations = read_annotations(tmp_path / 'out.pkl')['annotations']
    assert Counter(item['label'] for item in annotations) == {0: 140, 1: 125}
    for item in annotations[:10]:
        frames = json.loads((dumps / f'{item["frame_dir"]}.json').read_bytes())
        assert item['total_frames'] == len(frames)
        first = next(n for n, frame in enumerate(frames) if frame['keypoints'])
        x, y = item['keypoint'][0, first, 0]
        nose = frames[first]['keypoints'][0]
        np.testing.assert_allclose([x, y], [nose['x'] * 1920, nose['y'] * 1080], rtol=1e-6)


def test_actions16(real_data: Any, tmp_path: Path, run: Any) -> None:
    assert run(real_data('actions16'), tmp_path / 'out.pkl', '--last', 10) == 0
    data = read_annotations(tmp_path / 'out.pkl')
    assert len(data['class_names']) == 16
    for part, numbers in (('train', range(40)), ('val', range(40, 50))):
        wanted = {f'{label}/{n:02}' for label in data['class_names'] for n in numbers}
        assert set(data['split'][part]) == wanted


# -- messages ---------------------------------------------------------------------------------------


def bad_tree(tmp_path: Path, kind: str) -> list[object]:
    dumps = tmp_path / 'dumps'
    if kind == 'nothing':
        dumps.mkdir()
    elif kind != 'absent':
        write_tree(dumps, dict(jump=2, run=2))
    (tmp_path / 'classes.txt').write_text('jump\nrun\nswim\n')
    (tmp_path / 'empty.txt').write_text('')
    (tmp_path / 'strangers.txt').write_text('x\ny\n')
    (tmp_path / 'strangers.csv').write_text('x,jump\n')
    (tmp_path / 'bare.txt').write_text('00\n')
    (tmp_path / 'bare.csv').write_text('00,jump\n')
    (tmp_path / 'val.txt').write_text('jump/00\nrun/00\nrun/01\n')
    (tmp_path / 'train.txt').write_text('jump/01\n')
    if kind == 'two of one name':
        write_dump(dumps / 'jump' / '00.jsonl', keypoints(make_motion()))
    if kind == 'all bad':
        for path in dumps.rglob('*.json'):
            path.write_text('{')
    return [dumps, tmp_path / 'out.pkl']


@pytest.mark.parametrize(
    ('kind', 'options', 'message'),
    [
        ('absent', (), 'there is no such file or folder'),
        ('nothing', (), 'no dump in this folder'),
        ('two of one name', (), "two clips are called 'jump/00': jump/00.json and jump/00.jsonl"),
        ('all bad', (), 'none of its 4 dumps could be converted; the first: jump/00.json: the JSON ends in the middle'),
        ('good', ('--classes', '{}/classes.txt'), "class 'swim' has no clip in split 'train'"),
        (
            'good',
            ('--list', 'train={}/train.txt', '--list', 'val={}/val.txt'),
            "class 'run' has no clip in split 'train'",
        ),
        ('good', ('--list', 'train={}/absent.txt'), 'absent.txt: cannot be read: No such file or directory'),
        ('good', ('--list', 'train={}/empty.txt'), 'empty.txt: the list is empty'),
        (
            'good',
            ('--list', 'train={}/strangers.txt'),
            "split 'train' is empty: none of the 4 clips is in its list, which begins with 'x'; clips are called as "
            "'jump/00' is",
        ),
        ('good', ('--list', 'train={}/bare.txt'), "'00' in the list for train may be jump/00 or run/00; give the path"),
        ('good', ('--list', 'train'), 'names no part; write NAME=FILE'),
        (
            'good',
            ('--list', 'a={}/val.txt', '--list', 'a={}/val.txt'),
            "--list gives 'a' twice; put its clips into one",
        ),
        ('good', ('--labels', '{}/bare.csv'), "bare.csv: '00' may be jump/00 or run/00; give the path"),
        ('good', ('--labels', '{}/strangers.csv'), 'none of its 1 clips is among the dumps; it calls them x where the'),
        ('good', ('--val', '0.1', '--last', '1'), '--val with --last: shares and seeds are for a split by share or'),
        ('good', ('--seed', '0', '--test', '0', '--list', 'a={}/val.txt'), '--test and --seed with --list: shares and'),
        ('good', ('--val', '0.2', '--official', 'ntu60-xsub'), '--val with --official: shares and seeds are for a'),
        ('good', ('--official-lists', '{}'), '--official-lists without --official: name the official split too'),
        (
            'good',
            ('--official', 'kinetics', '--official-number', '2', '--official-lists', '{}'),
            "--official-number with 'kinetics', which has one split; leave it out",
        ),
        (
            'good',
            ('--coords', 'world', '--coordinates', 'pixels'),
            '--coords world with --coordinates pixels, which is of landmarks in the picture; choose one',
        ),
        ('good', ('--coords', 'image', '--y-up'), '--y-up and --y-down with --coords image, where y points down;'),
        ('good', ('--report', '{}/out.pkl'), 'out.pkl: its name must end in .json; name the file to write so'),
        ('good', ('--max-gap', '3', '--missed', 'hold'), '--max-gap with --missed hold, which knows no longest gap'),
        ('good', ('--last', '2'), "split 'train' is empty: none of the 4 clips is in it; add clips, or split in"),
        ('good', ('--last', '1', '--group', 'x'), '--group and --last are different splits; choose one'),
        ('good', ('--official', 'ucf101'), "the official split 'ucf101' needs the folder with its lists"),
        ('good', ('--official', 'ntu60-xsub'), "'jump/00' is not called as NTU RGB+D's samples are"),
        ('good', ('--missed', 'guess'), "--missed 'guess' is not one of interpolate, hold, zero, drop"),
        ('good', ('--size', 'big'), "--size 'big' is no picture size; give width x height"),
        ('good', ('--dialect', 'x'), "--dialect 'x' is not one of kinetics"),
    ],
)
def test_bad_input_is_one_sentence(
    tmp_path: Path, run: Any, capfd: Any, kind: str, options: tuple[str, ...], message: str
) -> None:
    arguments = bad_tree(tmp_path, kind)
    assert run(*arguments, *(option.format(tmp_path) for option in options)) == 1
    printed = capfd.readouterr()
    assert message in printed.err
    assert 'Traceback' not in printed.err
    assert printed.err.count('\n') == 1
    assert not (tmp_path / 'out.pkl').exists()
    assert not list(tmp_path.glob('*.part'))


@pytest.mark.parametrize(
    ('name', 'message'), [('out', 'out: its name must end in .pkl'), ('a.pkl', 'a.pkl is a folder')]
)
def test_a_place_that_is_none(tmp_path: Path, run: Any, capfd: Any, name: str, message: str) -> None:
    (tmp_path / 'a.pkl').mkdir()
    assert run(write_tree(tmp_path / 'dumps', dict(jump=2)), tmp_path / name) == 1
    assert message in capfd.readouterr().err


@pytest.mark.parametrize(
    'options', [('--max-gap', -3), ('--seed', -1), ('--people', 0), ('--least-joints', 2), ('--official-number', 4)]
)
def test_numbers_out_of_range(tmp_path: Path, run: Any, capfd: Any, options: tuple[object, ...]) -> None:
    assert run(*bad_tree(tmp_path, 'good'), *options) == 2
    assert f"Invalid value for '{options[0]}'" in capfd.readouterr().err
    assert not (tmp_path / 'out.pkl').exists()


def test_a_label_that_is_not_in_the_list_of_classes(tmp_path: Path, run: Any, capfd: Any) -> None:
    dumps = write_tree(tmp_path / 'dumps', dict(jump=2, run=2, fly=1))
    (tmp_path / 'classes.txt').write_text('jump\nrun\n')
    assert run(dumps, tmp_path / 'out.pkl', '--classes', tmp_path / 'classes.txt') == 1
    assert "fly/00.json: label 'fly' is not in the list of 2 classes (jump, run)" in capfd.readouterr().err
    assert len(read_annotations(tmp_path / 'out.pkl')['annotations']) == 4
