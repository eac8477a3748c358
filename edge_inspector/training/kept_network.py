"""A trained network kept in a file, so that the same training is not done twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import torch

from edge_inspector.training.models.unet import LightUNet
from edge_inspector.training.train import TrainedNetwork, TrainingSettings


def keep_network(
    path: Path,
    settings: TrainingSettings,
    sources: Mapping[str, str],
    learn: Callable[[], TrainedNetwork],
    outputs: int = 1,
) -> TrainedNetwork:
    """The network in `path`, if it came of these settings and sources; else what `learn` gives, which is then kept there.

    `sources` names what is learned from, each by its digest: pictures, weights to start from. How many threads compute is
    nobody's concern. The file changes only when it is whole.
    """
    asked = {name: value for name, value in asdict(settings).items() if name != "threads"} | dict(sources)
    if path.is_file():
        kept = torch.load(path, weights_only=True)
        if kept["asked"] == asked:
            network = LightUNet(outputs).eval()
            network.load_state_dict(kept["network"])
            return TrainedNetwork(network, settings, kept["alpha"], kept["steps"], kept["minutes"], kept["last_loss"])
    trained = learn()
    run = {"alpha": trained.alpha, "steps": trained.steps, "minutes": trained.minutes, "last_loss": trained.last_loss}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save({"asked": asked, "network": trained.network.state_dict(), **run}, partial)
    partial.replace(path)
    return trained
