"""Every figure is what its name says, with an interval that its parts allow."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_inspector.training.judging import JudgedSet
from edge_inspector.training.report.figures import Figure, mask_figures, part_figures, pixel_figures
from tests.training.report.judged import judged_set


@pytest.fixture
def judged(tmp_path: Path) -> JudgedSet:
    """Six good parts, one of which looks defective; five defective ones, one of which nothing is found of."""
    return judged_set(tmp_path, [60, 60, 60, 60, 60, 230], [250, 240, 250, 250, 30])


def named(figures: list[Figure]) -> dict[str, Figure]:
    assert len({figure.name for figure in figures}) == len(figures)
    return {figure.name: figure for figure in figures}


def test_what_becomes_of_parts_is_counted_at_the_cut(judged: JudgedSet) -> None:
    found = named(part_figures(judged, 0.5))
    assert (found["escape rate"].value, found["escape rate"].n) == (1 / 5, 5)
    assert (found["false reject rate"].value, found["false reject rate"].n) == (1 / 6, 6)
    assert found["accuracy"].value == 9 / 11
    assert found["accuracy of calling all parts what most are"].value == 6 / 11
    assert found["escape rate"].interval == pytest.approx((0.00505, 0.71642), abs=1e-5)  # Clopper and Pearson, 1 of 5
    assert found["AUC"].value == pytest.approx(24 / 30)
    low, high = found["AUC"].interval or (9, 9)
    assert low < 24 / 30 < high


def test_masks_are_averaged_by_every_name(judged: JudgedSet) -> None:
    found = named(mask_figures(judged))
    assert found["IoU, mean of pictures with the defect"].value == pytest.approx(4 / 5)
    sides = [8, 9, 10, 11, 12]  # of the labelled squares; the last is not found, and one of 8 px is false
    both, union = sum(s * s for s in sides[:4]), sum(s * s for s in sides) + 64
    assert found["IoU, pooled over all pictures"].value == pytest.approx(both / union)
    assert found["Dice as Kaggle counts it"].value == pytest.approx((4 + 5) / 11)
    assert found["the same of masks that are all empty"].value == pytest.approx(6 / 11)
    assert found["labelled regions found"].value == pytest.approx(4 / 5)
    assert found["false regions a picture"].value == pytest.approx(1 / 11)
    assert found["clean pictures with any pixel found"].value == pytest.approx(1 / 6)
    assert found["pixel recall within 0 px, pooled"].value == pytest.approx(both / sum(s * s for s in sides))
    for figure in found.values():
        assert figure.interval is not None
        assert figure.interval[0] <= figure.value <= figure.interval[1], figure.name


def test_pixels_are_ranked_and_calibrated(judged: JudgedSet) -> None:
    found = named(pixel_figures(judged))
    assert 0.6 < found["pixel AP, step-wise, 1000 bins"].value < 1
    assert 0 < found["expected calibration error, 15 bins of equal mass"].value < 1


def test_a_set_without_a_defect_has_no_figures_of_ranking(tmp_path: Path) -> None:
    judged = judged_set(tmp_path, [60, 60, 60], [])
    assert part_figures(judged, 0.5) == []
    names = named(mask_figures(judged)).keys()
    assert "clean pictures with any pixel found" in names
    assert "IoU, mean of pictures with the defect" not in names
    assert "pixel AUC" not in named(pixel_figures(judged))
