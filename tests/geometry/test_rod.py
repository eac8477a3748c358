from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.geometry import Rod, SurfaceGrid
from tests.geometry.builders import random_tube, rod_of
from tests.geometry.slow_ray_caster import surface_point

STRAIGHT = Rod(60.0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (4.0, 0.0))
SEEDS = st.integers(0, 2**32 - 1)


@given(seed=SEEDS)
def test_a_rod_comes_back_from_its_parameters_exactly(seed: int) -> None:
    rod = rod_of(random_tube(np.random.default_rng(seed)))
    assert Rod.of_parameters(rod.parameters) == rod
    assert Rod.of_parameters(list(rod.parameters)).parameters == rod.parameters


@pytest.mark.parametrize(
    "parameters",
    [
        (60.0,) * 10,
        (0.0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0),  # no length
        (60.0, 0, 0, 0, 0, 0, 0, 4, -4.5, 0, 0),  # its radius falls below 0 towards an end
        (60.0, 0, 0, 0, 0, 0, 0, 4, 0, 3, 3),  # more oval than thick
        (60.0, 0, math.nan, 0, 0, 0, 0, 4, 0, 0, 0),
        (math.inf, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0),
    ],
)
def test_parameters_of_no_rod_are_refused(parameters: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="rod"):
        Rod.of_parameters(parameters)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_its_length_end_to_end_is_what_the_slow_reference_measures(seed: int) -> None:
    tube = replace(random_tube(np.random.default_rng(seed)), tilt=(0.1, -0.12))
    assert rod_of(tube).end_to_end_mm == pytest.approx(tube.end_to_end(), abs=1e-6)


def test_its_measures_are_those_of_its_form() -> None:
    rod = Rod(60.0, (1.0, 0.5, 0.6), (0.0, -0.2, 0.8), (4.0, -0.1), (0.03, 0.04))
    along = np.linspace(0, 60, 601)
    centre = rod.centre_mm(along)
    chord = centre[:1] + (centre[-1:] - centre[:1]) * (along / 60)[:, None]
    assert rod.bow_mm == pytest.approx(np.linalg.norm(centre - chord, axis=1).max())
    assert rod.bow_mm == pytest.approx(1.0)
    assert rod.diameter_mm == pytest.approx(8.0)
    assert rod.taper_mm == pytest.approx(2 * abs(float(rod.round_radius_mm(60.0) - rod.round_radius_mm(0.0))))
    around = np.radians(np.arange(3600) / 10)
    assert rod.oval_mm == pytest.approx(2 * float(np.ptp(rod.oval_part_mm(around))), rel=1e-4)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_its_surface_is_where_the_slow_reference_finds_it(seed: int) -> None:
    tube = random_tube(np.random.default_rng(seed))
    along = np.linspace(0.0, tube.length, 5)[:, None]
    angle = np.arange(0.0, 360.0, 45.0)[None, :]
    slow = surface_point(tube, along, angle)  # its third number counts against `along`
    assert rod_of(tube).surface(along, angle).points_mm * (1, 1, -1) == pytest.approx(slow, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_its_normals_stand_square_to_its_surface_and_point_outwards(seed: int) -> None:
    rod = rod_of(random_tube(np.random.default_rng(seed)))
    along, angle = np.linspace(1.0, rod.length_mm - 1, 5)[:, None], np.arange(0.0, 360.0, 30.0)[None, :]
    points, normals = rod.surface(along, angle)
    for step_along, step_angle in ((1e-4, 0.0), (0.0, 1e-3)):
        chord = rod.surface(along + step_along, angle + step_angle).points_mm - points
        chord /= np.linalg.norm(chord, axis=-1, keepdims=True)
        # the taper is set off against the travel, not against the bent axis: a ten-thousandth of a radian
        assert np.abs(np.sum(chord * normals, axis=-1)).max() < 1e-3
    axis = np.concatenate([rod.centre_mm(along), along[..., None]], axis=-1)
    assert np.all(np.sum(normals * (points - axis), axis=-1) > 0)


def test_a_grid_covers_the_surface_exactly_and_goes_on_around() -> None:
    grid = SurfaceGrid.of(STRAIGHT, step_mm=0.1)
    rows, columns = grid.shape
    assert grid.cell_mm[0] <= 0.1
    assert grid.cell_mm[1] <= 0.1
    assert rows * grid.cell_mm[0] == pytest.approx(math.pi * 8)
    assert columns * grid.cell_mm[1] == pytest.approx(60)
    assert np.diff(grid.angle_deg) == pytest.approx(360 / rows)
    assert grid.angle_deg[0] + 360 - grid.angle_deg[-1] == pytest.approx(360 / rows)
    assert grid.along_mm[0] == pytest.approx(grid.cell_mm[1] / 2)
    assert grid.along_mm[-1] == pytest.approx(60 - grid.cell_mm[1] / 2)


@pytest.mark.parametrize("step_mm", [0.0, -1.0, math.nan])
def test_a_grid_without_a_step_is_refused(step_mm: float) -> None:
    with pytest.raises(ValueError, match="step"):
        SurfaceGrid.of(STRAIGHT, step_mm=step_mm)
