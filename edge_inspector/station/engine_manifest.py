"""An engine package `engines/NAME/`: its manifest, and the proof that every file is the one the manifest names."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import AfterValidator, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from edge_inspector.domain.errors import EngineFileError
from edge_inspector.station.document import load_document
from edge_inspector.station.model import FileModel, Name, PixelCount, PositiveMm, Share

MANIFEST_FILE = "manifest.yaml"
GOING = ".going"  # ends the name of a package that another one is to replace
MODEL_FILE = "model.onnx"
RESTORE = "restore the folder from a copy, or install the package again"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
# a path below the package, with forward slashes: no step up, no root
PackagePath = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$")]
Precision = Literal["f32", "bf16", "f16"]
# never 0: a cut of 0 rejects everything and a score of exactly 0 must stay below it
Probability = Annotated[float, Field(gt=0, lt=1)]


class ScaleRange(FileModel):
    """Millimetres a pixel for which the engine was trained."""

    min: PositiveMm
    max: PositiveMm


class Band(FileModel):
    """One channel of multispectral pictures: a page of their TIFF files. Its name is its wavelength, so that no other band
    can be taken for it."""

    name: Name = Field(description="so that no other band can be taken for it: its wavelength")
    mean: Share = Field(description="of its values, 0 to 1, over pictures like those that are learned from")
    std: Annotated[float, Field(gt=0, le=1)] = Field(description="how far its values spread around that")
    filters: Literal["red", "green", "blue"] | None = Field(
        default=None, description="which colour's published filters it begins with; default: the mean of all three"
    )


def refuse_equal_bands(bands: Sequence[Band]) -> Sequence[Band]:
    """Return them. Raises ValueError if two have one name, or one colour's filters."""
    for what, values in (("name", [each.name for each in bands]), ("filters", [each.filters for each in bands])):
        twice = [value for value, count in Counter(values).items() if count > 1 and value is not None]
        if twice:
            raise ValueError(f"two bands have the {what} {twice[0]}; each band is another one")
    return bands


Bands = Annotated[list[Band], Field(min_length=2), AfterValidator(refuse_equal_bands)]


class EngineInput(FileModel):
    """What the graph takes: uint8 (n, height, width, 3), or with a channel for each band, normalised by its mean and
    spread in the graph itself."""

    height: PixelCount
    width: PixelCount
    channels: Literal["rgb"] | Bands
    mm_per_px: ScaleRange

    @property
    def other_bands(self) -> str:
        """Names of bands that no camera of a station gives; empty for red, green and blue."""
        return "" if self.channels == "rgb" else ", ".join(band.name for band in self.channels)

    @property
    def channel_count(self) -> int:
        """How many values a pixel has."""
        return 3 if self.channels == "rgb" else len(self.channels)


class Threshold(FileModel):
    """The cut on the score of a view (science.md §6.4): defective if score >= `score`. `evidence` says why there."""

    score: Probability
    evidence: Annotated[str, Field(min_length=20)]


class Metric(FileModel):
    """A measured value with its 95 % interval and the number of things it was measured on."""

    value: float
    low: float
    high: float
    n: Annotated[int, Field(ge=1)]
    of: str = Field(description="what was counted, on which pictures")


class Calibration(FileModel):
    """How the graph turns a logit z into a probability: logit p = scale * (z - ln(alpha / (1 - alpha))) + bias."""

    alpha: Annotated[float, Field(ge=0.5, le=0.99)]
    scale: Annotated[float, Field(gt=0)]
    bias: float


class TrainingRecord(FileModel):
    """What the engine was made from, by which command and by which code: engines of earlier versions do not say the last."""

    digest: Sha256
    seed: int
    command: str
    steps: Annotated[int, Field(ge=1)]
    minutes: Annotated[float, Field(ge=0)]
    parameters: Annotated[int, Field(ge=1)]
    version: str | None = Field(default=None, description="of edge_inspector, when the package was made")
    git: str | None = Field(default=None, description="commit of its code, and whether it was changed since; empty: unknown")

    @model_serializer(mode="wrap")
    def _without_what_is_not_said(self, dump: SerializerFunctionWrapHandler) -> dict[str, object]:
        """A package that does not say it keeps the digest by which stations and records know it."""
        dumped: dict[str, object] = dump(self)
        return {key: value for key, value in dumped.items() if value is not None}


class ParityLimits(FileModel):
    """How far a device's map may lie from the expected one before the engine is not used on it, in any precision of the
    engine; what a precision allows at most, and of scores, stands in `inference/mask_parity.py`.

    `max_abs_diff`: of any pixel's probability. `max_crossing_share`: share of all pixels on the other side of `t_low`.
    """

    max_abs_diff: Share
    max_crossing_share: Share


class GoldenPicture(FileModel):
    """A picture and its expected probability map, 8 bit: round(255 p)."""

    picture: PackagePath
    mask: PackagePath
    defective: bool


