"""What is measured of more than there is time for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_inspector.decision.cell_budget import choose_fitting


def test_all_is_measured_where_there_is_time() -> None:
    assert choose_fitting([[10, 20], [], [30]], 60) == [[0, 1], [], [0]]


def test_the_first_of_every_engine_come_before_the_second_of_any() -> None:
    assert choose_fitting([[10, 10], [10, 10], [10, 10]], 45) == [[0, 1], [0], [0]]


def test_a_small_mark_of_one_engine_is_measured_before_large_ones_of_others() -> None:
    assert choose_fitting([[100], [100], [10]], 110) == [[0], [], [0]]


def test_what_does_not_fit_leaves_its_room_to_what_comes_after_it() -> None:
    assert choose_fitting([[1000, 40], [50]], 100) == [[1], [0]]


@given(st.lists(st.lists(st.integers(1, 100), max_size=6), max_size=4), st.integers(0, 1000))
def test_never_more_is_measured_than_fits_and_nothing_that_fits_is_left_out(cells: list[list[int]], budget: int) -> None:
    chosen = choose_fitting(cells, budget)
    spent = sum(costs[number] for costs, numbers in zip(cells, chosen, strict=True) for number in numbers)
    assert spent <= budget
    left = [
        cost
        for costs, numbers in zip(cells, chosen, strict=True)
        for number, cost in enumerate(costs)
        if number not in numbers
    ]
    assert all(spent + cost > budget for cost in left)
