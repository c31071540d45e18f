"""Scores against counting by hand, and files that are not scores."""

import pickle

import numpy as np
import pytest

from blazepose_skl.errors import InputError
from blazepose_skl.evaluation import Scores, read_scores


def test_accuracy_and_confusion_by_hand():
    scores = Scores(np.eye(3, dtype=np.float32)[[0, 1, 1, 2, 0]], np.array([0, 1, 2, 2, 1]))
    assert scores.top1() == pytest.approx(3 / 5)
    np.testing.assert_array_equal(scores.confusion(3), [[1, 0, 0], [1, 1, 0], [0, 1, 1]])


def test_what_was_dumped_is_read(tmp_path):
    torch = pytest.importorskip('torch', reason='torch is absent')
    samples = [dict(pred_score=torch.tensor([0.2, 0.8]), gt_label=torch.tensor([1]), num_classes=2)]
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        (tmp_path / 'scores.pkl').write_bytes(pickle.dumps(samples, protocol=protocol))
        scores = read_scores(tmp_path / 'scores.pkl')
        np.testing.assert_allclose(scores.scores, [[0.2, 0.8]])
        assert scores.labels.tolist() == [1]


@pytest.mark.parametrize(
    'content',
    [b'', b'not a pickle', pickle.dumps(5), pickle.dumps([]), pickle.dumps([dict(pred_score=1)]), pickle.dumps(print)],
)
def test_another_file_is_one_sentence(tmp_path, content):
    pytest.importorskip('torch', reason='torch is absent')
    path = tmp_path / 'scores.pkl'
    path.write_bytes(content)
    with pytest.raises(InputError, match=r'scores.pkl: not a file of scores as tools/test.py --dump writes it'):
        read_scores(path)
