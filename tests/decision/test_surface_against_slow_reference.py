"""Views put together on the surface, against a reference that goes cell by cell and shares no code with the package."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from functools import cache

import pytest

from edge_inspector.decision.measured import Measured
from edge_inspector.decision.surface_fusion import measure_surface
from edge_inspector.geometry import Occlusion
from tests.decision import builders as b
from tests.decision import ring
from tests.decision import slow_surface_fusion as slow

ENGINE = "crack-d2s2"
SEEDS = 15
CELL_MM = 0.75 * ring.MM_PER_PX
MODES = ("any", "max", "weighted")
OCCLUSION = Occlusion((45.0, 52.0), (330.0, 60.0), frozenset({"c1", "c2"}))


def hidden(camera: str, point: slow.Point) -> bool:
    angle = math.degrees(math.atan2(point[1], point[0])) % 360
    z = ring.LEAD_MM + point[2]
    return camera in ("c1", "c2") and 45.0 <= z <= 52.0 and (angle >= 330 or angle <= 60)


@cache
def case(seed: int) -> slow.SlowFusion:
    """A random rod with random blobs, each view showing them more or less clearly, every third one with an occlusion."""
    rng = random.Random(seed)
    rod = ring.random_rod(rng)
    gains = {camera: rng.uniform(0.55, 1.0) for camera in ring.CAMERAS}
    fusion = slow.SlowFusion(
        rod=rod,
        views=ring.slow_views(),
        pictures=ring.pictures(rod, ring.random_blobs(rng, rod), gains),
        mm_per_px=ring.MM_PER_PX,
        t_low=b.T_LOW,
        smallest_px=9,
        max_incidence_deg=60.0,
        same_defect_mm=rng.choice([0.3, 0.5, 1.0]),
    )
    return replace(fusion, hidden=hidden) if seed % 3 == 0 else fusion


def measured(fusion: slow.SlowFusion, mode: str, cut: float) -> list[Measured]:
    recipe = ring.recipe(
        mode,
        [{"name": "r", "engine": ENGINE, "min_score": cut}],
        surface={"same_defect_mm": fusion.same_defect_mm, "max_incidence_deg": fusion.max_incidence_deg},
    )
    judged = {}
    for camera, picture in fusion.pictures.items():
        result = ring.judged_of(picture)
        judged[camera, ENGINE] = (ring.judgement(camera, result, None), result)
    occlusions = (OCCLUSION,) if fusion.hidden is hidden else ()
    assert recipe.surface is not None
    marked = measure_surface(judged, ring.layout(fusion.rod, occlusions), recipe.surface, ring.criteria(recipe))
    assert not marked.doubts
    return list(marked.places[ENGINE, cut])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_places_are_those_of_the_slow_reference(seed: int, mode: str) -> None:
    fusion = case(seed)
    for cut in (0.5, 0.7):
        expected = sorted(fusion.places(cut, mode), key=lambda place: -place.area_mm2)
        found = sorted(measured(fusion, mode, cut), key=lambda place: -place.area_mm2)
        assert len(found) == len(expected)
        for ours, theirs in zip(found, expected, strict=True):
            place = ours.place
            assert place is not None
            assert ours.area_mm2 == pytest.approx(theirs.area_mm2, rel=0.03, abs=3 * CELL_MM**2)
            assert place.along_mm == pytest.approx(theirs.along_mm, abs=CELL_MM)
            assert abs((place.angle_deg - theirs.angle_deg + 180) % 360 - 180) < 6.0  # a cell is 3.6°
            assert place.along_extent_mm == pytest.approx(theirs.along_extent_mm, abs=1.1 * CELL_MM)
            assert place.angle_extent_deg == pytest.approx(theirs.angle_extent_deg, abs=7.3)
            assert ours.score == pytest.approx(theirs.score, abs=0.02)
            assert set(ours.cameras) == theirs.cameras


def test_the_cases_hold_what_is_hard() -> None:
    """Places in two views, across the seam, under the occlusion, at the ends, none at all, are among the random ones."""
    places = [place for seed in range(SEEDS) for place in case(seed).places(0.5, "max")]
    assert sum(len(place.cameras) > 1 for place in places) >= 15
    assert sum(place.angle_deg % 360 + place.angle_extent_deg / 2 > 360 for place in places) >= 3
    assert sum(place.along_mm - place.along_extent_mm / 2 < 0.01 for place in places) >= 1
    assert any(len(case(seed).places(0.7, "weighted")) == 0 for seed in range(SEEDS))
    with_occlusion = [case(seed) for seed in range(0, SEEDS, 3)]
    assert any(
        fusion.places(0.5, "max") != replace(fusion, hidden=lambda _c, _p: False).places(0.5, "max")
        for fusion in with_occlusion
    )
