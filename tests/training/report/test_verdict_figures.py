"""What becomes of parts and pictures is counted at their own cuts, and ranked; nothing is said that the set can not show."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from edge_inspector.training.judging import JudgedSet
from edge_inspector.training.report.figures import Figure
from edge_inspector.training.report.verdict_figures import part_figures, picture_figures
from tests.training.report.judged import at, judged_set


@pytest.fixture
def judged(tmp_path: Path) -> JudgedSet:
    """Six good parts, one of which looks defective; five defective ones, one of which nothing is found of."""
    return judged_set(tmp_path, [60, 60, 60, 60, 60, 230], [250, 240, 250, 250, 30])


def of_parts(judged: JudgedSet, parts: str) -> JudgedSet:
    """The same pictures, each of the part that its letter names."""
    pictures = [
        replace(each, sample=replace(each.sample, part=part)) for each, part in zip(judged.pictures, parts, strict=True)
    ]
    return JudgedSet(judged.defect, pictures)


def named(figures: list[Figure]) -> dict[str, Figure]:
    assert len({figure.name for figure in figures}) == len(figures)
    return {figure.name: figure for figure in figures}


def test_what_becomes_of_parts_is_counted_at_the_cut(judged: JudgedSet) -> None:
    found = named(part_figures(judged, at(0.5, judged)))
    assert (found["escape rate"].value, found["escape rate"].n) == (1 / 5, 5)
    assert (found["false reject rate"].value, found["false reject rate"].n) == (1 / 6, 6)
    assert found["accuracy"].value == 9 / 11
    assert found["accuracy of calling all parts what most are"].value == 6 / 11
    assert found["escape rate"].interval == pytest.approx((0.00505, 0.71642), abs=1e-5)  # Clopper and Pearson, 1 of 5
    assert found["AUC"].value == pytest.approx(24 / 30)
    low, high = found["AUC"].interval or (9, 9)
    assert low < 24 / 30 < high


def test_every_part_is_rejected_from_its_own_cut_on(judged: JudgedSet) -> None:
    cuts = at(0.5, judged) | {"good5": 0.99, "bad4": 0.01, "bad0": 0.999}
    found = named(part_figures(judged, cuts))
    assert found["false reject rate"].value == 0
    assert found["escape rate"].value == 1 / 5  # bad4 is not missed any more, bad0 is


def test_escapes_are_also_told_where_hardly_a_good_part_is_rejected(judged: JudgedSet) -> None:
    found = named(part_figures(judged, {}))
    at_one_percent = found["escape rate at the cut that rejects at most 1 % of good parts here"]
    assert (at_one_percent.value, at_one_percent.n, at_one_percent.of) == (1 / 5, 5, "defective parts")  # beyond 230 of 255


def test_without_a_cut_nothing_is_said_that_needs_one(judged: JudgedSet) -> None:
    assert {"escape rate", "false reject rate", "accuracy"}.isdisjoint(named(part_figures(judged, {})))
    assert "AP, step-wise" in named(part_figures(judged, {}))


@pytest.mark.parametrize(
    ("good", "defective", "names"), [([60, 230], [], ["false reject rate"]), ([], [250, 30], ["escape rate"])]
)
def test_parts_of_one_sort_have_a_rate_and_no_ranking(
    tmp_path: Path, good: list[int], defective: list[int], names: list[str]
) -> None:
    judged = judged_set(tmp_path, good, defective)
    figures = part_figures(judged, at(0.5, judged))
    assert [figure.name for figure in figures] == names
    assert figures[0].value == 0.5


def test_pictures_that_are_parts_are_not_told_twice(judged: JudgedSet) -> None:
    assert picture_figures(judged, at(0.5, judged)) == []


def test_pictures_are_counted_one_by_one_though_every_part_has_a_defect(judged: JudgedSet) -> None:
    sides = of_parts(judged, "aabbccabcaa")  # the one that is missed is a side of part a
    assert [figure.name for figure in part_figures(sides, at(0.5, sides))] == ["escape rate"]
    found = named(picture_figures(sides, at(0.5, sides)))
    assert (found["defective pictures below the cut"].value, found["defective pictures below the cut"].n) == (1 / 5, 5)
    assert (found["clean pictures at the cut or above"].value, found["clean pictures at the cut or above"].n) == (1 / 6, 6)
    assert found["accuracy"].value == 9 / 11
    assert found["AUC"].value == pytest.approx(24 / 30)
    few = found["escape rate of parts at the cut that rejects at most 1 % of clean pictures here"]
    assert (few.value, few.n) == (0, 3)  # every part has a side that is found


def test_intervals_of_pictures_are_by_part(judged: JudgedSet) -> None:
    wide = named(picture_figures(of_parts(judged, "aaaaaababbb"), {}))["AUC"].interval
    narrow = named(picture_figures(of_parts(judged, "abcdefghijj"), {}))["AUC"].interval
    assert wide is not None
    assert narrow is not None
    assert wide != narrow


def test_none_missed_has_an_interval_as_wide_as_the_parts_are_few(tmp_path: Path) -> None:
    judged = judged_set(tmp_path, [60, 60, 60], [250, 250, 250])
    sides = of_parts(judged, "abcabc")
    found = named(picture_figures(sides, at(0.5, sides)))
    for name in ("defective pictures below the cut", "clean pictures at the cut or above"):
        assert (found[name].value, found[name].count) == (0, 0)
        assert found[name].interval == pytest.approx((0, 0.7076), abs=1e-4)  # Clopper and Pearson, 0 of 3 parts
    few = found["escape rate of parts at the cut that rejects at most 1 % of clean pictures here"]
    assert (few.count, few.interval) == (0, pytest.approx((0, 0.7076), abs=1e-4))
    assert found["accuracy"].interval == pytest.approx((0.2924, 1), abs=1e-4)


def test_rates_are_of_what_a_station_compares_with_the_cut_and_rankings_of_whole_maps(judged: JudgedSet) -> None:
    in_pieces = [replace(each, station_scores=(0.4,) * 6) for each in judged.at(0.25).pictures]  # no region reaches 0.5
    found = named(part_figures(replace(judged, pictures=in_pieces), at(0.5, judged)))
    assert (found["escape rate"].count, found["false reject rate"].count) == (5, 0)
    assert found["AUC"].value == pytest.approx(24 / 30)


def test_what_could_not_be_judged_is_no_escape_but_a_false_reject_and_is_counted(judged: JudgedSet) -> None:
    pictures = [replace(each, station_scores=(math.nan,) * 6) for each in judged.at(0.25).pictures]
    found = named(part_figures(replace(judged, pictures=pictures), at(0.5, judged)))
    assert (found["escape rate"].count, found["false reject rate"].count) == (0, 6)
    assert found["not judged for too many places: never passed, a false reject if good"].count == 11
    assert "AUC" in found


def test_scores_are_also_judged_as_probabilities_beside_the_mere_share(judged: JudgedSet) -> None:
    found = named(part_figures(judged, {}))
    assert found["the same of saying of all how many are defective"].value == pytest.approx(5 / 11 * 6 / 11)
    assert 0 < found["Brier score of the scores of parts"].value < 1
    assert 0 < found["expected calibration error of the scores of parts, 15 bins of equal mass"].value < 1


def test_pictures_of_one_sort_are_not_ranked(tmp_path: Path) -> None:
    assert picture_figures(of_parts(judged_set(tmp_path, [], [250, 240]), "aa"), {}) == []
