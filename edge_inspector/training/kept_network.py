"""A trained network kept in a file, so that the same training is not done twice, and goes on where it was interrupted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.checkpoint import Checkpoint
from edge_inspector.training.kept_file import load_kept, write_kept
from edge_inspector.training.models.bands import RGB
from edge_inspector.training.models.segmentation_model import SegmentationModel
from edge_inspector.training.models.unet import LightUNet
from edge_inspector.training.train import TrainedNetwork, TrainingSettings


def keep_network(
    path: Path,
    settings: TrainingSettings,
    sources: Mapping[str, str],
    learn: Callable[[Checkpoint], TrainedNetwork],
    outputs: int = 1,
    build: Callable[[int], SegmentationModel] = LightUNet,
    *,
    keeps: bool = True,
) -> TrainedNetwork:
    """The network in `path`, if it came of these settings and sources; else what `learn` gives, which is then kept there.

    `sources` names what is learned from, each by its digest: pictures, weights to start from; and the network that `build`
    makes, if it is another one than the light one. How many threads compute is nobody's concern. The file changes only when
    it is whole; until then the checkpoint that `learn` is given lies beside it, and one of another training is removed.
    Where several processes learn together only one `keeps`.

    Raises TrainingDataError for a damaged file, TrainingStoppedError if the disk does not take it.
    """
    asked = asked_of(settings, sources)
    if path.is_file() and (kept := _taken(path, asked, settings, lambda: build(outputs))) is not None:
        return kept
    digest = hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:12]
    checkpoint = Checkpoint(path.with_name(f"{path.stem}.{digest}.checkpoint"), asked)
    if not keeps:
        return learn(checkpoint)
    for other in path.parent.glob(f"{path.stem}.*.checkpoint"):
        if other != checkpoint.path:
            other.unlink()
    trained = learn(checkpoint)
    run = {"alpha": trained.alpha, "steps": trained.steps, "minutes": trained.minutes}
    kept_now = {"asked": asked, "network": trained.network.state_dict(), **run}
    stays = "the last checkpoint stays" if checkpoint.path.is_file() else "there is no checkpoint yet, so it is lost"
    write_kept(path, kept_now, "what was learned", stays)
    checkpoint.remove()
    return trained


def kept_steps(path: Path, settings: TrainingSettings, sources: Mapping[str, str]) -> int | None:
    """How many steps the network in `path` learned, if it came of these; else None. Raises TrainingDataError for damage."""
    kept = load_kept(path) if path.is_file() else {}
    return kept.get("steps") if kept.get("asked") == asked_of(settings, sources) else None


def _taken(
    path: Path, asked: Mapping[str, str], settings: TrainingSettings, build: Callable[[], SegmentationModel]
) -> TrainedNetwork | None:
    kept = load_kept(path)
    if kept.get("asked") != asked:
        return None
    network = build().eval()
    try:
        network.load_state_dict(kept["network"])
        return TrainedNetwork(network, settings, kept["alpha"], kept["steps"], kept["minutes"])
    except (RuntimeError, KeyError) as error:
        raise TrainingDataError(f"{path}: was kept by another version of this program; remove it, to learn anew") from error


def asked_of(settings: TrainingSettings, sources: Mapping[str, str]) -> dict[str, str]:
    """All that decides a training, in words: its settings and its sources.

    Threads do not, nor does the weight of an image-level head, which few networks have: `sources` names it of one that has.
    Bands are named where they are others than red, green and blue.
    """
    decided = asdict(settings)
    if settings.bands == RGB:
        del decided["bands"]
    del decided["threads"], decided["loss"]["picture_head_weight"]
    return {name: repr(value) for name, value in decided.items()} | dict(sources)
