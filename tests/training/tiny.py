"""The smallest network that can be trained, and sets as small, so that a step takes a few milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from edge_inspector.training.batches import CropPlan
from edge_inspector.training.datasets.labelled_picture import CLEAN
from edge_inspector.training.defect_set import DefectSet, defect_set
from edge_inspector.training.models.segmentation_model import Logits, SegmentationModel
from edge_inspector.training.objective import LossMix
from edge_inspector.training.train import TrainingSettings
from tests.training.labelled import HEIGHT_PX, labelled_set, square, write_mask

SETTINGS = TrainingSettings(
    seed=5,
    steps=6,
    crops=CropPlan(batch=4, height_px=32, width_px=32),
    loss=LossMix(alpha=0.5),
    learning_rate=0.05,
    ema_decay=0.2,
    threads=1,
)


class TinyNetwork(SegmentationModel):
    """An encoder of one convolution, its BatchNorm, and a head."""

    multiple_px = 1
    has_image_head = False

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.encoder = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Conv2d(4, outputs, 1)

    def _judge(self, x: Tensor, height: int, width: int) -> Logits:
        return Logits(self.head(self.norm(self.encoder(x)).relu()), None)


class Builder:
    """Builds tiny networks for `train`, and keeps hold of them: the last one is what learned last."""

    def __init__(self, prepare: Callable[[SegmentationModel], None] = lambda network: None) -> None:
        self.built: list[TinyNetwork] = []
        self._prepare = prepare

    def __call__(self, outputs: int) -> TinyNetwork:
        self.built.append(TinyNetwork(outputs))
        return self.built[-1]

    def weights(self) -> dict[str, Tensor]:
        """Of the last one, as they are now."""
        return copied(self.built[-1])


def copied(network: nn.Module) -> dict[str, Tensor]:
    """Weights, statistics and counters as they are now."""
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def differing(first: dict[str, Tensor], second: dict[str, Tensor]) -> set[str]:
    """Names of what is not equal to the bit."""
    return {name for name in {**first, **second} if not torch.equal(first[name], second[name])}


def dents_in(folder: Path) -> DefectSet:
    """Four pictures with a dent of 8 x 8 px, and four clean ones."""
    masks = {f"p{k}-c1": {"dent": write_mask(folder / f"{k}.png", square(4 * k, 6 * k))} for k in range(4)}
    return defect_set(labelled_set(folder, {**masks, **{f"p{k}-c1": {"dent": CLEAN} for k in range(4, 8)}}), "dent")


def clean_in(folder: Path) -> DefectSet:
    """Two pictures without a dent: who learns of them alone says of every pixel that it is clean."""
    return defect_set(labelled_set(folder, {f"p{k}-c1": {"dent": CLEAN} for k in range(2)}), "dent")


def dented_in(folder: Path) -> DefectSet:
    """Two pictures whose every pixel is a dent."""
    masks = {f"q{k}-c1": {"dent": write_mask(folder / f"q{k}.png", square(0, 0, 2 * HEIGHT_PX))} for k in range(2)}
    return defect_set(labelled_set(folder, masks), "dent")
