"""Pose quality: PCK and OKS-AP on cases with known answers, then on frames that were marked by eye."""

import json
import re
import shlex
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import SHARED, landmarks, tasks, write_dump

pytest.importorskip('pycocotools', reason='pycocotools is absent')
pytest.importorskip('matplotlib', reason='Matplotlib is absent')

from blazepose_skl.cli import main
from blazepose_skl.errors import InputError
from blazepose_skl.quality.estimates import Estimates, Found, estimate, read_estimates
from blazepose_skl.quality.measures import NORMS, SIGMAS, lengths, pair_people, pck, similarity
from blazepose_skl.quality.precision import average_precision
from blazepose_skl.quality.study import Study, joint_table, measure, quality_table, study_table
from blazepose_skl.quality.truth import Person, Picture, Truth, read_truth
from blazepose_skl.skeletons import BLAZEPOSE, COCO

MARKED = Path(__file__).parent / 'data' / 'marked_frames.json'
SIZE = (640, 480)

# A torso of 100 straight down, and so on each side: its diagonal is 125, the ears are 30 apart.
FIGURE = dict(
    nose=(0, 0), eye=(10, -10), ear=(15, -5), shoulder=(37.5, 40), elbow=(50, 90), wrist=(50, 140),
    hip=(37.5, 140), knee=(30, 220), ankle=(30, 300),
)  # fmt: skip


def figure(x=200, y=60):
    """The joints of somebody whose nose is there, (V, 2): the left ones to the right."""
    points = [FIGURE[joint.split('_')[-1]] for joint in COCO.joints]
    sides = [-1 if joint.startswith('right') else 1 for joint in COCO.joints]
    return np.array(points, float) * np.stack([sides, np.ones(len(sides))], axis=1) + (x, y)


def person(points=None, unmarked=(), crowd=False):
    points = figure() if points is None else points
    labelled = np.array([joint not in unmarked for joint in COCO.joints])
    return Person(np.where(labelled[:, None], points, 0), labelled, (100.0, 20.0, 110.0, 350.0), 20000.0, crowd)


def truth(*people):
    """A picture for each tuple of people."""
    pictures = tuple(Picture(f'{number}.jpg', None, SIZE, tuple(here)) for number, here in enumerate(people))
    return Truth('made', Path('made.json'), pictures)


def found(*points, scores=None):
    return Found(np.array(points, float).reshape(-1, 17, 2), np.array(scores or [0.9] * len(points), float))


def ratios_of(estimates, pictures, norm='torso'):
    return measure('mine', pictures, Estimates(tuple(estimates)), norm).ratios


def shares(estimates, pictures, threshold, norm='torso'):
    return pck(ratios_of(estimates, pictures, norm), np.array([threshold]))[0]


# -- laws -------------------------------------------------------------------------------------------


def test_similarity_is_cocos_own():
    from pycocotools.cocoeval import Params

    np.testing.assert_allclose(SIGMAS, Params('keypoints').kpt_oks_sigmas, rtol=1e-12)


def test_similarity_is_what_pycocotools_computes():
    from pycocotools.coco import COCO as Index
    from pycocotools.cocoeval import COCOeval

    rng = np.random.default_rng(0)
    marks, points = rng.uniform(0, 200, (3, 17, 2)), rng.uniform(0, 200, (4, 17, 2))
    points[:2] = marks[:2] + rng.normal(0, 8, (2, 17, 2))
    labelled = rng.random((3, 17)) < 0.7
    areas = rng.uniform(1e3, 1e5, 3)

    def index(rows):
        made = Index()
        made.dataset = dict(images=[dict(id=0)], categories=[dict(id=1)], annotations=rows)
        made.createIndex()
        return made

    def row(number, joints, flags, **more):
        keypoints = np.column_stack([joints, flags]).ravel().tolist()
        return dict(id=number + 1, image_id=0, category_id=1, keypoints=keypoints, bbox=[0, 0, 9, 9], iscrowd=0, **more)

    known = [
        row(n, *one, num_keypoints=17, area=a) for n, (*one, a) in enumerate(zip(marks, labelled, areas, strict=True))
    ]
    guesses = [row(n, one, np.ones(17), score=1 - n / 10, area=1) for n, one in enumerate(points)]
    theirs = COCOeval(index(known), index(guesses), 'keypoints')
    theirs.params.imgIds, theirs.params.catIds = [0], [1]
    theirs._prepare()
    np.testing.assert_allclose(similarity(points, marks, labelled, areas), theirs.computeOks(0, 1), rtol=1e-9)


