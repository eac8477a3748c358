"""Losses on logits. `logits` and `target` have one shape (n, ...); target 0..1; results are scalars."""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn import functional

ALPHA_RANGE = (0.5, 0.99)


def alpha_of_set(positive_share: float) -> float:
    """Weight of positive pixels for a set with this mean of y: 1 - share, clamped (science.md §3.1)."""
    return min(max(1.0 - positive_share, ALPHA_RANGE[0]), ALPHA_RANGE[1])


def weighted_cross_entropy(logits: Tensor, target: Tensor, alpha: float, judged: Tensor | None = None) -> Tensor:
    """Cross-entropy with weight alpha on positive and 1 - alpha on negative pixels, divided by the sum of weights.

    The weighted mean form of Tabernik et al.'s loss (science.md §3.1): clean pictures teach, size does not matter. Where
    `judged` (same shape, 0 or 1) is 0 a pixel has no weight.
    """
    loss = target * functional.softplus(-logits) + (1.0 - target) * functional.softplus(logits)
    weight = alpha * target + (1.0 - alpha) * (1.0 - target)
    if judged is not None:
        weight = weight * judged
    return (weight * loss).sum() / weight.sum().clamp_min(1e-6)


def dice_loss(
    logits: Tensor, target: Tensor, judged: Tensor | None = None, smooth: float = 1.0, *, pooled: bool = False
) -> Tensor:
    """1 - (2 sum p y + s) / (sum p + sum y + s) per picture, then the mean (science.md §3.3).

    `pooled`: the sums run over the whole batch, which is steadier where defects are a few pixels. Pixels whose `judged` is 0
    are left out.
    """
    p, y = logits.sigmoid(), target
    if judged is not None:
        p, y = p * judged, y * judged
    p, y = (p.reshape(1, -1), y.reshape(1, -1)) if pooled else (p.flatten(1), y.flatten(1))  # (1 or n, pixels)
    overlap = (2.0 * (p * y).sum(1) + smooth) / (p.sum(1) + y.sum(1) + smooth)
    return (1.0 - overlap).mean()


def prior_shift(alpha: float) -> float:
    """What the weight alpha adds to the logit: ln(alpha / (1 - alpha)). Subtracting it undoes the weighting.

    >>> q = 0.7
    >>> z = math.log(q / (1 - q)) - prior_shift(0.95)
    >>> round(1 / (1 + math.exp(-z)), 6)
    0.109375
    """
    return math.log(alpha / (1.0 - alpha))
