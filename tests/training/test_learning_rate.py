"""The rate warms up, then falls as its schedule says; BatchNorm and biases do not decay, and the encoder is slower."""

from __future__ import annotations

import pytest
import torch

from edge_inspector.training.learning_rate import parameter_groups, rate_at
from tests.training.tiny import TinyNetwork


@pytest.mark.parametrize(("share", "rate"), [(0.0, 0.05), (0.025, 0.525), (0.05, 1.0), (0.525, 0.505), (1.0, 0.01)])
def test_a_cosine_warms_up_and_falls_to_one_per_cent(share: float, rate: float) -> None:
    assert rate_at(share, "cosine") == pytest.approx(rate)


@pytest.mark.parametrize(("share", "rate"), [(0.0, 0.05), (0.025, 0.525), (0.05, 0.3), (0.525, 0.3), (1.0, 0.3)])
def test_a_plateau_warms_up_too_and_stays_where_it_fell_to(share: float, rate: float) -> None:
    assert rate_at(share, "plateau", 0.3) == pytest.approx(rate)


def test_before_it_falls_a_plateau_is_at_its_highest() -> None:
    assert rate_at(0.9, "plateau") == 1.0


def groups_by_name() -> dict[str, dict[str, object]]:
    """The group in which each parameter of a tiny network is."""
    network = TinyNetwork(1)
    groups = parameter_groups(network, learning_rate=0.01, encoder_rate=0.1, weight_decay=0.25)
    names = {parameter: name for name, parameter in network.named_parameters()}
    found = {}
    for group in groups:
        parameters = group["params"]
        assert isinstance(parameters, list)
        found |= {names[parameter]: group for parameter in parameters}
    assert found.keys() == set(names.values())
    return found


def test_convolutions_alone_decay() -> None:
    decays = {name: group["weight_decay"] for name, group in groups_by_name().items()}
    assert {name for name, decay in decays.items() if decay == 0.25} == {"encoder.weight", "head.weight"}
    assert {name for name, decay in decays.items() if decay == 0.0} == {"norm.weight", "norm.bias", "head.bias"}


def test_the_encoder_alone_has_a_rate_of_its_own() -> None:
    rates = {name: group["rate"] for name, group in groups_by_name().items()}
    assert rates.pop("encoder.weight") == pytest.approx(0.001)
    assert set(rates.values()) == {0.01}


def test_every_parameter_is_in_one_group() -> None:
    network = TinyNetwork(2)
    optimiser = torch.optim.AdamW(parameter_groups(network, 0.01, 1.0, 0.0))  # which refuses one that is in two
    assert sum(len(group["params"]) for group in optimiser.param_groups) == len(list(network.parameters()))
