"""The usual U-Net on a MobileNetV2 encoder (science.md §2a, `standard`): what the light ones are measured against."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from edge_inspector.training.models.segmentation_model import Logits, SegmentationModel
from edge_inspector.training.models.unet.image_head import ImageHead
from edge_inspector.training.models.unet.mobilenet_v2 import WIDEST, MobileNetV2Encoder

STAGES = ((WIDEST, 96, 256), (256, 32, 128), (128, 24, 64), (64, 16, 32), (32, 0, 16))  # input, skip, output channels


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


class StandardUNet(SegmentationModel):
    """Encoder to features.18, five decoder stages with two convolutions each, a 3x3 head at full size."""

    def __init__(self, outputs: int = 1, channels: int = 3, *, has_image_head: bool = False) -> None:
        super().__init__()
        self.encoder = MobileNetV2Encoder(channels, is_widened=True)
        self.decoder = nn.ModuleList(StandardStage(*stage) for stage in STAGES)
        self.head = nn.Conv2d(STAGES[-1][2], outputs, 3, padding=1)
        nn.init.xavier_uniform_(self.head.weight)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]  # a bias was asked for above
        self.has_image_head = has_image_head
        self.image_head = ImageHead(outputs) if has_image_head else None

    def _judge(self, x: Tensor, height: int, width: int) -> Logits:
        skips, x = self.encoder(x)
        picture = None if self.image_head is None else self.image_head(skips[-1], height, width)
        for stage, skip in zip(self.decoder, [*reversed(skips), None], strict=True):
            x = stage(x, skip)
        return Logits(self.head(x), picture)  # (n, d, h, w)
