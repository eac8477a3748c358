from __future__ import annotations

import math

import numpy as np
import pytest

from edge_inspector.geometry import Occlusion, Rod, SurfaceGrid, ViewOfRod, seen_share
from tests.geometry.builders import HEIGHT_PX, WIDTH_PX, ring_camera

ROD = Rod(50.0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (4.0, 0.0))
GRID = SurfaceGrid.of(ROD, step_mm=0.2)


def view(azimuth: float, lead_mm: float = 95.0, name: str = "c1") -> ViewOfRod:
    return ViewOfRod(name, ring_camera(azimuth), lead_mm, WIDTH_PX, HEIGHT_PX)


RING = [view(60.0 * k, name=f"c{k + 1}") for k in range(6)]


def test_one_camera_covers_the_arc_of_the_incidence_limit() -> None:
    """science.md §7.2: ψ_m = i_m − asin((R/D) sin i_m) right before the lens, and less towards the ends."""
    grid = SurfaceGrid.of(ROD, step_mm=0.05)
    coverage = seen_share(ROD, [view(0.0)], grid, max_incidence_deg=60)
    arc_deg = 60 - math.degrees(math.asin(0.05 * math.sin(math.radians(60))))
    before_the_lens = int(np.argmin(np.abs(95.0 - grid.along_mm - 70.0)))
    assert coverage.times_seen[:, before_the_lens].mean() == pytest.approx(2 * arc_deg / 360, abs=0.004)
    assert coverage.times_seen[:, 0].mean() < 2 * arc_deg / 360 - 0.005
    assert coverage.share == pytest.approx(coverage.times_seen.mean())
    assert coverage.times_seen.dtype == np.uint8


@pytest.mark.parametrize(("cameras", "limit_deg", "covered"), [(5, 45, True), (4, 45, False), (4, 60, True), (3, 60, False)])
def test_so_many_cameras_around_cover_all(cameras: int, limit_deg: float, covered: bool) -> None:
    """science.md §7.2, R/D 0.05, of a short piece before the lenses."""
    short = Rod(4.0, *((0.0, 0.0, 0.0),) * 2, (4.0, 0.0))
    views = [view(360.0 / cameras * k, lead_mm=72.0) for k in range(cameras)]
    coverage = seen_share(short, views, SurfaceGrid.of(short, step_mm=0.2), max_incidence_deg=limit_deg)
    assert (coverage.share == 1.0) is covered


def test_six_cameras_see_all_of_a_straw_and_most_of_it_twice() -> None:
    coverage = seen_share(ROD, RING, GRID, max_incidence_deg=60)
    assert coverage.share == 1.0
    assert (coverage.times_seen >= 2).mean() > 0.85
    assert seen_share(ROD, RING[1:], GRID, max_incidence_deg=60).share < 1.0


def test_what_is_outside_of_every_picture_is_not_seen() -> None:
    coverage = seen_share(ROD, [view(60.0 * k, lead_mm=115.0) for k in range(6)], GRID, max_incidence_deg=60)
    before_mm = 115.0 - 70.0 - GRID.along_mm
    beyond, within = before_mm > 623.5 * 80 / 1400, before_mm < 623.5 * 76 / 1400
    assert coverage.times_seen[:, beyond].max() == 0
    assert coverage.times_seen[:, within].min() > 0
    assert within.mean() <= coverage.share <= 1 - beyond.mean()


def test_no_views_see_nothing() -> None:
    assert seen_share(ROD, [], GRID, max_incidence_deg=60).share == 0.0


def hidden(occlusion: Occlusion, views: list[ViewOfRod] = RING) -> np.ndarray:
    return seen_share(ROD, views, GRID, max_incidence_deg=60, occlusions=[occlusion]).times_seen == 0


@pytest.mark.parametrize(("start_deg", "end_deg"), [(100, 130), (351, 9), (-9, 9), (341, 379)])
def test_an_occlusion_hides_its_piece_of_the_world_seam_included(start_deg: float, end_deg: float) -> None:
    dark = hidden(Occlusion((60.0, 65.0), (start_deg, end_deg)))
    along = (GRID.along_mm >= 30.0) & (GRID.along_mm <= 35.0)  # the leading end is at 95 mm
    around = (GRID.angle_deg - start_deg) % 360 <= (end_deg - start_deg) % 360
    assert np.array_equal(dark, around[:, None] & along[None, :])


def test_an_occlusion_stands_still_while_the_part_moves() -> None:
    """Two views at two moments: the finger hides another piece of the part from each, and nothing from both."""
    views = [view(0.0, lead_mm=95.0), view(0.0, lead_mm=98.0)]
    finger = Occlusion((60.0, 62.0), (0.0, 360.0))
    plain = seen_share(ROD, views, GRID, max_incidence_deg=60)
    fingered = seen_share(ROD, views, GRID, max_incidence_deg=60, occlusions=[finger])
    once = (plain.times_seen == 2) & (fingered.times_seen == 1)
    touched = once.any(axis=0)
    along = GRID.along_mm
    assert np.array_equal(touched, ((along >= 33) & (along <= 35)) | ((along >= 36) & (along <= 38)))
    assert fingered.share == plain.share


def test_an_occlusion_may_hide_from_some_cameras_only() -> None:
    finger = Occlusion((0.0, 200.0), (0.0, 360.0), frozenset({"c2"}))
    coverage = seen_share(ROD, RING, GRID, max_incidence_deg=60, occlusions=[finger])
    without = seen_share(ROD, [one for one in RING if one.name != "c2"], GRID, max_incidence_deg=60)
    assert np.array_equal(coverage.times_seen, without.times_seen)


def test_an_occlusion_around_the_travel_hides_more_of_a_part_that_lies_aside() -> None:
    """Its angles count around the direction of travel, not around the part."""
    aside = Rod(50.0, (2.0, 0.0, 0.0), (0.0, 0.0, 0.0), (4.0, 0.0))
    dark = seen_share(
        aside, RING, GRID, max_incidence_deg=60, occlusions=[Occlusion((60.0, 65.0), (60.0, 120.0))]
    ).times_seen
    rows = np.flatnonzero(dark[:, np.argmin(np.abs(GRID.along_mm - 32))] == 0)
    points = aside.surface(32.0, GRID.angle_deg).points_mm
    world = np.degrees(np.arctan2(points[:, 1], points[:, 0]))
    assert np.array_equal(rows, np.flatnonzero((world >= 60) & (world <= 120)))


def test_a_place_that_is_no_number_counts_as_hidden() -> None:
    assert Occlusion((60.0, 65.0), (0.0, 90.0)).hides(np.array([math.nan, 10.0]), np.array([45.0, 45.0])).tolist() == [
        True,
        False,
    ]
    assert Occlusion((60.0, 65.0), (0.0, 90.0)).hides(np.array([62.0, 62.0]), np.array([math.nan, 200.0])).tolist() == [
        True,
        False,
    ]


def test_a_coarse_grid_gives_the_share_of_a_fine_one() -> None:
    for views in (RING[:1], RING[:3], RING[1:]):
        fine = seen_share(ROD, views, GRID, max_incidence_deg=50).share
        coarse = seen_share(ROD, views, SurfaceGrid.of(ROD, step_mm=0.5), max_incidence_deg=50).share
        assert coarse == pytest.approx(fine, abs=0.02)