def test_similarity_of_one_joint():
    marks, labelled = figure()[None], np.zeros((1, 17), bool)
    labelled[0, COCO.index('left_knee')] = True
    points = marks.copy()
    points[..., 0] += np.sqrt(2 * 20000) * 2 * 0.087  # where the exponent is -1
    assert similarity(points, marks, labelled, np.array([20000.0])) == pytest.approx(np.exp(-1))
    points[:] = np.nan
    assert similarity(points, marks, labelled, np.array([20000.0])) == 0


def test_pairs_are_those_most_alike_and_nobody_is_taken_twice():
    assert pair_people(np.array([[0.5, 0.9], [0.6, 0.8], [0.1, 0.1]])).tolist() == [1, 0]
    assert pair_people(np.array([[0.5, 0.0]])).tolist() == [0, -1]
    assert pair_people(np.zeros((0, 2))).tolist() == [-1, -1]


def test_lengths():
    marks, labelled, boxes = figure()[None], np.ones((1, 17), bool), np.array([[0, 0, 110, 350.0]])
    assert {norm: lengths(marks, labelled, boxes, norm).item() for norm in NORMS} == dict(torso=125, head=30, box=350)
    mirrored = marks * (-1, 1)
    assert lengths(mirrored, labelled, boxes, 'torso') == 125
    labelled[0, [COCO.index('left_hip'), COCO.index('left_ear')]] = False
    assert lengths(marks, labelled, boxes, 'torso') == 125  # the other diagonal
    assert lengths(marks, labelled, boxes, 'head') == pytest.approx(np.hypot(15, 5))  # from the ear to the nose
    labelled[0, COCO.index('right_hip')] = False
    assert np.isnan(lengths(marks, labelled, boxes, 'torso'))


def test_the_joint_at_the_threshold_is_right_and_nearer_is_never_worse():
    ratios = np.array([[0, 0.1, 0.2], [np.nan, 0.3, np.inf]])
    assert pck(ratios, np.array([0.1, 0.2, 0.3, 10])).tolist() == [0.4, 0.6, 0.8, 0.8]
    assert np.isnan(pck(np.array([np.nan]), np.array([0.1]))).all()


# -- people in pictures -----------------------------------------------------------------------------


def test_all_right_all_wrong_and_the_formula_the_right_way_up():
    pictures = truth([person()])
    assert shares([found(figure())], pictures, 0.01) == 1
    off = [found(figure(225))]  # a fifth of the torso
    assert shares(off, pictures, 0.2) == 1
    assert shares(off, pictures, 0.19) == 0  # the length over the distance would be 5
    assert shares([found(figure(830))], pictures, 5) == 0  # 5.04 torsos away


def test_by_each_length():
    pictures, off = truth([person()]), [found(figure(215))]
    assert {norm: ratios_of(off, pictures, norm)[0, 0] for norm in NORMS} == pytest.approx(
        dict(torso=15 / 125, head=15 / 30, box=15 / 350)
    )


def test_by_joint():
    pictures, moved = truth([person()], [person()]), figure()
    moved[COCO.index('left_wrist')] += (60, 0)
    quality = measure('mine', pictures, Estimates((found(moved), found(figure()))), 'torso')
    table = joint_table(Study('torso', (0.2, 0.5), dict(mine=None), (quality,)))
    assert table.header == ('truth', 'joint', 'marked', 'mine, PCK@0.2', 'mine, PCK@0.5')
    assert [row[1] for row in table.rows] == list(COCO.joints)
    assert {row[1]: row[2:] for row in table.rows if row[3] < 1} == dict(left_wrist=(2, 0.5, 1))


