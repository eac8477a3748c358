"""Filters that learned on RGB see other bands as the science reference says, §2(d)."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.training.models.bands import BLUE, GREEN, GREY, RED, RGB, Band, inflate, normalise_bands

NEAR = Band("850 nm", 0.3, 0.1)
FAR = Band("940 nm", 0.25, 0.12)


@pytest.fixture
def filters() -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(32, 3, 3, 3)


@pytest.mark.parametrize(
    "bands",
    [GREY, (NEAR, FAR), RGB, (NEAR, FAR, Band("1050 nm", 0.2, 0.1)), (*RGB, NEAR), (NEAR, BLUE, FAR, GREEN, RED)],
    ids=len,
)
def test_equal_bands_get_the_response_that_rgb_gives_to_that_grey(filters: torch.Tensor, bands: tuple[Band, ...]) -> None:
    grey = torch.randn(1, 1, 16, 16)
    wanted = functional.conv2d(grey.expand(-1, 3, -1, -1), filters)
    given = functional.conv2d(grey.expand(-1, len(bands), -1, -1), inflate(filters, bands))
    assert torch.allclose(given, wanted, atol=1e-4)


def test_rgb_keeps_its_filters_to_the_bit(filters: torch.Tensor) -> None:
    assert torch.equal(inflate(filters, RGB), filters)


def test_a_colour_takes_its_own_filters_and_any_other_band_the_mean(filters: torch.Tensor) -> None:
    inflated = inflate(filters, (NEAR, BLUE, GREEN, RED))
    mean = filters.mean(1)
    wanted = 0.75 * torch.stack((mean, filters[:, 2], filters[:, 1], filters[:, 0]), dim=1)
    assert torch.allclose(inflated, wanted, atol=1e-6)


def test_one_band_adds_the_three_filters_up(filters: torch.Tensor) -> None:
    assert torch.allclose(inflate(filters, GREY)[:, 0], filters.sum(1), atol=1e-6)


def test_every_band_is_normalised_by_its_own_mean_and_spread() -> None:
    pictures = torch.tensor([[[[0, 51, 255, 102]]]], dtype=torch.uint8)  # (1, 1, 1, 4)
    given = normalise_bands(pictures, (RED, NEAR, *GREY, FAR)).flatten()
    wanted = [(0 - 0.485) / 0.229, (0.2 - 0.3) / 0.1, (1 - 0.449) / 0.226, (0.4 - 0.25) / 0.12]
    assert given.tolist() == pytest.approx(wanted, abs=1e-5)


def test_pictures_with_other_channels_than_the_bands_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="3 channels, expected 2 in this order: 850 nm, 940 nm"):
        normalise_bands(torch.zeros(1, 4, 4, 3), (NEAR, FAR))


@pytest.mark.parametrize(
    ("bands", "fault"),
    [
        ((), "no bands"),
        ((NEAR, NEAR), "two bands have the name 850 nm"),
        ((RED, Band("660 nm", 0.4, 0.2, "red")), "two bands have the filters red"),
    ],
)
def test_bands_that_can_not_be_told_apart_are_refused(filters: torch.Tensor, bands: tuple[Band, ...], fault: str) -> None:
    with pytest.raises(ConfigurationError, match=fault):
        inflate(filters, bands)


@pytest.mark.parametrize("std", [0.0, -0.1, math.nan, math.inf])
def test_a_band_without_a_spread_is_refused(std: float) -> None:
    with pytest.raises(ConfigurationError, match=r"band 850 nm: mean 0.3, std .*; std must be above 0"):
        Band("850 nm", 0.3, std)
