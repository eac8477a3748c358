"""From probability maps to a cut: calibration, the score of a view, and where to cut between good and defective parts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_inspector.inference.map_regions import map_score
from edge_inspector.training.metrics.intervals import proportion_interval

SCALE_RANGE = (0.2, 5.0)
NARROW_MARGIN = 0.5  # logit units: a cut that can not lie half way keeps so far from the set it must not touch
SMALLEST_CUT = 0.01
LARGEST_CUT = 0.5  # pixels more likely crack than not are above the cut, unless known good parts have such pixels


def view_score(probability: NDArray[np.float32], smallest_defect_px: int) -> float:
    """Mean of the `smallest_defect_px` largest values of the 3x3-box-filtered map, float32 (h, w) (science.md §6.4).

    The very function by which a station scores. A map that is not all finite scores NaN, which no comparison takes for good.
    """
    return map_score(probability, smallest_defect_px) if np.isfinite(probability).all() else math.nan


def fit_calibration(
    logits: NDArray[np.float64], target: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[float, float]:
    """Scale and bias with logit p = scale * logit + bias, by maximum likelihood (Platt 1999; science.md §3.1).

    All (n,); `weight` is how many pixels each stands for. Newton's method; scale is kept within SCALE_RANGE.
    """
    if not 0.0 < float((weight * target).sum()) < float(weight.sum()):
        return 1.0, 0.0  # only one class: nothing to fit
    features = np.stack((logits, np.ones_like(logits)))  # (2, n)
    parameters = np.array([1.0, 0.0])
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-np.clip(parameters @ features, -40, 40)))
        gradient = features @ (weight * (p - target)) / weight.sum()
        hessian = (features * (weight * p * (1 - p))) @ features.T / weight.sum() + 1e-9 * np.eye(2)
        step = np.clip(np.linalg.solve(hessian, gradient), -1.0, 1.0)
        parameters -= step
        parameters[0] = np.clip(parameters[0], *SCALE_RANGE)
        if float(np.abs(step).max()) < 1e-6:
            break
    return float(parameters[0]), float(parameters[1])


@dataclass(frozen=True, slots=True)
class Cut:
    """Where parts are cut, what lay on either side, and the sentence that goes into the manifest."""

    score: float
    largest_good: float
    smallest_defective: float
    evidence: str


def choose_cut(good: Sequence[float], defective: Sequence[float], precision: str, escape_cost: float = math.inf) -> Cut:
    """Cut between part scores: half way between the two sets in logits, so that both keep the same margin.

    If the sets overlap the cut goes below every defective part: rather a false reject than an escape. Where an escape has a
    price, `escape_cost` false rejects, it goes where escapes and false rejects together cost least (science.md §6.5 i), half
    way between the scores on either side; of equal prices the lowest. It is kept within SMALLEST_CUT and LARGEST_CUT; of
    sets that do not overlap it may lie beyond, up to NARROW_MARGIN above the highest good part. Raises ValueError if either
    set is empty, a score is not finite, or the price is not above 0.

    >>> choose_cut([0.001, 0.01], [0.99, 0.9], "f32").score
    0.2317
    """
    if not good or not defective or not all(map(math.isfinite, (*good, *defective))):
        raise ValueError("a cut needs finite scores of good parts and of defective parts")
    if not escape_cost > 0:
        raise ValueError(f"an escape costs {escape_cost:g} false rejects; more than 0 is needed")
    largest_good, smallest_defective = max(good), min(defective)
    if largest_good < smallest_defective:
        half_way = (_logit(largest_good) + _logit(smallest_defective)) / 2
        score = _cut_at(half_way, beyond=min(half_way, _logit(largest_good) + NARROW_MARGIN))
    elif math.isinf(escape_cost):
        score = _cut_at(_logit(smallest_defective) - NARROW_MARGIN)
    else:
        score = _cheapest_cut(good, defective, escape_cost)
    misses = sum(s < score for s in defective)
    rejects = sum(s >= score for s in good)
    upper = proportion_interval(misses, len(defective))[1]
    price = "" if math.isinf(escape_cost) else f", where an escape costs as much as {escape_cost:g} false rejects"
    evidence = (
        f"validation in {precision}: {len(good)} good parts score at most {largest_good:.4g}, {len(defective)} "
        f"defective at least {smallest_defective:.4g}; at the cut {misses} escapes and {rejects} false rejects{price}. "
        f"So few parts show only that fewer than {100 * upper:.1f} % escape (95 % confidence)."
    )
    return Cut(score, largest_good, smallest_defective, evidence)


def _cheapest_cut(good: Sequence[float], defective: Sequence[float], escape_cost: float) -> float:
    logits = sorted({_logit(score) for score in (*good, *defective)})
    between = [(lower + upper) / 2 for lower, upper in itertools.pairwise(logits)]
    cuts = map(_cut_at, (logits[0] - NARROW_MARGIN, *between, logits[-1] + NARROW_MARGIN))

    def price(cut: float) -> float:
        return escape_cost * sum(s < cut for s in defective) + sum(s >= cut for s in good)

    return min(cuts, key=lambda cut: (price(cut), cut))


def _cut_at(logit: float, beyond: float = -math.inf) -> float:
    """The cut at a logit, within the limits; where `beyond` lies above the upper one, there."""
    return round(max(min(max(_probability(logit), SMALLEST_CUT), LARGEST_CUT), _probability(beyond)), 4)


def _probability(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-logit)) if logit > -700 else 0.0


def region_threshold(cut: float) -> float:
    """Half the cut, rounded down: a rule at the cut must not ask for less than twice where regions begin.

    >>> region_threshold(0.4833)
    0.2416
    """
    return math.floor(cut * 5000 + 1e-9) / 10_000


def _logit(p: float) -> float:
    p = min(max(p, 1e-6), 1.0 - 1e-6)
    return math.log(p / (1.0 - p))
