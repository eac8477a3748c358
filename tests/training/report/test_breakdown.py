"""Quarters hold every picture once, and the worst are the worst."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from edge_inspector.training.judging import JudgedSet
from edge_inspector.training.report.breakdown import breakdown, suspects, worst_false_rejects, worst_misses
from edge_inspector.training.station_scores import REGION_STARTS
from tests.training.report.judged import at, judged_set


@pytest.fixture
def judged(tmp_path: Path) -> JudgedSet:
    return judged_set(tmp_path, [60, 70, 80, 60, 60, 252], [250, 240, 250, 90, 5])


def test_quarters_hold_every_picture_once_in_the_order_of_their_quantity(judged: JudgedSet) -> None:
    rows = breakdown(judged, at(0.5, judged))
    grey = [row for row in rows if row.quantity.startswith("mean grey")]
    assert sum(row.pictures for row in grey) == 11
    assert sum(row.missed or 0 for row in grey) == 2
    assert sum(row.false or 0 for row in grey) == 1
    assert [row.low for row in grey] == sorted(row.low for row in grey)
    area = [row for row in rows if row.quantity.startswith("defect area")]
    assert (area[0].low, area[-1].high) == (64, 144)
    assert sum(row.defective for row in area) == 5


def test_without_a_cut_nothing_is_missed_or_false(judged: JudgedSet) -> None:
    assert {(row.missed, row.false) for row in breakdown(judged, {})} == {(None, None)}


def test_where_no_part_is_good_clean_pictures_are_the_false_rejects(tmp_path: Path) -> None:
    judged = judged_set(tmp_path, [60, 230], [250, 240])
    for each, part in zip(judged.pictures, ("a", "b", "a", "b"), strict=True):
        judged.pictures[judged.pictures.index(each)] = replace(each, sample=replace(each.sample, part=part))
    assert [each.sample.part for each in worst_false_rejects(judged, 9, {})] == ["b", "a"]


def test_too_few_pictures_make_no_quarters(tmp_path: Path) -> None:
    assert breakdown(judged_set(tmp_path, [60], [250, 250]), {}) == []


def test_the_worst_come_first(judged: JudgedSet) -> None:
    assert [each.sample.part for each in worst_misses(judged, 2, {})] == ["bad4", "bad3"]
    assert [each.sample.part for each in worst_false_rejects(judged, 2, {})] == ["good5", "good2"]


def test_where_pictures_are_counted_a_clean_one_of_a_defective_part_may_be_a_false_reject(tmp_path: Path) -> None:
    judged = judged_set(tmp_path, [60, 230, 90], [250])
    for each, part in zip(judged.pictures, ("good", "b", "good", "b"), strict=True):
        judged.pictures[judged.pictures.index(each)] = replace(each, sample=replace(each.sample, part=part))
    assert [each.sample.part for each in worst_false_rejects(judged, 1, {})] == ["good"]
    assert [each.sample.part for each in worst_false_rejects(judged, 1, {}, "pictures")] == ["b"]


def test_where_pictures_are_counted_every_missed_one_is_a_miss_though_its_part_is_found(tmp_path: Path) -> None:
    judged = judged_set(tmp_path, [150], [250, 20])
    for each, part in zip(judged.pictures, ("a", "a", "a"), strict=True):
        judged.pictures[judged.pictures.index(each)] = replace(each, sample=replace(each.sample, part=part))
    clean, found, missed = judged.pictures
    assert worst_misses(judged, 9, {}) == [found]  # of the part the view that decides
    assert worst_misses(judged, 9, {}, "pictures") == [missed, found]
    assert clean not in worst_misses(judged, 9, {}, "pictures")


def test_what_could_not_be_judged_is_no_miss_but_the_worst_false_reject(judged: JudgedSet) -> None:
    at_start = judged.at(0.25)
    scores = (math.nan,) * len(REGION_STARTS)
    pictures = [
        replace(each, station_scores=scores) if each.sample.part in ("good0", "bad4") else each for each in at_start.pictures
    ]
    unjudged = replace(at_start, pictures=pictures)
    assert [each.sample.part for each in worst_misses(unjudged, 1, {})] == ["bad3"]
    assert [each.sample.part for each in worst_false_rejects(unjudged, 1, {})] == ["good0"]
    (grey, *_) = breakdown(unjudged, at(0.5, unjudged))
    assert (grey.missed, grey.false) == (0, 1)


def test_contrast_is_weak_or_strong_whichever_way_it_goes(judged: JudgedSet) -> None:
    contrasts = (-0.5, 0.02, 0.3, -0.1, 0.4)
    defective = [each for each in judged.pictures if each.sample.is_defective]
    pictures = [
        replace(each, comparison=replace(each.comparison, contrast=contrast))
        for each, contrast in zip(defective, contrasts, strict=True)
        if each.comparison is not None
    ]
    rows = [row for row in breakdown(replace(judged, pictures=pictures), {}) if row.quantity.startswith("defect contrast")]
    assert (rows[0].low, rows[-1].high) == (0.02, 0.5)


def test_labels_that_a_sure_score_contradicts_are_listed(judged: JudgedSet) -> None:
    found = suspects(judged, 9, {})
    assert {each.picture.sample.part: each.why.split(";")[0] for each in found} == {"good5": "labelled clean"}
    assert suspects(judged, 0, {}) == []


def test_with_cuts_of_their_own_the_worst_are_farthest_on_the_wrong_side_of_these(judged: JudgedSet) -> None:
    """As in a cross-validation, where a fold with a low cut would fill the page with parts that were judged rightly."""
    cuts = at(0.999, judged) | {"bad4": 0.0001, "good2": 0.0001}
    misses = [each.sample.part for each in worst_misses(judged, 9, cuts)]
    assert misses[-1] == "bad4"
    assert [each.sample.part for each in worst_false_rejects(judged, 1, cuts)] == ["good2"]


def test_a_defective_picture_that_its_low_cut_rejects_is_no_doubtful_label(tmp_path: Path) -> None:
    judged = judged_set(tmp_path, [60], [5, 250])
    found, _ = (each for each in judged.pictures if each.sample.is_defective)
    faint = replace(found, map_score=0.03)
    judged.pictures[judged.pictures.index(found)] = faint
    for cut, is_doubtful in ((0.5, True), (faint.score, False)):
        assert [each.picture for each in suspects(judged, 9, at(cut, judged))] == ([faint] if is_doubtful else [])


def test_an_engine_that_finds_nothing_accuses_no_label(tmp_path: Path) -> None:
    judged = judged_set(tmp_path, [60], [5, 5, 5])
    assert suspects(judged, 9, at(0.5, judged)) == []


def test_a_miss_is_shown_by_a_view_that_has_the_defect_though_another_view_scores_higher(tmp_path: Path) -> None:
    judged = judged_set(tmp_path, [150, 60], [20, 5])
    judged.pictures[:] = [
        replace(each, sample=replace(each.sample, part=part))
        for each, part in zip(judged.pictures, ("a", "b", "a", "b"), strict=True)
    ]
    _, _, shown_of_a, shown_of_b = judged.pictures
    assert worst_misses(judged, 9, {}) == [shown_of_b, shown_of_a]  # a's clean view scores highest of all
