"""Puts published MobileNetV2 weights into the encoder: all of them or none, and made to fit this project's pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
from edge_inspector.training.models.bands import RGB, Band, inflate
from edge_inspector.training.models.conv_norm import ConvNorm, conv_norms
from edge_inspector.training.models.segmentation_model import SegmentationModel
from edge_inspector.training.models.unet.mobilenet_v2 import MobileNetV2Encoder
from edge_inspector.training.models.unet.published_weights import PublishedWeights, published_weights

FIRST = "features.0.0.weight"  # of the first convolution, (32, 3, 3, 3) as published
FIRST_MEAN = "features.0.1.running_mean"
# A channel whose variance in the published pictures was no more than a tenth of the epsilon 1e-3 it learned with, plus the
# 0.00099 that stands in for that epsilon (README of the given weights): 29 channels of those, as feasibility.md F counted.
DEAD_VARIANCE = 1.1e-3
DEAD_SHARE = 0.01  # and below this share of its layer's median: in a layer of small numbers a small one is not dead

_WIDENING = "features.18."  # only the standard U-Net has it
_CLASSIFIER = "classifier."
_COUNTERS = "num_batches_tracked"  # counts training steps; no weight


def load_encoder_weights(encoder: MobileNetV2Encoder, weights: PublishedWeights, bands: Sequence[Band] = RGB) -> None:
    """Copy published weights into `encoder`, which is given pictures of these bands, normalised by `normalise_bands`.

    Where they learned on another scale, the first convolution takes over the ratio and the BatchNorm behind it the shift:
    inside the border the same features. Then the first convolution is inflated to the bands (science.md §2d).

    Raises TrainingDataError if a tensor of the encoder is missing, is of another shape, or one is there that it lacks;
    ValueError if the encoder was built for another number of bands; ConfigurationError as `inflate`.
    """
    own = encoder.state_dict()
    if own[FIRST].shape[1] != len(bands):
        raise ValueError(f"the encoder was built for {own[FIRST].shape[1]} channels, not for {len(bands)} bands")
    given = _fitting(weights, own)
    weight = given[FIRST]
    ratio = torch.tensor([ours.std / std for ours, std in zip(RGB, weights.std, strict=True)])
    shift = torch.tensor([(ours.mean - m) / std for ours, m, std in zip(RGB, weights.mean, weights.std, strict=True)])
    given[FIRST_MEAN] = given[FIRST_MEAN] - (weight.sum((2, 3)) * shift).sum(1)
    given[FIRST] = inflate(weight * ratio.view(1, 3, 1, 1), bands)
    encoder.load_state_dict(given | {name: tensor for name, tensor in own.items() if name.endswith(_COUNTERS)})


def encoder_from(weights: Path | None, bands: Sequence[Band] = RGB) -> Callable[[SegmentationModel], None]:
    """What `train` needs to begin with published weights (`published_weights` says which), inflated to the bands of its
    pictures, dead channels repaired.

    Without weights a network stays random.
    """

    def prepare(network: SegmentationModel) -> None:
        if weights is None:
            return
        encoder = getattr(network, "encoder", None)
        if not isinstance(encoder, MobileNetV2Encoder):
            raise ConfigurationError(f"{weights}: weights of a MobileNetV2, and {type(network).__name__} has none in it")
        load_encoder_weights(encoder, published_weights(weights), bands)
        repair_dead_channels(encoder)

    return prepare


@torch.no_grad()
def repair_dead_channels(encoder: nn.Module, seed: int = 0) -> dict[str, int]:
    """Give channels that never fired a new start; return how many, by the name of their BatchNorm (feasibility.md F).

    Published MobileNetV2 weights have channels whose variance is all but 0. Training divides by it: gains of several hundred
    were seen, which 8-bit and 16-bit arithmetic do not survive. A new filter is drawn with the spread of the layer's live
    ones, and the BatchNorm's four numbers become their medians. All chance is `seed`'s; torch's own generator is left alone.
    """
    generator = torch.Generator().manual_seed(seed)
    repaired = {}
    for pair in conv_norms(encoder):
        variance = pair.norm.running_var
        assert variance is not None
        dead = (variance < DEAD_VARIANCE) & (variance < DEAD_SHARE * variance.median())
        if dead.any():
            _start_anew(pair, dead, generator)
            repaired[f"{pair.parent_name}.{pair.norm_name}"] = int(dead.sum())
    return repaired


def _start_anew(pair: ConvNorm, dead: Tensor, generator: torch.Generator) -> None:
    filters = pair.conv.weight  # (k, c, h, w)
    drawn = torch.randn(filters[dead].shape, generator=generator)
    filters[dead] = drawn * filters[~dead].std()
    for numbers in (pair.norm.weight, pair.norm.bias, pair.norm.running_mean, pair.norm.running_var):
        assert numbers is not None
        numbers[dead] = numbers[~dead].median()


def _fitting(weights: PublishedWeights, own: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors that an encoder with the state `own` takes. Raises TrainingDataError unless they are all of its own."""
    is_widened = any(name.startswith(_WIDENING) for name in own)
    beyond = (_CLASSIFIER,) if is_widened else (_CLASSIFIER, _WIDENING)
    given = {
        name: tensor
        for name, tensor in weights.tensors.items()
        if not name.startswith(beyond) and not name.endswith(_COUNTERS)
    }
    wanted = {name: tuple(tensor.shape) for name, tensor in own.items() if not name.endswith(_COUNTERS)}
    wanted[FIRST] = (wanted[FIRST][0], 3, *wanted[FIRST][2:])  # published for RGB
    found = {name: tuple(tensor.shape) for name, tensor in given.items()}
    wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if wrong:
        name = wrong[0]
        raise TrainingDataError(
            f"{weights.source}: {len(wrong)} tensors do not fit a MobileNetV2 encoder of width 1.0, first {name}: "
            f"is {found.get(name, 'missing')}, expected {wanted.get(name, 'none')}; use weights with torchvision's names"
        )
    return given
