"""The image-level head says of a picture as a whole whether it shows the defect."""

from __future__ import annotations

import math

import pytest
import torch

from edge_inspector.training.models.unet import LightUNet
from edge_inspector.training.models.unet.image_head import ImageHead


@pytest.fixture
def head() -> ImageHead:
    """Whose logit of a cell is the cell's first feature."""
    head = ImageHead(1)
    with torch.no_grad():
        head.conv.weight.zero_()
        head.conv.weight[0, 0] = 1.0
    return head


def test_it_has_97_parameters_an_output() -> None:
    assert [sum(p.numel() for p in ImageHead(outputs).parameters()) for outputs in (1, 3)] == [97, 291]


def test_one_cell_with_the_defect_outweighs_all_without(head: ImageHead) -> None:
    features = torch.full((1, 96, 16, 78), -4.0)
    clean = float(head(features, 256, 1248).detach())
    features[0, 0, 5, 7] = 8.0
    assert clean == pytest.approx(-4.0, abs=1e-4)
    assert float(head(features, 256, 1248).detach()) == pytest.approx(8.0 - math.log(16 * 78) / 6.0, abs=1e-4)


def test_cells_that_were_only_padded_do_not_count(head: ImageHead) -> None:
    features = torch.zeros(1, 96, 4, 4)  # of 64 x 64 px
    features[..., 3, :] = 9.0
    features[..., :, 3] = 9.0
    assert float(head(features, 48, 48).detach()) == pytest.approx(0.0, abs=1e-6)
    assert float(head(features, 49, 48).detach()) > 5.0  # one row of the fourth cells was photographed


def test_pictures_and_outputs_keep_their_places() -> None:
    head = ImageHead(2)
    with torch.no_grad():
        head.conv.weight.zero_()
        head.conv.weight[0, 0], head.conv.weight[1, 1] = 1.0, 1.0
        features = torch.zeros(3, 96, 2, 2)
        features[:, 0] = torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1)
        features[:, 1] = torch.tensor([-1.0, -2.0, -3.0]).view(3, 1, 1)
        given = head(features, 32, 32)
    assert torch.allclose(given, torch.tensor([[1.0, -1.0], [2.0, -2.0], [3.0, -3.0]]), atol=1e-6)


def test_a_network_without_it_has_no_word_on_the_picture_and_the_same_logits_of_pixels() -> None:
    torch.manual_seed(0)
    plain = LightUNet().eval()
    torch.manual_seed(0)
    with_head = LightUNet(has_image_head=True).eval()
    x = torch.randn(1, 3, 50, 70)
    with torch.no_grad():
        assert plain.logits(x).picture is None
        picture = with_head.logits(x).picture
        assert picture is not None
        assert picture.shape == (1, 1)
        assert torch.equal(plain.logits(x).pixels, with_head.logits(x).pixels)
