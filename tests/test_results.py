"""Results: facts against counting by hand, the files of a report, and the commands as a user types them."""

import contextlib
import csv
import io
import pickle
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from conftest import keypoints, make_motion, write_dump
from test_curves import log

pytest.importorskip('scipy', reason='SciPy is absent')
pytest.importorskip('matplotlib', reason='Matplotlib is absent')
pytest.importorskip('jinja2', reason='Jinja2 is absent')

from blazepose_skl.annotations import read_annotations
from blazepose_skl.cli import main
from blazepose_skl.errors import InputError
from blazepose_skl.evaluation import Scores, read_scores, write_scores
from blazepose_skl.metrics import probabilities
from blazepose_skl.results.comparison import compare
from blazepose_skl.results.facts import by_length, by_missed, evaluate
from blazepose_skl.results.page import Story, write_report
from blazepose_skl.results.tables import Table, class_table, clip_table, confusion_table, pair_table

COMMAND = Path(sys.executable).parent / 'blazepose-skl'


def make_scores(truth, predicted, classes=3):
    """Scores of clips whose best class is the one given."""
    scores = np.full((len(truth), classes), 0.1, np.float32)
    scores[np.arange(len(truth)), predicted] = 1 - 0.1 * (classes - 1)
    return Scores(scores, np.array(truth), tuple(f'clip{number:03}' for number in range(len(truth))))


# Class 0: three of four right, one taken for 1. Class 1: one of three right, two taken for 0. Class 2: none.
BY_HAND = make_scores([0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 0, 0])
NAMES = dict(class_names=['jump', 'run | fast', '<b>wait</b>'])