def test_what_is_not_marked_does_not_count_and_what_was_not_estimated_is_wrong():
    unmarked = ('left_wrist', 'right_wrist', 'left_ankle')
    pictures, wrong = truth([person(unmarked=unmarked)]), figure()
    for joint in unmarked:
        wrong[COCO.index(joint)] += 300
    assert shares([found(wrong)], pictures, 0.1) == 1
    wrong[COCO.index('nose')] = np.nan
    assert shares([found(wrong)], pictures, 10) == 13 / 14


def test_several_people_in_any_order_and_somebody_who_was_missed():
    pictures = truth([person(figure(120)), person(figure(320)), person(figure(520))])
    all_three = [figure(522), figure(118), figure(321)]
    assert shares([found(*all_three)], pictures, 0.02) == 1
    assert shares([found(*all_three[::-1])], pictures, 0.02) == 1
    assert shares([found(*all_three[:2])], pictures, 0.02) == pytest.approx(2 / 3)
    assert shares([found()], pictures, 10) == 0
    surer = found(figure(1500), *all_three, scores=[0.99, 0.5, 0.5, 0.5])
    assert shares([surer], pictures, 0.02) == 1


def test_groups_and_people_without_marks_are_not_asked_for():
    pictures = truth([person(), person(figure(400), crowd=True), person(unmarked=COCO.joints)])
    assert ratios_of([found(figure())], pictures).shape == (1, 17)


def test_whoever_has_no_length_does_not_count():
    legless = person(figure(400), unmarked=('left_hip', 'right_hip'))
    quality = measure('mine', truth([person(), legless]), Estimates((found(figure()),)), 'torso')
    assert quality.unmeasured == 1
    assert pck(quality.ratios, np.array([0.1])) == 1
    assert shares([found(figure())], truth([person(), legless]), 0.1, 'box') == pytest.approx(17 / 32)
    with pytest.raises(
        InputError, match=r'made\.json: nobody in it has the marked joints for --norm torso, the longest'
    ):
        measure('mine', truth([legless]), Estimates((found(),)), 'torso')


# -- average precision ------------------------------------------------------------------------------


def precision(estimates, pictures):
    return tuple(round(value, 9) for value in average_precision(pictures.pictures, estimates))


def test_average_precision_of_known_cases():
    one, two = truth([person()]), truth([person(figure(120)), person(figure(420))])
    assert precision([found(figure())], one) == (1, 1, 1)
    assert precision([found()], one) == (0, 0, 0)
    # Half of the people: precision 1 at 51 of COCO's 101 steps of recall.
    assert precision([found(figure(120))], two) == pytest.approx((51 / 101,) * 3)
    # A sure estimate of nobody before the right one: precision 1/2; an unsure one after it: no harm.
    stranger, right = figure(600, 150), figure()
    assert precision([found(stranger, right, scores=[0.9, 0.5])], one) == pytest.approx((0.5,) * 3)
    assert precision([found(stranger, right, scores=[0.4, 0.5])], one) == (1, 1, 1)
    # In a group nobody is a stranger.
    crowded = truth([person(), person(stranger, crowd=True)])
    assert precision([found(stranger, right, scores=[0.9, 0.5])], crowded) == (1, 1, 1)


def test_average_precision_between_the_thresholds():
    off = figure()
    off[:, 0] += np.sqrt(-2 * 20000 * np.log(0.77)) * 2 * SIGMAS  # each joint so far that its likeness is 0.77
    assert precision([found(off)], truth([person()])) == pytest.approx((0.6, 1, 1))  # 0.50 to 0.75: six of ten
    half = figure()
    half[: COCO.index('left_elbow')] = np.nan  # ten of 17 joints
    assert precision([found(half)], truth([person()])) == pytest.approx((0.2, 1, 0))  # 0.588: 0.50 and 0.55


# -- files ------------------------------------------------------------------------------------------


