from __future__ import annotations

import math

from edge_inspector.training.part_scores import PartScores, worst_of


def test_a_score_that_is_no_number_neither_passes_as_good_nor_escapes() -> None:
    scores = PartScores({"p1": 0.1, "p2": math.nan}, {"p3": 0.2, "p4": math.nan})
    assert (scores.false_rejects(0.5), scores.escapes(0.5)) == (1, 1)


def test_parts_measured_in_two_precisions_stay_as_many_and_keep_the_worse_score() -> None:
    bf16 = PartScores({"p1": 0.1, "p2": 0.4}, {"p3": 0.9})
    f32 = PartScores({"p1": 0.2, "p2": 0.3, "p9": 0.1}, {"p3": 0.95})
    assert worst_of([bf16, f32]) == PartScores({"p1": 0.2, "p2": 0.4, "p9": 0.1}, {"p3": 0.9})


def test_a_score_that_is_no_number_in_one_precision_stays_none() -> None:
    worst = worst_of([PartScores({"p1": 0.1}, {"p2": math.nan}), PartScores({"p1": math.nan}, {"p2": 0.9})])
    assert math.isnan(worst.good["p1"])
    assert math.isnan(worst.defective["p2"])