def make_run(classes, clips, seed=0, sure=2.0):
    """Scores of made-up classes of unlike difficulty, and their annotations."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), clips)
    raw = rng.normal(0, 1, (len(labels), classes))
    raw[np.arange(len(labels)), labels] += np.linspace(0, 2 * sure, classes)[labels]
    names = tuple(f'class {label}/{number:03}' for number, label in enumerate(labels))
    return Scores(probabilities(raw).astype(np.float32), labels, names)


def annotate(scores, frames=None, **more):
    """Annotations of the clips: one person of random joints, the first and last frame missed in every second clip."""
    annotations = []
    for number, (name, label) in enumerate(zip(scores.names, scores.labels, strict=True)):
        length = frames or 8 + number % 5
        keypoint = np.random.default_rng(number).uniform(0, 400, (1, length, 33, 2)).astype(np.float32)
        score = np.ones((1, length, 33), np.float32)
        if number % 2:
            keypoint[:, [0, -1]], score[:, [0, -1]] = 0, 0
        annotations.append(
            dict(frame_dir=name, label=int(label), total_frames=length, keypoint=keypoint, keypoint_score=score)
        )
    names = [f'class {number}' for number in range(scores.scores.shape[1])]
    return (
        dict(split=dict(test=list(scores.names)), skeleton='blazepose', class_names=names, annotations=annotations)
        | more
    )


# -- facts by hand ----------------------------------------------------------------------------------


def test_a_run_by_hand():
    found = evaluate('scores.pkl', BY_HAND, NAMES | annotate(BY_HAND) | NAMES)
    assert found.overall['top-1 accuracy'].value == pytest.approx(4 / 7)
    assert 'top-5 accuracy' not in found.overall
    assert found.overall['mean class accuracy'].value == pytest.approx((3 / 4 + 1 / 3) / 2)
    jump, run, wait = found.by_class
    assert (jump.clips, jump.right, jump.predicted, jump.mistaken_for) == (4, 3, 5, 'run | fast')
    assert (run.clips, run.right, run.predicted, run.mistaken_for) == (3, 1, 2, 'jump')
    assert (wait.clips, wait.sensitivity) == (0, None)
    assert jump.sensitivity.low < 0.75 < jump.sensitivity.high
    assert [(pair.truth, pair.predicted, pair.count, pair.places) for pair in found.pairs] == [
        ('run | fast', 'jump', 2, (5, 6)),
        ('jump', 'run | fast', 1, (3,)),
    ]
    assert found.notes[0] == 'No clip of class <b>wait</b>: no sensitivity, and not in the mean class accuracy.'


def test_the_intervals_hold_the_values_and_shrink_with_the_clips():
    few, many = (evaluate('a.pkl', make_run(6, clips)).overall for clips in (5, 80))
    for name in ('top-1 accuracy', 'top-5 accuracy', 'mean class accuracy'):
        assert few[name].low <= few[name].value <= few[name].high
        assert many[name].high - many[name].low < few[name].high - few[name].low


def test_two_runs_by_hand():
    other = make_scores([0, 0, 0, 0, 1, 1, 1], [0, 0, 1, 0, 1, 1, 1])
    comparison = compare(evaluate('a.pkl', BY_HAND), evaluate('b.pkl', other.take([6, 5, 4, 3, 2, 1, 0])))
    assert comparison.difference.value == pytest.approx(2 / 7)
    assert (comparison.only_first, comparison.only_second) == (1, 3)
    assert comparison.p == pytest.approx(2 * (1 + 4) / 2**4)
    first, second = comparison.by_class
    assert (first.first, first.second, first.only_first, first.only_second) == (0.75, 0.75, 1, 1)
    assert (second.first, second.second, second.only_first, second.only_second) == (pytest.approx(1 / 3), 1, 0, 2)
    assert (first.p, second.p) == (1, 0.5)
    assert second.adjusted == 1


def test_accuracy_by_length_and_missed_frames_by_hand():
    right = np.array([True, True, False, True, False, False])
    groups = by_length(np.array([10, 10, 10, 20, 20, 30]), right)
    assert [(group.name, group.clips, group.accuracy.value) for group in groups] == [
        ('10', 3, pytest.approx(2 / 3)),
        ('20–30', 3, pytest.approx(1 / 3)),
    ]
    assert by_length(np.array([10] * 6), right) == []
    groups = by_missed(np.array([0, 0, 0.05, 0.1, 0.2, 1]), right)
    assert [(group.name, group.clips) for group in groups] == [
        ('none', 2),
        ('up to 5%', 1),
        ('up to 20%', 2),
        ('more', 1),
    ]
    assert by_missed(np.zeros(6), right) == []


def test_every_clip_is_in_one_part():
    run = make_run(4, 25)
    found = evaluate('a.pkl', run, annotate(run))
    for groups in (found.lengths, found.missed):
        assert sum(group.clips for group in groups) == 100


def test_annotations_of_other_clips_or_classes():
    with pytest.raises(
        InputError, match=r'a.pkl: scores of 3 classes where the annotations have 2; give the annotations'
    ):
        evaluate('a.pkl', BY_HAND, dict(class_names=['a', 'b'], annotations=[]))
    with pytest.raises(InputError, match=r"a.pkl: clip 'clip000' and 6 more is not in the annotations"):
        evaluate('a.pkl', BY_HAND, dict(annotations=[]))


# -- tables -----------------------------------------------------------------------------------------


def test_tables_say_what_the_facts_say():
    found = evaluate('a.pkl', BY_HAND, NAMES | annotate(BY_HAND) | NAMES)
    rows = list(csv.reader(io.StringIO(class_table(found).csv().decode())))
    assert rows[1][:4] == ['jump', '4', '3', '0.75']
    assert rows[3] == ['<b>wait</b>', '0', '0', '', '', '', '0', '']
    assert list(csv.reader(io.StringIO(confusion_table(found).csv().decode())))[1:] == [
        ['jump', '3', '1', '0'],
        ['run | fast', '2', '1', '0'],
        ['<b>wait</b>', '0', '0', '0'],
    ]
    assert b'| run \\| fast | jump | 2 | 3 |\n' in pair_table(found).markdown()
    clips = clip_table(found)
    assert clips.rows[3] == ('clip003', 'jump', 'run | fast', pytest.approx(0.8), 'no')


def test_a_table_reads_as_it_was_written():
    table = Table(('a', 'b,c'), [('x "y"', 0.123456), (None, float('nan'))])
    assert list(csv.reader(io.StringIO(table.csv().decode()))) == [['a', 'b,c'], ['x "y"', '0.123456'], ['', '']]
    assert table.texts() == [['x "y"', '0.123'], ['', '']]
    assert (table.is_words(0), table.is_words(1)) == (True, False)


# -- the page ---------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What an HTML page refers to, its headings, and whether its tags are closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.addresses, self.text = [], [], ''
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.addresses += [value for name, value in attributes if name in ('src', 'href', 'srcset', 'data')]
        if tag not in ('meta', 'img', 'br', 'link'):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize(('classes', 'clips'), [(2, 6), (21, 2), (60, 1)])
def test_a_report_needs_nothing_else(classes, clips, tmp_path):
    run, other = make_run(classes, clips), make_run(classes, clips, seed=1)
    data = annotate(run)
    first, second = evaluate('a.pkl', run, data), evaluate('b.pkl', other, data)
    page = write_report(Story(first, (second, compare(first, second)), None, data), tmp_path / 'report')
    assert [path.name for path in tmp_path.iterdir()] == ['report']
    text = page.read_text(encoding='utf-8')
    read = Page(text)
    assert not read.open
    assert read.addresses
    assert all(address.startswith('data:image/') for address in read.addresses)
    assert '://' not in re.sub(r'data:image/\S+', '', text)
    names = {path.name for path in page.parent.iterdir()}
    assert {'classes.csv', 'classes.md', 'comparison.csv', 'sensitivity.png', 'sensitivity.svg', 'pair_01.png'} <= names
    assert ('confusion.png' in names) == (classes <= 40)
    assert ('confusion_best_worst.png' in names) == (classes > 20)
    assert all((page.parent / name).stat().st_size for name in names)


def test_names_of_classes_are_text_and_nothing_else(tmp_path):
    names = dict(class_names=['$x$', 'run | fast & <b>', '跳舞'])
    found = evaluate('a<b>.pkl', BY_HAND, names | annotate(BY_HAND) | names)
    page = Page(write_report(Story(found), tmp_path / 'report').read_text(encoding='utf-8'))
    for name in ('a<b>.pkl', '$x$', 'run | fast & <b>', '跳舞'):
        assert name in page.text


def test_a_report_is_written_again_and_another_folder_left_alone(tmp_path):
    found = evaluate('a.pkl', BY_HAND)
    write_report(Story(found), tmp_path / 'report')
    (tmp_path / 'report' / 'comparison.csv').touch()
    before = write_report(Story(found), tmp_path / 'report').read_bytes()
    assert not (tmp_path / 'report' / 'comparison.csv').exists()
    assert write_report(Story(found), tmp_path / 'report').read_bytes() == before
    (tmp_path / 'mine').mkdir()
    with pytest.raises(InputError, match='mine exists already and is no report; name another folder with --out'):
        write_report(Story(found), tmp_path / 'mine')


# -- commands ---------------------------------------------------------------------------------------


def run_command(*words):
    done = subprocess.run([COMMAND, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def files(tmp_path):
    """Scores of two streams on a test and a validation split, and the annotations."""
    data = dict(split={}, annotations=[], skeleton='blazepose')
    for part, seed in (('val', 10), ('test', 20)):
        for stream, sure in ((0, 2.0), (1, 0.5)):
            run = make_run(6, 4, seed + stream, sure)
            run = Scores(run.scores, run.labels, tuple(f'{part}/{name}' for name in run.names))
            write_scores(run, tmp_path / f'{part}{stream}.pkl')
        made = annotate(run)
        data['split'][part] = list(run.names)
        data['annotations'] += made['annotations']
    data['class_names'] = made['class_names']
    (tmp_path / 'data.pkl').write_bytes(pickle.dumps(data))
    return tmp_path


def test_fuse_and_report_as_typed(files, monkeypatch):
    monkeypatch.chdir(files)
    fused, streams = Path('fused.pkl'), [Path('test0.pkl'), Path('test1.pkl')]
    out = run_command('fuse', *streams, '--out', fused, '--weights', '3,1')
    first, second, both = (read_scores(path) for path in (*streams, fused))
    np.testing.assert_allclose(both.scores, 0.75 * first.scores + 0.25 * second.scores, rtol=1e-5)
    assert f'{both.top1():.3f}' in out
    out = run_command('fuse', *streams, '--out', fused, '--validation', 'val0.pkl', '--validation', 'val1.pkl')
    (weight,) = re.findall(r'test0.pkl\s+│\s+([\d.]+)', out)
    assert float(weight) > 0.6
    log(files / 'work', 3)
    out = run_command('report', fused, '--against', streams[0], '--data', 'data.pkl', '--log', 'work')
    assert 'fused.pkl' in out
    assert "McNemar's exact test p =" in out
    for name in ('index.html', 'training.svg', 'comparison.png', 'pair_01.png', 'lengths.svg', 'missed.svg'):
        assert Path('fused_report', name).is_file()


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['report', 'no.pkl'], 'no.pkl: '),
        (
            ['report', 'test0.pkl', '--against', 'val0.pkl'],
            "test0.pkl: no scores for clip 'val/class 0/000' and 23 more, which val0.pkl has",
        ),
        (['report', 'test0.pkl', '--log', '.'], 'scalars.json: cannot be read: No such file or directory'),
        (['fuse', 'test0.pkl', 'val0.pkl', '--out', 'f.pkl'], "val0.pkl: no scores for clip 'test/class 0/000'"),
        (['fuse', 'test0.pkl', '--out', 'f.pkl', '--weights', 'a'], "--weights 'a': numbers with commas between were"),
        (['fuse', 'test0.pkl', '--out', 'f.pkl', '--weights', '1,2'], '2 weights for 1 files of scores; give one for'),
        (['fuse', 'test0.pkl', '--out', 'test0.pkl'], 'test0.pkl: is the input itself, which would be lost'),
        (['fuse', 'test0.pkl', '--out', 'f.txt'], 'f.txt: its name must end in .pkl or .pickle'),
        (
            ['fuse', 'test0.pkl', '--out', 'f.pkl', '--weights', '1', '--validation', 'val0.pkl'],
            '--weights and --validation: weights are either given or found; choose one',
        ),
        (
            ['fuse', 'test0.pkl', '--out', 'f.pkl', '--validation', 'test0.pkl'],
            "test0.pkl: clip 'test/class 0/000' is among those to fuse; weights are found on other clips",
        ),
    ],
)
def test_bad_input_is_one_sentence(words, message, files, monkeypatch, capsys):
    monkeypatch.chdir(files)
    monkeypatch.setattr(sys, 'argv', ['blazepose-skl', *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line
    assert not list(files.glob('f.*'))


def test_a_conversion_notes_the_missed_frames_that_it_fills(tmp_path, monkeypatch):
    for number, missed in enumerate([(), (2, 3), (4,)]):
        write_dump(tmp_path / 'dumps' / 'jump' / f'{number}.json', keypoints(make_motion(8, number), missed))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'argv', ['blazepose-skl', 'convert', 'dumps', 'data.pkl'])
    with contextlib.suppress(SystemExit):
        main()
    data = read_annotations(tmp_path / 'data.pkl')
    assert [clip['missed'] for clip in data['annotations']] == [0, 2 / 8, 1 / 8]
    names = tuple(clip['frame_dir'] for clip in data['annotations'])
    run = Scores(np.ones((3, 1), np.float32), np.zeros(3, np.int64), names)
    found = evaluate('a.pkl', run, data)
    assert [(group.name, group.clips) for group in found.missed] == [('none', 1), ('up to 20%', 1), ('up to 50%', 1)]
