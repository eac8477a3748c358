"""What becomes of parts, and of single pictures, at their cut, and how well scores rank them: each with its interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from edge_inspector.training.judging import JudgedSet
from edge_inspector.training.metrics.intervals import bootstrap_interval, proportion_interval
from edge_inspector.training.metrics.ranking import area_under_roc, average_precision, cut_rejecting
from edge_inspector.training.part_scores import Cuts
from edge_inspector.training.report.figures import DRAWS, Figure

REJECT_SHARE = 0.01  # of good ones: engines are compared by what escapes when no more than so many are rejected


@dataclass(frozen=True, slots=True)
class _Scored:
    """One picture, or a whole part."""

    part: str
    score: float
    is_defective: bool


Parts = Sequence[Sequence[_Scored]]  # what is scored of each part
Statistic = Callable[[Parts], float]  # NaN where there is none


def part_figures(judged: JudgedSet, cuts: Cuts) -> list[Figure]:
    """Rates at the cut, if one was chosen; ranking, and accuracy, where there are both good and defective parts."""
    parts = judged.parts()
    good, defective = len(parts.good), len(parts.defective)
    mistakes = (parts.escapes_at(cuts), parts.false_rejects_at(cuts)) if cuts else (0, 0)
    rows = []
    if cuts and defective:
        rows.append(_share("escape rate", mistakes[0], defective, "defective parts"))
    if cuts and good:
        rows.append(_share("false reject rate", mistakes[1], good, "good parts"))
    if not good or not defective:
        return rows
    scored = [_Scored(part, score, False) for part, score in parts.good.items()]
    scored += [_Scored(part, score, True) for part, score in parts.defective.items()]
    rows += _rankings(scored, "parts")
    name = f"escape rate at the cut that rejects at most {100 * REJECT_SHARE:g} % of good parts here"
    rows.append(_figure(name, scored, _escapes_of_few_rejects, "defective parts", defective))
    if cuts:
        rows.append(_share("accuracy", good + defective - sum(mistakes), good + defective, "parts"))
        rows.append(_commonest(scored, "parts"))
    return rows


def picture_figures(judged: JudgedSet, cuts: Cuts) -> list[Figure]:
    """The same of pictures, each as if it were a part. Empty where every part has but one, or all are of one sort.

    Pictures of a part are alike: intervals are by part, also those of shares.
    """
    scored = [_Scored(each.sample.part, each.score, each.sample.is_defective) for each in judged.pictures]
    defective = sum(each.is_defective for each in scored)
    clean = len(scored) - defective
    if not clean or not defective or len({each.part for each in scored}) == len(scored):
        return []

    def is_wrong(each: _Scored) -> bool:
        return (each.score < cuts[each.part]) == each.is_defective

    def wrong_among(is_defective: bool) -> Statistic:
        return lambda parts: _mean([is_wrong(each) for part in parts for each in part if each.is_defective == is_defective])

    rows = []
    if cuts:
        rows.append(_figure("defective pictures below the cut", scored, wrong_among(True), "defective pictures", defective))
        rows.append(_figure("clean pictures at the cut or above", scored, wrong_among(False), "clean pictures", clean))
    rows += _rankings(scored, "pictures")
    name = f"escape rate of parts at the cut that rejects at most {100 * REJECT_SHARE:g} % of clean pictures here"
    rows.append(_figure(name, scored, _escapes_of_few_rejects, "defective parts", len(judged.parts().defective)))
    if cuts:
        rows.append(
            _figure(
                "accuracy",
                scored,
                lambda parts: _mean([not is_wrong(each) for part in parts for each in part]),
                "pictures",
                len(scored),
            )
        )
        rows.append(_commonest(scored, "pictures"))
    return rows


def _rankings(scored: Sequence[_Scored], of: str) -> list[Figure]:
    return [
        _figure("AP, step-wise", scored, _ranked(average_precision), of, len(scored)),
        _figure("AUC", scored, _ranked(area_under_roc), of, len(scored)),
    ]


def _ranked(metric: Callable[[Sequence[float], Sequence[bool]], float]) -> Statistic:
    def statistic(parts: Parts) -> float:
        scores = [each.score for part in parts for each in part]
        labels = [each.is_defective for part in parts for each in part]
        return metric(scores, labels) if 0 < sum(labels) < len(labels) else math.nan

    return statistic


def _escapes_of_few_rejects(parts: Parts) -> float:
    """Share of the parts with anything defective that pass whole, at the cut that rejects few of what is good."""
    good = [each.score for part in parts for each in part if not each.is_defective]
    highest = [max(each.score for each in part) for part in parts if any(each.is_defective for each in part)]
    return _mean([score < cut_rejecting(good, REJECT_SHARE) for score in highest]) if good else math.nan


def _mean(statements: Sequence[bool]) -> float:
    return fmean(statements) if statements else math.nan


def _share(name: str, count: int, n: int, of: str) -> Figure:
    return Figure(name, count / n, proportion_interval(count, n), n, of)


def _commonest(scored: Sequence[_Scored], of: str) -> Figure:
    defective = sum(each.is_defective for each in scored)
    share = max(defective, len(scored) - defective) / len(scored)
    return Figure(f"accuracy of calling all {of} what most are", share, None, len(scored), of)


def _figure(name: str, scored: Sequence[_Scored], statistic: Statistic, of: str, n: int) -> Figure:
    """The statistic with its bootstrap by part; without an interval where every draw gives the same."""
    by_part: dict[str, list[_Scored]] = {}
    for each in scored:
        by_part.setdefault(each.part, []).append(each)
    parts = list(by_part.values())
    low, high = bootstrap_interval(parts, lambda chosen: statistic([parts[i] for i in chosen]), draws=DRAWS)
    return Figure(name, statistic(parts), (low, high) if low < high else None, n, of)
