"""All that can be shown of one part: what the records say, its views as the engines saw them, and what they marked there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from edge_inspector.domain.errors import ConfigurationError, EdgeInspectorError, PictureDamagedError
from edge_inspector.domain.records import VerdictRecord
from edge_inspector.imaging.decode import Pixels, decode_jpeg
from edge_inspector.imaging.overlay import Colour, probability_map
from edge_inspector.imaging.view_cut import cut_view
from edge_inspector.journal import SegmentReader, decode_journal_record
from edge_inspector.journal.segment import segment_path
from edge_inspector.records.cameras_note import read_cameras
from edge_inspector.records.engine_colours import EngineColours
from edge_inspector.records.picture_store import list_pictures
from edge_inspector.records.queries import PartDetails
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.session import read_recipe
from edge_inspector.station.station import Camera


@dataclass(frozen=True, slots=True)
class EngineMarks:
    """How an engine's marks are drawn: outlined from the lowest probability that any of its rules asks for."""

    colour: Colour
    cut: float


@dataclass(frozen=True, slots=True)
class ViewEvidence:
    """One camera's view. `picture` is uint8 (height_px, width_px, 3). `note` says why there is none, or no judgement of it.

    `probabilities`: engine to uint8 (height_px, width_px), 255 = 1.0, of those that marked something.
    """

    camera: str
    picture: Pixels | None
    note: str
    probabilities: Mapping[str, NDArray[np.uint8]]
    skew_ms: float | None


@dataclass(frozen=True, slots=True)
class PartEvidence:
    """One part. `folder` holds its pictures; `verdict` is None when the journal that held it is gone."""

    details: PartDetails
    folder: Path
    product: str
    verdict: VerdictRecord | None
    views: tuple[ViewEvidence, ...]
    engines: Mapping[str, EngineMarks]
    max_incidence_deg: float | None  # of the recipe's surface


def read_evidence(state_dir: Path, details: PartDetails) -> PartEvidence:
    """Gather what there is of a part.

    Raises:
        ConfigurationError: no picture of it is kept, or what it takes to read them is gone; the message says what.
    """
    name = details.summary.part
    pictures = {path.stem: path for path in list_pictures(state_dir, name)}
    if not pictures:
        raise ConfigurationError(
            f"no picture of part {name} is kept; the station's `records` say of which parts they are, and for how long"
        )
    folder = next(iter(pictures.values())).parent
    cameras = read_cameras(folder)
    recipe = _recipe(state_dir, details)
    verdict = _verdict(state_dir, details)
    colours = EngineColours(state_dir)
    digest = details.recipe or ""
    engines = dict.fromkeys([*recipe.engines, *(j.engine for j in (verdict.judgements if verdict is not None else ()))])
    return PartEvidence(
        details=details,
        folder=folder,
        product=recipe.product,
        verdict=verdict,
        views=tuple(_view(name, camera, pictures.get(name), recipe, verdict) for name, camera in cameras.items()),
        engines={engine: EngineMarks(colours(digest, engine), _cut(recipe, engine)) for engine in engines},
        max_incidence_deg=None if recipe.surface is None else recipe.surface.max_incidence_deg,
    )


def _recipe(state_dir: Path, details: PartDetails) -> Recipe:
    try:
        return read_recipe(state_dir, details.recipe or "")
    except (OSError, ValidationError) as error:
        raise ConfigurationError(
            f"the copy of recipe {(details.recipe or 'unknown')[:12]} can not be read, so the views of part "
            f"{details.summary.part} can not be cut from its pictures ({error})"
        ) from error


def _verdict(state_dir: Path, details: PartDetails) -> VerdictRecord | None:
    """Return the verdict's record from the journal; None when there is none, or the journal is gone or damaged."""
    if details.journal_segment is None or details.journal_offset is None:
        return None
    reader = SegmentReader(segment_path(state_dir / "journal", details.journal_segment), details.journal_offset)
    try:
        found = [decode_journal_record(payload) for _, payload in reader.read(most_bytes=1)]
    except EdgeInspectorError:
        return None
    return found[0] if found and isinstance(found[0], VerdictRecord) and found[0].key.name == details.summary.part else None


def _cut(recipe: Recipe, engine: str) -> float:
    return min((rule.min_score for rule in recipe.rules if rule.engine == engine), default=0.0)


def _view(name: str, camera: Camera, path: Path | None, recipe: Recipe, verdict: VerdictRecord | None) -> ViewEvidence:
    judged = [] if verdict is None else [j for j in verdict.judgements if j.camera == name]
    missing = [] if verdict is None else [f"{m.reason}: {m.detail}" for m in verdict.missing if m.camera == name]
    unjudged = [f"{j.engine} not judged: {j.not_judged}" for j in judged if j.not_judged]
    picture, why_not = _picture(path, camera, recipe)
    shape = recipe.view
    return ViewEvidence(
        camera=name,
        picture=picture,
        note="; ".join(filter(None, (*missing, *unjudged, why_not))),
        probabilities={
            j.engine: probability_map(j.regions, shape.width_px, shape.height_px)
            for j in judged
            if j.regions and picture is not None
        },
        skew_ms=judged[0].skew_ms if judged else None,
    )


def _picture(path: Path | None, camera: Camera, recipe: Recipe) -> tuple[Pixels | None, str]:
    """Return the view, or why there is none."""
    if path is None:
        return None, "no picture is kept"
    try:
        return cut_view(decode_jpeg(path.read_bytes(), from_camera=False), camera, recipe.view).pixels, ""
    except (OSError, PictureDamagedError) as error:
        return None, str(error)
