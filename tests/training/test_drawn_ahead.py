"""Batches come in the order of their steps, however long each takes to draw, and no more are drawn than will be wanted."""

from __future__ import annotations

import threading

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.batches import Batch
from edge_inspector.training.drawn_ahead import drawn_ahead


def batch_of(step: int) -> Batch:
    return Batch(*(torch.tensor([step]) for _ in range(4)))


@given(first=st.integers(0, 5), count=st.integers(0, 12), threads=st.integers(1, 4))
def test_batches_come_in_the_order_of_their_steps_each_drawn_once(first: int, count: int, threads: int) -> None:
    drawn: list[int] = []

    def draw(step: int) -> Batch:
        drawn.append(step)
        return batch_of(step)

    steps = range(first, first + count)
    with drawn_ahead(draw, steps, threads) as batches:
        assert [int(batch.pictures) for batch in batches] == list(steps)
    assert sorted(drawn) == list(steps)


def test_a_batch_that_is_drawn_first_waits_for_its_turn() -> None:
    second_is_drawn = threading.Event()

    def draw(step: int) -> Batch:
        if step == 0:
            assert second_is_drawn.wait(timeout=10.0)
        if step == 1:
            second_is_drawn.set()
        return batch_of(step)

    with drawn_ahead(draw, range(3), 2) as batches:
        assert [int(batch.pictures) for batch in batches] == [0, 1, 2]


def test_the_next_batches_are_drawn_while_nobody_asks_as_many_as_there_are_threads() -> None:
    begun = [threading.Event() for _ in range(6)]

    def draw(step: int) -> Batch:
        begun[step].set()
        return batch_of(step)

    with drawn_ahead(draw, range(6), 2) as batches:
        next(batches)
        assert all(event.wait(timeout=10.0) for event in begun[:3])
    assert not any(event.is_set() for event in begun[3:])


def test_what_a_draw_raises_is_raised_where_its_batch_is_asked_for() -> None:
    def draw(step: int) -> Batch:
        if step == 2:
            raise TrainingDataError("p3-c1.png: vanished")
        return batch_of(step)

    with drawn_ahead(draw, range(4), 2) as batches:
        assert [int(next(batches).pictures) for _ in range(2)] == [0, 1]
        with pytest.raises(TrainingDataError, match="vanished"):
            next(batches)


def test_what_nobody_asked_for_is_dropped_when_a_run_ends() -> None:
    before = threading.active_count()
    drawn: list[int] = []

    def draw(step: int) -> Batch:
        drawn.append(step)
        return batch_of(step)

    def run() -> None:
        with drawn_ahead(draw, range(1000), 2) as batches:
            next(batches)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert len(drawn) <= 3
    assert threading.active_count() == before
