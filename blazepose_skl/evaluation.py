"""A recogniser's scores, and the files that hold them."""

from __future__ import annotations

import contextlib
import io
import pickle
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazepose_skl import metrics
from blazepose_skl.errors import InputError
from blazepose_skl.outfiles import write_whole
from blazepose_skl.safepickle import SafeUnpickler, load_safely

__all__ = ['Scores', 'read_scores', 'write_scores']


@dataclass(frozen=True)
class Scores:
    """The scores of N clips over K classes.

    Attributes:
        scores: (N, K) float32, the higher the likelier.
        labels: (N,) the true classes.
        names: The clips' names, N of them; none where the file does not say them.
    """

    scores: NDArray[np.float32]
    labels: NDArray[np.int64]
    names: tuple[str, ...] = ()

    @property
    def predictions(self) -> NDArray[np.int64]:
        """The best class of each clip, (N,)."""
        return np.asarray(self.scores.argmax(1), np.int64)

    def top1(self) -> float:
        """Share of clips whose best class is the true one."""
        return float((self.predictions == self.labels).mean())

    def confusion(self, num_classes: int) -> NDArray[np.int64]:
        """Clips counted by true class (rows) and best class (columns), (K, K)."""
        return metrics.confusion(self.labels, self.predictions, num_classes)

    def take(self, places: Sequence[int]) -> Scores:
        """Some of the clips, in that order."""
        names = tuple(self.names[place] for place in places) if self.names else ()
        return Scores(self.scores[list(places)], self.labels[list(places)], names)


# -- reading ----------------------------------------------------------------------------------------


def _storage(data: bytes) -> Any:
    import torch

    return torch.load(io.BytesIO(data), weights_only=True)


def _tensor(storage: Any, *rest: Any) -> Any:
    import torch

    tensor = torch._utils._rebuild_tensor_v2(storage, *rest)  # type: ignore[no-untyped-call]
    if tensor.numel() > tensor.untyped_storage().nbytes():
        raise pickle.UnpicklingError('a tensor that is larger than its numbers')
    return tensor


# Tensors, as MMAction2 writes them.
_TENSORS = {
    ('torch._utils', '_rebuild_tensor_v2'): _tensor,
    ('torch.storage', '_load_from_bytes'): _storage,
}


_WANTED = 'a file of scores as tools/test.py writes it'


def read_scores(path: Path, data: Mapping[str, Any] | None = None, split: str | None = None) -> Scores:
    """The scores that a framework's ``tools/test.py`` wrote: MMAction2's ``--dump``, PYSKL's ``--out``.

    MMAction2 writes the names of the clips if the config's ``PackActionInputs`` keeps ``frame_dir``, as ours
    do; PYSKL writes neither names nor classes. Then the annotations say them: both frameworks test the clips
    of a split in the order of the annotations.

    Args:
        path: The file.
        data: The annotations that were tested on, as ``read_annotations`` gives them.
        split: The split of them; without it the one that has these clips' number and classes.

    Raises:
        InputError: The file is not such a file, or would run code; there is no clip in it, a score that is no
            number, a class out of range or a clip twice; or the annotations are of other clips.
    """
    samples = _load(path)
    try:
        bare = [not isinstance(sample, Mapping) for sample in samples]
        scores = [np.asarray(_score_of(sample), np.float32) for sample in samples]
        names = [] if any(bare) else [name for sample in samples if (name := _name_of(sample)) is not None]
        labels = None if any(bare) else np.array([int(sample['gt_label']) for sample in samples], np.int64)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise InputError(f'{path}: not {_WANTED} ({type(error).__name__}: {error})') from None
    if not scores:
        raise InputError(f'{path}: no clip in it; test on a split that has clips')
    odd = next((number for number, row in enumerate(scores) if row.shape != scores[0].shape or row.ndim != 1), None)
    if odd is not None:
        raise InputError(f'{path}, clip {odd}: scores of shape {scores[odd].shape} where the first has '
                         f'{scores[0].shape}; a number for each class was expected')  # fmt: skip
    together = np.stack(scores)
    if not np.isfinite(together).all():
        number = int(np.flatnonzero(~np.isfinite(together).all(axis=1))[0])
        raise InputError(
            f'{path}, clip {names[number] if len(names) == len(scores) else number}: a score that is NaN or '
            'infinite; the network diverged or was fed such keypoints'
        )
    if len(names) != len(scores) or labels is None:
        if data is not None:
            found = _clips_in_order(path, data, split, len(scores), labels)
            names, labels = [str(_name_of(clip)) for clip in found], np.array([int(clip['label']) for clip in found])
        elif labels is None:
            raise InputError(
                f'{path}: scores without classes or names, as PYSKL writes them; give the annotation pickle that '
                'they were made from with --data'
            )
        else:
            names = []
    if data is not None and names:
        _check_classes(path, data, names, labels)
    outside = np.flatnonzero((labels < 0) | (labels >= together.shape[1]))
    if len(outside):
        raise InputError(
            f'{path}, clip {names[outside[0]] if names else outside[0]}: class {labels[outside[0]]} where there are '
            f'scores of classes 0 to {together.shape[1] - 1}; test with the num_classes of the annotations'
        )
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise InputError(f"{path}: clip '{twice}' stands twice; each clip of a test has one score")
    return Scores(together, labels, tuple(names))


