"""The depthwise convolution that halves a picture, with a backward pass of its own where a CPU learns in bf16.

PyTorch 2.13 has no fast gradient to the input of such a convolution in bf16: the four of a MobileNetV2 took 90 of a step's
450 ms (eight crops of 256 x 256, two cores of an EPYC), and take 26 in 32 bits. All else of it stays in bf16.
"""

from __future__ import annotations

from typing import Any  # what torch keeps between forward and backward has no better type

import torch
from torch import Tensor, nn

_STRIDE, _PADDING, _DILATION = [2, 2], [1, 1], [1, 1]


class HalvingDepthwise(nn.Conv2d):
    """3 x 3, stride 2, a filter a channel, without bias: an ordinary convolution but for its backward pass on a CPU."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, 3, stride=2, padding=1, groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, c, h / 2, w / 2)."""
        has_own = torch.is_autocast_enabled("cpu") and torch.is_grad_enabled() and self.bias is None
        if x.device.type != "cpu" or not has_own:
            return super().forward(x)
        y: Tensor = _Halving.apply(x.to(torch.bfloat16), self.weight.to(torch.bfloat16))  # type: ignore[no-untyped-call]
        return y


class _Halving(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, x: Tensor, weight: Tensor) -> Tensor:  # torch's own names
        context.save_for_backward(x, weight)
        return torch.convolution(x, weight, None, _STRIDE, _PADDING, _DILATION, False, [0, 0], len(weight))

    @staticmethod
    def backward(context: Any, *gradients: Any) -> tuple[Tensor, Tensor]:
        x, weight = context.saved_tensors
        (gradient,) = gradients
        shaped = torch.empty_like(x, dtype=torch.float32)  # only its shape is looked at
        to_input = _backward(gradient.float(), shaped, weight.float(), [True, False, False])[0].to(x.dtype)
        to_weight = _backward(gradient, x, weight, [False, True, False])[1]
        return to_input, to_weight


def _backward(gradient: Tensor, x: Tensor, weight: Tensor, wanted: list[bool]) -> tuple[Tensor, Tensor, Tensor]:
    found: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.convolution_backward(
        gradient, x, weight, None, _STRIDE, _PADDING, _DILATION, False, [0, 0], len(weight), wanted
    )
    return found
