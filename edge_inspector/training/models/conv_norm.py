"""Finds the convolutions of a network that a BatchNorm follows: what folding and the repair of dead channels act on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from torch import nn


@dataclass(frozen=True, slots=True)
class ConvNorm:
    """A convolution and the BatchNorm behind it, by their names in the module that holds both."""

    parent: nn.Module
    parent_name: str
    conv_name: str
    norm_name: str
    conv: nn.Conv2d
    norm: nn.BatchNorm2d


def conv_norms(network: nn.Module) -> Iterator[ConvNorm]:
    """Every convolution with a BatchNorm registered directly behind it in the same module, in order."""
    for parent_name, parent in list(network.named_modules()):
        for (conv_name, conv), (norm_name, norm) in pairwise(list(parent.named_children())):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                yield ConvNorm(parent, parent_name, conv_name, norm_name, conv, norm)
