"""Defects of a set are told apart by their colours, and a crack is red wherever it is drawn."""

from __future__ import annotations

from edge_inspector.imaging.overlay import COLOURS
from edge_inspector.training.datasets.defect_colours import defect_colours


def test_colours_are_those_of_engines_and_differ_as_long_as_there_are_enough() -> None:
    defects = ("blowhole", "break", "crack", "fray", "scratches", "stain", "uneven", "dent")
    chosen = defect_colours(defects)
    assert [chosen[name] for name in ("blowhole", "crack", "stain")] == ["blue", "red", "yellow"]
    assert set(chosen.values()) == COLOURS.keys()
    assert len(defect_colours(tuple(map(str, range(20))))) == 20
