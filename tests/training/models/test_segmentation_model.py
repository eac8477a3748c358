"""Pictures are padded below and on the right, mirrored where the picture is large enough."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edge_inspector.training.models.segmentation_model import pad_to_multiple


@pytest.mark.parametrize(("height", "width"), [(37, 61), (33, 63), (720, 50), (17, 17)])
def test_padding_mirrors_below_and_on_the_right(height: int, width: int) -> None:
    x = torch.randn(2, 3, height, width)
    below, right = -height % 32, -width % 32
    padded = pad_to_multiple(x, 32)
    assert np.array_equal(padded, np.pad(x, ((0, 0), (0, 0), (0, below), (0, right)), mode="reflect"))


def test_a_picture_that_fits_is_not_touched() -> None:
    x = torch.randn(1, 3, 64, 96)
    assert pad_to_multiple(x, 32) is x


@pytest.mark.parametrize(("height", "width"), [(1, 1), (16, 5)])
def test_a_side_no_longer_than_what_is_missing_repeats_its_last_pixel(height: int, width: int) -> None:
    x = torch.randn(1, 3, height, width)
    padded = pad_to_multiple(x, 32)
    assert np.array_equal(padded, np.pad(x, ((0, 0), (0, 0), (0, 32 - height), (0, 32 - width)), mode="edge"))


def test_each_side_is_mirrored_or_repeated_for_itself() -> None:
    x = torch.randn(1, 1, 20, 3)
    tall = np.pad(x, ((0, 0), (0, 0), (0, 12), (0, 0)), mode="reflect")
    assert np.array_equal(pad_to_multiple(x, 32), np.pad(tall, ((0, 0), (0, 0), (0, 0), (0, 29)), mode="edge"))
