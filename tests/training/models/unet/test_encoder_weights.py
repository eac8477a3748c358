"""Published encoder weights are taken whole, see what they saw where they were trained, and get their dead repaired."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.models.bands import GREY, RGB, Band, normalise_bands
from edge_inspector.training.models.registry import MODELS, build_model
from edge_inspector.training.models.unet import LightUNet, MobileNetV2Encoder
from edge_inspector.training.models.unet.encoder_weights import encoder_from, load_encoder_weights, repair_dead_channels
from edge_inspector.training.models.unet.published_weights import PublishedWeights, published_weights
from tests.training.real_data import real_data

GIVEN = "mobilenet_v2_imagenet_encoder.safetensors"
KERAS = (0.5, 0.5, 0.5)  # x / 127.5 - 1


@pytest.fixture
def published() -> PublishedWeights:
    """Weights as Keras' are published: with what only the standard network has, without counters."""
    torch.manual_seed(0)
    state = MobileNetV2Encoder(is_widened=True).state_dict()
    return PublishedWeights("w", {n: t for n, t in state.items() if not n.endswith("num_batches_tracked")}, KERAS, KERAS)


def with_tensors(published: PublishedWeights, changed: dict[str, Tensor | None]) -> PublishedWeights:
    tensors = {name: tensor for name, tensor in {**published.tensors, **changed}.items() if tensor is not None}
    return PublishedWeights(published.source, tensors, published.mean, published.std)


def test_features_are_those_of_the_pictures_the_weights_were_trained_on(published: PublishedWeights) -> None:
    loaded, original = MobileNetV2Encoder().eval(), MobileNetV2Encoder(is_widened=True).eval()
    load_encoder_weights(loaded, published)
    original.load_state_dict(dict(published.tensors), strict=False)
    pictures = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 64, 96, 3), dtype=np.uint8))
    with torch.no_grad():
        here = loaded.features[0](normalise_bands(pictures, RGB))
        there = original.features[0](pictures.permute(0, 3, 1, 2) / 127.5 - 1.0)
    # the border differs: padding there is grey in one scaling and the mean colour in the other
    assert torch.allclose(here[:, :, 1:-1, 1:-1], there[:, :, 1:-1, 1:-1], atol=1e-4)
    assert all(torch.equal(loaded.state_dict()[n], t) for n, t in published.tensors.items() if n.startswith("features.17"))


def test_weights_that_learned_on_our_scale_are_taken_to_the_bit(published: PublishedWeights) -> None:
    mean, std = (tuple(getattr(band, name) for band in RGB) for name in ("mean", "std"))
    encoder = MobileNetV2Encoder(is_widened=True)
    load_encoder_weights(encoder, PublishedWeights("w", published.tensors, mean, std))
    assert all(torch.equal(encoder.state_dict()[name], tensor) for name, tensor in published.tensors.items())


@pytest.mark.parametrize(
    "bands", [GREY, (*RGB, Band("850 nm", 0.3, 0.1)), (Band("850 nm", 0.3, 0.1), Band("940 nm", 0.2, 0.1))], ids=len
)
def test_equal_bands_have_the_features_of_that_grey_in_rgb(published: PublishedWeights, bands: tuple[Band, ...]) -> None:
    rgb, other = MobileNetV2Encoder().eval(), MobileNetV2Encoder(len(bands)).eval()
    load_encoder_weights(rgb, published)
    load_encoder_weights(other, published, bands)
    grey = torch.randn(1, 1, 64, 64)
    with torch.no_grad():
        wanted = rgb(grey.expand(-1, 3, -1, -1))[1]  # of random weights these are tiny, but not all one
        given = other(grey.expand(-1, len(bands), -1, -1))[1]
    assert float(wanted.std()) > 0.1 * float(wanted.abs().max())
    assert torch.allclose(given, wanted, atol=1e-3 * float(wanted.abs().max()))


def test_bands_for_another_encoder_are_refused(published: PublishedWeights) -> None:
    with pytest.raises(ValueError, match="built for 3 channels, not for 1 bands"):
        load_encoder_weights(MobileNetV2Encoder(), published, GREY)


