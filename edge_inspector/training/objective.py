"""What a training step makes smaller: a pixel loss and an overlap loss, mixed, over the outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

import torch
from torch import Tensor

from edge_inspector.training.batches import Batch
from edge_inspector.training.losses import (
    dice_loss,
    focal_loss,
    lovasz_hinge,
    mined_cross_entropy,
    picture_cross_entropy,
    prior_shift,
    weighted_cross_entropy,
)

PixelLoss = Literal["weighted", "focal", "mined"]
OverlapLoss = Literal["dice", "pooled_dice", "lovasz"]


@dataclass(frozen=True, slots=True)
class LossMix:
    """The default is science.md §3.3's. `alpha`, of `weighted` alone: a number, or None for that of the set (§3.1)."""

    pixels: PixelLoss = "weighted"
    alpha: float | None = None
    overlap: OverlapLoss = "dice"
    overlap_weight: float = 0.5
    picture_weight: float = 0.5  # of pictures that are labelled without a place


class Objective:
    """The mean over the outputs. `alphas`, one an output, are undone when a network's output becomes a probability.

    The overlap loss acts on the logit with alpha's shift undone, so that both terms agree on where p = 0.5 lies.
    """

    def __init__(self, mix: LossMix, alphas: Sequence[float]) -> None:
        self.alphas = tuple(alphas)
        self._mix = mix

    def __call__(self, logits: Tensor, batch: Batch) -> Tensor:
        """The loss of float32 logits (n, d, h, w), a scalar."""
        return torch.stack([self._loss(logits, batch, output) for output in range(len(self.alphas))]).mean()

    def _loss(self, logits: Tensor, batch: Batch, output: int) -> Tensor:
        z, y, judged = (each[:, output : output + 1] for each in (logits, batch.masks, batch.judged))  # (n, 1, h, w)
        alpha = self.alphas[output]
        loss = self._of_pixels(z, y, judged, alpha) + self._of_overlap(z - prior_shift(alpha), y, judged)
        placeless = batch.shows[:, output].isfinite()  # (n,)
        if placeless.any():
            shows = batch.shows[placeless, output]
            loss = loss + self._mix.picture_weight * picture_cross_entropy(z[placeless] - prior_shift(alpha), shows)
        return loss

    def _of_pixels(self, z: Tensor, y: Tensor, judged: Tensor, alpha: float) -> Tensor:
        match self._mix.pixels:
            case "weighted":
                return weighted_cross_entropy(z, y, alpha, judged)
            case "focal":
                return focal_loss(z, y, judged)
            case "mined":
                return mined_cross_entropy(z, y, judged)
            case _:
                assert_never(self._mix.pixels)

    def _of_overlap(self, z: Tensor, y: Tensor, judged: Tensor) -> Tensor:
        match self._mix.overlap:
            case "dice":
                loss = dice_loss(z, y, judged)
            case "pooled_dice":
                loss = dice_loss(z, y, judged, pooled=True)
            case "lovasz":
                loss = lovasz_hinge(z, y, judged)
            case _:
                assert_never(self._mix.overlap)
        return self._mix.overlap_weight * loss
