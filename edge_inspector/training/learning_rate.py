"""How fast which weights learn, and when in a run."""

from __future__ import annotations

import math
from typing import Literal

from torch import nn

Schedule = Literal["cosine", "plateau"]

WARM_UP = 0.05  # of the run
PLATEAU_FACTOR = 0.3  # what the rate falls to when the validation loss rests


def rate_at(share: float, schedule: Schedule, plateau_rate: float = 1.0) -> float:
    """Of the learning rate, when this share of a run is done, 0..1: 5 % warm-up, then cosine to 1 % (science.md §3.6).

    Under a plateau schedule `plateau_rate` follows the warm-up: 1 until the validation loss rests.

    >>> [round(rate_at(share, "cosine"), 3) for share in (0.0, 0.025, 0.05, 0.525, 1.0)]
    [0.05, 0.525, 1.0, 0.505, 0.01]
    """
    if share < WARM_UP:
        return 0.05 + 0.95 * share / WARM_UP
    if schedule == "plateau":
        return plateau_rate
    return 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * (share - WARM_UP) / 0.95))


def parameter_groups(
    network: nn.Module, learning_rate: float, encoder_rate: float, weight_decay: float
) -> list[dict[str, object]]:
    """An optimiser's groups, each with its `rate` at the highest: BatchNorm and biases are not decayed.

    `encoder_rate`: of the learning rate, for what lies in the network's `encoder`.
    """
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        groups.setdefault((name.startswith("encoder."), parameter.ndim > 1), []).append(parameter)
    return [
        {
            "params": parameters,
            "weight_decay": weight_decay if is_decayed else 0.0,
            "rate": learning_rate * (encoder_rate if is_encoder else 1.0),
        }
        for (is_encoder, is_decayed), parameters in groups.items()
    ]
