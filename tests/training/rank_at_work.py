"""What test_ranks.py starts under torchrun: a training on two CPUs that takes down what each rank saw and has in the end.

torchrun --nproc-per-node 2 -m tests.training.rank_at_work FOLDER
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

import torch
from torch import Tensor

from edge_inspector.training.batches import CropPlan
from edge_inspector.training.checkpoint import Checkpoint
from edge_inspector.training.datasets.plain import read_plain
from edge_inspector.training.defect_set import DefectSet, defect_set
from edge_inspector.training.models.segmentation_model import Logits
from edge_inspector.training.models.unet import LightUNet
from edge_inspector.training.ranks import Rank, rank_of, together
from edge_inspector.training.train import Checks, TrainedNetwork, TrainingSettings, train

SETTINGS = TrainingSettings(
    seed=5,
    steps=4,
    crops=CropPlan(batch=4, height_px=32, width_px=32),
    learning_rate=2e-3,
    ema_decay=0.995,
    checks=Checks(every_steps=2, pictures=2),
    threads=1,
)


class WatchedUNet(LightUNet):
    """Takes down what it is shown while it learns."""

    def __init__(self, outputs: int) -> None:
        super().__init__(outputs)
        self.seen: list[str] = []

    def logits(self, x: Tensor) -> Logits:
        if self.training:
            self.seen.append(digest([x]))
        return super().logits(x)


def digest(tensors: list[Tensor]) -> str:
    return hashlib.sha256(b"".join(each.detach().numpy().tobytes() for each in tensors)).hexdigest()


class StoppedError(Exception):
    """In the middle of a training."""


def stop(step: int, share: float, loss: float) -> None:
    if step == 2:
        raise StoppedError


def learn(blots: DefectSet, folder: Path, rank: Rank) -> tuple[TrainedNetwork, list[str], list[float]]:
    """Train, with an interruption after two of four steps, and return what this rank was shown, and each step's loss."""
    losses: list[float] = []
    networks: list[WatchedUNet] = []

    def build(outputs: int) -> WatchedUNet:
        networks.append(WatchedUNet(outputs))
        return networks[-1]

    def kept() -> Checkpoint:
        return Checkpoint(folder / "run.checkpoint", {}, every_s=0.0)

    def take(step: int, share: float, loss: float) -> None:
        losses.append(loss)

    whole = train([blots], SETTINGS, take, build=build, validation=[blots], rank=rank)
    try:
        train([blots], SETTINGS, stop, build=build, checkpoint=kept(), validation=[blots], rank=rank)
    except StoppedError:
        rank.from_first(0.0)  # nobody begins again before the first one has kept what there was
    resumed = train([blots], SETTINGS, build=build, checkpoint=kept(), validation=[blots], rank=rank)
    seen = networks[0].seen
    assert seen == networks[1].seen + networks[2].seen
    for one, other in zip(whole.network.parameters(), resumed.network.parameters(), strict=True):
        assert torch.equal(one, other)
    return whole, seen, losses


def main() -> None:
    folder = Path(sys.argv[1])
    blots = defect_set(read_plain(folder / "blots", "blot", is_complete=True), "blot")
    rank = rank_of(os.environ, "cpu")
    with together(rank):
        trained, seen, losses = learn(blots, folder, rank)
        found = {"seen": seen, "weights": digest(list(trained.network.parameters())), "losses": losses}
        found["unshared"] = ""
        try:
            rank.refuse_unshared(rank.number, folder / "network.pt")
        except Exception as error:
            found["unshared"] = str(error)
    (folder / f"rank{rank.number}.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