def whole(points, score=0.9):
    """(33, 4) of BlazePose, fractions of the picture: joints that COCO lacks lie on a neighbour."""
    own = dict(zip(COCO.joints, points, strict=True))
    near = dict(eye_inner='eye', eye_outer='eye', pinky='wrist', index='wrist', thumb='wrist', heel='ankle')
    rows = []
    for joint in BLAZEPOSE.joints:
        side, _, part = joint.partition('_')
        part = 'ankle' if part == 'foot_index' else near.get(part, part)
        rows.append(own.get(f'{side}_{part}', own['nose']) / SIZE)
    return np.column_stack([rows, np.zeros(33), np.full(33, score)]).astype(np.float32)


def document(people, names=None, **more):
    """An annotation file: a picture for each list of joints."""
    images = [dict(id=n, file_name=f'{n}.jpg', width=640, height=480) for n in range(len(people))]
    annotations = [
        dict(
            image_id=n,
            keypoints=np.column_stack([points, np.full(17, 2)]).ravel().tolist(),
            bbox=[1, 1, 9, 350],
            area=9e3,
        )
        for n, here in enumerate(people)
        for points in here
    ]
    return dict(images=images, annotations=annotations, categories=[dict(name='person', keypoints=COCO.joints)]) | more


@pytest.fixture
def made(tmp_path, monkeypatch):
    """truth.json with three pictures, of which the second shows two people, and dumps of them."""
    monkeypatch.chdir(tmp_path)
    people = [[figure()], [figure(150), figure(450)], [figure(300)]]
    write_dump(Path('truth.json'), document(people))
    for number, here in enumerate(people):
        write_dump(Path(f'dumps/{number}.json'), tasks(np.stack([whole(points)[None] for points in here])))
    return tmp_path


def run(monkeypatch, *words):
    monkeypatch.setattr(sys, 'argv', ['blazepose-skl', 'pck', *map(str, words)])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code or 0


def test_dumps_of_pictures(made, monkeypatch, capsys):
    assert run(monkeypatch, 'truth.json', '--dumps', 'dumps', '--thresholds', '0.05,0.2') == 0
    out = Path('truth_pck')
    assert {path.name for path in out.iterdir()} == {
        *(f'{name}.{kind}' for name in ('table1', 'quality', 'joints') for kind in ('csv', 'md')),
        *('pck.png', 'pck.svg'),
    }
    assert (out / 'table1.csv').read_text() == 'model,frames/s,"truth, PCK@0.05","truth, PCK@0.2"\ndumps,,1.0,1.0\n'
    row = (out / 'quality.csv').read_text().splitlines()[1]
    assert row == 'dumps,,truth,3,4,4,68,1.0,1.0,1.0,1.0,1.0'
    assert 'the torso: the longest distance from a marked shoulder to a marked hip' in capsys.readouterr().out
    assert run(monkeypatch, 'truth.json', '--dumps', 'dumps') == 0  # an earlier result is replaced


def test_files_of_one_frame_each_may_be_of_pictures(made, monkeypatch):
    for number, points in ((0, figure()), (2, figure(300))):
        write_dump(Path(f'frames/{number}.json'), dict(pose_landmarks=landmarks(whole(points)), width=640, height=480))
    write_dump(Path('two.json'), document([[figure()], [], [figure(300)]]))
    estimates = read_estimates(Path('frames'), read_truth(Path('two.json')))
    assert shares(estimates.found, read_truth(Path('two.json')), 0.01) == 1
    assert estimates.unknown == ('1.jpg',)


def test_dumps_of_videos_by_the_number_of_the_frame(made, monkeypatch):
    walk = np.stack([whole(figure(200 + 10 * frame)) for frame in range(5)])[None]
    write_dump(Path('videos/in/walk.json'), tasks(walk, missed=(1,)))
    marked = document([[figure(230)], [figure(210)]], videos=[dict(id=7, name='in/walk.mp4')])
    for image, frame in zip(marked['images'], (3, 1), strict=True):
        image |= dict(video_id=7, frame_id=frame)
    pictures = read_truth(write_dump(Path('walk.json'), marked))
    assert str(pictures.pictures[0]) == 'in/walk.mp4, frame 3'
    assert shares(read_estimates(Path('videos'), pictures).found, pictures, 0.01) == 0.5  # frame 1 was missed
    marked['images'][0]['frame_id'] = 5
    with pytest.raises(InputError, match=r'videos: in/walk\.json has 5 frames, counted from 0, where .* has frame 5'):
        read_estimates(Path('videos'), read_truth(write_dump(Path('walk.json'), marked)))