class EngineManifest(FileModel):
    """`manifest.yaml`: all that a station must know of an engine without opening its graph.

    The graph's output is float32 (n, height, width), calibrated probability 0..1.
    """

    format: Literal[1]
    name: Name
    defect: Name
    colour: Name = Field(description="how the console draws it")
    input: EngineInput
    precisions: Annotated[list[Precision], Field(min_length=1)] = Field(
        description="in which the cut was proven; of those that its CPU has instructions for a station uses the quickest"
    )
    t_low: Probability = Field(description="a pixel belongs to a region from here on")
    threshold: Threshold
    smallest_defect_px: Annotated[int, Field(ge=9)]
    calibration: Calibration
    metrics: dict[Name, Metric]
    training: TrainingRecord
    parity: ParityLimits
    golden: Annotated[list[GoldenPicture], Field(min_length=2)]
    files: dict[PackagePath, Sha256]

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        needed = [MODEL_FILE, *(file for pair in self.golden for file in (pair.picture, pair.mask))]
        unnamed = [file for file in needed if file not in self.files]
        if unnamed:
            raise ValueError(f"files has no SHA-256 for {', '.join(unnamed)}")
        if {pair.defective for pair in self.golden} != {True, False}:
            raise ValueError("golden needs at least one defective and one good picture")
        if len(set(self.precisions)) < len(self.precisions):
            raise ValueError(f"precisions names one twice: {', '.join(self.precisions)}")
        if self.input.mm_per_px.min > self.input.mm_per_px.max:
            raise ValueError("input.mm_per_px: min is above max")
        return self


@dataclass(frozen=True, slots=True)
class EnginePackage:
    """A package whose every file has been found to be the one its manifest names, when it was loaded."""

    folder: Path
    manifest: EngineManifest
    digest: str

    @property
    def model_path(self) -> Path:
        """The ONNX graph."""
        return self.folder / MODEL_FILE


def manifest_digest(manifest: EngineManifest) -> str:
    """SHA-256 of the manifest's canonical content; as that names every file's digest, it names the whole package."""
    content = json.dumps(manifest.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def package_folders(folder: Path) -> list[Path]:
    """Return the folders in `folder` that hold a manifest, in order; one that begins with a dot is unfinished."""
    return sorted(path.parent for path in folder.glob(f"*/{MANIFEST_FILE}") if not path.parent.name.startswith("."))


def load_engine_package(folder: Path) -> EnginePackage:
    """Read the manifest and verify every file that it names.

    Raises EngineFileError if a file is missing, truncated or swapped, DocumentError if the manifest is wrong.
    """
    path = folder / MANIFEST_FILE
    if not path.is_file():
        raise EngineFileError(_no_manifest(folder))
    manifest = load_document(path, EngineManifest)
    command = " ".join(manifest.training.command.split())
    remedy = f"restore the folder from a copy, install the package again, or train it again with: {command}"
    if manifest.name != folder.resolve().name:
        raise EngineFileError(
            f"{path}: names engine {manifest.name!r} but lies in folder {folder.resolve().name!r}; rename the folder, or "
            f"{remedy}"
        )
    faults = []
    for name, expected in manifest.files.items():
        file = folder / name
        if not file.is_file():
            faults.append(f"{file}: is missing; {remedy}")
            continue
        try:
            actual = file_digest(file)
        except OSError as error:
            raise EngineFileError(f"{file}: can not be read ({error}); {remedy}") from error
        if actual != expected:
            faults.append(f"{file}: SHA-256 is {actual}, expected {expected} ({file.stat().st_size} bytes); {remedy}")
    if faults:
        raise EngineFileError("\n".join(faults))
    return EnginePackage(folder, manifest, manifest_digest(manifest))


def write_manifest(folder: Path, manifest: EngineManifest) -> None:
    """Write `manifest.yaml`, last of a package's files."""
    text = yaml.safe_dump(
        manifest.model_dump(mode="json", exclude_none=True), sort_keys=False, width=120, allow_unicode=True
    )
    (folder / MANIFEST_FILE).write_text(text, encoding="utf-8")


def set_aside_words(aside: Path) -> str:
    """What to do about a package that was set aside, where no other came into its place."""
    name = aside.name[1 : -len(GOING)]
    return (
        f"{aside}: an install of {name} did not end, and no engine has its name; if none is at work now, rename it to "
        f"{name}, or install the package again with --replace"
    )


def _no_manifest(folder: Path) -> str:
    """What to do about a folder without a manifest: most often it is the one that holds the packages."""
    if (aside := folder.with_name(f".{folder.name}{GOING}")).is_dir() and not os.path.lexists(folder):
        return set_aside_words(aside)
    if not folder.is_dir():
        return f"{folder}: is no folder, and so no engine package; name the folder of one"
    if inside := [path.name for path in package_folders(folder)]:
        return f"{folder}: is no engine package; name the folder {' or '.join(inside)} in it"
    return f"{folder / MANIFEST_FILE}: is missing, and so the folder is no engine package; {RESTORE}"
