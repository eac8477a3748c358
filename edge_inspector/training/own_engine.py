"""Makes an engine for a defect of one's own from one plain folder: survey, split, training, package."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.station.engine_manifest import MANIFEST_FILE, EnginePackage, ScaleRange
from edge_inspector.station.model import Name
from edge_inspector.training.batches import CropPlan
from edge_inspector.training.datasets.plain import read_plain
from edge_inspector.training.defect_set import defect_set
from edge_inspector.training.models.segmentation_model import SegmentationModel
from edge_inspector.training.models.unet import MobileNetV2Encoder
from edge_inspector.training.models.unet.encoder_weights import load_encoder_weights, repair_dead_channels
from edge_inspector.training.models.unet.published_weights import FROM_HUB, published_weights
from edge_inspector.training.package import EngineSets, EngineSheet, Progress, package_engine
from edge_inspector.training.split import VALIDATION_SHARE, deal
from edge_inspector.training.survey import refuse_tiny_defects, smallest_defect_px, survey_pictures
from edge_inspector.training.train import TrainingSettings, has_fast_bf16, train

LARGEST_CROP_PX = 256  # side of what is learned from at once


@dataclass(frozen=True, slots=True)
class EngineOrder:
    """What a person asks for. `out` is the package to be; its folder name is the engine's name."""

    out: Path
    folder: Path
    mm_per_px: ScaleRange
    defect: str = "crack"
    colour: str = "red"
    seed: int = 1
    steps: int = 1600
    minutes: float = math.inf
    validation_share: float = VALIDATION_SHARE
    weights: Path | None = None
    replaces: bool = False


def train_own_engine(order: EngineOrder, progress: Progress = lambda stage, share: None) -> EnginePackage:
    """Train and write the package `order.out`. It appears or changes only when it is whole, so an interrupt leaves nothing.

    All that can be refused is refused before training begins. Raises ConfigurationError, TrainingDataError.
    """
    refuse_order(order)
    folder = defect_set(read_plain(order.folder, order.defect, is_complete=True), order.defect)
    survey = survey_pictures(folder, lambda done: progress("looking at pictures", done))
    split = deal([folder], order.validation_share, order.validation_share)
    training, validation, test = (folder.of_parts(names) for names in (split.training, split.validation, split.test))
    seen = survey.areas_of(training, validation)  # the test set is only measured
    smallest_px = smallest_defect_px(seen)
    refuse_tiny_defects(validation, smallest_px)
    settings = TrainingSettings(
        seed=order.seed,
        steps=order.steps,
        minutes=order.minutes,
        crops=CropPlan(height_px=min(survey.height_px, LARGEST_CROP_PX), width_px=min(survey.width_px, LARGEST_CROP_PX)),
        bf16=has_fast_bf16(),
        threads=len(os.sched_getaffinity(0)),
    )
    start = encoder_from(order.weights, repairs_dead_channels=True)
    trained = train([training], settings, lambda step, done, loss: progress("training", done), start)
    progress("training", 1.0)
    sheet = EngineSheet(
        defect=order.defect,
        colour=order.colour,
        mm_per_px=order.mm_per_px,
        smallest_defect_px=smallest_px,
        seed=order.seed,
        training_digest=training.digest,
        command=order_command(order),
        validation_words=f"parts of {order.folder.resolve().name} that chose the cut, dealt by the SHA-256 of their names",
        test_words=f"parts of {order.folder.resolve().name} held back, dealt by the SHA-256 of their names",
    )
    return package_engine(order.out, trained, EngineSets(validation, test, validation), sheet, progress).package


def refuse_order(order: EngineOrder) -> None:
    """Raise ConfigurationError for a name that a manifest can not hold, or a package that is there already."""
    for what, name in (("engine", order.out.name), ("--defect", order.defect), ("--colour", order.colour)):
        try:
            TypeAdapter(Name).validate_python(name)
        except ValidationError as error:
            raise ConfigurationError(f"{what} {name!r}: allowed is 1 to 32 of A-Z a-z 0-9 _ . -") from error
    if order.weights is not None and order.weights != FROM_HUB and not order.weights.is_file():
        raise ConfigurationError(
            f"{order.weights}: no such file; name a safetensors file or torchvision's .pth, say {FROM_HUB} to have that "
            "fetched, or leave --weights away"
        )
    if not order.out.exists():
        return
    if not (order.out / MANIFEST_FILE).is_file():
        raise ConfigurationError(f"{order.out}: is there and is no engine package; choose another name or another --out")
    if not order.replaces:
        raise ConfigurationError(f"{order.out}: is there already; choose another name, or replace it with --replace")


def encoder_from(weights: Path | None, *, repairs_dead_channels: bool = False) -> Callable[[SegmentationModel], None]:
    """What `train` needs to begin with published weights (`published_weights` says which); without any it stays random.

    Networks that the tools of the real sets kept, and the results of these, began without the repair of dead channels.
    """

    def prepare(network: SegmentationModel) -> None:
        if weights is None:
            return
        encoder = getattr(network, "encoder", None)
        if not isinstance(encoder, MobileNetV2Encoder):
            raise ConfigurationError(f"{weights}: weights of a MobileNetV2, and {type(network).__name__} has none in it")
        load_encoder_weights(encoder, published_weights(weights))
        if repairs_dead_channels:
            repair_dead_channels(encoder)

    return prepare


def order_command(order: EngineOrder) -> str:
    """The command line of this order, without paths of the machine that runs it.

    >>> scale = ScaleRange(min=0.05, max=0.05)
    >>> order_command(EngineOrder(Path("engines/dent"), Path("/data/dents"), scale, defect="dent", minutes=30))
    'edge-inspector engines train dent dents --defect dent --mm-per-px 0.05:0.05 --steps 1600 --minutes 30 --seed 1'
    """
    words = ["edge-inspector", "engines", "train", order.out.name, order.folder.resolve().name, "--defect", order.defect]
    words += ["--mm-per-px", f"{order.mm_per_px.min:g}:{order.mm_per_px.max:g}", "--steps", f"{order.steps}"]
    words += [] if math.isinf(order.minutes) else ["--minutes", f"{order.minutes:g}"]
    words += ["--seed", f"{order.seed}"]
    words += [] if order.validation_share == VALIDATION_SHARE else ["--validation-share", f"{order.validation_share:g}"]
    words += [] if order.weights is None else ["--weights", order.weights.name]
    return shlex.join(words)
