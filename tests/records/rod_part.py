"""A state folder with one rejected part of six views, drawn by casting rays at a plain cylinder, and its verdict.

On the cylinder lies one green patch, which an engine of red marks found whole in every view that shows it.
"""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.records import (
    FindingRecord,
    JudgementRecord,
    RegionRecord,
    SurfacePlaceRecord,
    SurfaceRecord,
    VerdictRecord,
    ViewPlaceRecord,
)
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.imaging.overlay import encode_jpeg
from edge_inspector.records.cameras_note import FILE_NAME, encode_cameras
from edge_inspector.records.indexer import Indexer
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.session import recipe_dir
from edge_inspector.station.station import Camera
from tests.records import history as made
from tests.records.history import History

WIDTH, HEIGHT = 624, 128
LENGTH_MM, RADIUS_MM = 60.0, 4.0
DISTANCE_MM, FOCAL_PX = 80.0, 700.0
CAMERAS = tuple(f"c{k + 1}" for k in range(6))
STRAW, GREEN, BELT = (190, 160, 110), (20, 150, 60), (30, 30, 34)
PATCH_ALONG_MM, PATCH_ANGLE_DEG = 20.0, 130.0
PATCH_HALF_MM, PATCH_HALF_DEG = 2.0, 12.0
CAMERA = Camera(driver="replay", latency_ms=30.0, offset_ms=500.0)
RECIPE = Recipe.model_validate(
    {
        "format": 1,
        "product": "rod",
        "view": {"height_px": HEIGHT, "width_px": WIDTH},
        "mm_per_px": 0.11,
        "presence": {"kind": "full_frame", "mean_grey": (1, 254)},
        "engines": {"cracks": "engines/cracks"},
        "surface": {},
        "fusion": "max",
        "rules": [{"name": "crack", "engine": "cracks", "min_score": 0.5}],
    }
)


def place_of(index: int) -> ViewPlaceRecord:
    """Camera `index` of the ring; each sees the part at another place."""
    centre = ((WIDTH - 1) / 2, (HEIGHT - 1) / 2)
    lead_mm = 100.0 + LENGTH_MM / 2 + 0.7 * index - 2.0
    return ViewPlaceRecord(CAMERAS[index], 60.0 * index, DISTANCE_MM, 100.0, FOCAL_PX, *centre, lead_mm)


def cast(place: ViewPlaceRecord) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (along in mm, angle in degrees) that each pixel of a view shows, NaN beside the rod."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
    aside = (y - place.centre_y_px) / place.focal_px
    a, b, c = 1 + aside**2, -2 * place.distance_mm, place.distance_mm**2 - RADIUS_MM**2
    with np.errstate(invalid="ignore"):
        depth = (-b - np.sqrt(b**2 - 4 * a * c)) / (2 * a)
    angle_deg = place.angle_deg + np.degrees(np.arctan2(depth * aside, place.distance_mm - depth))
    along_mm = place.lead_mm - (place.along_mm + depth * (x - place.centre_x_px) / place.focal_px)
    along_mm[(along_mm < 0) | (along_mm > LENGTH_MM)] = np.nan
    return along_mm, angle_deg


def patch_mask(place: ViewPlaceRecord, angle_deg: float = PATCH_ANGLE_DEG) -> NDArray[np.bool_]:
    along_mm, angles_deg = cast(place)
    off_deg = np.abs((angles_deg - angle_deg + 180) % 360 - 180)
    return np.asarray((np.abs(along_mm - PATCH_ALONG_MM) <= PATCH_HALF_MM) & (off_deg <= PATCH_HALF_DEG))


def picture_of(place: ViewPlaceRecord, angle_deg: float = PATCH_ANGLE_DEG) -> NDArray[np.uint8]:
    along_mm, angles_deg = cast(place)
    picture = np.full((HEIGHT, WIDTH, 3), BELT, np.uint8)
    picture[~np.isnan(along_mm + angles_deg)] = STRAW
    picture[patch_mask(place, angle_deg)] = GREEN
    return picture


def judgement_of(place: ViewPlaceRecord, angle_deg: float) -> JudgementRecord:
    mask = patch_mask(place, angle_deg)
    regions: tuple[RegionRecord, ...] = ()
    if mask.any():
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        top, bottom, left, right = rows[0], rows[-1], columns[0], columns[-1]
        box = np.where(mask[top : bottom + 1, left : right + 1], 250, 0).astype(np.uint8)
        regions = (RegionRecord(int(left), int(top), box.shape[1], box.shape[0], box.tobytes()),)
    plain = made.judgement(1, place.camera, 115, regions)
    return msgspec.structs.replace(plain, height_px=HEIGHT, width_px=WIDTH)


def verdict(angle_deg: float = PATCH_ANGLE_DEG) -> VerdictRecord:
    """A verdict that rejects the part for the patch."""
    places = tuple(place_of(index) for index in range(6))
    judged = tuple(judgement_of(place, angle_deg) for place in places)
    seen = sorted((j for j in judged if j.regions), key=lambda j: -j.regions[0].height_px)
    best = seen[0].regions[0]
    place = SurfacePlaceRecord(PATCH_ALONG_MM, angle_deg % 360, 2 * PATCH_HALF_MM, 2 * PATCH_HALF_DEG)
    box = (best.x_px, best.y_px, best.width_px, best.height_px)
    cameras = tuple(j.camera for j in seen)
    finding = FindingRecord("cracks", "crack", 0.98, 6.7, 4.0, cameras, *box, True, 1.7, place)
    rod = (LENGTH_MM, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, RADIUS_MM, 0.0, 0.0, 0.0)
    surface = SurfaceRecord(LENGTH_MM, 2 * RADIUS_MM, 0.0, 0.0, 0.0, 1.0, rod, places)
    return msgspec.structs.replace(
        made.verdict(1, VerdictKind.REJECT, reasons=("crack 4.0 mm long (limit 2.0) at 20 mm, 130°, seen by c3, c4",)),
        findings=(finding,),
        judgements=judged,
        surface=surface,
    )


def write_part(state_dir: Path, record: VerdictRecord | None = None, angle_deg: float = PATCH_ANGLE_DEG) -> Path:
    """Write part 1-1 with all that belongs to it and return the folder of its pictures."""
    history = History(state_dir)
    history.write(made.run_started(), made.journal_started(), msgspec.structs.replace(made.arrival(1), lot="L-7"))
    history.write(record or verdict(angle_deg), made.outcome(1, VerdictKind.REJECT))
    history.close()
    indexer = Indexer(state_dir)
    indexer.turn()
    indexer.close()
    folder = state_dir / "pictures" / made.UTC[:10] / "1-1"
    folder.mkdir(parents=True)
    for index, name in enumerate(CAMERAS):
        (folder / f"{name}.jpg").write_bytes(encode_jpeg(picture_of(place_of(index), angle_deg), 98))
    (folder / FILE_NAME).write_bytes(encode_cameras(dict.fromkeys(CAMERAS, CAMERA)))
    copy = recipe_dir(state_dir, made.RECIPE)
    copy.mkdir(parents=True)
    (copy / "recipe.json").write_text(RECIPE.model_dump_json())
    return folder


def degrees_between(one: float, other: float) -> float:
    """How far two angles are apart."""
    return math.fabs((one - other + 180) % 360 - 180)