def test_pictures_without_a_dump_are_said_and_count_as_missed(made, monkeypatch, capsys):
    Path('dumps/1.json').unlink()
    write_dump(Path('dumps/2.json'), tasks(whole(figure(300))[None, None], missed=(0,)))
    assert run(monkeypatch, 'truth.json', '--dumps', 'dumps') == 0
    assert 'warning: dumps: no dump of 1 of the 3 pictures of truth.json, as 1.jpg; whoever' in capsys.readouterr().err
    assert ',3,4,1,68,0.25,0.25,0.25,' in Path('truth_pck/quality.csv').read_text()


def test_several_sets_and_several_dumps_are_columns_and_rows_of_table_1(made, monkeypatch):
    write_dump(Path('again/other.json'), document([[figure(200, 90)]]))
    Path('dumps').rename('first')
    for number, here in enumerate(([figure()], [figure(150)], [figure(300)])):
        write_dump(Path(f'second/{number}.json'), tasks(np.stack([whole(points)[None] for points in here])))
    words = ('--dumps', 'first', '--dumps', 'second', '--thresholds', '0.2', '--norm', 'torso', '--out', 'out')
    assert run(monkeypatch, 'truth.json', 'again/other.json', *words) == 0
    assert Path('out/table1.md').read_text().splitlines() == [
        '| model | frames/s | truth, PCK@0.2 | other, PCK@0.2 |',
        '| --- | --- | --- | --- |',
        '| first |  | 1.000 | 0.000 |',
        '| second |  | 0.750 | 0.000 |',
    ]


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (
            lambda d: d.pop('annotations'),
            r'form: Object missing required field `annotations`; give a file as person_key',
        ),
        (
            lambda d: d['annotations'][0].pop('keypoints'),
            r'missing required field `keypoints` - at `\$\.annotations\[0\]`',
        ),
        (lambda d: d['annotations'][0]['keypoints'].pop(), r'Expected `array` of length >= 51 - at'),
        (
            lambda d: d['annotations'][0]['keypoints'].__setitem__(2, 0.7),
            r'annotation 0 has v = 0\.7 where COCO has 0, 1',
        ),
        (
            lambda d: d['annotations'][0].update(area=0),
            r'annotation 0 has an area or a bbox of 0 for somebody with joints',
        ),
        (lambda d: d['annotations'][0].update(image_id=9), r'annotations of an image 9 that is not among the images'),
        (lambda d: d['images'][1].update(id=0), r'two images with the id 0; each needs its own'),
        (
            lambda d: d['images'][0].update(video_id=1),
            r"image 0 has a video_id that is not among 'videos', or no frame_id",
        ),
        (
            lambda d: d['categories'][0].update(keypoints=['head', 'neck']),
            r"other keypoints than COCO's 17 .*\(head, neck",
        ),
        (lambda d: d['annotations'].clear(), r'nobody in it has a marked joint \(v of 1 or 2\)'),
    ],
)
def test_annotations_that_are_wrong(made, change, message):
    marked = json.loads(Path('truth.json').read_text())
    change(marked)
    with pytest.raises(InputError, match=rf'bad\.json.*{message}'):
        read_truth(write_dump(Path('bad.json'), marked))


def refuse(monkeypatch, capsys, *words):
    assert run(monkeypatch, *words) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert not Path('truth_pck').exists()
    return line


