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
from edge_inspector.training.part_scores import Counted, PartScores, ScoresByStart, together

NARROW_MARGIN = 0.5  # logit units: a cut that can not lie half way keeps so far from the set it must not touch
THIN_OUT = 0.25  # logit units; of generated straws good ones do in 0.17 to 0.26, cracks in 0.30 to 0.43 (docs/results.md)
LARGEST_CUT = 0.5  # pixels more likely crack than not are above the cut, unless known good parts come near it
CONFIDENCE = 0.95
_HALF_DIGIT = 5e-5  # of those that a manifest states


@dataclass(frozen=True, slots=True)
class HalfWay:
    """Between the two sets; below every defective part if they overlap: rather a false reject than an escape."""


@dataclass(frozen=True, slots=True)
class Cheapest:
    """Where escapes, each worth `escape_cost` false rejects, and false rejects together cost least on a line of whose parts
    `defective_share` are defective, whatever share of the validation parts is (science.md §6.5 i). Between sets that lie
    apart, where all cuts cost nothing, the nearer to the good ones the dearer escapes are."""

    escape_cost: float
    defective_share: float


@dataclass(frozen=True, slots=True)
class BoundedMisses:
    """The highest cut at which 95 % confidence remains that at most `miss_rate` of defective parts escape (§6.5 ii), or,
    between sets that lie apart, half way where that is lower.

    Of several engines with a bound each the confidence is that all of them keep theirs: each is bounded at
    1 - 0.05 / `engines`.
    """

    miss_rate: float
    engines: int = 1

    @property
    def confidence(self) -> float:
        """Of this engine's bound alone."""
        return 1.0 - (1.0 - CONFIDENCE) / self.engines


CutRule = HalfWay | Cheapest | BoundedMisses
HALF_WAY = HalfWay()


@dataclass(frozen=True, slots=True)
class Cut:
    """Where parts are cut, from which probability on pixels make regions (at most half of that), what lay on either side,
    and the sentences that go into the manifest. `remedy`: what to do where every defective part lies below; else empty."""

    score: float
    t_low: float
    largest_good: float
    smallest_defective: float
    evidence: str
    remedy: str


def choose_cut(
    scores: ScoresByStart,
    precision: str,
    rule: CutRule = HALF_WAY,
    counted: Counted = "parts",
    *,
    chose_network: bool = False,
) -> Cut:
    """Cut between scores of parts that did not train the engine; `counted` says what has these scores.

    A score depends on where regions begin, and they must begin at half of the cut or below: they do at the highest of the
    starts in `scores` whose own cut allows it. At the lowest one the cut is twice the start at least, by whatever rule.

    Sets that do not overlap are cut between them, by a bound also lower: that costs nothing, and no defective part is
    missed; half way in logits, so that both keep the same margin, or by a price nearer to the good ones. A cut lies above
    LARGEST_CUT only where good parts score higher, or less than NARROW_MARGIN below it, and no more than that above those
    that are to pass. Parts that
    could not be judged have no say, and are counted in the evidence. `chose_network`: these parts decided when training
    stopped, so that they prove nothing.

    Raises ValueError if either set is empty, or a rule's number makes no sense; TrainingDataError if no part of a kind could
    be judged, if there are too few defective parts for a bound, or the engine sees too few of them.

    >>> choose_cut({0.1: PartScores({"p1": 0.1, "p2": 0.1}, {"p3": 0.99, "p4": 0.8})}, "f32").score
    0.4
    """
    if not all(each.good and each.defective for each in scores.values()):
        raise ValueError("a cut needs scores of good parts and of defective parts")
    starts = sorted(scores, reverse=True)
    judged = {t_low: scores[t_low].judged() for t_low in starts}
    usable = [t_low for t_low in starts if judged[t_low].good and judged[t_low].defective]
    if not usable:
        raise TrainingDataError(
            f"of the good or of the defective {counted} none can be judged: the engine marks too many places everywhere. "
            "Look at its pictures, and train it for longer"
        )
    proven = proven_cuts(scores, rule) if isinstance(rule, BoundedMisses) else {}
    asked = None  # by the rule, where that is less than any station can use
    for t_low in usable:
        score = _rounded_down(_score_by(rule, scores[t_low], 2 * usable[-1], proven.get(t_low, 1.0)))
        if score >= 2 * t_low:
            break
    else:
        if isinstance(rule, BoundedMisses):
            asked = score or proven[min(proven)]
            raise TrainingDataError(
                f"a cut that lets at most {100 * rule.miss_rate:g} % escape would lie at a score of {asked:g}, below "
                f"{2 * t_low:g}, where nothing is told from clean surface: the engine does not see these defects. Train it "
                "for longer, look at the labels of what scores lowest, or allow more"
            )
        asked, score = score, 2 * t_low
    found = judged[t_low]
    lifted = (
        "" if asked is None else f" That would be {asked:.4g}: it was lifted to {score:g}, the least that a station can use."
    )
    opening, remedy = _blind_words(found, score, 2 * t_low, rule, counted)
    evidence = opening + _evidence(scores[t_low], score, precision, rule, counted, chose_network, lifted)
    return Cut(score, t_low, max(found.good.values()), min(found.defective.values()), evidence, remedy)


