"""What a pixel sees is where its ray first meets the rod."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edge_inspector.synthesis.body import Body, draw_body
from edge_inspector.synthesis.projection import HEIGHT, WIDTH, Camera, cast


def world_of(body: Body, lead_mm: float, along_mm: float, angle_rad: float) -> tuple[float, float, float]:
    """The surface point in millimetres, written out once more in plain numbers."""
    t = along_mm / body.length_mm - 0.5
    arc = body.bow_mm * (1 - 4 * t * t)
    x = body.offset_mm[0] + body.slope[0] * (along_mm - body.length_mm / 2) + math.cos(math.radians(body.bow_at_deg)) * arc
    y = body.offset_mm[1] + body.slope[1] * (along_mm - body.length_mm / 2) + math.sin(math.radians(body.bow_at_deg)) * arc
    radius = body.diameter_mm / 2 * (1 + body.taper * t)
    radius *= 1 + body.oval / 2 * math.cos(2 * (angle_rad - math.radians(body.oval_at_deg)))
    return x + radius * math.cos(angle_rad), y + radius * math.sin(angle_rad), lead_mm - along_mm


def pixel_of(camera: Camera, point: tuple[float, float, float]) -> tuple[float, float]:
    turn = math.radians(camera.angle_deg)
    depth = camera.distance_mm - (point[0] * math.cos(turn) + point[1] * math.sin(turn))
    aside = point[1] * math.cos(turn) - point[0] * math.sin(turn)
    x = camera.centre_px[0] + camera.focal_px * (point[2] - camera.along_mm) / depth
    return x, camera.centre_px[1] + camera.focal_px * aside / depth


@pytest.mark.parametrize("seed", range(6))
def test_the_point_that_a_pixel_sees_is_projected_into_that_pixel(seed: int) -> None:
    rng = np.random.default_rng(seed)
    body, camera, lead_mm = draw_body(rng), Camera(60.0 * seed), float(rng.uniform(97, 103))
    hits = cast(body, camera, lead_mm)
    rows, columns = np.nonzero((hits.coverage >= 1) & (hits.facing > 0.2))
    for i in rng.choice(rows.size, 60):
        row, column = int(rows[i]), int(columns[i])
        point = world_of(body, lead_mm, float(hits.along_mm[row, column]), float(hits.angle_rad[row, column]))
        assert pixel_of(camera, point) == pytest.approx((column, row), abs=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_a_pixel_sees_the_near_side(seed: int) -> None:
    rng = np.random.default_rng(seed)
    body, camera = draw_body(rng), Camera(137.0)
    hits = cast(body, camera, 100.0)
    seen = hits.coverage >= 1
    assert float(hits.depth_mm[seen].max()) < camera.distance_mm + 1.5  # the axis lies at most that far behind the middle
    aside = (hits.angle_rad[seen] - math.radians(137.0) + math.pi) % (2 * math.pi) - math.pi
    assert float(np.abs(aside).max()) < math.pi / 2


def test_a_straight_round_rod_is_as_wide_as_the_formula_says() -> None:
    # science.md §10.3: R 4, D 80, f 1400: silhouette half-width 70.0877 px
    hits = cast(Body(60.0, 8.0), Camera(0.0, 80.0, 70.0, 1400.0), 100.0)
    assert float(hits.coverage[:, WIDTH // 2].sum()) == pytest.approx(2 * 70.0877, abs=0.1)


def test_both_ends_of_the_longest_thickest_straw_stay_in_the_picture() -> None:
    body = Body(60.2, 10.4, taper=0.08, bow_mm=0.8, offset_mm=(0.5, 0.5))
    for angle_deg in range(0, 360, 60):
        for lead_mm in (96.65, 103.35):
            coverage = cast(body, Camera(float(angle_deg)), lead_mm).coverage
            assert not coverage[:, [0, -1]].any()
            assert not coverage[[0, HEIGHT - 1]].any()


def test_places_along_the_rod_grow_against_the_travel() -> None:
    hits = cast(Body(60.0, 8.0), Camera(0.0), 100.0)
    middle = hits.along_mm[HEIGHT // 2]
    assert (np.diff(middle[100:-100]) < 0).all()


def test_angles_grow_downwards() -> None:
    hits = cast(Body(60.0, 8.0), Camera(60.0), 100.0)
    seen = hits.coverage[:, WIDTH // 2] >= 1
    assert (np.diff(hits.angle_rad[seen, WIDTH // 2]) > 0).all()