def test_what_else_is_refused(made, monkeypatch, capsys):
    def said(*words):
        return refuse(monkeypatch, capsys, *words)

    dumps = ('truth.json', '--dumps', 'dumps')
    assert 'absent.json: cannot be read: No such file' in said('absent.json', '--dumps', 'dumps')
    assert "--norm 'leg' is not one of torso, head, box" in said(*dumps, '--norm', 'leg')
    assert "--thresholds '0.1,x': numbers above 0" in said(*dumps, '--thresholds', '0.1,x')
    assert 'dumps exists already and holds no earlier result' in said(*dumps, '--out', 'dumps')
    assert "two models or dumps are called 'dumps'; give each once" in said(*dumps, '--dumps', 'dumps')
    assert '--pictures: 2 folders for 1 sets' in said(
        'truth.json', '--pictures', 'a', '--pictures', 'b', '--model', MARKED
    )
    assert "there is no model 'small'" in said('truth.json', '--model', 'small')
    write_dump(Path('dumps/0.json'), tasks(whole(figure())[None, None]) | dict(width=64))
    assert 'dumps: 0.json is of pictures 64x480 where the truth says 640x480' in said(*dumps)
    write_dump(Path('dumps/0.json'), tasks(whole(figure())[None, None].repeat(2, axis=1)))
    assert 'dumps: 0.json has 2 frames where that of one picture was expected' in said(*dumps)
    write_dump(Path('others/a.json'), tasks(whole(figure())[None, None]))
    assert "others: no dump of any picture of truth.json; the dump of '0.jpg' would be called '0.json'" in said(
        'truth.json', '--dumps', 'others'
    )


@pytest.mark.parametrize('module', ['pycocotools.cocoeval', 'matplotlib'])
def test_without_the_extra(made, monkeypatch, capsys, module):
    monkeypatch.setitem(sys.modules, module, None)
    line = refuse(monkeypatch, capsys, 'truth.json', '--dumps', 'dumps')
    assert module.split('.')[0] in line.lower()
    assert 'blazepose-skl[quality]' in line


# -- by MediaPipe -----------------------------------------------------------------------------------


@pytest.fixture(scope='module')
def model():
    pytest.importorskip('mediapipe')
    from blazepose_skl.models import find_model

    try:
        return find_model('full')
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture(scope='module')
def videos():
    if not (SHARED / 'videos').is_dir():
        pytest.skip(f'{SHARED}/videos is not here')
    return SHARED / 'videos'


def marked(*names):
    """The marked frames of some videos, up to frame 60."""
    known = read_truth(MARKED)
    return Truth('marked', MARKED, tuple(p for p in known.pictures if p.name in names and p.frame <= 60))


def test_the_marked_frames_are_what_they_say():
    known = read_truth(MARKED)
    assert len(known.people) == 5
    for picture in known.pictures:
        for here in picture.people:
            inside = (here.points >= here.box[:2]) & (here.points <= np.add(here.box[:2], here.box[2:]))
            assert inside[here.labelled].all()


def test_a_model_on_frames_of_videos_and_a_dump_of_it(videos, model, tmp_path):
    from blazepose_skl.extraction import Settings, extract

    pictures = marked('correct/correct1.mp4')
    seen = estimate(model, pictures, videos)
    assert len(seen.seconds) == 11 - 3
    quality = measure('full', pictures, seen, 'torso')
    assert pck(quality.ratios, np.array([0.2])) > 0.85
    assert quality.found == 1
    extract(videos / 'correct/correct1.mp4', tmp_path / 'correct', str(model), Settings())
    again = measure('dumps', pictures, read_estimates(tmp_path, pictures), 'torso')
    np.testing.assert_allclose(again.ratios, quality.ratios, atol=1e-4)
    extract(videos / 'correct/correct1.mp4', tmp_path / 'half/correct', str(model), Settings(every=2))
    with pytest.raises(
        InputError, match=r'does not hold every frame of its video \(it was made with --every or --fps\)'
    ):
        read_estimates(tmp_path / 'half', pictures)


