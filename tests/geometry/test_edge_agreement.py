"""Edge points of one view against a rod of 60 mm: 25 columns as capture measures them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edge_inspector.geometry import EdgeAgreement

LENGTH_MM = 60.0
COLUMNS_MM = np.linspace(2.3, LENGTH_MM - 2.3, 25)


def agreement(
    off_mm: dict[int, float] | None = None, *, missing: tuple[int, ...] = (), one_edge: bool = False
) -> EdgeAgreement:
    """`off_mm`: how far the points of some columns lie from the rod, at both edges or at one."""
    upper, lower = np.zeros(25), np.zeros(25)
    for column, by_mm in (off_mm or {}).items():
        upper[column] = by_mm
        lower[column] = 0.0 if one_edge else by_mm
    kept = np.array([column not in missing for column in range(25)])
    count = int(kept.sum())
    return EdgeAgreement.of(
        np.tile(COLUMNS_MM[kept], 2),
        np.concatenate([upper[kept], lower[kept]]),
        np.repeat([False, True], count),
        LENGTH_MM,
    )


def test_edges_on_the_rod_give_nothing_to_complain_of() -> None:
    seen = agreement({column: 0.2 * (-1) ** column for column in range(25)})
    assert seen.complaint == ""
    assert seen.off_share == 0.0
    assert seen.unheld_mm[1] - seen.unheld_mm[0] < 2.5


@pytest.mark.parametrize("by_mm", [0.4, -0.4, math.nan])
def test_a_node_of_two_columns_may_leave_the_rod_and_a_longer_run_may_not(by_mm: float) -> None:
    assert agreement({9: by_mm, 10: by_mm}).complaint == ""
    assert agreement({9: by_mm, 10: by_mm, 11: by_mm}).complaint == (
        "no edge of the part lies on the rod that all views give together from 20.8 to 30.0 mm (limit 8.4 mm)"
    )


def test_columns_that_were_left_out_hold_no_more_than_those_beside_the_rod() -> None:
    assert agreement(missing=(9, 10)).complaint == ""
    assert agreement(missing=(9, 10, 11)).unheld_mm == agreement({9: 1.0, 10: 1.0, 11: 1.0}).unheld_mm
    assert agreement({10: 1.0}, missing=(9, 11)).complaint != ""


def test_an_end_may_miss_one_column_and_not_two_because_nothing_holds_its_tip() -> None:
    assert agreement(missing=(0,)).complaint == ""
    assert agreement(missing=(24,)).complaint == ""
    assert "from 0.0 to 6.9 mm (limit 5.4 mm)" in agreement(missing=(0, 1)).complaint
    assert "from 53.1 to 60.0 mm (limit 5.4 mm)" in agreement({23: 0.5, 24: 0.5}).complaint


def test_one_edge_alone_counts_like_both() -> None:
    assert agreement({9: 1.0, 10: 1.0, 11: 1.0}, one_edge=True).complaint.startswith("no edge of the part lies on the rod")


def test_many_single_points_beside_the_rod_are_too_many() -> None:
    assert agreement(dict.fromkeys((3, 8, 13), 0.5)).complaint == ""  # 12 %
    assert agreement(dict.fromkeys((3, 8, 13, 18), 0.5)).complaint == (
        "16.0 % of its edge points lie more than 0.25 mm beside the rod that all views give together (limit 12.0 %)"
    )


def test_a_long_run_that_is_also_many_points_is_one_sentence() -> None:
    assert agreement(dict.fromkeys(range(17, 25), 0.5)).complaint == (
        "no edge of the part lies on the rod that all views give together from 39.2 to 60.0 mm (limit 5.4 mm) and "
        "32.0 % of its edge points lie more than 0.25 mm beside it (limit 12.0 %)"
    )