@pytest.mark.parametrize("name", ["features.0.0.weight", "features.17.conv.3.running_var", "features.18.1.bias"])
def test_weights_that_lack_a_tensor_are_refused(published: PublishedWeights, name: str) -> None:
    with pytest.raises(TrainingDataError, match=rf"w: 1 tensors do not fit .* first {name}: is missing, expected \("):
        load_encoder_weights(MobileNetV2Encoder(is_widened=True), with_tensors(published, {name: None}))


def test_weights_with_a_tensor_that_the_encoder_lacks_are_refused(published: PublishedWeights) -> None:
    with pytest.raises(TrainingDataError, match=r"first features.3.extra: is \(1,\), expected none"):
        load_encoder_weights(MobileNetV2Encoder(), with_tensors(published, {"features.3.extra": torch.zeros(1)}))


def test_weights_of_another_width_are_refused_and_nothing_is_taken(published: PublishedWeights) -> None:
    encoder = MobileNetV2Encoder()
    before = copy.deepcopy(encoder.state_dict())
    with pytest.raises(TrainingDataError, match=r"first features.17.conv.2.weight: is \(160, 960, 1, 1\), expected \(320"):
        load_encoder_weights(encoder, with_tensors(published, {"features.17.conv.2.weight": torch.zeros(160, 960, 1, 1)}))
    assert all(torch.equal(tensor, before[name]) for name, tensor in encoder.state_dict().items())


def test_a_classifier_and_counters_are_left_aside(published: PublishedWeights) -> None:
    others = {"classifier.1.weight": torch.zeros(1000, 1280), "features.0.1.num_batches_tracked": torch.tensor(9)}
    encoder = MobileNetV2Encoder()
    load_encoder_weights(encoder, with_tensors(published, dict(others)))
    assert int(encoder.state_dict()["features.0.1.num_batches_tracked"]) == 0
    assert torch.equal(encoder.state_dict()["features.17.conv.3.bias"], published.tensors["features.17.conv.3.bias"])


def test_training_begins_with_the_encoder_of_the_file_repaired(partly_dead: MobileNetV2Encoder, tmp_path: Path) -> None:
    torch.save(partly_dead.state_dict(), tmp_path / "w.pth")
    network = LightUNet()
    encoder_from(tmp_path / "w.pth")(network)
    wanted = copy.deepcopy(partly_dead)
    assert repair_dead_channels(wanted)
    assert all(torch.equal(tensor, wanted.state_dict()[name]) for name, tensor in network.encoder.state_dict().items())


def test_training_on_bands_begins_with_the_filters_of_the_file_spread_over_them(
    partly_dead: MobileNetV2Encoder, tmp_path: Path
) -> None:
    torch.save(partly_dead.state_dict(), tmp_path / "w.pth")
    bands = (*RGB, Band("nir_850nm", 0.4, 0.2))
    network = LightUNet(1, 4)
    encoder_from(tmp_path / "w.pth", bands)(network)
    wanted = MobileNetV2Encoder(channels=4)
    load_encoder_weights(wanted, published_weights(tmp_path / "w.pth"), bands)
    repair_dead_channels(wanted)
    first = "features.0.0.weight"
    assert torch.equal(network.encoder.state_dict()[first], wanted.state_dict()[first])


def test_without_weights_training_begins_as_the_network_was_drawn() -> None:
    network = LightUNet()
    before = copy.deepcopy(network.state_dict())
    encoder_from(None)(network)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


@pytest.mark.parametrize("name", [name for name in MODELS if name.startswith("unet-")])
def test_the_parameters_that_weights_fill_are_those_that_training_gives_a_rate_of_their_own(
    name: str, published: PublishedWeights
) -> None:
    network = build_model(name)
    before = copy.deepcopy(network.state_dict())
    assert isinstance(network.encoder, MobileNetV2Encoder)
    other = {key: tensor + 1.0 for key, tensor in published.tensors.items()}
    load_encoder_weights(network.encoder, PublishedWeights("w", other, KERAS, KERAS))
    filled = {key for key, tensor in network.state_dict().items() if not torch.equal(tensor, before[key])}
    assert {key for key, _ in network.named_parameters() if key.startswith("encoder.")} == filled & {
        key for key, _ in network.named_parameters()
    }


