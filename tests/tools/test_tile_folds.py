"""The table of a cross-validation says what its names say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edge_inspector.training.magnetic_tile import Tile
from edge_inspector.training.metrics.overlap import Overlap

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
from tile_folds import Judged, background_iou, table


def tile(name: str, defect: str) -> Tile:
    return Tile(Path(f"{name}.jpg"), Path(f"{name}.png"), defect, f"group of {name}", 1, 20)


def test_background_is_what_neither_label_nor_network_marks() -> None:
    crack = Judged(tile("a", "crack"), Overlap(both=6, found=10, labelled=8, pixels=100))  # 12 marked by either
    fray = Judged(tile("a", ""), Overlap(both=0, found=5, labelled=0, pixels=100))
    clean = Judged(tile("b", ""), Overlap(both=0, found=0, labelled=0, pixels=100))
    judged = {"crack": [crack, clean], "fray": [fray]}
    assert background_iou(judged) == pytest.approx((100 - 17 + 100) / (100 - 6 + 100))


def test_means_are_over_classes_without_and_with_the_background() -> None:
    crack = Judged(tile("a", "crack"), Overlap(both=5, found=5, labelled=10, pixels=100))
    fray = Judged(tile("b", "fray"), Overlap(both=9, found=10, labelled=9, pixels=100))
    lines = table({"crack": [crack], "fray": [fray]}).splitlines()
    assert lines[2].startswith("| crack | 1 / 0 | 50.0 | 50.0 to 50.0 | 50.0 |")
    assert "| **70.0** |" in lines[4]
    background = 100 * (90 + 90) / (95 + 91)
    assert f"| background | | {background:.1f} |" in lines[5]
    assert f"**{(50 + 90 + background) / 3:.1f}**" in lines[6]
