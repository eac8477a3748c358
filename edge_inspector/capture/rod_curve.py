"""A smooth rod through edge points of which some are wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

ROUNDS = 6
RIDGE = 1e-9  # of the largest curvature: keeps the equations solvable when points are few
INWARD_WEIGHT = 0.4


@dataclass(frozen=True, slots=True)
class RodCurve:
    """Axis (a polynomial) and half height (linear) over x, in pixels."""

    middle_px: float
    half_span_px: float
    axis: Float
    half_height: Float

    def axis_at(self, x_px: Float) -> Float:
        """Return y of the axis."""
        return _powers((x_px - self.middle_px) / self.half_span_px, len(self.axis)) @ self.axis

    def half_height_at(self, x_px: Float) -> Float:
        """Return half the rod's extent along y."""
        return _powers((x_px - self.middle_px) / self.half_span_px, 2) @ self.half_height


def fit_rod(columns_px: Float, upper_px: Float, lower_px: Float, *, axis_order: int, sure_px: float) -> RodCurve:
    """Fit both edges, float64 (n,) each with n >= 4, at once, with least absolute deviations.

    At once, so that a stain at one edge is held against the other. What hides an edge moves it inwards, and inward
    deviations therefore weigh less. By iteratively reweighted least squares; residuals up to `sure_px` weigh alike.
    """
    middle = float(columns_px[0] + columns_px[-1]) / 2
    half_span = max(1.0, float(columns_px[-1] - columns_px[0]) / 2)
    powers = _powers((columns_px - middle) / half_span, axis_order + 1)
    n, terms = len(columns_px), axis_order + 1
    design = np.empty((2 * n, terms + 2))
    design[:n, :terms] = design[n:, :terms] = powers
    design[n:, terms:] = powers[:, :2]
    design[:n, terms:] = -powers[:, :2]
    edges = np.concatenate([upper_px, lower_px])
    outward = np.repeat([-1.0, 1.0], n)
    weights = np.ones(2 * n)
    solution = np.zeros(terms + 2)
    for _ in range(ROUNDS):
        weighted = (design * weights[:, None]).T
        normal = weighted @ design
        normal.flat[:: terms + 3] += RIDGE * normal.max()
        solution = np.linalg.solve(normal, weighted @ edges)
        off = edges - design @ solution
        weights = np.where(off * outward < 0, INWARD_WEIGHT, 1.0) / np.maximum(np.abs(off), sure_px)
    return RodCurve(middle, half_span, solution[:terms], solution[terms:])


def _powers(s: Float, count: int) -> Float:
    return np.asarray(s[..., None] ** np.arange(count))
