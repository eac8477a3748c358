"""The light U-Net `d2s2`: MobileNetV2 encoder, one 3x3 a decoder stage, ends at half size and shuffles pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from edge_inspector.training.models.unet.mobilenet_v2 import MobileNetV2Encoder

PARAMETER_COUNT = 2_302_948  # with one output
STAGES = ((320, 96, 96), (96, 32, 64), (64, 24, 48), (48, 16, 32))  # input, skip, output channels; /16, /8, /4, /2


class DecoderStage(nn.Module):
    """Nearest-neighbour doubling, concatenation with the skip, 3x3 convolution, BatchNorm, ReLU."""

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs + skip, outputs, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        nn.init.kaiming_uniform_(self.conv.weight, mode="fan_in", nonlinearity="relu")

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """x (n, c, h, w) and skip (n, s, 2h, 2w) -> (n, outputs, 2h, 2w)."""
        x = functional.interpolate(x, scale_factor=2.0, mode="nearest")  # (n, c, 2h, 2w)
        return functional.relu(self.norm(self.conv(torch.cat((x, skip), dim=1))))


class LightUNet(nn.Module):
    """Binary segmentation: float (n, 3, h, w), normalised, h and w multiples of 32 -> logits (n, outputs, h, w)."""

    def __init__(self, outputs: int = 1) -> None:
        super().__init__()
        self.encoder = MobileNetV2Encoder()
        self.decoder = nn.ModuleList(DecoderStage(*stage) for stage in STAGES)
        self.head = nn.Conv2d(STAGES[-1][2], 4 * outputs, 3, padding=1)
        self.shuffle = nn.PixelShuffle(2)
        nn.init.xavier_uniform_(self.head.weight)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]  # a bias was asked for above

    def forward(self, x: Tensor) -> Tensor:
        """Normalised (n, 3, h, w) -> logits (n, outputs, h, w)."""
        skips, x = self.encoder(x)
        for stage, skip in zip(self.decoder, reversed(skips), strict=True):
            x = stage(x, skip)
        logits: Tensor = self.shuffle(self.head(x))  # (n, 4 d, h/2, w/2) -> (n, d, h, w)
        return logits