def _score_by(rule: CutRule, scores: PartScores, least: float, most: float) -> float:
    """The rule's cut; `least` is what any may be, so that no lower one is priced, `most` what a bound is proven at."""
    judged = scores.judged()
    good, defective = list(judged.good.values()), list(judged.defective.values())
    match rule:
        case HalfWay():
            return _half_way(good, defective)
        case Cheapest(escape_cost, defective_share):
            if not escape_cost > 0:
                raise ValueError(f"an escape costs {escape_cost:g} false rejects; more than 0 is needed")
            if not 0 < defective_share < 1:
                raise ValueError(f"a share of {defective_share:g} defective ones: allowed is above 0 and below 1")
            of_escape = escape_cost * defective_share / len(scores.defective)  # those that can not be judged are parts too
            of_reject = (1.0 - defective_share) / len(scores.good)
            return _cheapest(good, defective, of_escape, of_reject, least)
        case BoundedMisses():
            return min(_half_way(good, defective), most) if max(good) < min(defective) else most
        case _:
            assert_never(rule)


def _blind_words(judged: PartScores, cut: float, least: float, rule: CutRule, counted: Counted) -> tuple[str, str]:
    """How evidence begins, and what to do, where every defective part that could be judged would pass; else nothing."""
    if judged.escapes(cut) < len(judged.defective):
        return "", ""
    if isinstance(rule, Cheapest) and min(judged.defective.values()) >= least:
        return f"At this price every one of the defective {counted} passes. ", "Raise cut.escape_cost"
    return (
        f"The engine does not see the defect: every one of these {counted} would pass. ",
        "Let it learn for longer, with another --out, and look whether masks lie where the defect is (edge-inspector "
        "dataset inspect shows them)",
    )


def _evidence(
    scores: PartScores, cut: float, precision: str, rule: CutRule, counted: Counted, chose_network: bool, lifted: str
) -> str:
    """What a quality manager is told."""
    judged = scores.judged()
    misses, rejects = scores.escapes(cut), judged.false_rejects(cut)
    unjudged = len(scores.good) - len(judged.good), len(scores.defective) - len(judged.defective)
    not_judged = (
        f" {unjudged[0]} good and {unjudged[1]} defective {counted} could not be judged (too many places): they would not "
        "pass."
        if any(unjudged)
        else ""
    )
    was = "was" if rejects == 1 else "were"
    return (
        f"Chosen on {counted} that the engine had not learned from: of {len(scores.defective)} defective ones "
        f"{misses} passed, of {len(judged.good)} good ones {rejects} {was} rejected (in {precision}: good score at most "
        f"{max(judged.good.values()):.4g}, defective at least {min(judged.defective.values()):.4g}).{not_judged} "
        f"{_rule_words(rule, counted)}{lifted} {_shown_words(scores, misses, rule, counted, chose_network)}"
    )


