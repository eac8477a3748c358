"""Losses give the check values of the science reference, §10.3."""

from __future__ import annotations

import pytest
import torch

from edge_inspector.training.losses import alpha_of_set, dice_loss, weighted_cross_entropy

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
