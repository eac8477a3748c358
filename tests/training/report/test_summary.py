"""Means over defects are what their names say, with the background and without; a picture is in the background once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edge_inspector.training.datasets.labelled_picture import CLEAN
from edge_inspector.training.defect_set import Sample
from edge_inspector.training.judging import Comparison, JudgedPicture, JudgedSet
from edge_inspector.training.metrics.overlap import Overlap
from edge_inspector.training.metrics.regions import Regions
from edge_inspector.training.report.summary import background_iou, summarise, summary_table, write_summary


def judged(defect: str, **overlaps: Overlap) -> JudgedSet:
    """Pictures by name, each a part, and how found and labelled pixels overlap in them."""
    pictures = [
        JudgedPicture(
            Sample(Path(f"{name}.jpg"), name, CLEAN, None, None, each.labelled > 0, each.labelled, each.pixels, "", ""),
            0.5,
            (),
            90.0,
            Comparison(each, (), (), Regions(0, 0, 0), np.nan),
        )
        for name, each in overlaps.items()
    ]
    return JudgedSet(defect, pictures)


HALF = judged("crack", a=Overlap(both=5, found=5, labelled=10, pixels=100))
NEARLY = judged("fray", b=Overlap(both=9, found=10, labelled=9, pixels=100))


def test_background_is_what_neither_label_nor_engine_marks() -> None:
    crack = judged(
        "crack",
        a=Overlap(both=6, found=10, labelled=8, pixels=100),  # 12 marked by either
        b=Overlap(both=0, found=0, labelled=0, pixels=100),
    )
    fray = judged("fray", a=Overlap(both=0, found=5, labelled=0, pixels=100))
    assert background_iou([crack, fray]) == pytest.approx((100 - 17 + 100) / (100 - 6 + 100))


def test_means_are_over_defects_without_and_with_the_background() -> None:
    summary = summarise({"tile_crack": HALF, "tile_fray": NEARLY})
    background = (90 + 90) / (95 + 91)
    assert [row.pooled.value for row in summary.rows] == pytest.approx([0.5, 0.9])
    assert summary.macro == pytest.approx(0.7)
    assert summary.background == pytest.approx(background)
    assert summary.macro_with_background == pytest.approx((0.5 + 0.9 + background) / 3)


def test_what_is_falsely_found_on_pictures_without_the_defect_is_in_one_iou_and_not_in_the_other() -> None:
    crack = judged(
        "crack",
        a=Overlap(both=6, found=8, labelled=8, pixels=100),
        b=Overlap(both=0, found=5, labelled=0, pixels=100),
    )
    summary = summarise({"tile_crack": crack, "tile_fray": NEARLY})
    assert summary.rows[0].pooled.value == pytest.approx(6 / 15)
    assert summary.rows[0].pooled_of_shown.value == pytest.approx(6 / 10)
    assert summary.macro_of_shown == pytest.approx((0.6 + 0.9) / 2)
    cells = [cell.strip() for cell in summary_table(summary).splitlines()[2].split("|")]
    assert (cells[3], cells[5], cells[6]) == ("40.0", "60.0", "60.0")


def test_dice_as_kaggle_counts_it_is_of_every_picture_and_engine_and_stands_beside_that_of_empty_masks() -> None:
    clean = judged("uneven", c=Overlap(both=0, found=0, labelled=0, pixels=100))
    summary = summarise({"tile_crack": HALF, "tile_fray": NEARLY, "tile_uneven": clean})
    assert summary.kaggle == pytest.approx((10 / 15 + 18 / 19 + 1) / 3)
    assert summary.kaggle_of_silence == pytest.approx(1 / 3)
    assert summary_table(summary).splitlines()[-1].endswith("engines: 87.1; empty masks alone would get 33.3.")


def test_the_table_says_it_in_per_cent() -> None:
    lines = summary_table(summarise({"tile_crack": HALF, "tile_fray": NEARLY})).splitlines()
    assert lines[2] == "| tile_crack | 1 / 0 | 50.0 | 50.0 to 50.0 | 50.0 | 50.0 |"
    assert "**mean of the 2** | | **70.0**" in lines[4]
    assert "| background | | 96.8 |" in lines[5]
    assert "**78.9**" in lines[6]


def test_the_same_is_there_for_programs(tmp_path: Path) -> None:
    write_summary(summarise({"tile_crack": HALF, "tile_fray": NEARLY}), tmp_path / "summary.json", {"set": "drawn"})
    content = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert content["run"] == {"set": "drawn"}
    assert content["macro"] == pytest.approx(0.7)
    assert [(row["engine"], row["defect"], row["pooled"]["value"]) for row in content["rows"]] == [
        ("tile_crack", "crack", 0.5),
        ("tile_fray", "fray", 0.9),
    ]
