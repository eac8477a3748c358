"""The usual U-Net on a MobileNetV2 encoder (science.md §2a, `standard`): what the light one is measured against."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from edge_inspector.training.models.unet.mobilenet_v2 import MobileNetV2Encoder

STANDARD_PARAMETER_COUNT = 6_628_945  # with one output
BOTTLENECK = 1280
STAGES = ((BOTTLENECK, 96, 256), (256, 32, 128), (128, 24, 64), (64, 16, 32), (32, 0, 16))  # input, skip, output channels


class StandardStage(nn.Module):
    """Nearest-neighbour doubling, concatenation with the skip if there is one, twice 3x3 convolution, BatchNorm, ReLU."""

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for channels in (inputs + skip, outputs):
            convolution = nn.Conv2d(channels, outputs, 3, padding=1, bias=False)
            nn.init.kaiming_uniform_(convolution.weight, mode="fan_in", nonlinearity="relu")
            layers += [convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor, skip: Tensor | None) -> Tensor:
        """x (n, c, h, w) and skip (n, s, 2h, 2w) -> (n, outputs, 2h, 2w)."""
        x = functional.interpolate(x, scale_factor=2.0, mode="nearest")  # (n, c, 2h, 2w)
        y: Tensor = self.layers(x if skip is None else torch.cat((x, skip), dim=1))
        return y


class StandardUNet(nn.Module):
    """Binary segmentation: float (n, 3, h, w), normalised, h and w multiples of 32 -> logits (n, outputs, h, w)."""

    def __init__(self, outputs: int = 1) -> None:
        super().__init__()
        self.encoder = MobileNetV2Encoder()
        self.widen = nn.Sequential(
            nn.Conv2d(320, BOTTLENECK, 1, bias=False), nn.BatchNorm2d(BOTTLENECK), nn.ReLU6(inplace=True)
        )
        self.decoder = nn.ModuleList(StandardStage(*stage) for stage in STAGES)
        self.head = nn.Conv2d(STAGES[-1][2], outputs, 3, padding=1)
        nn.init.xavier_uniform_(self.head.weight)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]  # a bias was asked for above

    def forward(self, x: Tensor) -> Tensor:
        """Normalised (n, 3, h, w) -> logits (n, outputs, h, w)."""
        skips, x = self.encoder(x)
        x = self.widen(x)  # (n, 1280, h/32, w/32)
        for stage, skip in zip(self.decoder, [*reversed(skips), None], strict=True):
            x = stage(x, skip)
        logits: Tensor = self.head(x)
        return logits
