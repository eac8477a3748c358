"""The first station file and recipe for a user's own pictures: commented, and as good as pictures alone can tell.

What only a person can know (millimetres a pixel, what an empty picture looks like) is written as an assumption that says so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.station import starter_texts as texts
from edge_inspector.station.document import load_document
from edge_inspector.station.engine_manifest import MANIFEST_FILE, EngineManifest, package_folders
from edge_inspector.station.yaml_writing import as_scalar, path_from

STATION_FILE = "station.yaml"
RECIPE_FILE = "recipe.yaml"
LEAST_MARGIN = 10.0  # grey levels beyond what the sample has on average
LEAST_SPACING_MS = 1000.0
SPACING_PER_CAMERA_MS = 350.0  # two slow cores judge one view in about 150 ms
NOMINAL_MM_PER_PX = 0.1
EXAMPLE_DISTANCE_MM = 80.0  # science.md §7.1: where an ordinary webcam shows 0.05 to 0.06 mm a pixel

Fit = Literal["exact", "pad", "resize"]

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,32}")


@dataclass(frozen=True, slots=True)
class Surface:
    """What was measured of the pictures: size, and grey levels 0..255."""

    width_px: int
    height_px: int
    least_mean_grey: float
    most_mean_grey: float
    least_deviation: float

    @property
    def allowed_mean(self) -> tuple[int, int]:
        """The range of mean grey levels that a recipe starts with: the measured one and a margin, half of the room at most.

        0 to 255 would take every picture for a part.
        """
        margin = max(LEAST_MARGIN, (self.most_mean_grey - self.least_mean_grey) / 2)
        below, above = min(margin, self.least_mean_grey / 2), min(margin, (255 - self.most_mean_grey) / 2)
        return math.floor(self.least_mean_grey - below), math.ceil(self.most_mean_grey + above)

    @property
    def allowed_deviation(self) -> float:
        """The least deviation that a recipe starts with: half of the measured one."""
        return math.floor(5 * self.least_deviation) / 10

    def takes_for_a_part(self, mean_grey: float, deviation: float) -> bool:
        """Whether a picture with these grey levels would count as one of a part."""
        least, most = self.allowed_mean
        return least <= mean_grey <= most and deviation >= self.allowed_deviation


@dataclass(frozen=True, slots=True)
class FittingEngine:
    """An engine made for pictures of this size, or for larger ones to which they can be padded."""

    folder: Path
    manifest: EngineManifest

    @property
    def width_px(self) -> int:
        """Of its pictures."""
        return self.manifest.input.width

    @property
    def height_px(self) -> int:
        """Of its pictures."""
        return self.manifest.input.height

    @property
    def min_score(self) -> float:
        """The very cut that its evidence is for: a higher one may let pass what that counts as found."""
        return max(self.manifest.threshold.score, 2 * self.manifest.t_low)


@dataclass(frozen=True, slots=True)
class Start:
    """What the two files are made from."""

    folder: Path  # where they go
    pictures: Path
    cameras: tuple[str, ...]
    surface: Surface
    engines: tuple[FittingEngine, ...]
    fit: Fit

    @property
    def view_px(self) -> tuple[int, int]:
        """Width and height of the recipe's view: the engines', or the pictures' own."""
        if not self.engines:
            return self.surface.width_px, self.surface.height_px
        return self.engines[0].width_px, self.engines[0].height_px

    @property
    def mm_per_px(self) -> float:
        """A scale that the engines were made for, to be measured by a person."""
        if not self.engines:
            return NOMINAL_MM_PER_PX
        scale = self.engines[0].manifest.input.mm_per_px
        return round((scale.min + scale.max) / 2, 6)


def find_engines(folders: Sequence[Path], width_px: int, height_px: int) -> tuple[FittingEngine, ...]:
    """Return the engine packages in `folders` for colour pictures of this size, all of them for one size and one scale.

    Where none takes this very size, those of the next larger one: pictures may be padded to it while they fill more than
    half of it each way.

    Raises:
        DocumentError: a manifest is wrong.
    """
    found: dict[str, FittingEngine] = {}
    for path in (path for folder in folders for path in package_folders(folder)):
        engine = FittingEngine(path, load_document(path / MANIFEST_FILE, EngineManifest))
        if engine.manifest.input.other_bands:
            continue
        if width_px <= engine.width_px < 2 * width_px and height_px <= engine.height_px < 2 * height_px:
            found.setdefault(engine.manifest.name, engine)
    if not found:
        return ()
    first = min(found.values(), key=lambda engine: engine.width_px * engine.height_px)
    scale = first.manifest.input.mm_per_px
    middle = (scale.min + scale.max) / 2
    return tuple(
        each
        for each in found.values()
        if (each.width_px, each.height_px) == (first.width_px, first.height_px)
        and each.manifest.input.mm_per_px.min <= middle <= each.manifest.input.mm_per_px.max
    )


def read_engines(folders: Sequence[Path]) -> tuple[FittingEngine, ...]:
    """Return the packages in these folders, all for one size and one scale.

    Raises:
        DocumentError: a manifest is wrong.
        ConfigurationError: they were made for several sizes or scales.
    """
    engines = tuple(FittingEngine(folder, load_document(folder / MANIFEST_FILE, EngineManifest)) for folder in folders)
    first = engines[0].manifest.input
    for each in engines:
        size = each.manifest.input
        if (size.width, size.height, size.mm_per_px) != (first.width, first.height, first.mm_per_px):
            raise ConfigurationError(
                f"{each.folder}: was made for another size or scale than {engines[0].folder}; one recipe has one view"
            )
    return engines


