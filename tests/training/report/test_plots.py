"""What a plot shows is what the table counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes

from edge_inspector.training.part_scores import PartScores
from edge_inspector.training.report import plots

scores = st.lists(st.floats(0.002, 0.998), min_size=1, max_size=12)


def named(good: list[float], defective: list[float]) -> PartScores:
    return PartScores({f"g{n}": s for n, s in enumerate(good)}, {f"d{n}": s for n, s in enumerate(defective)})


def height_at(axes: Axes, label: str, cut: float) -> float:
    """How high the step line of this name stands at a cut."""
    (line,) = [each for each in axes.get_lines() if each.get_label() == label]
    x, y = (np.asarray(each, float) for each in line.get_data(orig=True))
    assert line.get_drawstyle() == "steps-pre"  # up to and with each x, its own y
    at = math.log(cut / (1 - cut))
    return float(y[np.searchsorted(x, at - 1e-9, side="left")])


@given(good=scores, defective=scores, cut=st.floats(0.003, 0.997))
def test_the_cost_curve_stands_at_every_cut_where_the_counts_do(
    good: list[float], defective: list[float], cut: float
) -> None:
    parts = named(good, defective)
    (axes,) = axes_of(parts)
    assert height_at(axes, "escapes", cut) == pytest.approx(100 * parts.escapes(cut) / len(defective))
    assert height_at(axes, "false rejects", cut) == pytest.approx(900 * parts.false_rejects(cut) / len(good))


def axes_of(parts: PartScores) -> list[Axes]:
    seen: list[Axes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plots, "_svg", lambda figure: seen.extend(figure.axes) or "")
        plots.cost_plot(parts, [0.5], 0.1)
    return seen


def test_parts_that_could_not_be_judged_are_drawn_as_rejected() -> None:
    parts = named([0.1, math.nan], [0.9, math.nan])
    (axes,) = axes_of(parts)
    assert height_at(axes, "escapes", 0.95) == pytest.approx(50)
    assert height_at(axes, "false rejects", 0.95) == pytest.approx(450)


def test_calibration_says_how_many_pixels_stand_behind_each_point() -> None:
    p = np.array([0.05] * 2000 + [0.95] * 7, np.float32)
    svg = plots.calibration_plot(p, p > 0.5)
    assert ">2k<" in svg
    assert ">7<" in svg
