"""Object level: what counts as found, and what as false."""

from __future__ import annotations

import numpy as np

from edge_inspector.training.metrics.regions import Regions, match_regions


def mask(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    empty = np.zeros((40, 40), bool)
    for top, left, bottom, right in boxes:
        empty[top:bottom, left:right] = True
    return empty


def test_a_region_covered_by_a_third_is_found_by_however_many_pieces() -> None:
    labelled = mask((0, 0, 10, 10))
    assert match_regions(mask((0, 0, 2, 10), (4, 0, 6, 10)), labelled) == Regions(1, 1, 0)
    assert match_regions(mask((0, 0, 1, 8)), labelled) == Regions(
        1, 0, 0
    )  # IoU 0.08; the piece lies on a label all the same


def test_a_found_region_mostly_beside_the_label_is_false_though_it_covers_it() -> None:
    assert match_regions(mask((0, 0, 20, 20)), mask((0, 0, 3, 3))) == Regions(1, 1, 1)


def test_regions_touching_by_a_corner_are_one() -> None:
    assert match_regions(mask(), mask((0, 0, 3, 3), (3, 3, 6, 6))) == Regions(1, 0, 0)


def test_found_where_nothing_is_labelled_is_false() -> None:
    assert match_regions(mask((0, 0, 3, 3), (10, 10, 12, 12)), mask()) == Regions(0, 0, 2)
