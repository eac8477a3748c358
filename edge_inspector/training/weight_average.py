"""The moving average of a network's weights, which is what ships: it wavers less than the weights of the last step."""

from __future__ import annotations

import torch
from torch import nn


def decay_at(step: int, most: float) -> float:
    """What stays of the average at this step, from 1 on: little at first, so that it does not remember where it began.

    >>> [round(decay_at(step, 0.9), 3) for step in (1, 8, 80, 1000)]
    [0.182, 0.5, 0.9, 0.9]
    """
    return min(most, (1 + step) / (10 + step))


@torch.no_grad()
def average_weights(averaged: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the average towards the network by 1 - decay: weights and BatchNorm's statistics. Counters are taken over."""
    for mean, value in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, 1.0 - decay)
        else:
            mean.copy_(value)
