"""Learning on unbalanced sets: every class as often, or its loss as heavy, as any other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from mmaction.datasets import PoseDataset
from mmaction.registry import DATA_SAMPLERS, HOOKS
from mmengine.dist import get_dist_info, sync_random_seed
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from numpy.typing import NDArray
from torch.utils.data import Sampler

from blazepose_skl.errors import InputError

__all__ = ['ClassBalancedSampler', 'ClassWeights', 'clip_labels']


def clip_labels(dataset: Any) -> NDArray[np.int64]:
    """The label of every clip of a data set or of what is wrapped around one, (N,)."""
    labels = [dataset.get_data_info(index).get('label') for index in range(len(dataset))]
    if None in labels:
        raise InputError(f'clip {labels.index(None)} of the data set has no label; give every annotation its label')
    return np.array(labels, dtype=np.int64)


def _get_cat_ids(self: Any, idx: int) -> list[int]:
    """The class of a clip, for MMEngine's ``ClassBalancedDataset``, which takes no data set without it."""
    return [int(self.get_data_info(idx)['label'])]


PoseDataset.get_cat_ids = _get_cat_ids


@DATA_SAMPLERS.register_module(force=True)
class ClassBalancedSampler(Sampler):  # type: ignore[type-arg]
    """Every class as often in an epoch, which stays as long as the data set.

    A class goes through its clips in random order, again and again until its share is full, so that no clip is seen
    a second time before all others of its class were seen once; of large classes another part is seen in every
    epoch. Several processes draw the same order and take turns, as with ``DefaultSampler``.

    Args:
        dataset: Its clips have a label (:func:`clip_labels`).
        shuffle: True, as ``DefaultSampler``'s that it takes the place of in a config; there is no other order.
        seed: Of the order; the same in all processes. None draws one.
    """

    def __init__(self, dataset: Any, shuffle: bool = True, seed: int | None = None) -> None:
        if not shuffle:
            raise InputError('ClassBalancedSampler: shuffle=False; it draws at random, and is for training alone')
        labels = clip_labels(dataset)
        self.members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        self.rank, self.world_size = get_dist_info()
        self.seed = sync_random_seed() if seed is None else seed
        self.epoch = 0
        self.num_samples = -(-len(labels) // self.world_size)

    def __iter__(self) -> Iterator[int]:
        random = np.random.default_rng((self.seed, self.epoch))
        # What does not divide evenly goes to other classes in every epoch.
        share, rest = divmod(self.num_samples * self.world_size, len(self.members))
        more = set(random.permutation(len(self.members))[:rest].tolist())
        drawn = []
        for number, clips in enumerate(self.members):
            wanted = share + (number in more)
            rounds = [random.permutation(clips) for _ in range(-(-wanted // len(clips)))]
            drawn += [turn for turn in np.concatenate([clips[:0], *rounds])[:wanted].tolist()]
        order = random.permutation(drawn)
        return iter(order[self.rank :: self.world_size].tolist())

    def __len__(self) -> int:
        return int(self.num_samples)

    def set_epoch(self, epoch: int) -> None:
        """Let the next epoch have an order of its own."""
        self.epoch = epoch


@HOOKS.register_module(force=True)
class ClassWeights(Hook):  # type: ignore[misc]
    """Weigh the loss of each class by the inverse of the number of its training clips.

    The mean weight over the clips is 1, so that the learning rate need not change. It sets ``class_weight`` of the
    head's ``CrossEntropyLoss``, which takes soft labels (``label_smooth_eps``) too.
    """

    def before_train(self, runner: Any) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        loss = model.cls_head.loss_cls
        if not hasattr(loss, 'class_weight'):
            raise InputError(
                f'ClassWeights: {type(loss).__name__} of the head takes no weights; '
                "use loss_cls=dict(type='CrossEntropyLoss')"
            )
        counts = np.bincount(clip_labels(runner.train_dataloader.dataset), minlength=model.cls_head.num_classes)
        present = np.count_nonzero(counts)
        weights = counts.sum() / (present * np.maximum(counts, 1)) * (counts > 0)
        loss.class_weight = torch.tensor(weights, dtype=torch.float32)
        runner.logger.info(f'ClassWeights: {", ".join(f"{weight:.3g}" for weight in weights)}')
