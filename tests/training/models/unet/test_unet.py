"""The U-Nets are the networks of the science reference, §2(a); what holds for every network is in test_contract.py."""

from __future__ import annotations

import hashlib
from typing import Literal

import pytest
import torch

from edge_inspector.training.models.unet import LightUNet, MobileNetV2Encoder, StandardUNet


@pytest.fixture(scope="module")
def network() -> LightUNet:
    torch.manual_seed(0)
    return LightUNet().eval()


@pytest.mark.parametrize(("is_widened", "parameters", "entries"), [(False, 1_811_712, 306), (True, 2_223_872, 312)])
def test_the_encoder_has_the_parameters_of_the_table(is_widened: bool, parameters: int, entries: int) -> None:
    encoder = MobileNetV2Encoder(is_widened=is_widened)
    assert sum(p.numel() for p in encoder.parameters()) == parameters
    assert len(encoder.state_dict()) == entries


@pytest.mark.parametrize("channels", [1, 2, 4, 8])
def test_another_number_of_channels_changes_the_first_convolution_alone(channels: int) -> None:
    ours, rgb = (sum(p.numel() for p in MobileNetV2Encoder(c).parameters()) for c in (channels, 3))
    assert ours - rgb == 288 * (channels - 3)  # science.md §2(d)


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


@pytest.mark.parametrize(("block", "parameters"), [(0, 3_761_152), (1, 479_744), (2, 124_672), (3, 32_384), (4, 6_976)])
def test_each_decoder_block_of_the_standard_network_has_the_parameters_of_the_table(block: int, parameters: int) -> None:
    assert sum(p.numel() for p in StandardUNet().decoder[block].parameters()) == parameters


@pytest.mark.parametrize("ends_at", [2, 4])
def test_the_light_decoders_have_the_parameters_of_the_table(ends_at: Literal[2, 4]) -> None:
    network = LightUNet(ends_at=ends_at)
    blocks = [sum(p.numel() for p in block.parameters()) for block in network.decoder]
    head = sum(p.numel() for p in network.head.parameters())
    table = [359_616, 73_856, 38_112, 18_496]
    assert (blocks, head) == ((table, 1_156) if ends_at == 2 else (table[:3], 6_928))


def test_one_seed_still_draws_the_light_network_that_engines_came_from() -> None:
    torch.manual_seed(3)
    network = LightUNet(3)
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode() + tensor.numpy().tobytes())
    assert digest.hexdigest() == "c16716491f0e88b859b03edbfe36ee67adcbbbd267d71752735cbf13cbb2a65e"
