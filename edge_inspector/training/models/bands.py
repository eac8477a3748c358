"""Pictures with other channels than red, green and blue, and how filters that learned on RGB see them (science.md §2d)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from edge_inspector.domain.errors import ConfigurationError

Colour = Literal["red", "green", "blue"]
COLOURS: tuple[Colour, ...] = ("red", "green", "blue")  # the order of published filters


@dataclass(frozen=True, slots=True)
class Band:
    """One channel of a picture. Name it so that another one can not be taken for it: the wavelength.

    `mean` and `std` of its values, scaled to 0..1: of the training set, or of ImageNet for a colour. `filters`: the colour
    whose published filters it takes; None, their mean. Raises ConfigurationError for a spread that can not be divided by.
    """

    name: str
    mean: float
    std: float
    filters: Colour | None = None

    def __post_init__(self) -> None:
        if not (self.std > 0 and math.isfinite(self.std) and math.isfinite(self.mean)):
            raise ConfigurationError(
                f"band {self.name}: mean {self.mean:g}, std {self.std:g}; std must be above 0. Leave out a band that is the "
                "same everywhere"
            )


RED = Band("red", 0.485, 0.229, "red")  # mean and std of ImageNet: published weights expect them
GREEN = Band("green", 0.456, 0.224, "green")
BLUE = Band("blue", 0.406, 0.225, "blue")
RGB = (RED, GREEN, BLUE)
GREY = (Band("grey", 0.449, 0.226),)


def normalise_bands(pictures: Tensor, bands: Sequence[Band]) -> Tensor:
    """0..255, any number type, (n, h, w, c) -> float32 (n, c, h, w), each band with mean 0 and spread 1.

    Raises ValueError if the pictures have another number of channels.
    """
    if pictures.shape[-1] != len(bands):
        names = ", ".join(band.name for band in bands)
        raise ValueError(f"pictures with {pictures.shape[-1]} channels, expected {len(bands)} in this order: {names}")
    x = pictures.to(torch.float32).permute(0, 3, 1, 2)  # (n, c, h, w)
    mean = torch.tensor([255.0 * band.mean for band in bands], device=x.device).view(1, -1, 1, 1)
    std = torch.tensor([255.0 * band.std for band in bands], device=x.device).view(1, -1, 1, 1)
    return (x - mean) / std


def inflate(filters: Tensor, bands: Sequence[Band]) -> Tensor:
    """Filters for these bands out of filters for normalised RGB: (k, 3, h, w) -> (k, c, h, w) (science.md §2d).

    A band named for a colour takes that colour's filters, any other the mean of the three; then all are multiplied by 3 / c.
    If all three colours are among the bands, or none, c equal bands get the response that RGB gives to that grey.

    Raises ConfigurationError if there is no band, two have one name, or two take one colour's filters.
    """
    if not bands:
        raise ConfigurationError("no bands: a picture has one at least")
    for what, counted in (("name", Counter(b.name for b in bands)), ("filters", Counter(b.filters for b in bands))):
        twice = [value for value, count in counted.items() if count > 1 and value is not None]
        if twice:
            raise ConfigurationError(f"two bands have the {what} {twice[0]}; each band is another one")
    mean = filters.mean(1)  # (k, h, w)
    taken = [mean if band.filters is None else filters[:, COLOURS.index(band.filters)] for band in bands]
    return torch.stack(taken, dim=1) * (3 / len(bands))