def _load(path: Path) -> list[Any]:
    samples = load_safely(path, partial(SafeUnpickler, more=_TENSORS), _WANTED)
    if not isinstance(samples, list):
        raise InputError(f'{path}: not {_WANTED} (a {type(samples).__name__} where a list was expected)')
    return samples


def _score_of(sample: Any) -> Any:
    return sample['pred_score'] if isinstance(sample, Mapping) else sample


def _name_of(clip: Mapping[str, Any]) -> str | None:
    name = clip.get('frame_dir', clip.get('filename'))
    return str(name) if name is not None else None


def _check_classes(path: Path, data: Mapping[str, Any], names: Sequence[str], labels: NDArray[np.int64]) -> None:
    """Refuse scores of which a clip is of another class than in the annotations; they may have further clips."""
    known = {_name_of(clip): clip.get('label') for clip in data['annotations']}
    for name, label in zip(names, labels.tolist(), strict=True):
        if known.get(name, label) != label:
            raise InputError(
                f"{path}: clip '{name}' is of class {label} where the annotations say {known[name]}; "
                'give the annotations that were tested on'
            )


def _clips_in_order(
    path: Path, data: Mapping[str, Any], split: str | None, count: int, labels: NDArray[np.int64] | None
) -> list[Mapping[str, Any]]:
    """The annotations that scores without names belong to: those of a split, in the order of the annotations."""
    splits = data.get('split') or {'': [_name_of(clip) for clip in data['annotations']]}
    if split is not None and split not in splits:
        raise InputError(f"no split '{split}' in the annotations; they have {', '.join(map(str, splits))}")
    fitting = {}
    for part in [split] if split is not None else splits:
        members = set(splits[part])
        clips = [clip for clip in data['annotations'] if _name_of(clip) in members]
        if len(clips) == count and (labels is None or [clip['label'] for clip in clips] == labels.tolist()):
            fitting[part] = clips
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    if fitting:
        raise InputError(f'{path}: {count} clips without names, and splits {", ".join(fitting)} have as many; name it '
                         'with --split')  # fmt: skip
    sizes = ', '.join(f'{part} {len(clips)}' for part, clips in splits.items())
    raise InputError(
        f'{path}: {count} clips without names, and no split of the annotations ({sizes}) has these in this order; '
        'give the annotations that were tested on'
    )


def write_scores(scores: Scores, path: Path) -> None:
    """Write scores as MMAction2's ``tools/test.py --dump`` does, so that its analysis tools read them too.

    Tensors where PyTorch is installed, arrays where it is not.

    Raises:
        InputError: The file cannot be written.
    """
    pack: Callable[[Any], Any] = np.asarray
    with contextlib.suppress(ImportError):
        from torch import from_numpy as pack
    samples = [
        dict(
            **(dict(frame_dir=scores.names[number]) if scores.names else {}),
            num_classes=scores.scores.shape[1],
            pred_score=pack(row.copy()),
            pred_label=pack(np.array([row.argmax()])),
            gt_label=pack(np.array([label])),
        )
        for number, (row, label) in enumerate(zip(scores.scores, scores.labels, strict=True))
    ]
    write_whole(path, pickle.dumps(samples))
