"""What a training step makes smaller: a pixel loss and an overlap loss, mixed, and an image-level head's loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

import torch
from torch import Tensor
from torch.nn import functional

from edge_inspector.training.batches import Batch
from edge_inspector.training.losses import (
    alpha_of_batch,
    dice_loss,
    focal_loss,
    lovasz_hinge,
    mined_cross_entropy,
    picture_cross_entropy,
    prior_shift,
    weighted_cross_entropy,
)
from edge_inspector.training.models.segmentation_model import Logits

PixelLoss = Literal["weighted", "focal", "mined"]
OverlapLoss = Literal["dice", "pooled_dice", "lovasz"]


@dataclass(frozen=True, slots=True)
class LossMix:
    """The default is science.md §3.3's. `alpha`, of `weighted` alone: a number, that of each batch, or None for that of the
    set (§3.1)."""

    pixels: PixelLoss = "weighted"
    alpha: float | Literal["batch"] | None = None
    overlap: OverlapLoss = "dice"
    overlap_weight: float = 0.5
    picture_weight: float = 0.5  # of pictures that are labelled without a place
    # AdamW takes steps of one size whatever the weight; it decides how far the head bends the features that it shares.
    # Between the 0.01 and 1 of SegDecNet's sets (science.md §2c), and not measured here.
    picture_head_weight: float = 0.1


class Objective:
    """The mean over the outputs.

    `alphas`, one an output, are what is undone when a network's output becomes a probability: the weights of defect pixels,
    or where each batch has its own, their mean so far. The overlap loss acts on the logit with alpha's shift undone, so that
    both terms agree on where p = 0.5 lies.
    """

    def __init__(self, mix: LossMix) -> None:
        self._mix = mix

    def __call__(
        self, logits: Logits, batch: Batch, alphas: Sequence[float], weights: Sequence[float] | None = None
    ) -> Tensor:
        """The loss of float32 logits, a scalar. `weights`: what `weights_of` gave for the batch, if it is known already."""
        weights = self.weights_of(batch, alphas) if weights is None else weights
        each = zip(alphas, weights, strict=True)
        return torch.stack([self._loss(logits, batch, output, *both) for output, both in enumerate(each)]).mean()

    def weights_of(self, batch: Batch, alphas: Sequence[float]) -> Sequence[float]:
        """What weighs the batch's defect pixels, an output: `alphas`, or the batch's own."""
        if self._mix.pixels != "weighted" or self._mix.alpha != "batch":
            return alphas
        return [alpha_of_batch(batch.masks[:, output], _placed(batch, output)[:, 0]) for output in range(len(alphas))]

    def _loss(self, logits: Logits, batch: Batch, output: int, alpha: float, weight: float) -> Tensor:
        z, y, judged = (each[:, output : output + 1] for each in (logits.pixels, batch.masks, batch.judged))  # (n, 1, h, w)
        shows, placed = batch.shows[:, output], _placed(batch, output)
        loss = self._of_pixels(z, y, placed, weight) + self._of_overlap(z - prior_shift(alpha), y, placed)
        if not batch.is_placed and (placeless := shows.isfinite() & (judged > 0).flatten(1).any(1)).any():  # (n,)
            of_pictures = picture_cross_entropy(z[placeless] - prior_shift(alpha), shows[placeless], judged[placeless])
            loss = loss + self._mix.picture_weight * of_pictures
        if logits.picture is not None:
            of_head = _of_picture_head(logits.picture[:, output], y, placed, shows)
            loss = loss + self._mix.picture_head_weight * of_head
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


def _placed(batch: Batch, output: int) -> Tensor:
    """1 where it is known whether a pixel shows the output's defect, float32 (n, 1, h, w)."""
    return batch.judged[:, output : output + 1] * batch.shows[:, output].isnan().float()[:, None, None, None]


def _of_picture_head(logits: Tensor, y: Tensor, judged: Tensor, shows: Tensor) -> Tensor:
    """Cross-entropy of whether a crop shows the defect: one pixel that is more likely than not, or somebody's word.

    `logits` and `shows` (n,), the others (n, 1, h, w). A crop of which nothing is known does not count.
    """
    target = ((y >= 0.5) & (judged > 0)).flatten(1).any(1) | (shows > 0.5)  # NaN is no word
    is_known = ((judged > 0).flatten(1).any(1) | shows.isfinite()).float()
    loss = functional.binary_cross_entropy_with_logits(logits, target.float(), reduction="none")
    return (loss * is_known).sum() / is_known.sum().clamp_min(1.0)
