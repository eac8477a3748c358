"""All that can be shown of one part: what the records say, its views as the engines saw them, and what they marked there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.errors import PictureDamagedError
from edge_inspector.domain.records import VerdictRecord
from edge_inspector.imaging.decode import Pixels, decode_jpeg
from edge_inspector.imaging.overlay import Colour, probability_map
from edge_inspector.imaging.view_cut import cut_view
from edge_inspector.records.cameras_note import read_cameras
from edge_inspector.records.engine_colours import EngineColours
from edge_inspector.records.part_setup import picture_folder, recipe_of
from edge_inspector.records.picture_store import camera_pictures
from edge_inspector.records.queries import PartDetails
from edge_inspector.records.unjudged import silence_words, silent_engines
from edge_inspector.records.verdict_record import read_verdict
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.station import Camera

# Of what the camera never saw: what the engine had there is a mirror, in which a defect stands unmarked a second time.
NOTHING_SEEN_GREY = 64


@dataclass(frozen=True, slots=True)
class EngineMarks:
    """How an engine's marks are drawn: outlined from the lowest probability that any of its rules asks for."""

    colour: Colour
    cut: float


@dataclass(frozen=True, slots=True)
class ViewEvidence:
    """One camera's view. `picture` is uint8 (height_px, width_px, 3), grey beyond what the camera saw. `note` says
    why there is none, or which judgement is.

    `probabilities`: engine to uint8 (height_px, width_px), 255 = 1.0, of those that marked something.
    """

    camera: str
    picture: Pixels | None
    note: str
    probabilities: Mapping[str, NDArray[np.uint8]]
    skew_ms: float | None


@dataclass(frozen=True, slots=True)
class PartEvidence:
    """One part. `folder` holds its pictures; `verdict` is None when nothing was decided, or `why_no_verdict` says more."""

    details: PartDetails
    folder: Path
    product: str
    verdict: VerdictRecord | None
    why_no_verdict: str  # why its record can not be had; what was marked and found is then not known
    views: tuple[ViewEvidence, ...]
    engines: Mapping[str, EngineMarks]
    max_incidence_deg: float | None  # of the recipe's surface


def read_evidence(state_dir: Path, details: PartDetails) -> PartEvidence:
    """Gather what there is of a part.

    Raises:
        ConfigurationError: no picture of it is kept, or what it takes to read them is gone; the message says what.
    """
    folder = picture_folder(state_dir, details)
    pictures = {path.stem: path for path in camera_pictures(state_dir, details.summary.part)}
    cameras = read_cameras(folder)
    recipe = recipe_of(state_dir, details)
    verdict, why_no_verdict = read_verdict(state_dir, details)
    colours = EngineColours(state_dir)
    digest = details.recipe or ""
    engines = dict.fromkeys([*recipe.engines, *(j.engine for j in (verdict.judgements if verdict is not None else ()))])
    return PartEvidence(
        details=details,
        folder=folder,
        product=recipe.product,
        verdict=verdict,
        why_no_verdict=why_no_verdict,
        views=tuple(_view(name, camera, pictures.get(name), recipe, details, verdict) for name, camera in cameras.items()),
        engines={engine: EngineMarks(colours(digest, engine), _cut(recipe, engine)) for engine in engines},
        max_incidence_deg=None if recipe.surface is None else recipe.surface.max_incidence_deg,
    )


def _cut(recipe: Recipe, engine: str) -> float:
    return min((rule.min_score for rule in recipe.rules if rule.engine == engine), default=0.0)


def _view(
    name: str, camera: Camera, path: Path | None, recipe: Recipe, details: PartDetails, verdict: VerdictRecord | None
) -> ViewEvidence:
    picture, why_not = _picture(path, camera, recipe)
    shape = recipe.view
    return ViewEvidence(
        camera=name,
        picture=picture,
        note="; ".join(filter(None, (*_unjudged(details, name, recipe), why_not))),
        probabilities={
            j.engine: probability_map(j.regions, shape.width_px, shape.height_px)
            for j in (() if verdict is None else verdict.judgements)
            if j.camera == name and j.regions and picture is not None
        },
        skew_ms=next((judged.skew_ms for judged in details.judgements if judged.camera == name), None),
    )


def _unjudged(details: PartDetails, camera: str, recipe: Recipe) -> list[str]:
    """Return why a view was missing, and which engines did not judge it; nothing where all did."""
    missing = [f"{view.reason}: {view.detail}" for view in details.missing_views if view.camera == camera]
    unjudged = [f"{j.engine} not judged: {j.not_judged}" for j in details.judgements if j.camera == camera and j.not_judged]
    silent = silent_engines(details, camera, recipe.engines)
    return [*missing, *unjudged, *([f"{', '.join(silent)}: {silence_words(details)}"] if silent else [])]


def _picture(path: Path | None, camera: Camera, recipe: Recipe) -> tuple[Pixels | None, str]:
    """Return the view, or why there is none."""
    if path is None:
        return None, "no picture is kept"
    try:
        cut = cut_view(decode_jpeg(path.read_bytes(), from_camera=False), camera, recipe.view)
    except (OSError, PictureDamagedError) as error:
        return None, str(error)
    shown = np.full_like(cut.pixels, NOTHING_SEEN_GREY)
    shown[cut.own] = cut.seen
    return shown, ""
