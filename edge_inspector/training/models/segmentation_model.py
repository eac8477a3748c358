"""What training, export and the contract test (tests/training/models/test_contract.py) need of a network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional


class Logits(NamedTuple):
    """What a network says of n pictures and d defects.

    `pixels` float32 (n, d, h, w). `picture` float32 (n, d): whether the picture shows the defect at all; None where the
    network has no image-level head.
    """

    pixels: Tensor
    picture: Tensor | None

    def of(self, output: int) -> Logits:
        """Of one defect alone, d = 1."""
        picture = None if self.picture is None else self.picture[:, output : output + 1]
        return Logits(self.pixels[:, output : output + 1], picture)

    def float(self) -> Logits:
        """In 32 bits."""
        return Logits(self.pixels.float(), None if self.picture is None else self.picture.float())


class SegmentationModel(nn.Module, ABC):
    """A network that judges pictures of any size from `smallest_px` on; sizes are made to fit here and nowhere else.

    A class of this kind besides keeps to three rules, which the contract test holds it to:
    - what published weights can fill is in an attribute `encoder`: training gives its parameters a rate of their own;
    - a BatchNorm is registered directly behind the convolution that it follows: so export can fold it;
    - its image-level head is drawn last: so the rest starts with the same weights without it.
    """

    multiple_px: int = 32  # height and width that `_judge` is given are multiples of it
    smallest_px: int = 1
    has_image_head: bool  # whether `logits` says something of the picture as a whole

    def forward(self, x: Tensor) -> Tensor:
        """Normalised float32 (n, c, h, w) -> logits of the pixels, float32 (n, d, h, w): what is calibrated and exported.

        An image-level head has its say in them: the odds of every pixel are multiplied by the probability that the picture
        shows the defect at all. In a picture that seems clean pixels have to be surer; sure ones are not overruled. What
        training adds to all logits of pixels (`losses.prior_shift`) can be taken off before or after it. Raises ValueError
        as `logits`.
        """
        pixels, picture = self.logits(x)
        return pixels if picture is None else pixels + functional.logsigmoid(picture)[:, :, None, None]

    def logits(self, x: Tensor) -> Logits:
        """Judge normalised pictures, float32 (n, c, h, w). Raises ValueError if they are smaller than `smallest_px`."""
        height, width = x.shape[-2:]
        if min(height, width) < self.smallest_px:
            raise ValueError(f"pictures of {width} x {height} px: this network takes no side below {self.smallest_px} px")
        pixels, picture = self._judge(pad_to_multiple(x, self.multiple_px), height, width)
        if pixels.shape[-2:] != (height, width):
            pixels = pixels[..., :height, :width]
        return Logits(pixels, picture)

    @abstractmethod
    def _judge(self, x: Tensor, height: int, width: int) -> Logits:
        """Judge pictures whose sides are multiples: only the upper left `height` x `width` of x was photographed."""


def pad_to_multiple(x: Tensor, multiple: int) -> Tensor:
    """Add rows below and columns on the right until both sides are multiples (science.md §2a, padding rule).

    x (n, c, h, w), of any number type. They mirror the picture (the outermost row itself not twice); where more is missing
    than there is, they repeat its last row or column.

    >>> import torch
    >>> pad_to_multiple(torch.tensor([[[[1.0, 2.0, 3.0]]]]), 4)
    tensor([[[[1., 2., 3., 2.],
              [1., 2., 3., 2.],
              [1., 2., 3., 2.],
              [1., 2., 3., 2.]]]])
    """
    for axis, side in ((2, (0, 0, 0, 1)), (3, (0, 1, 0, 0))):
        missing = -x.shape[axis] % multiple
        if missing:
            mode = "reflect" if missing < x.shape[axis] else "replicate"
            x = functional.pad(x, tuple(missing * each for each in side), mode=mode)
    return x
