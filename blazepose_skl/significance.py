"""How sure a result is: intervals, and tests of two runs on the same clips. All statistics are SciPy's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazepose_skl.errors import InputError

__all__ = ['Estimate', 'adjust', 'bootstrap', 'mcnemar', 'wilson']

LEVEL = 0.95
_RESAMPLES = 2000


@dataclass(frozen=True)
class Estimate:
    """A number and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def _stats() -> Any:
    try:
        import scipy.stats
    except ImportError:
        raise InputError('this needs SciPy: pip install "blazepose-skl[plots]"') from None
    return scipy.stats


def bootstrap(statistic: Callable[[NDArray[np.intp]], float], clips: int) -> Estimate:
    """A number on all clips, with the percentiles of the same on clips drawn with replacement, 2000 times.

    Args:
        statistic: The number, from the places of the clips that were drawn, (N,).
        clips: How many there are.
    """
    places = np.arange(clips)
    value = float(statistic(places))
    if clips < 2:
        return Estimate(value, float('nan'), float('nan'))
    drawn = _stats().bootstrap(
        (places,), statistic, n_resamples=_RESAMPLES, vectorized=False, method='percentile', rng=0
    )
    interval = drawn.confidence_interval
    return Estimate(value, float(interval.low), float(interval.high))


def wilson(right: int, clips: int) -> Estimate:
    """The share right / clips with Wilson's interval, which is honest where all or none of a few are right."""
    interval = _stats().binomtest(right, clips).proportion_ci(LEVEL, method='wilson')
    return Estimate(right / clips, float(interval.low), float(interval.high))


def mcnemar(only_first: int, only_second: int) -> float:
    """The p-value of McNemar's exact test: of the clips that one of two runs alone has right, half would be each's."""
    either = only_first + only_second
    return float(_stats().binomtest(only_first, either).pvalue) if either else 1.0


def adjust(p_values: Sequence[float]) -> list[float]:
    """p-values of many tests as Benjamini and Hochberg adjust them: below 0.05 one in twenty is a false alarm."""
    return [float(p) for p in _stats().false_discovery_control(p_values)] if len(p_values) else []
