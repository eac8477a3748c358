"""The training file: which pictures teach which engines, how, and what their cuts must keep to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self  # Any: keys and values of a file, whatever they are

from pydantic import Discriminator, Field, Tag, model_validator

from edge_inspector.station.document import load_document
from edge_inspector.station.engine_manifest import Bands, Precision, ScaleRange
from edge_inspector.station.model import FileModel, Name, PixelCount, Share
from edge_inspector.training.augmentation import Augmentation
from edge_inspector.training.batches import CropPlan
from edge_inspector.training.cuts import BoundedMisses, Cheapest, CutRule, HalfWay
from edge_inspector.training.datasets.registry import AUTO, SetRequest
from edge_inspector.training.defect_set import ViewFit
from edge_inspector.training.models.bands import RGB, Band
from edge_inspector.training.objective import LossMix, OverlapLoss, PixelLoss
from edge_inspector.training.part_scores import Counted
from edge_inspector.training.split import LEAST_FOLDS
from edge_inspector.training.train import Checks, TrainingSettings, has_fast_bf16

Positive = Annotated[float, Field(gt=0, le=1e9)]


class PictureSet(FileModel):
    """The labelled pictures, as `edge-inspector dataset` names them."""

    folder: str = Field(min_length=1, description="of the set, from this file")
    reader: str = Field(default=AUTO, description="its layout; `edge-inspector dataset readers` lists them")
    labels: str = Field(default="", description="file or folder of labels, where the layout keeps them apart")
    subset: str = Field(default="", description="one of several that the folder holds")
    defect: str = Field(default="", description="name of a defect that the layout leaves without")
    attribute: str = Field(default="", description="which attribute of a region names its defect")
    complete: bool = Field(default=False, description="every picture was looked at: one without a label is clean")

    def request(self, beside: Path, folder: Path | None = None) -> SetRequest:
        """What `open_set` reads; relative paths count from `beside`. A `folder` takes the place of the one in the file."""
        labels = beside / self.labels if self.labels else None
        folder = folder or beside / self.folder
        return SetRequest(folder, self.reader, labels, self.subset, self.defect, self.attribute, self.complete)


class View(FileModel):
    """What the engines take: the size of the station's views, and how a picture becomes one."""

    height_px: PixelCount = Field(description="the same as the recipe's view, of any size")
    width_px: PixelCount = Field(description="the same as the recipe's view")
    fit: Literal["exact", "pad", "resize"] = Field(default="exact", description="as a station's camera has it")

    def of_pictures(self) -> ViewFit:
        """As a set of one defect reads it."""
        return ViewFit(self.fit, self.width_px, self.height_px)


class Shares(FileModel):
    """Parts are dealt by chance, stratified by what they show."""

    validation: Share = Field(default=0.2, description="of the parts, for calibration and cut")
    test: Share = Field(default=0.2, description="of the parts, only measured")


class Folds(FileModel):
    """Parts are in folds; one is held back, the next one chooses calibration and cut, the others train."""

    folds: Annotated[int, Field(ge=LEAST_FOLDS, le=100)] | Literal["given"] = Field(
        description="how many, dealt by chance and called 0, 1, …; or given: those that the set itself has"
    )
    held_back: Annotated[int, Field(ge=0)] | Name | None = Field(
        default=None, description="name of the fold that is only measured; default: each in turn, which --every-fold does"
    )


def _way_of_splitting(split: object) -> str:
    """Which of the two a mapping of a file means, so that only faults of that one are told."""
    is_folds = isinstance(split, Folds) or (isinstance(split, dict) and not split.keys().isdisjoint({"folds", "held_back"}))
    return "in folds" if is_folds else "in shares"


class Crops(FileModel):
    """What is learned from at once."""

    batch: Annotated[int, Field(ge=1, le=1024)] = Field(default=8, description="crops a step")
    height_px: PixelCount = Field(default=256, description="of a crop; nothing is learned beyond a smaller picture")
    width_px: PixelCount = Field(default=256, description="of a crop")
    defective_share: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.5,
        description="of the crops that are drawn around a defect; the others are drawn from clean pictures, or, where all "
        "show the defect, from anywhere in them",
    )


