"""Every figure is what its name says, with an interval that its parts allow."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_inspector.training.judging import JudgedSet
from edge_inspector.training.report.figures import Figure, mask_figures, mean_iou_figure, pixel_figures, pooled_iou_figure
from tests.training.report.judged import judged_set


@pytest.fixture
def judged(tmp_path: Path) -> JudgedSet:
    """Six good parts, one of which looks defective; five defective ones, one of which nothing is found of."""
    return judged_set(tmp_path, [60, 60, 60, 60, 60, 230], [250, 240, 250, 250, 30])


def named(figures: list[Figure]) -> dict[str, Figure]:
    assert len({figure.name for figure in figures}) == len(figures)
    return {figure.name: figure for figure in figures}


def found_of(judged: JudgedSet, name: str) -> Figure:
    return named(mask_figures(judged))[name]


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
    assert found["false area of clean pictures, px, mean"].value == pytest.approx(64 / 6)
    assert found["boundary IoU at 2 px, mean of pictures with the defect"].value == pytest.approx(4 / 5)
    rims = [s * s - (s - 4) ** 2 for s in sides]  # pixels of each square within 2 px of its edge
    assert found["boundary IoU at 2 px, pooled over all pictures"].value == pytest.approx(sum(rims[:4]) / (sum(rims) + 48))
    assert found["pixel recall within 0 px, pooled"].value == pytest.approx(both / sum(s * s for s in sides))
    for figure in found.values():
        assert figure.interval is not None or figure.value == 1.0, figure  # whatever parts are drawn it is that
        if figure.interval is None:
            continue
        assert figure.interval[0] <= figure.value <= figure.interval[1], figure.name


def test_masks_have_a_name_for_every_way_in_which_they_are_published(judged: JudgedSet) -> None:
    names = named(mask_figures(judged)).keys()
    assert {f"pixel F1 within {px} px, pooled" for px in (0, 2, 5)} <= names
    boundaries = ("0.02 of the diagonal", "0.008 of the diagonal", "2 px")
    for average in ("mean of pictures with the defect", "pooled over all pictures"):
        assert {f"IoU, {average}", *(f"boundary IoU at {each}, {average}" for each in boundaries)} <= names
    assert {"IoU, mean of defect and background", "Dice, mean of pictures with the defect"} <= names


def test_regions_are_counted_and_found_all_of_them_still_leaves_a_doubt(tmp_path: Path, judged: JudgedSet) -> None:
    found = found_of(judged, "labelled regions found")
    assert (found.count, found.n, found.of) == (4, 5, "labelled regions")
    every = found_of(judged_set(tmp_path / "all", [60], [250] * 4), "labelled regions found")
    assert every.value == 1
    assert every.interval == pytest.approx((0.3976, 1), abs=1e-4)  # Clopper and Pearson, 4 of 4 parts


def test_the_figures_of_a_summary_are_those_of_the_report(judged: JudgedSet) -> None:
    found = named(mask_figures(judged))
    for figure in (pooled_iou_figure(judged), mean_iou_figure(judged)):
        assert found[figure.name] == figure


def test_pixels_are_ranked_and_calibrated(judged: JudgedSet) -> None:
    found = named(pixel_figures(judged))
    assert 0.6 < found["pixel AP, step-wise, in bins of the logit"].value < 1
    assert 0 < found["expected calibration error of pixels, 15 bins of equal mass"].value < 1


def test_a_set_without_a_defect_has_no_figures_of_ranking(tmp_path: Path) -> None:
    judged = judged_set(tmp_path, [60, 60, 60], [])
    names = named(mask_figures(judged)).keys()
    assert "clean pictures with any pixel found" in names
    assert "IoU, mean of pictures with the defect" not in names
    assert not any("AUC" in name for name in named(pixel_figures(judged)))
    clean = found_of(judged, "clean pictures with any pixel found")
    assert (clean.value, clean.count, clean.interval) == (0, 0, pytest.approx((0, 0.7076), abs=1e-4))  # 0 of 3, exactly
