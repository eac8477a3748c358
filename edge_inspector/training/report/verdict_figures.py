"""What becomes of parts, and of single pictures, at their cut, and how well scores rank them: each with its interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from edge_inspector.training.judging import JudgedPicture, JudgedSet
from edge_inspector.training.metrics.intervals import bootstrap_interval
from edge_inspector.training.metrics.probabilities import brier_score, expected_calibration_error
from edge_inspector.training.metrics.ranking import area_under_roc, average_precision, cut_rejecting
from edge_inspector.training.part_scores import Cuts
from edge_inspector.training.report.figures import Figure, exact_at_the_ends, share_figure

REJECT_SHARE = 0.01  # of good ones: engines are compared by what escapes when no more than so many are rejected


@dataclass(frozen=True, slots=True)
class _Scored:
    """One picture, or a whole part: the score that ranks it, and whether the cut judges it wrongly."""

    part: str
    score: float
    is_defective: bool
    is_wrong: bool = False


Parts = Sequence[Sequence[_Scored]]  # what is scored of each part
Statistic = Callable[[Parts], float]  # NaN where there is none


def part_figures(judged: JudgedSet, cuts: Cuts) -> list[Figure]:
    """Rates at the cut, if one was chosen; ranking, and accuracy, where there are both good and defective parts."""
    parts, ranked = judged.parts(), judged.at(None).parts()
    good, defective = len(parts.good), len(parts.defective)
    mistakes = (parts.escapes_at(cuts), parts.false_rejects_at(cuts)) if cuts else (0, 0)
    rows = []
    if cuts and defective:
        rows.append(share_figure("escape rate", mistakes[0], defective, "defective parts"))
    if cuts and good:
        rows.append(share_figure("false reject rate", mistakes[1], good, "good parts"))
    unjudged = sum(map(math.isnan, (*parts.good.values(), *parts.defective.values())))
    if unjudged:
        name = "not judged for too many places: never passed, a false reject if good"
        rows.append(share_figure(name, unjudged, good + defective, "parts"))
    if not good or not defective:
        return rows
    scored = [_Scored(part, score, False) for part, score in ranked.good.items()]
    scored += [_Scored(part, score, True) for part, score in ranked.defective.items()]
    rows += _rankings(scored, "parts")
    rows.append(_escapes_at_few_rejects(scored, "escape rate", "good parts", defective))
    if cuts:
        rows.append(share_figure("accuracy", good + defective - sum(mistakes), good + defective, "parts"))
        rows.append(_commonest(scored, "parts"))
    return [*rows, *_calibration(scored, "parts")]


def picture_figures(judged: JudgedSet, cuts: Cuts) -> list[Figure]:
    """The same of pictures, each as if it were a part. Empty where every part has but one, or all are of one sort.

    Pictures of a part are alike: intervals are by part, also those of shares.
    """

    def is_wrong(each: JudgedPicture) -> bool:
        return bool(cuts) and (each.score < cuts[each.sample.part]) == each.sample.is_defective

    scored = [
        _Scored(each.sample.part, each.map_score, each.sample.is_defective, is_wrong(each)) for each in judged.pictures
    ]
    defective = sum(each.is_defective for each in scored)
    clean = len(scored) - defective
    if not clean or not defective or len({each.part for each in scored}) == len(scored):
        return []
    rows = []
    if cuts:
        of_defective, of_clean = ([each for each in scored if each.is_defective is kind] for kind in (True, False))
        rows.append(_wrong_share("defective pictures below the cut", of_defective, "defective pictures"))
        rows.append(_wrong_share("clean pictures at the cut or above", of_clean, "clean pictures"))
    rows += _rankings(scored, "pictures")
    parts = len(judged.parts().defective)
    rows.append(_escapes_at_few_rejects(scored, "escape rate of parts", "clean pictures", parts))
    if cuts:
        right = [replace(each, is_wrong=not each.is_wrong) for each in scored]
        rows.append(_wrong_share("accuracy", right, "pictures"))
        rows.append(_commonest(scored, "pictures"))
    return [*rows, *_calibration(scored, "pictures")]


def _rankings(scored: Sequence[_Scored], of: str) -> list[Figure]:
    return [
        _figure("AP, step-wise", scored, _ranked(average_precision), of, len(scored)),
        _figure("AUC", scored, _ranked(area_under_roc), of, len(scored)),
    ]


def _ranked(metric: Callable[[Sequence[float], Sequence[bool]], float]) -> Statistic:
    def statistic(parts: Parts) -> float:
        scores, labels = _scores_and_labels(parts)
        return metric(scores, labels) if 0 < sum(labels) < len(labels) else math.nan

    return statistic


def _calibration(scored: Sequence[_Scored], of: str) -> list[Figure]:
    """Scores taken for probabilities: how far they are from what became of it, and what the mere share would reach."""
    share = fmean(each.is_defective for each in scored)
    return [
        _figure(
            f"Brier score of the scores of {of}",
            scored,
            lambda parts: brier_score(*_scores_and_labels(parts)),
            of,
            len(scored),
        ),
        Figure("the same of saying of all how many are defective", share * (1 - share), None, len(scored), of),
        _figure(
            f"expected calibration error of the scores of {of}, 15 bins of equal mass",
            scored,
            lambda parts: expected_calibration_error(*_scores_and_labels(parts)),
            of,
            len(scored),
        ),
    ]


def _scores_and_labels(parts: Parts) -> tuple[list[float], list[bool]]:
    return [each.score for part in parts for each in part], [each.is_defective for part in parts for each in part]


def _escapes_at_few_rejects(scored: Sequence[_Scored], what: str, rejected: str, defective_parts: int) -> Figure:
    name = f"{what} at the cut that rejects at most {100 * REJECT_SHARE:g} % of {rejected} here"
    figure = _figure(name, scored, _escapes_of_few_rejects, "defective parts", defective_parts)
    if not math.isfinite(figure.value):
        return figure
    exact = share_figure(name, round(figure.value * defective_parts), defective_parts, "defective parts")
    low, high = exact.interval or (0.0, 1.0)
    drawn_low, drawn_high = figure.interval or (low, high)
    return replace(exact, interval=(min(low, drawn_low), max(high, drawn_high)))  # drawing parts moves the cut as well


def _escapes_of_few_rejects(parts: Parts) -> float:
    """Share of the parts with anything defective that pass whole, at the cut that rejects few of what is good."""
    good = [each.score for part in parts for each in part if not each.is_defective]
    highest = [max(each.score for each in part) for part in parts if any(each.is_defective for each in part)]
    return _mean([score < cut_rejecting(good, REJECT_SHARE) for score in highest]) if good else math.nan


def _wrong_share(name: str, scored: Sequence[_Scored], of: str) -> Figure:
    """Of so many pictures; the interval by part, exact where no drawing of parts could give another share."""
    figure = _figure(name, scored, lambda parts: _mean([each.is_wrong for part in parts for each in part]), of, len(scored))
    figure = replace(figure, count=sum(each.is_wrong for each in scored))
    return exact_at_the_ends(figure, len({each.part for each in scored}))


def _mean(statements: Sequence[bool]) -> float:
    return fmean(statements) if statements else math.nan


def _commonest(scored: Sequence[_Scored], of: str) -> Figure:
    defective = sum(each.is_defective for each in scored)
    count = max(defective, len(scored) - defective)
    return Figure(f"accuracy of calling all {of} what most are", count / len(scored), None, len(scored), of, count)


def _figure(name: str, scored: Sequence[_Scored], statistic: Statistic, of: str, n: int) -> Figure:
    """The statistic with its bootstrap by part; without an interval where every draw gives the same."""
    by_part: dict[str, list[_Scored]] = {}
    for each in scored:
        by_part.setdefault(each.part, []).append(each)
    parts = list(by_part.values())
    low, high = bootstrap_interval(parts, lambda chosen: statistic([parts[i] for i in chosen]))
    return Figure(name, statistic(parts), (low, high) if low < high else None, n, of)