class Loss(FileModel):
    """A pixel loss and an overlap loss, mixed."""

    pixels: PixelLoss = Field(
        default="weighted",
        description="weighted: defects count more; focal: sure ones count less; mined: the hardest alone",
    )
    alpha: Annotated[float, Field(ge=0.5, le=0.99)] | Literal["batch"] | None = Field(
        default=None, description="weight of defect pixels of `weighted`; batch: each batch's own; default: that of the set"
    )
    overlap: OverlapLoss = Field(default="dice", description="pooled_dice: over the whole batch, steadier for tiny defects")
    overlap_weight: Annotated[float, Field(ge=0, le=100)] = Field(default=0.5, description="beside the pixel loss")
    picture_head_weight: Annotated[float, Field(ge=0, le=100)] = Field(
        default=0.1, description="beside the others, of an image-level head"
    )


class Changes(FileModel):
    """What crops may undergo by chance: only what the part's symmetry and the cameras' moods allow."""

    flip_sideways: bool = Field(default=True, description="half of the crops")
    flip_upright: bool = Field(default=True, description="half of the crops")
    turn_deg: Annotated[float, Field(ge=0, le=180)] = Field(
        default=0.0, description="either way, at most; batches with a picture labelled without a place are not turned"
    )
    scale: Annotated[float, Field(ge=0, le=0.5)] = Field(
        default=0.0, description="share of growing or shrinking, at most; as with turn_deg"
    )
    light: Annotated[float, Field(ge=0, le=0.9)] = Field(default=0.12, description="share of brightness, at most")
    colour: Annotated[float, Field(ge=0, le=0.9)] = Field(default=0.15, description="share of each colour, at most")
    gamma: Annotated[float, Field(ge=0, le=2)] = Field(default=0.18, description="exponent from 1 / (1 + g) to 1 + g")
    blur_px: Annotated[float, Field(ge=0, le=5)] = Field(default=0.0, description="sigma at most; half of the crops")
    jpeg_quality: Annotated[int, Field(ge=1, le=95)] | None = Field(
        default=None, description="the worst; half of the crops; default: none is coded anew"
    )


class EarlyStop(FileModel):
    """Training ends when the loss on validation parts has not fallen for long enough."""

    every_steps: Annotated[int, Field(ge=1)] = Field(default=200, description="from one look to the next")
    patience: Annotated[int, Field(ge=1)] = Field(
        default=10, description="looks without a better loss; a plateau's rate falls after half of them, so 2 at least there"
    )
    pictures: Annotated[int, Field(ge=1)] = Field(default=60, description="looked at, at most")


class Learning(FileModel):
    """How an engine learns."""

    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = Field(default=1, description="of all chance")
    steps: Annotated[int, Field(ge=1)] = Field(default=4000, description="batches learned from")
    minutes: Positive | None = Field(
        default=None, description="end sooner, after so long; such a run does not repeat exactly"
    )
    crops: Crops = Field(default=Crops(), description="what is learned from at once")
    loss: Loss = Field(default=Loss(), description="what is made smaller")
    changes: Changes = Field(default=Changes(), description="what crops undergo by chance")
    learning_rate: Positive = Field(default=1e-3, description="at its highest")
    encoder_rate: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.1, description="of the learning rate, for an encoder that begins with published weights; another has all"
    )
    schedule: Literal["cosine", "plateau"] = Field(
        default="cosine", description="how the rate falls: to 1 % at the end, or when the validation loss rests"
    )
    early_stop: EarlyStop | None = Field(default=None, description="default: all steps are taken")
    weight_decay: Annotated[float, Field(ge=0, le=1)] = Field(default=1e-4, description="not of biases and BatchNorm")
    averaging: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.998, description="decay of the moving average of weights"
    )

    @model_validator(mode="after")
    def _plateau_needs_looks(self) -> Self:
        if self.schedule == "plateau" and self.early_stop is None:
            raise ValueError("a plateau is one of the validation loss: add early_stop, which looks at it, or take cosine")
        return self

    def settings(self, threads: int, device: str = "cpu", *, has_weights: bool = False) -> TrainingSettings:
        """What `train` takes on this device, for an encoder that begins at random or with published weights."""
        crops, loss, changes, stop = self.crops, self.loss, self.changes, self.early_stop
        return TrainingSettings(
            seed=self.seed,
            steps=self.steps,
            minutes=float("inf") if self.minutes is None else self.minutes,
            crops=CropPlan(**crops.model_dump()),
            loss=LossMix(**loss.model_dump()),
            augmentation=Augmentation(**changes.model_dump()),
            learning_rate=self.learning_rate,
            encoder_rate=self.encoder_rate if has_weights else 1.0,
            schedule=self.schedule,
            checks=Checks(**stop.model_dump()) if stop is not None else None,
            weight_decay=self.weight_decay,
            ema_decay=self.averaging,
            bf16=has_fast_bf16(device),
            threads=threads,
        )


