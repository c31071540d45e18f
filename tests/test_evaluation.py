"""Files of scores: what is written is read, clips are known by name, and files that are not scores."""

import pickle

import numpy as np
import pytest

from blazepose_skl.errors import InputError
from blazepose_skl.evaluation import Scores, read_scores, write_scores


def some(clips=4, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    scores = rng.dirichlet(np.ones(classes), clips).astype(np.float32)
    return Scores(scores, rng.integers(0, classes, clips), tuple(f'class/{number:02}' for number in range(clips)))


def annotations(scores, split='val', **more):
    """Annotations of the clips, in another order than the split lists them, and one of another split."""
    clips = [dict(frame_dir=name, label=int(label)) for name, label in zip(scores.names, scores.labels, strict=True)]
    return dict(
        split={split: [*reversed(scores.names)], 'train': ['other'], **more},
        annotations=[dict(frame_dir='other', label=0), *clips],
    )


def dumped(scores, name=None, **changes):
    """What MMAction2's ``--dump`` holds, with names of the clips under a key or without."""
    torch = pytest.importorskip('torch', reason='torch is absent')
    return [
        dict(
            img_shape=(480, 640),
            num_classes=scores.scores.shape[1],
            pred_score=torch.from_numpy(row),
            gt_label=torch.tensor([label]),
            pred_label=torch.tensor([row.argmax()]),
            **({name: clip} if name else {}),
        )
        | changes
        for row, label, clip in zip(scores.scores, scores.labels, scores.names, strict=True)
    ]


def write(folder, samples, protocol=None):
    path = folder / 'scores.pkl'
    path.write_bytes(pickle.dumps(samples, protocol=protocol))
    return path


def same(found, wanted):
    np.testing.assert_array_equal(found.scores, wanted.scores)
    np.testing.assert_array_equal(found.labels, wanted.labels)
    assert found.names == wanted.names


# -- laws -------------------------------------------------------------------------------------------


def test_accuracy_and_confusion_by_hand():
    scores = Scores(np.eye(3, dtype=np.float32)[[0, 1, 1, 2, 0]], np.array([0, 1, 2, 2, 1]))
    assert scores.top1() == pytest.approx(3 / 5)
    np.testing.assert_array_equal(scores.confusion(3), [[1, 0, 0], [1, 1, 0], [0, 1, 1]])


@pytest.mark.parametrize('names', [True, False])
def test_what_was_written_is_read(names, tmp_path):
    pytest.importorskip('torch', reason='torch is absent')
    scores = some() if names else Scores(some().scores, some().labels)
    write_scores(scores, tmp_path / 'scores.pkl')
    same(read_scores(tmp_path / 'scores.pkl'), scores)
    assert [path.name for path in tmp_path.iterdir()] == ['scores.pkl']


@pytest.mark.parametrize('protocol', range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize('name', ['frame_dir', 'filename'])
def test_what_was_dumped_is_read(name, protocol, tmp_path):
    same(read_scores(write(tmp_path, dumped(some(), name), protocol)), some())


def test_mmaction2s_own_tools_read_what_was_written(tmp_path):
    pytest.importorskip('mmaction', reason='mmaction2 is absent')
    from mmengine import load

    write_scores(some(), tmp_path / 'scores.pkl')
    (first, *_) = load(tmp_path / 'scores.pkl')
    # As tools/analysis_tools/report_accuracy.py takes them out.
    np.testing.assert_array_equal(first['pred_score'].numpy(), some().scores[0])
    assert first['gt_label'].item() == some().labels[0]


# -- names from the annotations ---------------------------------------------------------------------


def test_a_dump_without_names_gets_those_of_the_split_that_fits(tmp_path):
    path = write(tmp_path, dumped(some()))
    assert read_scores(path).names == ()
    same(read_scores(path, annotations(some())), some())
    same(read_scores(path, annotations(some()), 'val'), some())


def test_pyskls_results_get_names_and_classes(tmp_path):
    path = write(tmp_path, list(some().scores))
    same(read_scores(path, annotations(some())), some())
    with pytest.raises(InputError, match='scores without classes or names, as PYSKL writes them; give the annotation'):
        read_scores(path)


def test_annotations_that_say_other_classes_of_named_clips(tmp_path):
    path = write(tmp_path, dumped(some(), 'frame_dir'))
    same(read_scores(path, annotations(some())), some())
    other = annotations(some())
    other['annotations'][1]['label'] += 1
    with pytest.raises(InputError, match=r'clip .* is of class \d where the annotations say \d; give'):
        read_scores(path, other)


def test_annotations_of_other_clips(tmp_path):
    path = write(tmp_path, dumped(some()))
    other = annotations(some(clips=5))
    with pytest.raises(InputError, match=r'no split of the annotations \(val 5, train 1\) has these in this order'):
        read_scores(path, other)
    with pytest.raises(InputError, match="no split 'test' in the annotations; they have val, train"):
        read_scores(path, other, 'test')
    with pytest.raises(InputError, match=r'splits val, again have as many; name it with --split'):
        read_scores(path, annotations(some(), again=some().names))
    same(read_scores(path, annotations(some(), again=some().names), 'again'), some())


# -- files that are none ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    'content',
    [b'', b'not a pickle', pickle.dumps(5), pickle.dumps({}), pickle.dumps([dict(pred_score=1)]), pickle.dumps(print)],
)
def test_another_file_is_one_sentence(content, tmp_path):
    pytest.importorskip('torch', reason='torch is absent')
    path = tmp_path / 'scores.pkl'
    path.write_bytes(content)
    with pytest.raises(InputError, match=r'scores.pkl: (not|not read, .*;) a file of scores as tools/test.py'):
        read_scores(path)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda samples: samples.clear(), 'scores.pkl: no clip in it; test on a split that has clips'),
        (
            lambda samples: samples[2]['pred_score'].fill_(float('nan')),
            'scores.pkl, clip class/02: a score that is NaN or infinite; the network diverged',
        ),
        (
            lambda samples: samples[1].update(pred_score=samples[1]['pred_score'][:2]),
            r'scores.pkl, clip 1: scores of shape \(2,\) where the first has \(3,\)',
        ),
        (
            lambda samples: samples[3]['gt_label'].fill_(3),
            'scores.pkl, clip class/03: class 3 where there are scores of classes 0 to 2; test with the num_classes',
        ),
        (lambda samples: samples.append(samples[0]), "scores.pkl: clip 'class/00' stands twice"),
    ],
)
def test_scores_that_are_wrong_are_one_sentence(change, message, tmp_path):
    samples = dumped(some(), 'frame_dir')
    change(samples)
    with pytest.raises(InputError, match=message):
        read_scores(write(tmp_path, samples))
