"""Rods before the nominal ring of six cameras, as the slow ray caster sees them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edge_inspector.domain.view import Outline
from edge_inspector.geometry import RingCamera, Rod, SeenOutline
from tests.geometry.slow_ray_caster import SlowCamera, SlowTube, edge_rows, end_columns

AZIMUTHS = (0.0, 60.0, 120.0, 180.0, 240.0, 300.0)
WIDTH_PX, HEIGHT_PX = 1248, 256
LEAD_MM = 100.0  # a part of 60 mm in the middle of the views, which look at 70 mm
COLUMNS = 24
NOISE_PX = 0.3


def ring_camera(azimuth: float) -> RingCamera:
    return RingCamera(azimuth, 80.0, 70.0, 1400.0, (WIDTH_PX - 1) / 2, (HEIGHT_PX - 1) / 2)


def rod_of(tube: SlowTube) -> Rod:
    """The same form in the package's numbers."""
    half = tube.length / 2
    turn = 2 * math.radians(tube.oval_at)
    (x, y), (tilt_x, tilt_y), (sag_x, sag_y) = tube.middle, tube.tilt, tube.sag
    return Rod(
        tube.length,
        (x, tilt_x * half, sag_x),
        (y, tilt_y * half, sag_y),
        (tube.radius, tube.growth * half),
        (tube.oval / 4 * math.cos(turn), tube.oval / 4 * math.sin(turn)),
    )


def random_tube(rng: np.random.Generator) -> SlowTube:
    """A straw as line.md 28 allows: Ø 8 mm ± 30 %, bowed up to 3 mm, oval, tapered, tilted, off the axis of travel."""
    bow, bow_at = rng.uniform(0, 3), rng.uniform(0, 2 * math.pi)
    x, y, tilt_x, tilt_y = (float(number) for number in rng.uniform(-1, 1, 4))
    return SlowTube(
        length=float(rng.uniform(57.5, 60.5)),
        radius=float(rng.uniform(2.8, 5.2)),
        middle=(x, y),
        tilt=(0.02 * tilt_x, 0.02 * tilt_y),
        sag=(bow * math.cos(bow_at), bow * math.sin(bow_at)),
        growth=float(rng.uniform(-0.005, 0.005)),
        oval=float(rng.uniform(0, 0.8)),
        oval_at=float(rng.uniform(0, 180)),
    )


def seen_outlines(
    tube: SlowTube,
    *,
    azimuths: Sequence[float] = AZIMUTHS,
    rng: np.random.Generator | None = None,
    skew_mm: float = 3.3,
    late_mm: float = 0.0,
    columns: int = COLUMNS,
) -> list[SeenOutline]:
    """What free-running cameras give: each its own lead, noise on every number when `rng` is given, and a common error
    `late_mm` of all leads, because the sensor's edge is not exact."""
    noise = (lambda exact: exact + rng.normal(0, NOISE_PX, np.shape(exact))) if rng is not None else np.asarray
    skews = rng.uniform(-skew_mm, skew_mm, len(azimuths)) if rng is not None else np.zeros(len(azimuths))
    leads = [LEAD_MM + float(skew) for skew in skews]
    cameras = [SlowCamera(azimuth) for azimuth in azimuths]
    ends = [end_columns(tube, camera, lead) for camera, lead in zip(cameras, leads, strict=True)]
    columns_px = np.stack([np.linspace(start + 3, end - 3, columns) for start, end in ends])
    upper, lower = edge_rows(tube, cameras, leads, columns_px)
    return [
        SeenOutline(
            ring_camera(azimuths[k]),
            Outline(
                float(noise(ends[k][0])),
                float(noise(ends[k][1])),
                *(tuple(float(place) for place in edge) for edge in (columns_px[k], noise(upper[k]), noise(lower[k]))),
            ),
            leads[k] - late_mm,
        )
        for k in range(len(azimuths))
    ]


def without_columns(view: SeenOutline, from_share: float, to_share: float) -> SeenOutline:
    """The same view, but between these shares of its length, from the trailing end, no edge was clear."""
    outline = view.outline
    columns = np.array(outline.columns_px)
    share = (columns - outline.start_px) / (outline.end_px - outline.start_px)
    kept = np.flatnonzero((share < from_share) | (share > to_share))
    columns_px, upper, lower = (
        tuple(edge[k] for k in kept) for edge in (outline.columns_px, outline.upper_px, outline.lower_px)
    )
    return replace(view, outline=Outline(outline.start_px, outline.end_px, columns_px, upper, lower))


def moved_down(view: SeenOutline, by_px: float) -> SeenOutline:
    """The same view by a camera that was knocked, or of a part that shook."""
    outline = view.outline
    upper, lower = (tuple(y + by_px for y in edge) for edge in (outline.upper_px, outline.lower_px))
    moved = Outline(outline.start_px, outline.end_px, outline.columns_px, upper, lower)
    return replace(view, outline=moved)
