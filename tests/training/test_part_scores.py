from __future__ import annotations

import math

from edge_inspector.training.part_scores import PartScores, worst_by_start, worst_of


def test_a_score_that_is_no_number_neither_passes_as_good_nor_escapes() -> None:
    scores = PartScores({"p1": 0.1, "p2": math.nan}, {"p3": 0.2, "p4": math.nan})
    assert (scores.false_rejects(0.5), scores.escapes(0.5)) == (1, 1)


def test_parts_measured_in_two_precisions_stay_as_many_and_keep_the_worse_score() -> None:
    bf16 = PartScores({"p1": 0.1, "p2": 0.4}, {"p3": 0.9})
    f32 = PartScores({"p1": 0.2, "p2": 0.3, "p9": 0.1}, {"p3": 0.95})
    assert worst_of([bf16, f32]) == PartScores({"p1": 0.2, "p2": 0.4, "p9": 0.1}, {"p3": 0.9})


def test_what_can_not_be_judged_in_one_precision_is_the_worst_of_a_good_part_but_not_of_a_defective_one() -> None:
    worst = worst_of([PartScores({"p1": 0.1}, {"p2": math.nan}), PartScores({"p1": math.nan}, {"p2": 0.3})])
    assert math.isnan(worst.good["p1"])  # it would not pass
    assert worst.defective["p2"] == 0.3  # it may, in the other precision
    never = worst_of([PartScores({}, {"p2": math.nan}), PartScores({}, {"p2": math.nan})])
    assert math.isnan(never.defective["p2"])


def test_what_was_not_judged_can_be_left_out() -> None:
    scores = PartScores({"p1": 0.1, "p2": math.nan}, {"p3": 0.2, "p4": math.nan})
    assert scores.judged() == PartScores({"p1": 0.1}, {"p3": 0.2})


def test_the_worst_is_taken_for_each_start_of_regions_by_itself() -> None:
    first, second = ({0.1: PartScores({"p": a}, {}), 0.2: PartScores({"p": b}, {})} for a, b in ((0.1, 0.4), (0.2, 0.3)))
    assert worst_by_start([first, second]) == {0.1: PartScores({"p": 0.2}, {}), 0.2: PartScores({"p": 0.4}, {})}
