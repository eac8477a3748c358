"""The light U-Net is the network of the science reference, §2 (a)."""

from __future__ import annotations

import pytest
import torch

from edge_inspector.training.models.unet import (
    PARAMETER_COUNT,
    STANDARD_PARAMETER_COUNT,
    LightUNet,
    MobileNetV2Encoder,
    StandardUNet,
)


@pytest.fixture(scope="module")
def network() -> LightUNet:
    torch.manual_seed(0)
    return LightUNet().eval()


def test_the_network_has_the_parameters_its_readme_states(network: LightUNet) -> None:
    assert sum(p.numel() for p in network.parameters()) == PARAMETER_COUNT == 2_302_948


def test_the_encoder_has_the_parameters_of_the_table() -> None:
    assert sum(p.numel() for p in MobileNetV2Encoder().parameters()) == 1_811_712


@pytest.mark.parametrize(
    ("stage", "parameters"), [(1, 896), (2, 5136), (3, 8832), (4, 10_000), (7, 21_056), (11, 66_624), (17, 473_920)]
)
def test_each_stage_has_the_parameters_of_the_table(network: LightUNet, stage: int, parameters: int) -> None:
    assert sum(p.numel() for p in network.encoder.features[stage].parameters()) == parameters


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("features.0.0.weight", (32, 3, 3, 3)),
        ("features.0.1.running_var", (32,)),
        ("features.1.conv.0.0.weight", (32, 1, 3, 3)),
        ("features.1.conv.1.weight", (16, 32, 1, 1)),
        ("features.1.conv.2.bias", (16,)),
        ("features.4.conv.0.0.weight", (144, 24, 1, 1)),
        ("features.17.conv.1.0.weight", (960, 1, 3, 3)),
        ("features.17.conv.2.weight", (320, 960, 1, 1)),
        ("features.17.conv.3.num_batches_tracked", ()),
    ],
)
def test_encoder_names_are_those_of_published_weights(network: LightUNet, name: str, shape: tuple[int, ...]) -> None:
    assert tuple(network.encoder.state_dict()[name].shape) == shape


def test_skips_and_bottleneck_have_the_sizes_of_the_table(network: LightUNet) -> None:
    skips, bottleneck = network.encoder(torch.zeros(1, 3, 64, 96))
    shapes = [tuple(x.shape[1:]) for x in (*skips, bottleneck)]
    assert shapes == [(16, 32, 48), (24, 16, 24), (32, 8, 12), (96, 4, 6), (320, 2, 3)]


def test_logits_have_the_size_of_the_picture(network: LightUNet) -> None:
    assert network(torch.zeros(2, 3, 64, 96)).shape == (2, 1, 64, 96)


def test_the_standard_network_has_the_published_number_of_parameters_and_full_size() -> None:
    network = StandardUNet().eval()
    assert sum(p.numel() for p in network.parameters()) == STANDARD_PARAMETER_COUNT
    with torch.no_grad():
        assert network(torch.zeros(1, 3, 64, 96)).shape == (1, 1, 64, 96)
