from __future__ import annotations

import numpy as np
import pytest

from edge_inspector.geometry import Rod, SurfaceGrid, ViewMap, blend, map_view, unwrap
from tests.geometry.builders import AZIMUTHS, HEIGHT_PX, WIDTH_PX, ring_camera
from tests.geometry.slow_ray_caster import SlowCamera, SlowTube, first_hit

ROD = Rod(50.0, (0.3, 0.0, 0.4), (0.0, 0.1, 0.0), (4.0, 0.0))
TUBE = SlowTube(50.0, 4.0, (0.3, 0.0), (0.0, 0.004), (0.4, 0.0))
GRID = SurfaceGrid.of(ROD, step_mm=1.0)
LEAD_MM = 95.0


def painted(along_mm: np.ndarray, angle_deg: np.ndarray) -> np.ndarray:
    """A surface that says in its colours where one is; black where it is missed."""
    turn = np.radians(angle_deg)
    colour = np.stack([40 + 3 * along_mm, 128 + 100 * np.cos(turn), 128 + 100 * np.sin(turn)], axis=-1)
    return np.rint(np.nan_to_num(colour)).astype(np.uint8)


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    """What the slow ray caster sees of it, every 16th column and second row, widened."""
    columns, rows = np.meshgrid(np.arange(7.5, WIDTH_PX, 16), np.arange(0.5, HEIGHT_PX, 2))
    slow = []
    for azimuth in AZIMUTHS:
        middle = (rows[:, 0] > 30) & (rows[:, 0] < 225)
        picture = np.zeros((*rows.shape, 3), np.uint8)
        picture[middle] = painted(*first_hit(TUBE, SlowCamera(azimuth), LEAD_MM, columns[middle], rows[middle]))
        slow.append(np.repeat(np.repeat(picture, 16, axis=1), 2, axis=0))
    return slow


@pytest.fixture(scope="module")
def maps() -> list[ViewMap]:
    return [map_view(ROD, ring_camera(azimuth), LEAD_MM, GRID) for azimuth in AZIMUTHS]


def truth() -> np.ndarray:
    return painted(*np.broadcast_arrays(GRID.along_mm[None, :], GRID.angle_deg[:, None])).astype(int)


def test_an_unwrapped_view_shows_the_surface_and_black_where_it_is_turned_away(
    pictures: list[np.ndarray], maps: list[ViewMap]
) -> None:
    flat = unwrap(pictures[1], maps[1])
    assert flat.shape == (*GRID.shape, 3)
    assert flat.dtype == np.uint8
    straight = maps[1].cos_incidence > 0.6
    assert straight.any()
    assert np.abs(flat.astype(int) - truth())[straight].max() <= 4  # columns are 0.9 mm wide
    assert not flat[maps[1].cos_incidence <= 0].any()


def test_the_views_together_show_the_whole_surface(pictures: list[np.ndarray], maps: list[ViewMap]) -> None:
    together = blend(pictures, maps, max_incidence_deg=60)
    inner = slice(1, -1)  # the outermost columns of the pictures hold the ends
    assert np.abs(together.astype(int) - truth())[:, inner].max() <= 4


def test_a_view_weighs_by_the_square_of_its_cosine() -> None:
    grid = SurfaceGrid(np.array([30.0]), np.array([25.0]), (1.0, 1.0))
    two = [map_view(ROD, ring_camera(azimuth), LEAD_MM, grid) for azimuth in (0.0, 60.0)]
    black, white = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8), np.full((HEIGHT_PX, WIDTH_PX, 3), 255, np.uint8)
    squares = [float(view_map.cos_incidence[0, 0]) ** 2 for view_map in two]
    assert int(blend([black, white], two, max_incidence_deg=60)[0, 0, 0]) == round(255 * squares[1] / sum(squares))


def test_a_view_beyond_the_limit_does_not_count(maps: list[ViewMap]) -> None:
    white = np.full((HEIGHT_PX, WIDTH_PX, 3), 255, np.uint8)
    limited = blend([white], maps[:1], max_incidence_deg=40)
    shown = maps[0].shown(width_px=WIDTH_PX, height_px=HEIGHT_PX, max_incidence_deg=40)
    assert np.array_equal(limited[..., 0] == 255, shown)
    assert not limited[~shown].any()


def test_pictures_without_their_maps_are_refused(maps: list[ViewMap]) -> None:
    white = np.full((HEIGHT_PX, WIDTH_PX, 3), 255, np.uint8)
    with pytest.raises(ValueError, match="1 pictures with 2 maps"):
        blend([white], maps[:2], max_incidence_deg=60)
    with pytest.raises(ValueError, match="0 pictures"):
        blend([], [], max_incidence_deg=60)
