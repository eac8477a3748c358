"""The optional image-level head: one logit a picture and defect, beside the map."""

from __future__ import annotations

from torch import Tensor, nn

from edge_inspector.training.losses import picture_logit

STRIDE, CHANNELS = 16, 96  # of features.13


class ImageHead(nn.Module):
    """A 1x1 convolution on features.13, then log-mean-exp over the picture (science.md §2e, §3.5): 97 parameters an output.

    At stride 16, not 32: a small defect is one cell of four times as many, each already sees 267 px, and these are the
    features that the early-exit screen of §2e reads, so that one head can serve as both. Log-mean-exp, not the mean: a
    defect that fills one cell must count.
    """

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(CHANNELS, outputs, 1)
        nn.init.xavier_uniform_(self.conv.weight)
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]  # a bias was asked for above

    def forward(self, features: Tensor, height: int, width: int) -> Tensor:
        """Features (n, 96, H/16, W/16) of padded pictures -> (n, outputs); cells beyond height x width px do not count."""
        seen = features[..., : -(-height // STRIDE), : -(-width // STRIDE)]
        cells = self.conv(seen)  # (n, d, h/16, w/16)
        return picture_logit(cells.flatten(0, 1)).view(-1, self.conv.out_channels)  # (n d,) -> (n, d)
