"""Every network by its name. One that is added here is held to the contract by tests/training/models/test_contract.py."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.training.models.segmentation_model import SegmentationModel
from edge_inspector.training.models.unet import LightUNet, StandardUNet


class Builder(Protocol):
    """Builds a network with random weights, all of them drawn from torch's own generator."""

    def __call__(self, outputs: int, channels: int, *, has_image_head: bool) -> SegmentationModel:
        """Build it for so many defects and pictures of so many channels."""


MODELS: dict[str, Builder] = {
    "unet-standard": StandardUNet,
    "unet-light": LightUNet,
    "unet-light4": partial(LightUNet, ends_at=4),
}


def build_model(name: str, outputs: int = 1, channels: int = 3, *, has_image_head: bool = False) -> SegmentationModel:
    """Build the network `name` in training mode, with random weights. Raises ConfigurationError for a name that is none.

    >>> sum(p.numel() for p in build_model("unet-light").parameters())
    2302948
    """
    if name not in MODELS:
        raise ConfigurationError(f"model {name!r}: no such network, allowed are {', '.join(MODELS)}")
    return MODELS[name](outputs, channels, has_image_head=has_image_head)