def check_names(cameras: Sequence[str], pictures: Path) -> None:
    """Raise ConfigurationError when a folder's name can not be the name of a camera."""
    for camera in cameras:
        if not _NAME.fullmatch(camera):
            raise ConfigurationError(
                f"{pictures / camera}: the folder's name is to be the camera's, which is 1 to 32 of A-Z a-z 0-9 _ . -; "
                "rename the folder"
            )


def refuse_existing(folder: Path) -> None:
    """Raise ConfigurationError when one of the files is there already."""
    there = [str(folder / name) for name in (STATION_FILE, RECIPE_FILE) if (folder / name).exists()]
    if there:
        verb = "is" if len(there) == 1 else "are"
        raise ConfigurationError(
            f"{', '.join(there)}: {verb} there already, and nothing is overwritten; give init another FOLDER, or move "
            f"{'it' if len(there) == 1 else 'them'} away"
        )


def write_files(start: Start) -> None:
    """Write both files, exclusively, or neither.

    Raises:
        ConfigurationError: one is there already, or the folder can not be written.
    """
    refuse_existing(start.folder)
    written: list[Path] = []
    try:
        start.folder.mkdir(parents=True, exist_ok=True)
        for name, text in ((RECIPE_FILE, recipe_text(start)), (STATION_FILE, station_text(start))):
            with (start.folder / name).open("x", encoding="utf-8") as file:
                written.append(start.folder / name)
                file.write(text)
    except BaseException as error:
        for path in written:
            path.unlink()
        if not isinstance(error, OSError):
            raise
        raise ConfigurationError(f"{start.folder}: can not be written ({error}); name another folder") from error


def station_text(start: Start) -> str:
    """Return the station file."""
    spacing_ms = max(LEAST_SPACING_MS, SPACING_PER_CAMERA_MS * len(start.cameras))
    names = [as_scalar(name) for name in start.cameras]
    camera = texts.CAMERA.format(name=names[0], fit=texts.FITS[start.fit])
    return texts.STATION.format(
        name=as_scalar(_name_from(start.folder)),
        pictures=as_scalar(path_from(start.folder, start.pictures)),
        spacing_ms=f"{spacing_ms:g}",
        cameras="\n".join([camera, *(f"  {name}: *camera" for name in names[1:])]),
        pose=_ring_example(start, names) if len(names) > 1 else texts.POSE_OF_ONE,
    )


def _ring_example(start: Start, names: Sequence[str]) -> str:
    """Return `pose` with the places that cameras spaced evenly around the part would have."""
    cameras = []
    for k, name in enumerate(names):
        place = texts.PLACE.format(
            angle_deg=round(360 * k / len(names), 1),
            distance_mm=EXAMPLE_DISTANCE_MM,
            focal_px=EXAMPLE_DISTANCE_MM / start.mm_per_px,
            centre_x_px=(start.surface.width_px - 1) / 2,
            centre_y_px=(start.surface.height_px - 1) / 2,
        )
        cameras.append((texts.RING_OTHER if k else texts.RING_FIRST).format(name=name, place=place))
    return texts.POSE.format(count=len(names), distance_mm=EXAMPLE_DISTANCE_MM, example="\n".join(cameras))


def recipe_text(start: Start) -> str:
    """Return the recipe; without an engine, `engines` and `rules` are empty and `check` says so."""
    surface = start.surface
    least, most = surface.allowed_mean
    width_px, height_px = start.view_px
    return texts.RECIPE.format(
        name=as_scalar(_name_from(start.folder)),
        width_px=width_px,
        height_px=height_px,
        mm_per_px=f"{start.mm_per_px:g}",
        measured=f"{surface.least_mean_grey:.1f} to {surface.most_mean_grey:.1f}",
        least=least,
        most=most,
        deviation=f"{surface.allowed_deviation:.1f}",
        least_deviation=f"{surface.least_deviation:.1f}",
        engines_and_rules=_engines_and_rules(start),
    )


def _engines_and_rules(start: Start) -> str:
    if not start.engines:
        width_px, height_px = start.view_px
        return texts.NO_ENGINE.format(width_px=width_px, height_px=height_px, fusion=texts.FUSION, rules=texts.RULES)
    lines = ["engines: # name: folder of the package, from this file"]
    for engine in start.engines:
        where = as_scalar(path_from(start.folder, engine.folder))
        lines.append(f"  {engine.manifest.name}: {where} # for views of this size; for your parts only a trial can say")
    lines += ["", texts.FUSION, "", texts.RULES]
    has_two_of_one = len({engine.manifest.defect for engine in start.engines}) < len(start.engines)
    for engine in start.engines:
        lines += [
            f"  - name: {engine.manifest.name if has_two_of_one else engine.manifest.defect}",
            f"    engine: {engine.manifest.name}",
            f"    min_score: {engine.min_score} # higher rejects less; the manifest says why it is there",
            texts.LIMITS,
        ]
    return "\n".join(lines)


def _name_from(folder: Path) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", folder.resolve().name).strip("-")[:32] or "station"
