"""What few parts can show: exact intervals of shares, how many parts a claim needs, and the bootstrap by part."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

BOOTSTRAPS = 2000


def proportion_interval(count: int, n: int) -> tuple[float, float]:
    """Exact 95 % interval of a share, two-sided (Clopper and Pearson 1934; science.md §4.6).

    >>> [round(end, 4) for end in proportion_interval(98, 100)]
    [0.9296, 0.9976]
    """
    low = 0.0 if count == 0 else float(beta.ppf(0.025, count, n - count + 1))
    high = 1.0 if count == n else float(beta.ppf(0.975, count + 1, n - count))
    return low, high


def upper_bound(count: int, n: int, confidence: float = 0.95) -> float:
    """What so much confidence says that a share is at most: one-sided, below the interval's upper end (science.md §4.6).

    >>> round(upper_bound(0, 300), 5)
    0.00994
    """
    return 1.0 if count == n else float(beta.ppf(confidence, count + 1, n - count))


def parts_needed(miss_rate: float, misses: int = 0, confidence: float = 0.95) -> int:
    """Defective parts needed so that so many misses still prove a rate of at most `miss_rate` (science.md §4.6).

    >>> parts_needed(0.05), parts_needed(0.01), parts_needed(0.05, misses=1), parts_needed(0.0001)
    (59, 299, 93, 29956)
    """
    without_misses = math.log(1.0 - confidence) / math.log1p(-miss_rate)  # whoever has misses needs more
    return next(
        n
        for n in count(max(misses + 1, math.floor(without_misses)))
        if beta.ppf(confidence, misses + 1, n - misses) <= miss_rate
    )


def bootstrap_interval(
    parts: Sequence[object], statistic: Callable[[NDArray[np.intp]], float], seed: int = 0, draws: int = BOOTSTRAPS
) -> tuple[float, float]:
    """95 % interval of a statistic, parts drawn again with replacement (science.md §4.8).

    `statistic` gets indices into `parts`, (n,): all pictures of a part go together. Draws without a
    value (NaN) are left out; NaN twice if every draw is.
    """
    rng = np.random.default_rng(seed)
    values = np.array([statistic(rng.integers(0, len(parts), len(parts))) for _ in range(draws)])
    values = values[np.isfinite(values)]
    if not values.size:
        return float("nan"), float("nan")
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
