"""Every network of the registry keeps the contract: any size, gradient everywhere, and the exported graph is the network.

Parameters and GMAC of each are printed (pytest -s).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from edge_inspector.training.export import SMALLEST_HALVED, LogitMap, ShippedNetwork, export_onnx, fold_batch_norm
from edge_inspector.training.models.bands import RGB, Band
from edge_inspector.training.models.registry import MODELS, build_model
from edge_inspector.training.models.segmentation_model import SegmentationModel, pad_to_multiple
from tests.training.models.cost import Cost, cost_of

# science.md §2(a): one output, three channels, 256 x 1248 px
TABLE = {
    "unet-standard": Cost(6_628_945, 16.307),
    "unet-light": Cost(2_302_948, 4.919),
    "unet-light4": Cost(2_290_224, 3.493),
}
BANDS = (*RGB, Band("850 nm", 0.3, 0.1), Band("940 nm", 0.25, 0.12))
LOGIT_MAP = LogitMap(alpha=0.9, scale=1.1, bias=0.2)
PLAIN = {"INFERENCE_PRECISION_HINT": "f32", "ENABLE_CPU_PINNING": "NO"}  # leaves no bound thread behind
EXPORT_TOLERANCE = 2e-4  # of a probability, both in 32 bit with the weights the graph keeps in 16

every_model = pytest.mark.parametrize("name", MODELS)


def lived_in(network: SegmentationModel) -> SegmentationModel:
    """With BatchNorm statistics of its own pictures and uneven gains, so that folding has something to do."""
    torch.manual_seed(1)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, -0.5, 0.5)
            layer.momentum = None  # the plain mean of what it sees
    first = next(p for p in network.parameters() if p.ndim == 4)
    with torch.no_grad():
        network.train()(torch.randn(4, first.shape[1], 96, 96))
    return network.eval()


def pictures_of(network: SegmentationModel, *, n: int, height: int, width: int, channels: int = 3) -> torch.Tensor:
    torch.manual_seed(2)
    return torch.randn(n, channels, max(height, network.smallest_px), max(width, network.smallest_px))


@every_model
def test_parameters_and_gmac_are_those_of_the_table(name: str) -> None:
    cost = cost_of(build_model(name), 1, 3, 256, 1248)
    known = TABLE.get(name)
    print(f"\n{name}: {cost.parameters:,} parameters, {cost.gmac:.3f} GMAC at 256 x 1248 ({known or 'in no table'})")
    assert cost.parameters > 0
    assert cost.gmac > 0
    if known is not None:
        assert cost.parameters == known.parameters
        assert cost.gmac == pytest.approx(known.gmac, abs=5e-4)


@every_model
@pytest.mark.parametrize(("height", "width"), [(64, 96), (37, 61), (33, 31), (1, 1), (2, 70)])
def test_a_picture_of_any_size_gets_a_logit_a_pixel_and_defect(name: str, height: int, width: int) -> None:
    network = build_model(name, outputs=2).eval()
    x = pictures_of(network, n=2, height=height, width=width)
    with torch.no_grad():
        logits = network(x)
    assert logits.shape == (2, 2, *x.shape[2:])
    assert logits.dtype == torch.float32
    assert logits.isfinite().all()


@every_model
def test_a_side_below_the_smallest_is_refused_in_words(name: str) -> None:
    network = build_model(name).eval()
    x = torch.zeros(1, 3, 64, network.smallest_px - 1)
    with pytest.raises(ValueError, match=rf"64 px: this network takes no side below {network.smallest_px} px"):
        network(x)


@every_model
def test_an_odd_size_is_judged_as_if_it_were_padded_by_hand(name: str) -> None:
    network = lived_in(build_model(name))
    x = pictures_of(network, n=1, height=37, width=61)
    with torch.no_grad():
        assert torch.equal(network(x), network(pad_to_multiple(x, network.multiple_px))[..., :37, :61])


@every_model
@pytest.mark.parametrize("has_image_head", [False, True])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_gradient_reaches_every_parameter(name: str, channels: int, has_image_head: bool) -> None:
    torch.manual_seed(0)
    network = build_model(name, outputs=2, channels=channels, has_image_head=has_image_head)
    logits = network.logits(pictures_of(network, n=2, height=61, width=37, channels=channels))
    assert (logits.picture is not None) == network.has_image_head
    wanted = (logits.pixels * torch.randn_like(logits.pixels)).sum()
    if logits.picture is not None:
        assert logits.picture.shape == (2, 2)
        wanted = wanted + (logits.picture * torch.randn_like(logits.picture)).sum()
    wanted.backward()
    assert [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


@every_model
def test_one_seed_draws_one_network_and_its_image_head_last(name: str) -> None:
    torch.manual_seed(7)
    plain = build_model(name).state_dict()
    torch.manual_seed(7)
    with_head = build_model(name, has_image_head=True).state_dict()
    assert all(torch.equal(tensor, with_head[key]) for key, tensor in plain.items())


@every_model
def test_no_batch_norm_is_left_when_it_is_folded_and_the_logits_stay(name: str) -> None:
    network = lived_in(build_model(name, has_image_head=True))
    folded = fold_batch_norm(network)
    x = pictures_of(network, n=1, height=64, width=64)
    with torch.no_grad():
        before, after = network.logits(x), folded.logits(x)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in folded.modules())
    assert any(isinstance(layer, nn.BatchNorm2d) for layer in network.modules())
    assert torch.allclose(before.pixels, after.pixels, atol=1e-3)
    if before.picture is not None:
        assert after.picture is not None
        assert torch.allclose(before.picture, after.picture, atol=1e-3)


@every_model
@pytest.mark.parametrize(
    ("bands", "has_image_head"), [(RGB, False), (BANDS, True)], ids=["rgb", "five-bands-and-image-head"]
)
def test_the_exported_graph_says_what_torch_says_at_an_odd_size(
    name: str, bands: tuple[Band, ...], has_image_head: bool, tmp_path: Path
) -> None:
    network = lived_in(build_model(name, channels=len(bands), has_image_head=has_image_head))
    height, width = max(61, network.smallest_px), max(101, network.smallest_px)
    export_onnx(network, LOGIT_MAP, tmp_path / "model.onnx", height, width, bands)
    pictures = np.random.default_rng(0).integers(0, 256, (3, height, width, len(bands)), dtype=np.uint8)
    with torch.no_grad():
        wanted = ShippedNetwork(network, LOGIT_MAP, bands).eval()(torch.from_numpy(pictures)).numpy()
    given = openvino_probability(tmp_path / "model.onnx", pictures)
    assert given.shape == wanted.shape == (3, height, width)
    difference = float(np.abs(given - wanted).max())
    print(f"\n{name}: OpenVINO differs from torch by {difference:.2g} at most, values spread {float(wanted.std()):.2g}")
    assert float(wanted.std()) > 10 * EXPORT_TOLERANCE  # a constant would agree with anything
    assert difference < EXPORT_TOLERANCE


@every_model
def test_biases_and_depthwise_weights_keep_32_bits_and_the_others_16(name: str) -> None:
    network = lived_in(build_model(name))
    folded = dict(fold_batch_norm(network).named_parameters())
    shipped = dict(ShippedNetwork(network, LOGIT_MAP).network.named_parameters())
    assert shipped.keys() == folded.keys()
    rounded = [each for each, weight in shipped.items() if not torch.equal(weight, folded[each])]
    assert rounded
    assert all(torch.equal(shipped[each], folded[each].half().float()) for each in rounded)
    kept = {each: weight for each, weight in shipped.items() if each not in rounded}
    assert sum(weight.shape[1:] == (1, 3, 3) for weight in kept.values()) == 17  # depthwise convolutions of MobileNetV2
    assert all(weight.ndim == 1 or weight.shape[1] == 1 or weight.numel() < SMALLEST_HALVED for weight in kept.values())
    assert sum(weight.numel() for weight in kept.values()) < 0.05 * sum(weight.numel() for weight in shipped.values())


@every_model
def test_an_image_level_head_multiplies_the_odds_of_every_pixel_by_the_pictures_probability(name: str) -> None:
    network = lived_in(build_model(name, outputs=2, has_image_head=True))
    x = pictures_of(network, n=2, height=37, width=61)
    with torch.no_grad():
        logits, combined = network.logits(x), network(x)
    assert logits.picture is not None
    odds = logits.pixels.double().exp() * logits.picture.double().sigmoid()[:, :, None, None]
    assert torch.allclose(combined.double(), odds.log(), atol=1e-4)


def openvino_probability(path: Path, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    compiled = openvino.Core().compile_model(str(path), "CPU", PLAIN)
    assert len(compiled.outputs) == 1  # a station takes no graph with more
    return np.asarray(compiled(pictures)[0], np.float32)
