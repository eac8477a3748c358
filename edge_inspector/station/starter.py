"""The first station file and recipe for a user's own pictures: commented, and as good as pictures alone can tell.

What only a person can know (millimetres a pixel, what an empty picture looks like) is written as an assumption that says so.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.station.document import load_document
from edge_inspector.station.engine_manifest import MANIFEST_FILE, EngineManifest

STATION_FILE = "station.yaml"
RECIPE_FILE = "recipe.yaml"
LEAST_MARGIN = 10.0  # grey levels beyond what the sample has on average
LEAST_SPACING_MS = 1000.0
SPACING_PER_CAMERA_MS = 350.0  # two slow cores judge one view in about 150 ms
NOMINAL_MM_PER_PX = 0.1

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_PLAIN = re.compile(r"(/|(\.\./)*)[A-Za-z][A-Za-z0-9_./-]*")
_NOT_PLAIN = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}  # words of YAML 1.1


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
        """The range of mean grey levels that a recipe starts with: the measured one and a margin."""
        margin = max(LEAST_MARGIN, (self.most_mean_grey - self.least_mean_grey) / 2)
        return max(0, math.floor(self.least_mean_grey - margin)), min(255, math.ceil(self.most_mean_grey + margin))

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
    """An engine made for pictures of this size."""

    folder: Path
    manifest: EngineManifest

    @property
    def min_score(self) -> float:
        """The cut that its evidence is for, rounded up, and never below what a rule may have."""
        return math.ceil(1000 * max(self.manifest.threshold.score, 2 * self.manifest.t_low)) / 1000


@dataclass(frozen=True, slots=True)
class Start:
    """What the two files are made from."""

    folder: Path  # where they go
    pictures: Path
    cameras: tuple[str, ...]
    surface: Surface
    engines: tuple[FittingEngine, ...]

    @property
    def mm_per_px(self) -> float:
        """A scale that the engines were made for, to be measured by a person."""
        if not self.engines:
            return NOMINAL_MM_PER_PX
        scale = self.engines[0].manifest.input.mm_per_px
        return round((scale.min + scale.max) / 2, 6)


def find_engines(folders: Sequence[Path], width_px: int, height_px: int) -> tuple[FittingEngine, ...]:
    """Return the engine packages in `folders` for views of this size, all of them for one scale.

    Raises:
        DocumentError: a manifest is wrong.
    """
    found: dict[str, FittingEngine] = {}
    for path in (path for folder in folders for path in sorted(folder.glob(f"*/{MANIFEST_FILE}"))):
        manifest = load_document(path, EngineManifest)
        if (manifest.input.width, manifest.input.height) == (width_px, height_px):
            found.setdefault(manifest.name, FittingEngine(path.parent, manifest))
    fitting = list(found.values())
    if fitting:
        scale = fitting[0].manifest.input.mm_per_px
        middle = (scale.min + scale.max) / 2
        fitting = [
            each for each in fitting if each.manifest.input.mm_per_px.min <= middle <= each.manifest.input.mm_per_px.max
        ]
    return tuple(fitting)


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
            f"{', '.join(there)}: {verb} there already, and nothing is overwritten; name another folder with --pictures "
            "for these pictures, or move the file away"
        )


def write_files(start: Start) -> None:
    """Write both files, exclusively.

    Raises:
        ConfigurationError: one is there already, or the folder can not be written.
    """
    refuse_existing(start.folder)
    try:
        start.folder.mkdir(parents=True, exist_ok=True)
        for name, text in ((RECIPE_FILE, recipe_text(start)), (STATION_FILE, station_text(start))):
            with (start.folder / name).open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise ConfigurationError(f"{start.folder}: can not be written ({error}); name another folder") from error


def station_text(start: Start) -> str:
    """Return the station file."""
    spacing_ms = max(LEAST_SPACING_MS, SPACING_PER_CAMERA_MS * len(start.cameras))
    first, *others = map(_scalar, start.cameras)
    cameras = "\n".join([_CAMERA.format(name=first), *(f"  {name}: *camera" for name in others)])
    return _STATION.format(
        name=_scalar(_name_from(start.folder)),
        pictures=_scalar(_seen_from(start.folder, start.pictures)),
        spacing_ms=f"{spacing_ms:g}",
        cameras=cameras,
    )


def recipe_text(start: Start) -> str:
    """Return the recipe; without an engine, `engines` and `rules` are empty and `check` says so."""
    surface = start.surface
    least, most = surface.allowed_mean
    return _RECIPE.format(
        name=_scalar(_name_from(start.folder)),
        width_px=surface.width_px,
        height_px=surface.height_px,
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
        return _NO_ENGINE.format(width_px=start.surface.width_px, height_px=start.surface.height_px)
    lines = ["engines: # name: folder of the package, from this file"]
    for engine in start.engines:
        where = _scalar(_seen_from(start.folder, engine.folder))
        lines.append(f"  {engine.manifest.name}: {where} # for pictures of this size; for your parts only a trial can say")
    lines += ["", "fusion: any # one view with a defect is enough", "", _RULES]
    for engine in start.engines:
        lines += [
            f"  - name: {engine.manifest.defect}",
            f"    engine: {engine.manifest.name}",
            f"    min_score: {engine.min_score:g} # higher rejects less; the manifest says why it is there",
            "    min_area_mm2: 0 # smaller findings do not reject",
            "    min_length_mm: 0 # shorter ones neither",
        ]
    return "\n".join(lines)


def _name_from(folder: Path) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", folder.resolve().name).strip("-")[:32] or "station"


def _seen_from(folder: Path, path: Path) -> str:
    """Return the path from the folder, or the whole one where both share nothing but the root."""
    path, folder = path.resolve(), folder.resolve()
    return str(path) if os.path.commonpath([path, folder]) == os.sep else os.path.relpath(path, folder)


def _scalar(text: str) -> str:
    """Return text as YAML that is read as text everywhere: `12` and `on` need quotes."""
    is_plain = _PLAIN.fullmatch(text) and text.lower() not in _NOT_PLAIN
    return text if is_plain else json.dumps(text, ensure_ascii=False)


_STATION = """\
# Written by `edge-inspector init` for a folder of pictures; docs/station-file.md explains every key.
# Paths count from the folder of this file. `edge-inspector check` says every mistake at once.
format: 1
station: {name}
simulation: true # recorded pictures and a simulated belt; a real line says false
recipe: recipe.yaml # what is inspected
state_dir: state # ledger, journal, pictures and database

