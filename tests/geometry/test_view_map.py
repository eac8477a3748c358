"""Maps and traces of views against the slow ray caster, and against each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge_inspector.geometry import NOWHERE_PX, Rod, SurfaceGrid, map_view, surface_of_pixels
from tests.geometry.builders import HEIGHT_PX, WIDTH_PX, random_tube, ring_camera, rod_of
from tests.geometry.slow_ray_caster import SlowCamera, first_hit, incidence_cosine, picture_place

SEEDS = st.integers(0, 2**32 - 1)
AZIMUTHS = st.sampled_from([0.0, 60.0, 120.0, 180.0, 240.0, 300.0, 359.0, 1.0, -60.0])
LEADS_MM = st.floats(96.7, 103.3)
STRAIGHT = Rod(60.0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (4.0, 0.0))
GRAZING = 0.15  # cosine, below which the slow and the fast one may differ in what a ray just touches


def off_deg(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs((one - other + 180) % 360 - 180)


@settings(max_examples=12, deadline=None)
@given(seed=SEEDS, azimuth=AZIMUTHS, lead_mm=LEADS_MM)
def test_a_map_says_where_the_slow_reference_projects_each_cell(seed: int, azimuth: float, lead_mm: float) -> None:
    tube = random_tube(np.random.default_rng(seed))
    rod = rod_of(tube)
    grid = SurfaceGrid.of(rod, step_mm=4.0)
    view_map = map_view(rod, ring_camera(azimuth), lead_mm, grid)
    places = np.broadcast_arrays(grid.along_mm[None, :], grid.angle_deg[:, None])
    x_px, y_px = picture_place(tube, SlowCamera(azimuth), lead_mm, *places)
    cosine = incidence_cosine(tube, SlowCamera(azimuth), lead_mm, *places)
    mapped = view_map.x_px != NOWHERE_PX
    assert np.all(mapped[cosine > 0])
    assert view_map.x_px[mapped] == pytest.approx(x_px[mapped], abs=2e-3)
    assert view_map.y_px[mapped] == pytest.approx(y_px[mapped], abs=2e-3)
    assert view_map.cos_incidence[mapped] == pytest.approx(cosine[mapped], abs=5e-3)
    assert np.all(view_map.cos_incidence[~mapped] <= 0)
    assert {array.dtype for array in (view_map.x_px, view_map.y_px, view_map.cos_incidence)} == {np.dtype(np.float32)}


@settings(max_examples=12, deadline=None)
@given(seed=SEEDS, azimuth=AZIMUTHS, lead_mm=LEADS_MM)
def test_pixels_show_what_the_slow_reference_hits(seed: int, azimuth: float, lead_mm: float) -> None:
    rng = np.random.default_rng(seed)
    tube = random_tube(rng)
    x_px, y_px = rng.uniform(-20, WIDTH_PX + 20, 150), rng.uniform(20, HEIGHT_PX - 20, 150)
    along, angle = first_hit(tube, SlowCamera(azimuth), lead_mm, x_px, y_px)
    places = surface_of_pixels(rod_of(tube), ring_camera(azimuth), lead_mm, x_px, y_px)
    both = np.isfinite(along) & (np.nan_to_num(places.cos_incidence) > GRAZING)
    assert both.sum() > 20
    assert places.along_mm[both] == pytest.approx(along[both], abs=1e-3)
    assert off_deg(places.angle_deg[both], angle[both]).max() < 0.05
    assert np.all(np.nan_to_num(places.cos_incidence[~np.isfinite(along)]) < GRAZING)
    missed = np.isfinite(along) & np.isnan(places.along_mm)
    cosine = incidence_cosine(tube, SlowCamera(azimuth), lead_mm, along[missed], angle[missed])
    assert np.all(cosine < GRAZING)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, azimuth=AZIMUTHS, lead_mm=LEADS_MM)
@example(seed=32339499, azimuth=120.0, lead_mm=97.0)  # the cosines are 0.0053 apart
def test_the_pixel_of_a_cell_shows_that_cell(seed: int, azimuth: float, lead_mm: float) -> None:
    rod = rod_of(random_tube(np.random.default_rng(seed)))
    grid = SurfaceGrid.of(rod, step_mm=2.0)
    view_map = map_view(rod, ring_camera(azimuth), lead_mm, grid)
    seen = view_map.cos_incidence > GRAZING
    places = surface_of_pixels(rod, ring_camera(azimuth), lead_mm, view_map.x_px[seen], view_map.y_px[seen])
    along, angle = np.broadcast_arrays(grid.along_mm[None, :], grid.angle_deg[:, None])
    assert places.along_mm == pytest.approx(along[seen], abs=2e-3)
    assert off_deg(places.angle_deg, angle[seen]).max() < 0.05
    # the map is within 5e-3 of the slow reference (above), and the pixel that shows a cell is off by as much again
    assert places.cos_incidence == pytest.approx(view_map.cos_incidence[seen], abs=1e-2)


@given(azimuth=AZIMUTHS)
def test_the_seam_is_nothing_special(azimuth: float) -> None:
    """Turning the camera by whole cells turns the map by as many rows, also where it passes through 0°."""
    grid = SurfaceGrid.of(STRAIGHT, step_mm=1.0)
    rows = grid.shape[0]
    first = map_view(STRAIGHT, ring_camera(180.0), 100.0, grid)
    turned = map_view(STRAIGHT, ring_camera(180.0 + 7 * 360 / rows), 100.0, grid)
    for one, other in ((first.x_px, turned.x_px), (first.y_px, turned.y_px), (first.cos_incidence, turned.cos_incidence)):
        assert np.roll(one, 7, axis=0) == pytest.approx(other, abs=1e-3)
    through = map_view(STRAIGHT, ring_camera(180.0 + 12 * 360 / rows), 100.0, grid)
    assert np.roll(first.y_px, 12, axis=0) == pytest.approx(through.y_px, abs=1e-3)
    places = surface_of_pixels(STRAIGHT, ring_camera(azimuth), 100.0, 600.0, np.linspace(80, 175, 50))
    steps = np.diff(places.angle_deg)
    assert np.all((steps % 360 > 0) & (steps % 360 < 10))
    assert np.all((places.angle_deg >= 0) & (places.angle_deg < 360))


def test_a_piece_of_a_grid_is_mapped_as_in_the_whole() -> None:
    rod = rod_of(random_tube(np.random.default_rng(5)))
    grid = SurfaceGrid.of(rod, step_mm=1.0)
    whole = map_view(rod, ring_camera(10.0), 99.0, grid)
    piece = map_view(rod, ring_camera(10.0), 99.0, grid, rows=slice(2, 15), columns=slice(7, 31))
    assert piece.x_px.shape == (13, 24)
    assert piece.x_px == pytest.approx(whole.x_px[2:15, 7:31], abs=1e-3)
    assert piece.y_px == pytest.approx(whole.y_px[2:15, 7:31], abs=1e-3)
    assert piece.cos_incidence == pytest.approx(whole.cos_incidence[2:15, 7:31], abs=1e-5)


def test_the_incidence_of_the_check_value_holds() -> None:
    """science.md §10.3: ψ = 30°, z − z_k = 10 mm: 32.2758°."""
    grid = SurfaceGrid(np.array([90.0]), np.array([20.0]), (1.0, 1.0))
    view_map = map_view(STRAIGHT, ring_camera(60.0), 100.0, grid)
    assert math.degrees(math.acos(float(view_map.cos_incidence[0, 0]))) == pytest.approx(32.2758, abs=1e-3)
    places = surface_of_pixels(STRAIGHT, ring_camera(60.0), 100.0, view_map.x_px, view_map.y_px)
    assert math.degrees(math.acos(float(places.cos_incidence[0, 0]))) == pytest.approx(32.2758, abs=1e-3)


def test_the_silhouette_of_the_check_value_is_where_pixels_begin_to_miss() -> None:
    """science.md §10.3: half-width 70.0877 px."""
    places = surface_of_pixels(STRAIGHT, ring_camera(0.0), 100.0, 623.5, 127.5 + np.array([-70.15, -70.0, 70.0, 70.15]))
    assert np.isnan(places.along_mm).tolist() == [True, False, False, True]


def test_pixels_beyond_the_ends_and_pixels_of_no_number_miss() -> None:
    places = surface_of_pixels(STRAIGHT, ring_camera(0.0), 100.0, [60.0, 70.9, 623.5, 1176.1, 1187.0, math.nan], 127.5)
    assert np.isnan(places.along_mm).tolist() == [True, False, False, False, True, True]


def test_shown_is_inside_the_picture_and_not_too_flat() -> None:
    grid = SurfaceGrid.of(STRAIGHT, step_mm=0.5)
    view_map = map_view(STRAIGHT, ring_camera(0.0), 115.0, grid)  # the leading 15 mm reach out of the picture
    shown = view_map.shown(width_px=WIDTH_PX, height_px=HEIGHT_PX, max_incidence_deg=60.0)
    assert shown.any()
    assert np.all(view_map.cos_incidence[shown] >= 0.5)
    assert np.all((view_map.x_px[shown] >= 0) & (view_map.x_px[shown] <= WIDTH_PX - 1))
    cut = (view_map.x_px > WIDTH_PX - 1) & (view_map.cos_incidence >= 0.5)
    assert cut.any()
    assert not shown[cut].any()
    low = view_map.shown(width_px=WIDTH_PX, height_px=100, max_incidence_deg=60.0)
    assert np.all(view_map.y_px[low] <= 99)
    assert not view_map.shown(width_px=WIDTH_PX, height_px=HEIGHT_PX, max_incidence_deg=math.nan).any()


def test_nothing_turned_away_is_shown_at_any_limit() -> None:
    view_map = map_view(STRAIGHT, ring_camera(0.0), 100.0, SurfaceGrid.of(STRAIGHT, step_mm=0.5))
    shown = view_map.shown(width_px=WIDTH_PX, height_px=HEIGHT_PX, max_incidence_deg=120.0)
    assert not shown[view_map.cos_incidence <= 0].any()