@pytest.fixture
def partly_dead() -> MobileNetV2Encoder:
    """An encoder with two dead channels in one layer, and one layer whose variances are all small."""
    torch.manual_seed(0)
    encoder = MobileNetV2Encoder()
    state = encoder.state_dict()
    for name in ("features.0.1", "features.5.conv.1.1"):
        state[f"{name}.weight"].uniform_(0.5, 1.5)
        state[f"{name}.running_var"].uniform_(0.5, 1.5)
    state["features.0.1.running_var"][[3, 30]] = torch.tensor([0.00099, 1e-9])
    state["features.0.0.weight"][[3, 30]] = 0.0
    state["features.9.conv.0.1.running_var"].fill_(5e-4)
    return encoder


def test_dead_channels_get_new_filters_as_large_as_the_live_ones(partly_dead: MobileNetV2Encoder) -> None:
    before = copy.deepcopy(partly_dead.state_dict())
    assert repair_dead_channels(partly_dead) == {"features.0.1": 2}
    after = partly_dead.state_dict()
    live = [k for k in range(32) if k not in (3, 30)]
    filters = after["features.0.0.weight"]
    assert 0.6 < float(filters[[3, 30]].std() / filters[live].std()) < 1.4
    for numbers in ("weight", "bias", "running_mean", "running_var"):
        name = f"features.0.1.{numbers}"
        assert torch.equal(after[name][[3, 30]], before[name][live].median().expand(2))


def test_live_channels_and_torchs_own_chance_are_left_alone(partly_dead: MobileNetV2Encoder) -> None:
    before = copy.deepcopy(partly_dead.state_dict())
    chance = torch.get_rng_state()
    repair_dead_channels(partly_dead)
    assert torch.equal(torch.get_rng_state(), chance)
    live = torch.ones(32, dtype=torch.bool)
    live[[3, 30]] = False
    for name, tensor in partly_dead.state_dict().items():
        chosen = live if name.startswith("features.0.") and tensor.ndim else ...
        assert torch.equal(tensor[chosen], before[name][chosen])


def test_the_same_seed_repairs_the_same_way(partly_dead: MobileNetV2Encoder) -> None:
    twins = [copy.deepcopy(partly_dead) for _ in range(3)]
    for twin, seed in zip(twins, (1, 1, 2), strict=True):
        repair_dead_channels(twin, seed)
    first, same, other = (twin.state_dict()["features.0.0.weight"] for twin in twins)
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_a_random_encoder_has_nothing_to_repair() -> None:
    assert repair_dead_channels(MobileNetV2Encoder(is_widened=True)) == {}


def test_the_given_weights_have_29_dead_channels_and_none_once_repaired() -> None:
    network = LightUNet()
    load_encoder_weights(network.encoder, published_weights(real_data("weights") / GIVEN))
    repaired = repair_dead_channels(network.encoder)
    assert sum(repaired.values()) == 29  # feasibility.md F
    assert (repaired["features.0.1"], repaired["features.1.conv.0.1"]) == (7, 6)  # README of the weights
    assert repair_dead_channels(network.encoder) == {}


def test_repairing_the_given_weights_leaves_what_the_decoder_reads_of_fine_detail_as_it_was() -> None:
    encoder = MobileNetV2Encoder().eval()
    load_encoder_weights(encoder, published_weights(real_data("weights") / GIVEN))
    repaired = copy.deepcopy(encoder)
    repair_dead_channels(repaired)
    x = torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        (before, _), (after, _) = encoder(x), repaired(x)
    for ours, theirs in zip(after, before, strict=True):  # dead channels were read with weight 0
        assert torch.allclose(ours, theirs, atol=1e-3 * float(theirs.abs().max()))
