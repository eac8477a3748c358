"""The halving convolution is an ordinary one, forward and backward, with or without a CPU's bf16."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from edge_inspector.training.models.registry import build_model
from edge_inspector.training.models.unet.halving_depthwise import HalvingDepthwise

CHANNELS = 12


def with_gradients(convolve: HalvingDepthwise | None, x: Tensor, weight: Tensor, *, bf16: bool) -> tuple[Tensor, ...]:
    """Output, gradient to the input and to the weight; None: PyTorch's own convolution."""
    x = x.clone().contiguous(memory_format=torch.channels_last).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        if convolve is None:
            own = weight.clone().requires_grad_()
            y = functional.conv2d(x, own, None, 2, 1, 1, CHANNELS)
        else:
            own = convolve.weight
            y = convolve(x)
    torch.manual_seed(3)
    y.backward(torch.randn(y.shape).to(y.dtype))
    assert x.grad is not None
    assert own.grad is not None
    return y.detach(), x.grad, own.grad


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("size", [(8, 10), (7, 9)])
def test_output_and_gradients_are_those_of_an_ordinary_convolution(size: tuple[int, int], bf16: bool) -> None:
    torch.manual_seed(0)
    convolve = HalvingDepthwise(CHANNELS)
    x = torch.randn(3, CHANNELS, *size)
    wanted = with_gradients(None, x, convolve.weight.detach(), bf16=bf16)
    given = with_gradients(convolve, x, convolve.weight.detach(), bf16=bf16)
    for one, other in zip(given, wanted, strict=True):
        assert one.dtype == other.dtype
        assert torch.allclose(one.float(), other.float(), rtol=2**-7 if bf16 else 1e-5, atol=0.02 if bf16 else 1e-5)
        assert float(other.float().abs().max()) > 1


@pytest.mark.parametrize("bf16", [False, True])
def test_only_with_bf16_the_backward_pass_is_its_own(bf16: bool) -> None:
    convolve = HalvingDepthwise(CHANNELS)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        y = convolve(torch.randn(1, CHANNELS, 8, 8))
    assert (type(y.grad_fn).__name__ == "_HalvingBackward") is bf16


def test_what_is_not_learned_from_is_convolved_as_ever() -> None:
    convolve = HalvingDepthwise(CHANNELS)
    x = torch.randn(1, CHANNELS, 8, 8)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(convolve(x), functional.conv2d(x, convolve.weight, None, 2, 1, 1, CHANNELS))


def test_the_encoder_halves_with_it_where_it_halves_depthwise() -> None:
    network = build_model("unet-light")
    found = [name for name, layer in network.named_modules() if isinstance(layer, HalvingDepthwise)]
    assert found == [f"encoder.features.{k}.conv.1.0" for k in (2, 4, 7, 14)]