recording: # the pictures sorted by name are the parts in order, the first one of every camera is the first part
  path: {pictures}
  # pictures know no time and no length, so both are made up: part i arrives at lead_in_ms + i × spacing_ms
  plain: {{lead_in_ms: 1500, spacing_ms: {spacing_ms}, length_mm: 60}} # more spacing_ms when verdicts come too late

cameras: # their names are the folders'; every camera must give a good view of every part
{cameras}

line: # the simulated belt. On a real one each of these is measured
  trigger: replay # the belt feeds a part at each trigger of the recording
  belt: simulated
  speed_mm_s: 200
  part_length_mm: {{min: 50, max: 70}} # around length_mm above; shorter is a fragment, longer two parts touching
  min_spacing_mm: 150 # leading edge to leading edge; closer parts are both UNINSPECTED. These come 200 apart or more
  ejectors: # gates along the belt, shut unless commanded: whatever breaks, a part runs on into the last bin
    - name: good
      for: [ACCEPT]
      at_mm: 620 # from the sensor; farther leaves more time to judge
      valve_delay_ms: 15 # command to gate fully moved
      tolerance_ms: 40 # open so long before and after the part
"""

_CAMERA = """\
  {name}: &camera
    driver: replay
    period_ms: 33.333 # 30 frames a second
    latency_ms: 30 # from the middle of the exposure to the driver's stamp
    offset_ms: 500 # from the sensor's edge until the part is in the middle of the picture
    # roi: {{x_px: 0, y_px: 0, width_px: 640, height_px: 480}} # cuts the view out of larger pictures"""

_RECIPE = """\
# Written by `edge-inspector init` from a sample of pictures; docs/station-file.md explains every key.
# The recipe is named by the SHA-256 of its content and its engines; every part's record carries that name.
format: 1
product: {name}

view: {{height_px: {height_px}, width_px: {width_px}}} # of every camera's picture, after cropping
mm_per_px: {mm_per_px} # ASSUMED: lay a scale into the picture and measure it; rules in mm are wrong until then

presence: # a view that does not show one whole part is no view: the part is then UNINSPECTED
  kind: full_frame # a surface that fills the picture
  mean_grey: [{least}, {most}] # measured {measured}, and a margin
  min_grey_deviation: {deviation} # half of the least measured, {least_deviation}
  # A picture without a part must fall outside these; where it does not, or where a part could be cut off or doubled, use:
  # kind: silhouette
  # background: dark
  # min_contrast: 30 # grey levels between part and background
  # length_mm: {{min: 55, max: 65}} # along the rows of the picture
  # width_mm: {{min: 6, max: 10}}

{engines_and_rules}
"""

_RULES = "rules: # the part is rejected when any rule is met, a rule when one finding reaches all of its limits"

_NO_ENGINE = f"""\
# No engine here was made for pictures of {{width_px}} × {{height_px}} px: none is named yet, and `check` refuses this file.
# Train one, in the folder of this file, from pictures of your parts (images/) and masks of their defects (masks/):
#   edge-inspector engines train scratch FOLDER --defect scratch --mm-per-px MM --out engines
# and remove the # before `scratch` and before its rule:
engines: # name: folder of the package, from this file
  # scratch: engines/scratch

fusion: any # one view with a defect is enough

{_RULES}
  # - {{{{name: scratch, engine: scratch, min_score: 0.5}}}} # the training says which, and the manifest's threshold"""
