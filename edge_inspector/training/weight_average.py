"""The moving average of a network's weights, which is what ships: it wavers less than the weights of the last step."""

from __future__ import annotations

from itertools import chain, compress

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


def decay_at(step: int, most: float) -> float:
    """What stays of the average at this step, from 1 on: little at first, so that it does not remember where it began.

    >>> [round(decay_at(step, 0.9), 3) for step in (1, 8, 80, 1000)]
    [0.182, 0.5, 0.9, 0.9]
    """
    return min(most, (1 + step) / (10 + step))


@torch.no_grad()
def average_weights(averaged: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the average towards the network by 1 - decay: weights and BatchNorm's statistics. Counters are taken over."""
    means, values = (list(chain(each.parameters(), each.buffers())) for each in (averaged, network))
    moving = [mean.is_floating_point() for mean in means]
    # all at once: one by one they would cost a GPU's step a tenth of its time
    move = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
    move(list(compress(means, moving)), list(compress(values, moving)), 0)
    for mean, value in compress(zip(means, values, strict=True), (not each for each in moving)):
        mean.copy_(value)
