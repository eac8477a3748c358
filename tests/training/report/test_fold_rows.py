"""A fold alone is counted at its own cut, by parts or by pictures."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from edge_inspector.training.judging import JudgedSet
from edge_inspector.training.report.fold_rows import Measured, fold_row
from tests.training.report.judged import ENGINE, judged_set
from tests.training.report.test_verdict_figures import of_parts


@pytest.fixture
def judged(tmp_path: Path) -> JudgedSet:
    return judged_set(tmp_path, [60, 60, 230], [250, 30])


def test_a_fold_counts_parts_at_its_own_cut(judged: JudgedSet) -> None:
    row = fold_row(Measured(judged, ENGINE, 0.5, "4", 70), "parts")
    assert (row.fold, row.steps, row.good, row.defective, row.cut) == ("4", 70, 3, 2, 0.5)
    assert (row.escapes, row.false_rejects) == (1, 1)
    assert row.area_under_roc == pytest.approx(3 / 6)
    assert row.mean_iou == pytest.approx(1 / 2)
    assert row.pooled_iou == pytest.approx(64 / (64 + 81 + 64))


def test_or_it_counts_pictures(judged: JudgedSet) -> None:
    row = fold_row(Measured(of_parts(judged, "ababa"), ENGINE, 0.5), "pictures")
    assert (row.good, row.defective, row.escapes, row.false_rejects) == (3, 2, 1, 1)


def test_without_a_cut_nothing_is_rejected_and_one_sort_has_no_ranking(tmp_path: Path) -> None:
    row = fold_row(Measured(judged_set(tmp_path, [], [250, 30]), ENGINE, None), "parts")
    assert (row.cut, row.escapes, row.false_rejects) == (None, None, None)
    assert math.isnan(row.average_precision)
