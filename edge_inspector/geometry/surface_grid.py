"""A regular grid over a rod's surface: the map on which views are put together (science.md §7.4)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_inspector.geometry.rod import Rod


@dataclass(frozen=True, slots=True)
class SurfaceGrid:
    """The middles of the cells: row i is at `angle_deg[i]`, column j at `along_mm[j]`.

    The first row follows the last one: the angle is periodic. Together the cells cover the surface exactly, end to end and
    once around.
    """

    angle_deg: NDArray[np.float64]  # (n_angle,), rising, within 0..360
    along_mm: NDArray[np.float64]  # (n_along,), rising, within 0..length
    cell_mm: tuple[float, float]  # around (at the mean radius) and along

    @classmethod
    def of(cls, rod: Rod, *, step_mm: float) -> SurfaceGrid:
        """Return the coarsest grid whose cells are at most `step_mm` in both directions.

        >>> grid = SurfaceGrid.of(Rod(60.0, (0, 0, 0), (0, 0, 0), (4.0, 0.0)), step_mm=0.1)
        >>> grid.shape
        (252, 600)

        Raises:
            ValueError: `step_mm` is not positive.
        """
        if not step_mm > 0:
            raise ValueError(f"a grid's step must be positive, not {step_mm} mm")
        around_mm = math.pi * rod.diameter_mm
        rows, columns = math.ceil(around_mm / step_mm), math.ceil(rod.length_mm / step_mm)
        return cls(
            (np.arange(rows, dtype=np.float64) + 0.5) * (360.0 / rows),
            (np.arange(columns, dtype=np.float64) + 0.5) * (rod.length_mm / columns),
            (around_mm / rows, rod.length_mm / columns),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """(n_angle, n_along)."""
        return self.angle_deg.size, self.along_mm.size
