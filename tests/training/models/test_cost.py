"""Multiply-accumulates are counted as the head of the science reference says."""

from __future__ import annotations

import pytest
from torch import nn

from tests.training.models.cost import Cost, cost_of


@pytest.mark.parametrize(
    ("layer", "size", "parameters", "macs"),
    [
        (nn.Conv2d(4, 6, 3, stride=2, padding=1), (1, 4, 8, 8), 222, 4 * 4 * 6 * 4 * 9),
        (nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False), (1, 4, 8, 8), 36, 8 * 8 * 4 * 9),
        (nn.ConvTranspose2d(4, 6, 5, stride=2, padding=2, output_padding=1), (1, 4, 8, 8), 606, 8 * 8 * 4 * 6 * 25),
        (nn.Linear(66, 1), (1, 66), 67, 66),
        (nn.BatchNorm2d(4), (1, 4, 8, 8), 8, 0),
    ],
)
def test_a_layer_costs_what_is_counted_by_hand(layer: nn.Module, size: tuple[int, ...], parameters: int, macs: int) -> None:
    assert cost_of(layer, *size) == Cost(parameters, macs / 1e9)
