"""Batches come in the order of their steps, however long each takes to draw, and no more are drawn than will be wanted."""

from __future__ import annotations

import threading
import time

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.batches import Batch
from edge_inspector.training.drawn_ahead import drawn_ahead


def batch_of(step: int) -> Batch:
    return Batch(*(torch.tensor([step]) for _ in range(4)))


@given(first=st.integers(0, 5), count=st.integers(0, 12), threads=st.integers(1, 4), slow=st.sets(st.integers(0, 16)))
def test_batches_come_in_the_order_of_their_steps_each_drawn_once(
    first: int, count: int, threads: int, slow: set[int]
) -> None:
    drawn: list[int] = []

    def draw(step: int) -> Batch:
        time.sleep(0.001 * (step in slow))
        drawn.append(step)
        return batch_of(step)

    steps = range(first, first + count)
    with drawn_ahead(draw, steps, threads) as batches:
        assert [int(batch.pictures) for batch in batches] == list(steps)
    assert sorted(drawn) == list(steps)


def test_the_next_batch_is_drawn_while_nobody_asks() -> None:
    begun = {step: threading.Event() for step in range(4)}

    def draw(step: int) -> Batch:
        begun[step].set()
        return batch_of(step)

    with drawn_ahead(draw, range(4), 1) as batches:
        next(batches)
        assert begun[1].wait(timeout=10.0)
        assert not begun[2].wait(timeout=0.05)  # as many ahead as there are threads, not all


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
