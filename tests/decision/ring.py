"""A ring of six cameras around a rod, for the package and for the slow reference, which also paints the pictures."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

import msgspec

from edge_inspector.decision import Criteria, Viewpoints, judge_part
from edge_inspector.decision.assessment import Assessment
from edge_inspector.decision.criteria import Pair
from edge_inspector.decision.surface_layout import SurfaceLayout
from edge_inspector.domain.clock import NS_PER_MS
from edge_inspector.domain.judgement import Judged, Judgement, Region
from edge_inspector.domain.view import Outline, ViewMissing
from edge_inspector.geometry import Occlusion, RingCamera, Rod, ViewOfRod
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.station import CameraPlace
from edge_inspector.station.station import Occlusion as StationOcclusion
from tests.decision import builders as b
from tests.decision import slow_surface_fusion as slow

WIDTH_PX, HEIGHT_PX = 112, 40
MM_PER_PX = 0.25
SPEED_MM_S = 100.0
TRIGGER_NS = 1000 * NS_PER_MS
DISTANCE_MM, LOOKS_AT_MM, FOCAL_PX = 60.0, 50.0, 228.0
LEAD_MM = 61.5  # of the middle of the exposure: 615 ms after the trigger
PLACES = {
    f"c{i + 1}": CameraPlace(
        angle_deg=60.0 * i,
        distance_mm=DISTANCE_MM,
        along_mm=LOOKS_AT_MM,
        focal_px=FOCAL_PX,
        centre_x_px=55.0,
        centre_y_px=19.5,
    )
    for i in range(6)
}
CAMERAS = tuple(PLACES)
STRAIGHT = slow.SlowRod(20.0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (3.0, 0.0), (0.0, 0.0))


def recipe(fusion: str = "max", rules: list[dict[str, object]] | None = None, **fields: object) -> Recipe:
    plain = b.recipe(rules=rules).model_dump(exclude_none=True)
    surface = {"max_incidence_deg": 60.0, "same_defect_mm": 0.5, "min_coverage": 0.9, **fields.pop("surface", {})}  # type: ignore[dict-item]
    view = {"height_px": HEIGHT_PX, "width_px": WIDTH_PX}
    return Recipe.model_validate(
        plain | {"view": view, "mm_per_px": MM_PER_PX, "surface": surface, "fusion": fusion} | fields
    )


def criteria(of: Recipe | None = None, occlusions: Sequence[StationOcclusion] = ()) -> Criteria:
    return Criteria(of or recipe(), b.DEFECTS, Viewpoints(PLACES, SPEED_MM_S, tuple(occlusions)))


def slow_views() -> list[slow.SlowView]:
    return [
        slow.SlowView(
            name,
            math.radians(place.angle_deg),
            place.distance_mm,
            place.along_mm - LEAD_MM,
            place.focal_px,
            place.centre_x_px,
            place.centre_y_px,
            WIDTH_PX,
            HEIGHT_PX,
        )
        for name, place in PLACES.items()
    ]


def random_rod(rng: random.Random) -> slow.SlowRod:
    def curve() -> tuple[float, float, float]:
        return (rng.uniform(-0.5, 0.5), rng.uniform(-0.4, 0.4), rng.uniform(-0.6, 0.6))

    return slow.SlowRod(
        rng.uniform(18, 21),
        curve(),
        curve(),
        (rng.uniform(2.5, 3.3), rng.uniform(-0.15, 0.15)),
        (rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1)),
    )


def random_blobs(rng: random.Random, rod: slow.SlowRod) -> list[slow.Blob]:
    return [
        slow.Blob(
            along=rng.uniform(0.0, rod.length),
            angle=rng.choice([rng.uniform(0, 2 * math.pi), rng.uniform(-0.1, 0.1)]),
            half_along=rng.uniform(0.4, 2.5),
            half_around=rng.uniform(0.3, 1.2),
            tilt=rng.uniform(0, math.pi),
            peak=rng.uniform(0.4, 1.0),
        )
        for _ in range(rng.randint(1, 5))
    ]


def package_rod(rod: slow.SlowRod) -> Rod:
    return Rod(rod.length, rod.x, rod.y, rod.radius, rod.oval)


def layout(rod: slow.SlowRod, occlusions: Sequence[Occlusion] = ()) -> SurfaceLayout:
    views = {
        name: ViewOfRod(name, RingCamera(**place.model_dump()), LEAD_MM, WIDTH_PX, HEIGHT_PX)
        for name, place in PLACES.items()
    }
    return SurfaceLayout(package_rod(rod), views, tuple(occlusions), 1.0, None, None, 0.0)


def rim_in_row_of_axis(rod: slow.SlowRod, view: slow.SlowView, along: float) -> list[float]:
    """The columns of the points of a rim that lie no farther than a tenth of a pixel from the row of its middle."""
    row = view.project(rod.axis(along))[1]
    rim = [view.project(rod.surface(along, 2 * math.pi * i / 1800)) for i in range(1800)]
    return [place[0] for place in rim if abs(place[1] - row) < 0.1]


def outline(rod: slow.SlowRod, view: slow.SlowView) -> Outline:
    """The silhouette: the outermost of very many points of the skin."""
    angles = [2 * math.pi * i / 240 for i in range(240)]
    start, end = min(rim_in_row_of_axis(rod, view, rod.length)), max(rim_in_row_of_axis(rod, view, 0.0))
    columns, upper, lower = [], [], []
    for i in range(1, 20):
        along = rod.length * (1 - i / 20)
        middle = view.project(rod.axis(along))[0]
        points = []
        for t in angles:
            place = along
            for _ in range(4):  # the place along at which this angle's line passes the column
                gap = middle - view.project(rod.surface(place, t))[0]
                place -= gap * view.distance / view.focal
            points.append(view.project(rod.surface(place, t))[1])
        columns.append(middle)
        upper.append(min(points))
        lower.append(max(points))
    return Outline(start, end, tuple(columns), tuple(upper), tuple(lower))


def judged_of(picture: slow.Picture, t_low: float = b.T_LOW) -> Judged:
    """The regions of a picture as inference sends them."""
    regions = []
    for region in slow.flood(picture, slow.eight):
        left, top = min(x for x, _ in region), min(y for _, y in region)
        width, height = max(x for x, _ in region) - left + 1, max(y for _, y in region) - top + 1
        crop = bytearray(width * height)
        for x, y in region:
            crop[(y - top) * width + x - left] = picture[x, y]
        regions.append(Region(left, top, width, height, bytes(crop)))
    return Judged(0.0, t_low, tuple(regions))


def judgement(camera: str, result: Judged, outlined: Outline | None, *, engine: str = "crack-d2s2") -> Judgement:
    plain = b.judgement(None, camera, result, engine=engine)
    frame_ns = TRIGGER_NS + round(LEAD_MM / SPEED_MM_S * 1e9)
    size = {"height_px": HEIGHT_PX, "width_px": WIDTH_PX, "seen_height_px": HEIGHT_PX, "seen_width_px": WIDTH_PX}
    view = msgspec.structs.replace(plain.view, **size, frame_ns=frame_ns, outline=outlined)
    return msgspec.structs.replace(plain, view=view)


def pictures(
    rod: slow.SlowRod, blobs: Sequence[slow.Blob], gains: Mapping[str, float] | None = None
) -> dict[str, slow.Picture]:
    gains = gains or {}
    return {view.name: slow.paint(rod, view, blobs, gains.get(view.name, 1.0), b.T_LOW) for view in slow_views()}


def judgements(
    rod: slow.SlowRod, blobs: Sequence[slow.Blob] = (), gains: Mapping[str, float] | None = None
) -> dict[Pair, Judgement]:
    """What one engine says of a part with these blobs, and the outlines of all views."""
    painted = pictures(rod, blobs, gains)
    return {
        (view.name, "crack-d2s2"): judgement(view.name, judged_of(painted[view.name]), outline(rod, view))
        for view in slow_views()
    }


def judge(
    by_pair: Mapping[Pair, Judgement],
    of: Recipe | None = None,
    occlusions: Sequence[StationOcclusion] = (),
    missing: Mapping[str, ViewMissing] | None = None,
) -> Assessment:
    return judge_part(criteria(of, occlusions), TRIGGER_NS, by_pair, missing or {})
