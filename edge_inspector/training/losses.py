"""Losses on logits. `logits` and `target` have one shape (n, ...); target 0..1; results are scalars."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

ALPHA_RANGE = (0.5, 0.99)
SHARPNESS = 6.0  # of the picture's logit: how much its highest pixels count


def alpha_of_set(positive_share: float) -> float:
    """Weight of positive pixels for a set with this mean of y: 1 - share, clamped (science.md §3.1)."""
    return min(max(1.0 - positive_share, ALPHA_RANGE[0]), ALPHA_RANGE[1])


def alpha_of_batch(target: Tensor, judged: Tensor) -> float:
    """The same of what a batch shows, of the pixels that are judged; 0.99 where it shows no defect."""
    return alpha_of_set(float((target * judged).sum() / judged.sum().clamp_min(1.0)))


def weighted_cross_entropy(logits: Tensor, target: Tensor, alpha: float, judged: Tensor | None = None) -> Tensor:
    """Cross-entropy with weight alpha on positive and 1 - alpha on negative pixels, divided by the sum of weights.

    The weighted mean form of Tabernik et al.'s loss (science.md §3.1): clean pictures teach, size does not matter. Where
    `judged` (same shape, 0 or 1) is 0 a pixel has no weight.
    """
    loss = _cross_entropy(logits, target)
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


def focal_loss(
    logits: Tensor, target: Tensor, judged: Tensor | None = None, gamma: float = 2.0, alpha: float = 0.25
) -> Tensor:
    """Mean of -alpha_t (1 - p_t)^gamma log p_t (Lin et al. 2017; science.md §3.3): pixels that are sure count little."""
    cross_entropy = _cross_entropy(logits, target)
    p = logits.sigmoid()
    p_true = target * p + (1.0 - target) * (1.0 - p)
    share = alpha * target + (1.0 - alpha) * (1.0 - target)
    return _mean(share * (1.0 - p_true) ** gamma * cross_entropy, judged)


def lovasz_hinge(logits: Tensor, target: Tensor, judged: Tensor | None = None) -> Tensor:
    """The convex surface through the Jaccard loss, per picture, then the mean (Berman et al. 2018; science.md §3.3).

    Targets are taken as 1 from 0.5 on. Pixels that are not judged are left out.
    """
    losses = []
    for n in range(len(logits)):
        seen = ... if judged is None else judged[n] > 0
        z, y = logits[n][seen].flatten(), (target[n][seen].flatten() >= 0.5).to(logits.dtype)
        errors, order = torch.sort(1.0 - z * (2.0 * y - 1.0), descending=True)
        ranked = y[order]
        positives = ranked.sum()
        jaccard = 1.0 - (positives - ranked.cumsum(0)) / (positives + (1.0 - ranked).cumsum(0))
        steps = torch.diff(jaccard, prepend=jaccard.new_zeros(1))
        losses.append((errors.relu() * steps).sum())
    return torch.stack(losses).mean()


def mined_cross_entropy(
    logits: Tensor, target: Tensor, judged: Tensor | None = None, negatives: float = 3.0, least_share: float = 0.01
) -> Tensor:
    """Cross-entropy of all defect pixels and of the hardest others alone (Shrivastava et al. 2016, by pixels).

    Others: `negatives` times as many as defect pixels, and no fewer than `least_share` of all, so that clean batches teach.
    """
    seen = torch.ones_like(target) if judged is None else judged.expand_as(target)
    loss = (_cross_entropy(logits, target) * seen).flatten()
    is_defect = ((target >= 0.5) & (seen > 0)).flatten()
    is_other = ((target < 0.5) & (seen > 0)).flatten()
    wanted = max(round(negatives * int(is_defect.sum())), round(least_share * int(seen.sum())), 1)
    hardest = loss[is_other].topk(min(wanted, int(is_other.sum()))).values
    counted = torch.cat((loss[is_defect], hardest))
    return counted.sum() / max(len(counted), 1)


def picture_logit(logits: Tensor, judged: Tensor | None = None, sharpness: float = SHARPNESS) -> Tensor:
    """One logit a picture from its map (n, ...) -> (n,): log-mean-exp, between mean and maximum (science.md §3.5).

    >>> round(float(picture_logit(torch.tensor([[0.0, 0.0, 0.0, 4.0]]))), 6)
    3.768951
    """
    z = sharpness * logits.flatten(1)
    if judged is None:
        return (z.logsumexp(1) - math.log(z.shape[1])) / sharpness
    seen = judged.expand_as(logits).flatten(1)
    return ((z + seen.log()).logsumexp(1) - seen.sum(1).log()) / sharpness


def picture_cross_entropy(logits: Tensor, is_defective: Tensor, judged: Tensor | None = None) -> Tensor:
    """Cross-entropy of pictures of which is known whether they show the defect, but not where: (n,), 0 or 1."""
    return _cross_entropy(picture_logit(logits, judged), is_defective).mean()


def _cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    return target * functional.softplus(-logits) + (1.0 - target) * functional.softplus(logits)


def _mean(loss: Tensor, judged: Tensor | None) -> Tensor:
    if judged is None:
        return loss.mean()
    weight = judged.expand_as(loss)
    return (loss * weight).sum() / weight.sum().clamp_min(1e-6)


def alpha_of_shift(shift: float) -> float:
    """The weight that adds so much to the logit: the inverse of `prior_shift`."""
    return 1.0 / (1.0 + math.exp(-shift))


def prior_shift(alpha: float) -> float:
    """What the weight alpha adds to the logit: ln(alpha / (1 - alpha)). Subtracting it undoes the weighting.

    >>> q = 0.7
    >>> z = math.log(q / (1 - q)) - prior_shift(0.95)
    >>> round(1 / (1 + math.exp(-z)), 6)
    0.109375
    """
    return math.log(alpha / (1.0 - alpha))
