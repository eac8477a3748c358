"""What a view shows in a window: no cell that it shows well is left out because of where its row lies."""

from __future__ import annotations

import random

import numpy as np
import pytest

from edge_inspector.decision.surface_sampling import cells_to_map, views_of
from edge_inspector.decision.surface_windows import Window
from edge_inspector.geometry import SurfaceGrid, map_view
from tests.decision import ring
from tests.decision import slow_surface_fusion as slow

STILL = (0.0, 0.0, 0.0)
OVAL = slow.SlowRod(20.0, STILL, STILL, (3.0, 0.0), (-0.5, 0.0))
ASIDE = slow.SlowRod(20.0, STILL, (2.5, 0.0, 0.0), (1.5, 0.0), (-0.2, 0.0))
LEANING = slow.SlowRod(20.0, (0.0, -3.0, 1.0), STILL, (2.0, 0.3), (-0.2, 0.0))


def windows_of(rod: slow.SlowRod) -> list[Window]:
    """The whole surface in windows of one row each."""
    grid, found = SurfaceGrid.of(ring.package_rod(rod), step_mm=0.3), []
    for row, angle_deg in enumerate(grid.angle_deg):
        one = SurfaceGrid(np.array([angle_deg]), grid.along_mm, grid.cell_mm)
        row_deg = 360.0 / grid.shape[0]
        own = np.ones(one.shape, bool)
        found.append(Window(one, row * row_deg, row_deg, 0.0, own, goes_around=False, cameras=ring.CAMERAS))
    return found


def random_rod(rng: random.Random) -> slow.SlowRod:
    """A rod that lies, leans, bends, tapers and bulges far more than the outlines of a straw."""
    x, y = ((rng.uniform(-4, 4), rng.uniform(-3, 3), rng.uniform(-2, 2)) for _ in range(2))
    return slow.SlowRod(20.0, x, y, (2.5, rng.uniform(-0.5, 0.5)), (rng.uniform(-0.3, 0.3), rng.uniform(-0.3, 0.3)))


@pytest.mark.parametrize("max_incidence_deg", [25.0, 60.0, 80.0])
@pytest.mark.parametrize(
    "rod",
    [OVAL, ASIDE, LEANING, *(random_rod(random.Random(seed)) for seed in range(6))],
    ids=lambda rod: f"{rod.x} {rod.oval}",
)
def test_every_cell_at_no_flatter_incidence_is_shown(rod: slow.SlowRod, max_incidence_deg: float) -> None:
    layout = ring.layout(rod)
    for window in windows_of(rod):
        views = {view.camera: view for view in views_of(window, layout, ring.CAMERAS, max_incidence_deg)}
        for name, view in layout.views.items():
            shown = map_view(layout.rod, view.camera, view.lead_mm, window.grid).shown(
                width_px=view.width_px, height_px=view.height_px, max_incidence_deg=max_incidence_deg
            )
            assert (views[name].is_shown == shown).all() if name in views else not shown.any()


def test_of_a_rod_on_the_axis_little_more_is_mapped_than_is_shown_well() -> None:
    layout = ring.layout(ring.STRAIGHT)
    mapped = [cells_to_map(window, layout, ["c1"], 60.0) > 0 for window in windows_of(ring.STRAIGHT)]
    assert np.mean(mapped) == pytest.approx(2 * 61 / 360, abs=0.02)