def _rule_words(rule: CutRule, counted: Counted) -> str:
    match rule:
        case HalfWay():
            return (
                f"The cut lies half way between the two kinds, or lower; where they overlap, below all defective {counted}."
            )
        case Cheapest(escape_cost, defective_share):
            return (
                f"The cut is the cheapest where an escape costs as much as {escape_cost:g} false rejects and "
                f"{100 * defective_share:g} % of {counted} are defective; where the two kinds lie apart, the nearer to the "
                "good ones the dearer escapes are."
            )
        case BoundedMisses(miss_rate):
            return (
                f"The cut lets at most {100 * miss_rate:g} % escape: it is the highest that is proven to, or half way "
                "between the two kinds where that is lower."
            )
        case _:
            assert_never(rule)


def _shown_words(scores: PartScores, misses: int, rule: CutRule, counted: Counted, chose_network: bool) -> str:
    """What that proves, which is less than it seems."""
    if counted == "pictures":
        return "Pictures of one part are alike, so that they bound no share of escapes."
    if chose_network or (isinstance(rule, Cheapest) and misses):
        chose = "when training stopped" if chose_network else "the cut"
        return f"These parts chose {chose}, so that they bound nothing: what counts are the parts that were only measured."
    engines, confidence = 1, CONFIDENCE
    if isinstance(rule, BoundedMisses):
        engines, confidence = rule.engines, rule.confidence
    upper = upper_bound(misses, len(scores.defective), confidence)
    together = f" for all {engines} engines together" if engines > 1 else ""
    return (
        f"With so few parts up to {100 * upper:.1f} % may escape in truth (95 % confidence{together}, one-sided), as long "
        "as camera, light and product stay as they were."
    )


def _half_way(good: list[float], defective: list[float]) -> float:
    largest_good, smallest_defective = max(good), min(defective)
    if largest_good < smallest_defective:
        return _between(largest_good, smallest_defective)
    below = [score for score in good if score < smallest_defective]
    under_all = logit(smallest_defective) - NARROW_MARGIN
    beyond = min(under_all, logit(max(below)) + NARROW_MARGIN) if below else -math.inf
    return _limited(under_all, beyond)


def _cheapest(good: list[float], defective: list[float], of_escape: float, of_reject: float, least: float) -> float:
    """Half way between scores on either side of the cheapest place, by the price of one escape and of one false reject; of
    equal prices the lowest; or `_near_the_good`."""
    if max(good) < min(defective):
        return _near_the_good(max(good), min(defective), of_escape / of_reject)
    scores = sorted({*good, *defective})
    cuts = [
        _limited(logit(scores[0]) - NARROW_MARGIN),
        *itertools.starmap(_between, itertools.pairwise(scores)),
        _between(scores[-1], 1.0),
    ]

    def price(cut: float) -> float:
        return of_escape * sum(s < cut for s in defective) + of_reject * sum(s >= cut for s in good)

    return min((max(least, _rounded_down(cut)) for cut in cuts), key=lambda cut: (price(cut), cut))


def proven_cuts(scores: ScoresByStart, rule: BoundedMisses) -> dict[float, float]:
    """By the start of regions, the highest cut at which the bound holds; less than twice the start where at none.

    A cut that is the (k + 1)th smallest defective score has k misses; k is the most that still prove the rate, exact by
    order statistics. The start is chosen on the same parts. So that this takes nothing of the confidence, cuts are tried in
    an order that no part decides, from the lowest up, each with the highest start that it allows, until one fails: a fixed
    sequence of tests, of which each has the full level (Maurer, Hothorn, Lehmacher 1995). A part that could not be judged
    does not pass. Raises ValueError for a rate that is none, TrainingDataError if there are too few parts.
    """
    if not 0.0 < rule.miss_rate < 1.0:
        raise ValueError(f"a miss rate of {rule.miss_rate:g}: allowed is above 0 and below 1")
    starts = sorted(scores)
    n = len(scores[starts[0]].defective)
    refuse_too_few(n, rule)
    misses = 0
    while misses + 1 < n and beta.ppf(rule.confidence, misses + 2, n - misses - 1) <= rule.miss_rate:
        misses += 1
    proven = dict.fromkeys(starts, 0.0)
    for t_low, following in itertools.zip_longest(starts, starts[1:], fillvalue=math.inf):
        defective = (1.0 if math.isnan(score) else score for score in scores[t_low].defective.values())
        cut = sorted(defective)[misses]
        proven[t_low] = min(cut, 2 * following - _HALF_DIGIT)
        if cut < 2 * following:
            break
    return proven


