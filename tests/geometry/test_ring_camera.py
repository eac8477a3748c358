from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_inspector.geometry import RingCamera
from tests.geometry.builders import ring_camera

ANGLES = st.floats(0, 360)


def test_the_check_value_of_the_cylinder_holds() -> None:
    """science.md §10.3; its u runs across the rod and its v along, where a view's y and x do."""
    camera = RingCamera(0.0, 80.0, 50.0, 1400.0, 360.0, 640.0)
    turn = math.radians(30)
    x_px, y_px, depth_mm = camera.project([4 * math.cos(turn), 4 * math.sin(turn), 60.0])
    assert (float(y_px), float(x_px)) == pytest.approx((676.5841, 542.9207), abs=1e-4)
    assert float(depth_mm) == pytest.approx(80 - 4 * math.cos(turn))


@given(azimuth=ANGLES, theta=ANGLES, radius=st.floats(0, 30), z=st.floats(0, 200))
def test_the_ray_of_a_projected_point_leads_back_to_it(azimuth: float, theta: float, radius: float, z: float) -> None:
    camera = ring_camera(azimuth)
    point = np.array([radius * math.cos(math.radians(theta)), radius * math.sin(math.radians(theta)), z])
    x_px, y_px, depth_mm = camera.project(point)
    assert camera.lens_mm + depth_mm * camera.rays(x_px, y_px) == pytest.approx(point, abs=1e-9)


@given(azimuth=ANGLES)
def test_x_runs_with_the_travel_and_y_with_rising_angles(azimuth: float) -> None:
    camera = ring_camera(azimuth)
    angles = np.radians(azimuth + np.array([-10.0, 0.0, 10.0]))
    around = camera.project(np.stack([4 * np.cos(angles), 4 * np.sin(angles), np.full(3, 70.0)], axis=-1))
    assert np.all(np.diff(around.y_px) > 0)
    travelling = camera.project(np.array([[0.0, 0.0, 60.0], [0.0, 0.0, 70.0], [0.0, 0.0, 80.0]]))
    assert np.all(np.diff(travelling.x_px) > 0)
    assert (travelling.x_px[1], travelling.y_px[1]) == pytest.approx((623.5, 127.5))


def test_a_point_behind_the_lens_appears_nowhere() -> None:
    seen = ring_camera(0.0).project(np.array([[90.0, 0.0, 70.0], [0.0, 0.0, 70.0]]))
    assert np.isnan(seen.x_px).tolist() == [True, False]
    assert np.isnan(seen.y_px).tolist() == [True, False]


@pytest.mark.parametrize("numbers", [(0, 0, 70, 1400, 0, 0), (0, 80, 70, -1, 0, 0), (math.nan, 80, 70, 1400, 0, 0)])
def test_a_camera_that_can_not_be_is_refused(numbers: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="camera"):
        RingCamera(*numbers)
