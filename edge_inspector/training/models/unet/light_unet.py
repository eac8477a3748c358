"""The light U-Nets: MobileNetV2 encoder, one 3x3 a decoder stage, ends at 1/2 or 1/4 of the size and shuffles pixels."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from edge_inspector.training.models.segmentation_model import Logits, SegmentationModel
from edge_inspector.training.models.unet.image_head import ImageHead
from edge_inspector.training.models.unet.mobilenet_v2 import MobileNetV2Encoder

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


class LightUNet(SegmentationModel):
    """`light` (d2s2) of science.md §2a; with `ends_at=4`, `light4` (d2s4), which leaves out the last decoder stage."""

    def __init__(
        self, outputs: int = 1, channels: int = 3, *, has_image_head: bool = False, ends_at: Literal[2, 4] = 2
    ) -> None:
        super().__init__()
        stages = STAGES if ends_at == 2 else STAGES[:-1]
        self.encoder = MobileNetV2Encoder(channels)
        self.decoder = nn.ModuleList(DecoderStage(*stage) for stage in stages)
        self.head = nn.Conv2d(stages[-1][2], ends_at**2 * outputs, 3, padding=1)
        self.shuffle = nn.PixelShuffle(ends_at)
        nn.init.xavier_uniform_(self.head.weight)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]  # a bias was asked for above
        self.has_image_head = has_image_head
        self.image_head = ImageHead(outputs) if has_image_head else None

    def _judge(self, x: Tensor, height: int, width: int) -> Logits:
        skips, x = self.encoder(x)
        picture = None if self.image_head is None else self.image_head(skips[-1], height, width)
        for stage, skip in zip(self.decoder, reversed(skips), strict=False):  # light4 has no use for the skip at /2
            x = stage(x, skip)
        return Logits(self.shuffle(self.head(x)), picture)  # (n, s² d, h/s, w/s) -> (n, d, h, w), s = 2 or 4