class EngineEntry(FileModel):
    """One engine: a defect of the set, and what its manifest says."""

    defect: Name = Field(description="as the set names it")
    colour: Name = Field(default="red", description="how the console draws it")
    smallest_defect_px: Annotated[int, Field(ge=9, le=1_000_000)] | None = Field(
        default=None, description="over how many pixels a score is a mean; default: half of the 5th percentile of the labels"
    )
    learning: Learning | None = Field(
        default=None,
        description="what it learns otherwise than the file's `learning` says; what is left out is as there",
        json_schema_extra={"keys_of": "learning"},
    )


class HalfWayCut(FileModel):
    """Half way between good and defective validation parts; below every defective one if they overlap."""

    rule: Literal["half_way"] = Field(description="between good and defective parts")

    def chosen(self, defective_share: float, engines: int) -> CutRule:
        """As `choose_cut` takes it."""
        return HalfWay()


class CheapestCut(FileModel):
    """Where escapes and false rejects together cost least, `defective_share` of the parts being defective."""

    rule: Literal["cheapest"] = Field(description="by a price")
    escape_cost: Positive = Field(description="of one escape, in false rejects")

    def chosen(self, defective_share: float, engines: int) -> CutRule:
        """As `choose_cut` takes it."""
        return Cheapest(self.escape_cost, defective_share)


class BoundedCut(FileModel):
    """The highest cut of which 95 % confidence says, of all the file's engines together, that no more parts escape."""

    rule: Literal["bounded"] = Field(description="by a bound on the miss rate, at 95 % confidence")
    miss_rate: Annotated[float, Field(ge=0.0001, lt=1)] = Field(description="share of defective parts that may escape")

    def chosen(self, defective_share: float, engines: int) -> CutRule:
        """As `choose_cut` takes it."""
        return BoundedMisses(self.miss_rate, engines)


