"""Where to cut between good and defective parts, by one of three rules, and the sentences that go into the manifest."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from scipy.stats import beta

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.metrics.intervals import parts_needed, upper_bound
from edge_inspector.training.part_scores import Counted, PartScores, together

NARROW_MARGIN = 0.5  # logit units: a cut that can not lie half way keeps so far from the set it must not touch
SMALLEST_CUT = 0.01
LARGEST_CUT = 0.5  # pixels more likely crack than not are above the cut, unless known good parts have such pixels
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class HalfWay:
    """Between the two sets; below every defective part if they overlap: rather a false reject than an escape."""


@dataclass(frozen=True, slots=True)
class Cheapest:
    """Where escapes, each worth `escape_cost` false rejects, and false rejects together cost least on a line of whose parts
    `defective_share` are defective, whatever share of the validation parts is (science.md §6.5 i)."""

    escape_cost: float
    defective_share: float


@dataclass(frozen=True, slots=True)
class BoundedMisses:
    """The highest cut at which 95 % confidence remains that at most `miss_rate` of defective parts escape (§6.5 ii)."""

    miss_rate: float


CutRule = HalfWay | Cheapest | BoundedMisses
HALF_WAY = HalfWay()


@dataclass(frozen=True, slots=True)
class Cut:
    """Where parts are cut, what lay on either side, and the sentences that go into the manifest."""

    score: float
    largest_good: float
    smallest_defective: float
    evidence: str


def choose_cut(scores: PartScores, precision: str, rule: CutRule = HALF_WAY, counted: Counted = "parts") -> Cut:
    """Cut between scores of parts that did not train the engine; `counted` says what has these scores.

    Sets that do not overlap are cut half way in logits, so that both keep the same margin, whatever the rule: that costs
    nothing, and no defective part is missed. A cut is kept within SMALLEST_CUT and LARGEST_CUT; of sets that do not overlap
    it may lie beyond, up to NARROW_MARGIN above the highest good part.

    Raises ValueError if either set is empty, a score is not finite, or a rule's number makes no sense; TrainingDataError if
    there are too few defective parts for a bound.

    >>> choose_cut(PartScores({"p1": 0.001, "p2": 0.01}, {"p3": 0.99, "p4": 0.9}), "f32").score
    0.2317
    """
    good, defective = list(scores.good.values()), list(scores.defective.values())
    if not good or not defective or not all(map(math.isfinite, (*good, *defective))):
        raise ValueError("a cut needs finite scores of good parts and of defective parts")
    match rule:
        case HalfWay():
            score = _half_way(good, defective)
        case Cheapest(escape_cost, defective_share):
            score = _cheapest(good, defective, escape_cost, defective_share)
        case BoundedMisses(miss_rate):
            score = _bounded(good, defective, miss_rate)
        case _:
            assert_never(rule)
    return Cut(score, max(good), min(defective), _evidence(scores, score, precision, rule, counted))


def region_threshold(cut: float) -> float:
    """Half the cut, rounded down: a rule at the cut must not ask for less than twice where regions begin.

    >>> region_threshold(0.4833)
    0.2416
    """
    return math.floor(cut * 5000 + 1e-9) / 10_000


def _evidence(scores: PartScores, cut: float, precision: str, rule: CutRule, counted: Counted) -> str:
    good, defective = scores.good, scores.defective
    misses, rejects = scores.escapes(cut), scores.false_rejects(cut)
    upper = upper_bound(misses, len(defective))
    shown = (
        f"So few parts show only that fewer than {100 * upper:.1f} % escape (95 % confidence)."
        if counted == "parts"
        else "Pictures of one part are alike, so that they bound no share of escapes."
    )
    price = ""
    if isinstance(rule, Cheapest):
        price = (
            f", where an escape costs as much as {rule.escape_cost:g} false rejects and {100 * rule.defective_share:g} % of "
            f"{counted} are defective"
        )
    bound = f"At most {100 * rule.miss_rate:g} % may escape. " if isinstance(rule, BoundedMisses) else ""
    return (
        f"validation in {precision}: {len(good)} good {counted} score at most {max(good.values()):.4g}, {len(defective)} "
        f"defective at least {min(defective.values()):.4g}; at the cut {misses} escapes and {rejects} false rejects{price}. "
        f"{bound}{shown}"
    )


def _half_way(good: list[float], defective: list[float]) -> float:
    largest_good, smallest_defective = max(good), min(defective)
    if largest_good >= smallest_defective:
        return _cut_at(_logit(smallest_defective) - NARROW_MARGIN)
    half_way = (_logit(largest_good) + _logit(smallest_defective)) / 2
    return _cut_at(half_way, beyond=min(half_way, _logit(largest_good) + NARROW_MARGIN))


def _cheapest(good: list[float], defective: list[float], escape_cost: float, defective_share: float) -> float:
    """Half way between the scores on either side of the cheapest place; of equal prices the lowest."""
    if not escape_cost > 0:
        raise ValueError(f"an escape costs {escape_cost:g} false rejects; more than 0 is needed")
    if not 0 < defective_share < 1:
        raise ValueError(f"a share of {defective_share:g} defective ones: allowed is above 0 and below 1")
    of_escape = escape_cost * defective_share / len(defective)
    of_reject = (1.0 - defective_share) / len(good)
    if max(good) < min(defective):
        return _half_way(good, defective)
    logits = sorted({_logit(score) for score in (*good, *defective)})
    between = [(lower + upper) / 2 for lower, upper in itertools.pairwise(logits)]
    cuts = map(_cut_at, (logits[0] - NARROW_MARGIN, *between, logits[-1] + NARROW_MARGIN))

    def price(cut: float) -> float:
        return of_escape * sum(s < cut for s in defective) + of_reject * sum(s >= cut for s in good)

    return min(cuts, key=lambda cut: (price(cut), cut))


def _bounded(good: list[float], defective: list[float], miss_rate: float) -> float:
    """The (k + 1)th smallest defective score, k the most misses that still prove the rate: exact by order statistics.

    Never above it: where the sets do not overlap, half way between them is lower, but for the smallest cut.
    """
    if not 0.0 < miss_rate < 1.0:
        raise ValueError(f"a miss rate of {miss_rate:g}: allowed is above 0 and below 1")
    n = len(defective)
    refuse_too_few(n, BoundedMisses(miss_rate))
    misses = 0
    while misses + 1 < n and beta.ppf(CONFIDENCE, misses + 2, n - misses - 1) <= miss_rate:
        misses += 1
    at_most = max(math.floor(sorted(defective)[misses] * 10_000) / 10_000, 1e-4)  # rounded down: this very score is rejected
    return min(_half_way(good, defective), at_most) if max(good) < min(defective) else at_most


def cuts_by_the_others(
    folds: Sequence[PartScores], precision: str, rule: CutRule, counted: Counted = "parts"
) -> list[float]:
    """Of each fold, the cut that the scores of all the others ask for. Raises as above."""
    others = [together([*folds[:k], *folds[k + 1 :]]) for k in range(len(folds))]
    return [choose_cut(each, precision, rule, counted).score for each in others]


def refuse_too_few(defective_parts: int, rule: CutRule, counted: Counted = "parts") -> None:
    """Raise TrainingDataError if so few defective validation parts, or any pictures, can not show what the rule asks for."""
    if isinstance(rule, BoundedMisses) and counted == "pictures":
        raise TrainingDataError(
            "cut.rule bounded: its bound is one of parts, and here pictures are cut, of which those of one part are alike; "
            "take rule cheapest or half_way"
        )
    if not isinstance(rule, BoundedMisses) or defective_parts >= (needed := parts_needed(rule.miss_rate)):
        return
    raise TrainingDataError(
        f"{defective_parts} defective parts can not show that at most {100 * rule.miss_rate:g} % escape: {needed} are "
        f"needed for 95 % confidence. Add parts, or ask for {100 * _least_bound(defective_parts):.1f} %"
    )


def _least_bound(n: int) -> float:
    """The smallest miss rate that n parts without an escape show, rounded up to 0.1 %."""
    return math.ceil(1000 * float(beta.ppf(CONFIDENCE, 1, n))) / 1000


def _cut_at(logit: float, beyond: float = -math.inf) -> float:
    """The cut at a logit, within the limits; where `beyond` lies above the upper one, there."""
    return round(max(min(max(_probability(logit), SMALLEST_CUT), LARGEST_CUT), _probability(beyond)), 4)


def _probability(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-logit)) if logit > -700 else 0.0


def _logit(p: float) -> float:
    p = min(max(p, 1e-6), 1.0 - 1e-6)
    return math.log(p / (1.0 - p))
