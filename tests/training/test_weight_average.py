"""The average follows weights and statistics, takes counters over, and hardly remembers where it began."""

from __future__ import annotations

import pytest
import torch

from edge_inspector.training.weight_average import WeightAverage, decay_at
from tests.training.tiny import TinyNetwork, copied


def filled(value: float, counter: int) -> TinyNetwork:
    network = TinyNetwork(1)
    for each in network.state_dict().values():
        each.fill_(value if each.is_floating_point() else counter)
    return network


def test_weights_and_statistics_move_a_share_of_the_way_and_a_counter_is_taken_over() -> None:
    averaged, network = filled(1.0, 3), filled(2.0, 8)
    WeightAverage(averaged, network).move(0.75)
    moved = copied(averaged)
    assert int(moved.pop("norm.num_batches_tracked")) == 8
    assert {"encoder.weight", "norm.running_mean", "norm.running_var", "head.bias"} <= moved.keys()
    for name, value in moved.items():
        assert torch.equal(value, torch.full_like(value, 1.25)), name


def test_the_network_itself_stays_as_it_is() -> None:
    averaged, network = filled(1.0, 3), filled(2.0, 8)
    before = copied(network)
    WeightAverage(averaged, network).move(0.75)
    assert all(torch.equal(value, before[name]) for name, value in copied(network).items())


@pytest.mark.parametrize(("step", "decay"), [(1, 2 / 11), (2, 3 / 12), (30, 31 / 40), (80, 0.9), (5000, 0.9)])
def test_the_decay_grows_with_the_steps_up_to_what_was_asked_for(step: int, decay: float) -> None:
    assert decay_at(step, 0.9) == pytest.approx(decay)
