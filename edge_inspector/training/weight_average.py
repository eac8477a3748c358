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


class WeightAverage:
    """Moves an average towards a network: weights and BatchNorm's statistics. Counters are taken over.

    It holds on to their tensors, which have to stay theirs: to list them at every step costs a tenth of a GPU's step.
    """

    def __init__(self, averaged: nn.Module, network: nn.Module) -> None:
        means, values = (list(chain(each.parameters(), each.buffers())) for each in (averaged, network))
        moving = [mean.is_floating_point() for mean in means]
        self._means, self._values = list(compress(means, moving)), list(compress(values, moving))
        self._counters = [(mean, value) for mean, value, moves in zip(means, values, moving, strict=True) if not moves]

    @torch.no_grad()
    def move(self, decay: float) -> None:
        """Keep `decay` of the average, and take the rest from the network; all at once, not one tensor after the other."""
        get_ema_multi_avg_fn(decay)(self._means, self._values, 0)  # type: ignore[no-untyped-call]
        for mean, value in self._counters:
            mean.copy_(value)
