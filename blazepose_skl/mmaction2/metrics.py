"""What MMEngine logs in validation and test beside the stock ``AccMetric``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric

from blazepose_skl import metrics
from blazepose_skl.errors import InputError


@METRICS.register_module(force=True)
class SensitivityMetric(BaseMetric):  # type: ignore[misc]
    """Sensitivity of each class, and what follows from the confusion matrix and the probabilities.

    ``skl/top1``, ``skl/top5`` (only where there are more than five classes), ``skl/mean1`` (the mean
    sensitivity of the classes that have clips), ``skl/ece`` (calibration error), and, in the log and the test's
    JSON, ``skl/sensitivity`` by class, null for a class without a clip, and ``skl/confusion``, the true
    classes in rows. Classes are called as ``metainfo`` of the data set calls them, else by number.

    In distributed testing MMEngine drops the clips that pad the last batches, so that none counts twice.
    """

    default_prefix = 'skl'

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        for sample in data_samples:
            self.results.append((sample['pred_score'].float().cpu().numpy(), int(sample['gt_label'])))

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        if not results:
            raise InputError('SensitivityMetric: no clip was tested; test on a split that has clips')
        scores = np.stack([score for score, _ in results])
        labels = np.array([label for _, label in results])
        if not np.isfinite(scores).all():
            raise InputError(
                'SensitivityMetric: scores that are NaN or infinite; the network diverged (lower the learning rate) '
                'or was fed such keypoints (blazepose-skl inspect finds them)'
            )
        classes = scores.shape[1]
        matrix = metrics.confusion(labels, scores.argmax(axis=1), classes)
        shares = {f'top{k}': metrics.top_k_accuracy(scores, labels, k) for k in (1, 5)}
        names = (self.dataset_meta or {}).get('classes') or ()
        names = names if len(names) == classes else range(classes)
        return {
            **{name: share for name, share in shares.items() if share is not None},
            'mean1': metrics.mean_class_accuracy(matrix),
            'ece': metrics.calibration_error(scores, labels),
            'sensitivity': {
                str(name): None if np.isnan(share) else round(float(share), 4)
                for name, share in zip(names, metrics.sensitivity(matrix), strict=True)
            },
            'confusion': matrix,
        }
