"""What is counted of tiles: each rate of what it is a rate of."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.training.magnetic_tile import Tile
from edge_inspector.training.tile_report import JudgedTile, class_table, rate_lines, score_table


def judged(
    defect: str, group: str, verdict: VerdictKind, rejected_by: str = "", *, is_marked: bool = False, **scores: float
) -> JudgedTile:
    tile = Tile(Path(f"{group}.jpg"), Path(f"{group}.png"), defect, group, 4, 40 if defect else 0)
    by = frozenset(rejected_by.split())
    return JudgedTile(tile, verdict, by, is_marked, is_passed=verdict is VerdictKind.ACCEPT, scores=scores)


@pytest.fixture
def tiles() -> list[JudgedTile]:
    return [
        judged("crack", "g1", VerdictKind.REJECT, "crack fray", is_marked=True, crack=0.9),
        judged("crack", "g1", VerdictKind.REJECT, "fray", crack=0.1),
        judged("crack", "g2", VerdictKind.ACCEPT, crack=0.2),
        judged("fray", "g3", VerdictKind.UNINSPECTED),
        judged("", "g2", VerdictKind.REJECT, "crack", crack=0.7),
        judged("", "g4", VerdictKind.ACCEPT, crack=0.3),
        judged("", "g4", VerdictKind.ACCEPT, crack=0.1),
    ]


def test_a_class_counts_rejects_by_its_own_engine_apart_from_those_by_any(tiles: list[JudgedTile]) -> None:
    _, _, crack, fray, defective, good, certain = class_table(tiles, {"g4"})
    assert crack == "| crack | 3 | 2 | 1 | 1 | 2 | 1 | 0 | 1 |"
    assert fray == "| fray | 1 | 1 | 0 | 0 | 0 | 0 | 1 | 0 |"
    assert defective == "| **all defective** | 4 | 3 | 1 | 1 | 2 | 1 | 1 | 1 |"
    assert good == "| **good** | 3 | 2 | – | – | 1 | 2 | 0 | 2 |"
    assert certain == "| good, of tiles that no picture labels | 2 | 1 | – | – | 0 | 2 | 0 | 2 |"


def test_escapes_are_of_defective_tiles_and_false_rejects_of_good_ones(tiles: list[JudgedTile]) -> None:
    escapes, false_rejects, uninspected = rate_lines(tiles, {"g4"})
    assert escapes.startswith("- escapes 1 of 4, 25.0 % (")
    assert false_rejects.startswith("- false rejects 1 of 3, 33.3 % (")
    assert "of tiles that no picture labels 0 of 2, 0.0 % (0.0 to " in false_rejects
    assert uninspected.startswith("- uninspected 1 of 7, ")


def test_an_engine_is_told_by_the_scores_of_its_own_defect_and_of_good_tiles(tiles: list[JudgedTile]) -> None:
    _, _, crack, fray = score_table(tiles, {"crack": 0.5, "fray": 0.25})
    assert crack.startswith("| crack | 0.5 | 0.1000, 0.2000 | 0.3000, 0.7000 | 1 of 3, ")
    assert fray.startswith("| fray | 0.25 | – | – | 0 of 3, ")
