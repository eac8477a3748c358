"""Losses give the check values of the science reference, §10.3."""

from __future__ import annotations

import pytest
import torch

from edge_inspector.training.losses import (
    alpha_of_set,
    dice_loss,
    focal_loss,
    lovasz_hinge,
    mined_cross_entropy,
    picture_cross_entropy,
    picture_logit,
    weighted_cross_entropy,
)

Z = torch.tensor([[0.0, 2.0, -1.0, 3.0]], dtype=torch.float64)
Y = torch.tensor([[1.0, 1.0, 0.0, 0.0]], dtype=torch.float64)


def test_equal_weights_give_the_mean_cross_entropy() -> None:
    assert float(weighted_cross_entropy(Z, Y, 0.5)) == pytest.approx(1.045481, abs=1e-6)


def test_weighted_cross_entropy_is_normalised_by_its_weights() -> None:
    assert float(weighted_cross_entropy(Z, Y, 0.9)) == pytest.approx(0.537126, abs=1e-6)


def test_dice_is_smoothed_by_one_pixel() -> None:
    assert float(dice_loss(Z, Y)) == pytest.approx(0.328564, abs=1e-6)


def test_dice_is_the_mean_over_pictures() -> None:
    apart = [float(dice_loss(Z, Y)), float(dice_loss(-Z, Y))]
    assert float(dice_loss(torch.cat((Z, -Z)), torch.cat((Y, Y)))) == pytest.approx(sum(apart) / 2)


@pytest.mark.parametrize(("share", "alpha"), [(0.0, 0.99), (0.001, 0.99), (0.2, 0.8), (0.9, 0.5)])
def test_alpha_is_clamped(share: float, alpha: float) -> None:
    assert alpha_of_set(share) == pytest.approx(alpha)


def test_a_clean_picture_teaches() -> None:
    assert float(weighted_cross_entropy(Z, torch.zeros_like(Z), 0.99)) > 0.5


def test_focal_loss_has_its_check_value_and_counts_sure_pixels_little() -> None:
    assert float(focal_loss(Z, Y)) == pytest.approx(0.533869, abs=1e-6)
    sure, unsure = torch.full_like(Z, 6.0), torch.full_like(Z, 0.0)
    ones = torch.ones_like(Z)
    ratio = float(focal_loss(sure, ones) / focal_loss(unsure, ones))
    assert ratio < 0.01 * float(weighted_cross_entropy(sure, ones, 0.5) / weighted_cross_entropy(unsure, ones, 0.5))


def test_lovasz_hinge_has_its_check_value() -> None:
    assert float(lovasz_hinge(Z, Y)) == pytest.approx(1.666667, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_lovasz_hinge_of_plain_decisions_is_twice_what_iou_lacks(seed: int) -> None:
    """Logits of +1 and -1 have errors of 0 and 2; the loss is then the Jaccard loss of the wrong pixels."""
    drawn = torch.Generator().manual_seed(seed)
    found, truth = (torch.rand((2, 1, 8, 9), generator=drawn) < 0.4 for _ in range(2))
    lacking = [1 - float((f & t).sum() / (f | t).sum()) for f, t in zip(found, truth, strict=True)]
    loss = lovasz_hinge(2.0 * found.double() - 1.0, truth.double())
    assert float(loss) == pytest.approx(2 * sum(lacking) / 2)


def test_mining_counts_all_defect_pixels_and_only_the_hardest_others() -> None:
    z, y = torch.tensor([[1.0, -4.0, -3.0, 2.0, -5.0]]), torch.tensor([[1.0, 0.0, 0.0, 0.0, 0.0]])
    hardest = [(1.0, 1.0), (2.0, 0.0)]  # the defect, and as many others
    wanted = sum(float(weighted_cross_entropy(torch.tensor([[a]]), torch.tensor([[b]]), 0.5)) for a, b in hardest) / 2
    assert float(mined_cross_entropy(z, y, negatives=1.0)) == pytest.approx(wanted)
    assert float(mined_cross_entropy(z, y, negatives=9.0)) == pytest.approx(float(weighted_cross_entropy(z, y, 0.5)))


def test_mining_teaches_from_clean_pictures_too() -> None:
    z = torch.tensor([[3.0, -9.0, -9.0, -9.0]])
    assert float(mined_cross_entropy(z, torch.zeros_like(z))) == pytest.approx(3.0486, abs=1e-3)


def test_a_picture_counts_as_defective_by_a_few_high_pixels() -> None:
    lone = torch.full((1, 1, 30, 30), -6.0)
    lone[0, 0, 3, 4] = 6.0
    low = float(picture_logit(torch.full((1, 1, 30, 30), -6.0)))
    assert low == pytest.approx(-6.0)
    assert float(picture_logit(lone)) > 4
    for is_defective, better in ((1.0, lone), (0.0, torch.full_like(lone, -6.0))):
        told = torch.tensor([is_defective])
        worse = torch.full_like(lone, -6.0) if is_defective else lone
        assert float(picture_cross_entropy(better, told)) < 0.1 < float(picture_cross_entropy(worse, told))


LOSSES = {
    "weighted": lambda z, y, judged: weighted_cross_entropy(z, y, 0.9, judged),
    "dice": lambda z, y, judged: dice_loss(z, y, judged),
    "pooled dice": lambda z, y, judged: dice_loss(z, y, judged, pooled=True),
    "focal": focal_loss,
    "lovasz": lovasz_hinge,
    "mined": mined_cross_entropy,
    "picture": lambda z, y, judged: picture_cross_entropy(z, y.flatten(1).amax(1), judged),
}


@pytest.mark.parametrize("name", LOSSES)
def test_pixels_that_are_not_judged_neither_count_nor_teach(name: str) -> None:
    z = torch.tensor([[0.5, 2.0, -1.0, 3.0, -7.0, 9.0]], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([[1.0, 1.0, 0.0, 0.0, 1.0, 0.0]], dtype=torch.float64)
    judged = torch.tensor([[1.0, 1.0, 1.0, 1.0, 0.0, 0.0]], dtype=torch.float64)
    loss = LOSSES[name](z, y, judged)
    assert float(loss.detach()) == pytest.approx(float(LOSSES[name](z[:, :4], y[:, :4], None).detach()))
    loss.backward()
    assert z.grad is not None
    assert float(z.grad[0, 4:].abs().max()) == 0.0
    assert float(z.grad[0, :4].abs().max()) > 0.0


@pytest.mark.parametrize("name", sorted(LOSSES.keys() - {"picture"}))  # a picture of which nothing is judged has no label
def test_where_nothing_is_judged_nothing_is_learned_and_nothing_breaks(name: str) -> None:
    z = torch.tensor([[0.5, 2.0]], requires_grad=True)
    loss = LOSSES[name](z, torch.tensor([[1.0, 0.0]]), torch.zeros((1, 2)))
    loss.backward()
    assert z.grad is not None
    assert float(z.grad.abs().max()) == 0.0
    assert bool(torch.isfinite(loss))
