"""What a network costs: parameters, and multiply-accumulates of its convolutions and linear layers (science.md, head)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Cost:
    parameters: int
    gmac: float


def cost_of(network: nn.Module, *size: int) -> Cost:
    """Of one input of this size, (n, c, h, w) or as the network takes it. Nothing is computed: tensors have shapes only."""
    network = network.to("meta").eval()
    macs = 0

    def count(layer: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        nonlocal macs
        match layer:
            case nn.ConvTranspose2d():
                macs += inputs[0].numel() * (layer.out_channels // layer.groups) * _area(layer.kernel_size)
            case nn.Conv2d():
                macs += output.numel() * (layer.in_channels // layer.groups) * _area(layer.kernel_size)
            case nn.Linear():
                macs += output.numel() * layer.in_features
            case _:
                pass

    hooks = [layer.register_forward_hook(count) for layer in network.modules()]
    with torch.no_grad():
        network(torch.zeros(size, device="meta"))
    for hook in hooks:
        hook.remove()
    return Cost(sum(p.numel() for p in network.parameters()), macs / 1e9)


def _area(kernel: tuple[int, ...]) -> int:
    return kernel[0] * kernel[1]
