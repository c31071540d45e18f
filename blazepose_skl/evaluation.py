"""What a recogniser's scores are worth: accuracy and confusion."""

from __future__ import annotations

import codecs
import io
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.errors import InputError

__all__ = ['Scores', 'read_scores']


@dataclass(frozen=True)
class Scores:
    """The scores of N clips over K classes.

    Attributes:
        scores: (N, K) float32, the higher the likelier.
        labels: (N,) the true classes.
    """

    scores: NDArray[np.float32]
    labels: NDArray[np.int64]

    def top1(self) -> float:
        """Share of clips whose best class is the true one."""
        return float((self.scores.argmax(1) == self.labels).mean())

    def confusion(self, num_classes: int) -> NDArray[np.int64]:
        """Clips counted by true class (rows) and best class (columns), (K, K)."""
        matrix = np.zeros((num_classes, num_classes), np.int64)
        np.add.at(matrix, (self.labels, self.scores.argmax(1)), 1)
        return matrix


class _ScoresUnpickler(pickle.Unpickler):
    """Reads what ``DumpResults`` writes (dicts, lists, tensors) and refuses anything else."""

    def find_class(self, module: str, name: str) -> Any:
        import torch

        allowed = {
            'torch._utils._rebuild_tensor_v2': torch._utils._rebuild_tensor_v2,
            'torch.storage._load_from_bytes': lambda data: torch.load(io.BytesIO(data), weights_only=True),
            'collections.OrderedDict': dict,
            '_codecs.encode': codecs.encode,  # how protocol 2 writes bytes
        }
        if f'{module}.{name}' not in allowed:
            raise pickle.UnpicklingError(f'it asks for {module}.{name}, which scores do not need')
        return allowed[f'{module}.{name}']


def read_scores(path: Path) -> Scores:
    """The scores that ``tools/test.py --dump`` wrote.

    Raises:
        InputError: The file is not such a file, or would run code.
    """
    try:
        with path.open('rb') as file:
            samples = _ScoresUnpickler(file).load()
        scores = np.stack([np.asarray(sample['pred_score'], np.float32) for sample in samples])
        labels = np.array([int(sample['gt_label']) for sample in samples])
    except (OSError, pickle.UnpicklingError, EOFError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f'{path}: not a file of scores as tools/test.py --dump writes it ({error})') from None
    return Scores(scores, labels)