class TrainingFile(FileModel):
    """All that decides what engines come of a set of labelled pictures."""

    format: Literal[1] = Field(description="of this file")
    set: PictureSet = Field(description="the labelled pictures")
    view: View = Field(description="what the engines take")
    mm_per_px: ScaleRange = Field(description="of a pixel, from the least to the most that the cameras have")
    bands: Bands | None = Field(
        default=None,
        description="of multispectral pictures, one a page of their TIFF files; default: colours, or grey. No station has "
        "cameras for them",
    )
    engines: dict[Name, EngineEntry] = Field(min_length=1, description="by the name of the package to be")
    split: Annotated[
        Annotated[Shares, Tag("in shares")] | Annotated[Folds, Tag("in folds")], Discriminator(_way_of_splitting)
    ] = Field(default=Shares(), description="how parts are dealt")
    judged: Counted = Field(
        default="parts",
        description="what the cut parts and rates count: parts, whose worst view counts; or pictures, each by itself, where "
        "every part shows the defect somewhere, so that none is good",
    )
    model: str = Field(default="unet-light", description="unet-light, unet-light4 or unet-standard")
    image_head: bool = Field(default=False, description="the network also judges pictures as a whole; see above")
    weights: str = Field(default="", description="of the encoder: a file, from this one, or imagenet; empty: random")
    learning: Learning = Field(default=Learning(), description="how each engine learns")
    cut: HalfWayCut | CheapestCut | BoundedCut = Field(
        default=HalfWayCut(rule="half_way"), discriminator="rule", description="where parts are cut"
    )
    precisions: list[Precision] = Field(default=["f32"], min_length=1, description="in which the cut is proven")
    defective_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.01, description="of parts in production, for cuts by a price and for the report's cost curve"
    )

    def _learnings(self) -> dict[str, Learning]:
        """Of each key that says how something learns."""
        own = {f"engines.{name}.learning": entry.learning for name, entry in self.engines.items() if entry.learning}
        return {"learning": self.learning, **own}

    @model_validator(mode="after")
    def _weight_needs_head(self) -> Self:
        for place, learning in self._learnings().items():
            if "picture_head_weight" in learning.loss.model_fields_set and not self.image_head:
                raise ValueError(
                    f"{place}.loss.picture_head_weight: there is no such head; say image_head: true, or leave it away"
                )
        return self

    @model_validator(mode="after")
    def _alpha_needs_weights(self) -> Self:
        for place, learning in self._learnings().items():
            if learning.loss.alpha is not None and learning.loss.pixels != "weighted":
                raise ValueError(
                    f"{place}.loss.alpha: {learning.loss.pixels} weighs pixels otherwise; say pixels: weighted, or "
                    "leave it away"
                )
        return self

    @model_validator(mode="after")
    def _jpeg_knows_no_bands(self) -> Self:
        has_jpeg = any(self.learning_of(name).changes.jpeg_quality is not None for name in self.engines)
        if self.bands is not None and has_jpeg:
            raise ValueError("learning.changes.jpeg_quality: JPEG knows three colours, not bands; leave it away")
        return self

    @model_validator(mode="after")
    def _bound_needs_parts_of_its_own(self) -> Self:
        if isinstance(self.cut, BoundedCut) and any(self.learning_of(name).early_stop for name in self.engines):
            raise ValueError(
                "cut: a bound holds for parts that decided nothing before, and early_stop looks at the validation parts: "
                "leave early_stop away, or take another rule"
            )
        return self

    @property
    def picture_bands(self) -> tuple[Band, ...]:
        """What the pictures' channels are."""
        return RGB if self.bands is None else tuple(Band(**each.model_dump()) for each in self.bands)

    @property
    def cut_rule(self) -> CutRule:
        """How cuts are chosen."""
        return self.cut.chosen(self.defective_share, len(self.engines))

    def with_seed(self, seed: int) -> TrainingFile:
        """The same, but for the seed of every engine."""
        engines = {
            name: entry.model_copy(update={"learning": _seeded(entry.learning, seed)}) if entry.learning else entry
            for name, entry in self.engines.items()
        }
        return self.model_copy(update={"learning": _seeded(self.learning, seed), "engines": engines})

    def learning_of(self, name: str) -> Learning:
        """How an engine learns: as its own entry says, and where that says nothing as the file does."""
        own = self.engines[name].learning
        if own is None:
            return self.learning
        said = (each.model_dump(exclude_unset=True) for each in (self.learning, own))
        return Learning.model_validate(_overlaid(*said))


def _seeded(learning: Learning, seed: int) -> Learning:
    return learning.model_copy(update={"seed": seed})


def _overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both together, key by key, also in mappings within them; of a key that both have, what is above."""
    both = {key: _overlaid(below[key], above[key]) for key in below.keys() & above.keys() if isinstance(above[key], dict)}
    return {**below, **above, **both}


def load_training_file(path: Path) -> TrainingFile:
    """Read a training file. Raises DocumentError with every fault, each with FILE:LINE."""
    return load_document(path, TrainingFile)