def cuts_by_the_others(
    folds: Sequence[ScoresByStart], precision: str, rule: CutRule, counted: Counted = "parts"
) -> list[Cut]:
    """Of each fold, the cut that the scores of all the others ask for. Raises as above."""
    cuts = []
    for k in range(len(folds)):
        others = [*folds[:k], *folds[k + 1 :]]
        scores = {t_low: together([each[t_low] for each in others]) for t_low in folds[k]}
        cuts.append(choose_cut(scores, precision, rule, counted))
    return cuts


def refuse_too_few(defective_parts: int, rule: CutRule, counted: Counted = "parts") -> None:
    """Raise TrainingDataError if so few defective validation parts, or any pictures, can not show what the rule asks for."""
    if not isinstance(rule, BoundedMisses):
        return
    if counted == "pictures":
        raise TrainingDataError(
            "cut.rule: bounded is a bound on parts, but here pictures are cut, and those of one part are alike; take rule "
            "cheapest or half_way"
        )
    needed = parts_needed(rule.miss_rate, confidence=rule.confidence)
    if defective_parts >= needed:
        return
    of_each = f" by each of {rule.engines} engines" if rule.engines > 1 else ""
    raise TrainingDataError(
        f"{defective_parts} defective validation parts can not show that at most {100 * rule.miss_rate:g} % escape: "
        f"{needed} are needed for 95 % confidence{of_each}. Add parts, or ask for "
        f"{100 * _least_bound(defective_parts, rule):.1f} %"
    )


def _least_bound(n: int, rule: BoundedMisses) -> float:
    """The smallest miss rate that n parts without an escape show, rounded up to 0.1 %."""
    return math.ceil(1000 * float(beta.ppf(rule.confidence, 1, n))) / 1000


def _between(lower: float, upper: float) -> float:
    """Half way between two scores in logits; above LARGEST_CUT only as far as the lower one needs."""
    half_way = (logit(lower) + logit(upper)) / 2
    return _limited(half_way, min(half_way, logit(lower) + NARROW_MARGIN))


def _near_the_good(largest_good: float, smallest_defective: float, odds: float) -> float:
    """Where parts beyond the last of each set cost least, if both sets thin out e-fold every THIN_OUT.

    `odds`: the price of one escaped part of the set over that of a rejected one: odds e^((c - d) / T) + e^((g - c) / T) is
    smallest T / 2 ln odds below half way. Never beyond half way; nearer to the good parts than NARROW_MARGIN only where half
    way is.
    """
    half_way = (logit(largest_good) + logit(smallest_defective)) / 2
    least = min(half_way, logit(largest_good) + NARROW_MARGIN)
    return _limited(max(least, half_way - THIN_OUT / 2 * math.log(max(odds, 1.0))), least)


def _limited(logit: float, beyond: float = -math.inf) -> float:
    """The cut at a logit, at most LARGEST_CUT; where `beyond` lies above that, there."""
    return max(min(_probability(logit), LARGEST_CUT), _probability(beyond))


def _rounded_down(cut: float) -> float:
    """To what a manifest states: a score on the cut is rejected."""
    return math.floor(cut * 10_000 + 1e-9) / 10_000


def _probability(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-logit)) if logit > -700 else 0.0


def logit(p: float) -> float:
    """Of a probability; those of 0 and 1 are finite."""
    p = min(max(p, 1e-6), 1.0 - 1e-6)
    return math.log(p / (1.0 - p))
