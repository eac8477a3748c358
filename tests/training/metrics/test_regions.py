"""Object level: what counts as found, and what as false."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

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


def pixels_by_region(mask: np.ndarray) -> list[set[tuple[int, int]]]:
    """The 8-connected regions, found by walking from pixel to pixel."""
    left = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    regions = []
    while left:
        region, edge = set(), [left.pop()]
        while edge:
            y, x = edge.pop()
            region.add((y, x))
            around = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= around
            edge += around
        regions.append(region)
    return regions


def slowly_matched(these: list[set[tuple[int, int]]], others: list[set[tuple[int, int]]]) -> int:
    """Of how many the others that touch it cover 30 %, or have an IoU of 0.1 with it (science.md 4.5)."""
    matched = 0
    for region in these:
        touching = set().union(*(other for other in others if other & region))
        both = len(touching & region)
        matched += both / len(region) >= 0.3 or both / len(touching | region) >= 0.1
    return matched


@given(found=arrays(np.bool_, (9, 11), elements=st.booleans()), labelled=arrays(np.bool_, (9, 11)))
def test_regions_match_as_a_walk_from_pixel_to_pixel_says(found: np.ndarray, labelled: np.ndarray) -> None:
    of_found, of_label = pixels_by_region(found), pixels_by_region(labelled)
    hit, true = slowly_matched(of_label, of_found), slowly_matched(of_found, of_label)
    assert match_regions(found, labelled) == Regions(len(of_label), hit, len(of_found) - true)


def test_found_where_nothing_is_labelled_is_false() -> None:
    assert match_regions(mask((0, 0, 3, 3), (10, 10, 12, 12)), mask()) == Regions(0, 0, 2)