def test_a_model_on_pictures_whatever_came_before(videos, model, tmp_path, monkeypatch, capsys):
    import cv2

    from blazepose_skl.video import read_frames

    known = marked('correct/correct1.mp4', 'steps_720p.webm')
    pictures = []
    for number, picture in enumerate(known.pictures):
        frame = next(f for f in read_frames(videos / picture.name) if f.number == picture.frame)
        cv2.imwrite(str(tmp_path / f'{number}.png'), cv2.cvtColor(frame.picture, cv2.COLOR_RGB2BGR))
        pictures.append(Picture(f'{number}.png', None, picture.size, picture.people))
    forward, backward = (
        measure('full', alone, estimate(model, alone, tmp_path), 'torso').ratios
        for alone in (Truth('a', MARKED, tuple(pictures)), Truth('b', MARKED, tuple(pictures[::-1])))
    )
    np.testing.assert_array_equal(forward, backward[::-1])
    assert pck(forward, np.array([0.2])) > 0.85
    alone = Truth('a', MARKED, (Picture('0.png', None, (64, 48), pictures[0].people),))
    with pytest.raises(InputError, match=r'0\.png: 1280x720 where .* says 64x48; give the pictures that were marked'):
        estimate(model, alone, tmp_path)
    (tmp_path / '0.png').write_bytes(b'no picture')
    with pytest.raises(InputError, match=r'0\.png: not a picture that OpenCV can read'):
        estimate(model, alone, tmp_path)
    (tmp_path / '0.png').unlink()
    with pytest.raises(InputError, match=r'0\.png: there is no such picture; name the folder .* with --pictures'):
        estimate(model, alone, tmp_path)


@pytest.fixture
def shown(made, videos):
    """truth.json with one picture in pictures, and its dump."""
    import cv2

    from blazepose_skl.video import read_frames

    picture = marked('steps_720p.webm').pictures[0]
    frame = next(f for f in read_frames(videos / picture.name) if f.number == picture.frame)
    Path('pictures').mkdir()
    cv2.imwrite('pictures/0.png', cv2.cvtColor(frame.picture, cv2.COLOR_RGB2BGR))
    (here,) = picture.people
    truth = document([[here.points]])
    truth['images'][0] |= dict(file_name='0.png', width=1280, height=720)
    truth['annotations'][0] |= dict(bbox=here.box, area=here.area)
    write_dump(Path('truth.json'), truth)
    write_dump(Path('dumps/0.json'), tasks(whole(here.points * np.divide(SIZE, picture.size))[None, None]) | WIDE)
    return made


WIDE = dict(width=1280, height=720)


def test_models_that_are_not_to_be_had_are_said_and_not_made_up(shown, model, monkeypatch, capsys):
    """As a user types it: no model is named, so all three are wanted; here only one is in the cache."""
    from blazepose_skl.models import CACHE_VARIABLE

    cache = Path('cache')
    cache.mkdir()
    (cache / 'pose_landmarker_full.task').symlink_to(model)
    monkeypatch.setenv(CACHE_VARIABLE, str(cache.resolve()))
    monkeypatch.setattr('pooch.HTTPDownloader', _no_network)
    assert run(monkeypatch, 'truth.json', '--pictures', 'pictures') == 0
    said = capsys.readouterr().err
    assert "not measured: lite: model 'lite' is not in" in said
    assert "not measured: heavy: model 'heavy' is not in" in said
    rows = Path('truth_pck/table1.csv').read_text().splitlines()
    assert [row.split(',')[0] for row in rows] == ['model', 'full']


def test_the_commands_of_the_page(shown, model, monkeypatch):
    for name in ('coco8', 'basketball'):
        shutil.copytree('pictures', name)
        shutil.copy('truth.json', f'{name}.json')
    monkeypatch.setattr('pooch.HTTPDownloader', _no_network)
    page = (Path(__file__).parent.parent / 'docs' / 'quality.md').read_text()
    block = re.search(r'run by tests/test_posequality.py -->\n```\n(.*?)```', page, re.DOTALL)
    commands = [shlex.split(line, comments=True) for line in block[1].splitlines()]
    assert len(commands) == 3
    for command in commands:
        assert run(monkeypatch, *command[2:]) == 0
    assert Path('coco8_pck/table1.csv').read_text().count('\n') == 2


def _no_network(**_):
    def refuse(*_):
        raise OSError('no network')

    return refuse


def test_tables_with_the_speed_beside():
    quality = measure('full', truth([person()]), Estimates((found(figure()),)), 'head')
    study = Study('head', (0.5,), dict(full=31.26), (quality,))
    assert study_table(study).texts() == [['full', '31.3', '1.000']]
    assert quality_table(study).texts()[0][:5] == ['full', '31.3', 'made', '1', '1']
