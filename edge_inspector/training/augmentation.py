"""What a part's symmetry and a camera's moods allow to do to a crop, so that a network does not learn them by heart.

Kornia does it (Apache-2.0): every crop by itself, masks along with their pictures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from kornia import augmentation as kornia
from torch import Tensor

from edge_inspector.training.batches import Batch

LEAST_KERNEL_PX = 5  # side of what blurs
LEAST_SIGMA_PX = 0.1  # which blurs nothing


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How much at most; 0, False or None is: not at all (science.md §3.6).

    `light` scales all channels together, `colour` each by itself, both by up to this share. `gamma` g: 1 / (1 + g) to 1 + g.
    `turn_deg` and `scale` move the picture. Blur and JPEG are what half of the crops get.
    """

    flip_sideways: bool = True
    flip_upright: bool = True
    turn_deg: float = 0.0
    scale: float = 0.0
    light: float = 0.12
    colour: float = 0.15
    gamma: float = 0.18
    blur_px: float = 0.0
    jpeg_quality: int | None = None  # the worst


class Augmenter:
    """Changes batches, on the device where they are. All chance is the CPU's own generator's, wherever that is.

    A batch with a crop that shows a defect of which nobody said where is not turned or scaled: it might be moved out. The
    whole batch is not, because turning blurs: were that crop alone left sharp, sharpness would give it away.
    """

    def __init__(self, settings: Augmentation) -> None:
        self._light, self._colour = settings.light, settings.colour
        self._flips, self._turn, self._moods = (_together(each(settings)) for each in (_flips, _turn, _moods))

    def __call__(self, batch: Batch) -> Batch:
        """The batch with its crops changed: uint8 stays uint8, masks stay within 0..1, what moves in is not judged."""
        pictures = batch.pictures.permute(0, 3, 1, 2).to(torch.float32) / 255.0  # (n, c, h, w)
        count, bands = pictures.shape[:2]
        light, colour = _around_1(self._light, count, 1), _around_1(self._colour, count, bands)
        pictures = (pictures * light.to(pictures.device) * colour.to(pictures.device)).clamp(0.0, 1.0)
        drawn = torch.cat((batch.masks, batch.judged), 1)  # (n, 2 d, h, w)
        pictures, drawn = self._flips(pictures, drawn)
        if batch.is_placed or not batch.shows.isfinite().any():
            pictures, drawn = self._turn(pictures, drawn)
        pictures, drawn = self._moods(pictures, drawn)
        outputs = batch.masks.shape[1]
        judged = (drawn[:, outputs:] > 0.999).to(torch.float32)
        return replace(batch, pictures=_bytes(pictures), masks=drawn[:, :outputs] * judged, judged=judged)


def _together(steps: Sequence[torch.nn.Module]) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """All steps on pictures and on what is drawn on them; none: as they are."""
    if not steps:
        return lambda pictures, drawn: (pictures, drawn)
    return kornia.AugmentationSequential(*steps, data_keys=["input", "mask"])  # type: ignore[arg-type]  # it is too narrow


def _around_1(most: float, count: int, channels: int) -> Tensor:
    """Factors of 1 - most to 1 + most, (count, channels, 1, 1)."""
    return 1.0 + most * (2.0 * torch.rand(count, channels, 1, 1) - 1.0)


def _bytes(pictures: Tensor) -> Tensor:
    return (255.0 * pictures.clamp(0.0, 1.0)).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def _flips(settings: Augmentation) -> list[torch.nn.Module]:
    steps: list[torch.nn.Module] = []
    if settings.flip_sideways:
        steps.append(kornia.RandomHorizontalFlip(p=0.5))
    if settings.flip_upright:
        steps.append(kornia.RandomVerticalFlip(p=0.5))
    return steps


def _turn(settings: Augmentation) -> list[torch.nn.Module]:
    if not settings.turn_deg and not settings.scale:
        return []
    scale = (1.0 - settings.scale, 1.0 + settings.scale)
    return [kornia.RandomAffine(settings.turn_deg, scale=scale, padding_mode="zeros", p=1.0)]


def _moods(settings: Augmentation) -> list[torch.nn.Module]:
    steps: list[torch.nn.Module] = []
    if settings.gamma:
        steps.append(kornia.RandomGamma((1.0 / (1.0 + settings.gamma), 1.0 + settings.gamma), p=1.0))
    if settings.blur_px:
        side_px = max(LEAST_KERNEL_PX, 2 * math.ceil(2.0 * settings.blur_px) + 1)  # two sigma either way
        sigma_px = (min(LEAST_SIGMA_PX, settings.blur_px), settings.blur_px)
        steps.append(kornia.RandomGaussianBlur((side_px, side_px), sigma_px, p=0.5))
    if settings.jpeg_quality is not None:
        steps.append(kornia.RandomJPEG((settings.jpeg_quality, 95), p=0.5))
    return steps
