"""The outline of a rod in a view, to a fraction of a pixel, in the whole view and not the reduced one.

Near each coarse edge grey levels are read from outside inwards along lanes that follow the edge; their middle half counts,
so that noise, a hair or a speck does little. The edge is the outermost place where they leave the background's level for
good (a wire may lie beside the part), and there where they pass half way to the level just inside the edge: not to that of
the middle of the part, since a lit rod is darkest at its rim. A crack or a glare further inside has no say.

A dark stain at the rim moves the edge inwards. But a rod's two edges are one smooth axis, more or less half its width, and
columns that do not lie on it are left out: a wrong edge is worse than none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_inspector.capture.absence import Absence
from edge_inspector.capture.edge_profile import DEPTHS_PX, find_edges, read_profiles
from edge_inspector.capture.rod_curve import RodCurve, fit_rod
from edge_inspector.capture.silhouette import CoarseEdges, Silhouette, against_dark
from edge_inspector.domain.view import MissingReason, Outline
from edge_inspector.station.recipe import SilhouettePresence

COLUMNS = 25
LEAST_COLUMNS = 13
LANES_PX = np.arange(-8.0, 9.0, 2.0)  # columns on both sides of each, read together
FROM_END_PX, FROM_END_SHARE = 10.0, 0.2  # px and share of the width: seen obliquely, the rims of a square cut lie further in
END_STRIPS = np.linspace(-0.6, 0.6, 9)  # of half the part's height, around the axis
LEAST_STRIPS = 5
END_LANES_PX = np.arange(-4.0, 5.0)
LEAST_WIDTH_PX = 12.0
FIT_COLUMNS = 60
COARSE_SURE_PX, SURE_PX = 2.0, 0.3
RISE_SHARE = 0.5  # of the recipe's contrast, by which the rim must stand out
FAR_PX, FAR_DEVIATIONS = 1.5, 4.0  # from the rod's curve: an edge farther off than both is none

Grey = NDArray[np.uint8]
Float = NDArray[np.float64]


def measure_outline(grey: Grey, part: Silhouette, presence: SilhouettePresence) -> Outline | Absence:
    """Return the outline of the silhouette that `find_part` found in `grey`, uint8 (height, width), or why there is none.

    For a rod that lies roughly along the rows. On rendered rods it is right to 0.3 px and better (tests/capture).
    """
    if part.is_cut_short or part.is_cut_narrow:
        return _unseen("the part is cut by the picture's border: its outline does not end in the picture")
    grey = against_dark(grey, presence)
    edges = _without_splinters(part.edges)
    width_px = float(np.median(edges.lower_px - edges.upper_px))
    length_px = float(edges.columns_px[-1] - edges.columns_px[0])
    from_end_px = FROM_END_PX + FROM_END_SHARE * width_px
    if not (width_px >= LEAST_WIDTH_PX and length_px >= 4 * from_end_px):
        return _unseen(f"a part of {length_px:.0f} x {width_px:.0f} pixels is too small for an outline")
    step = max(1, len(edges.columns_px) // FIT_COLUMNS)
    coarse = fit_rod(
        edges.columns_px[::step], edges.upper_px[::step], edges.lower_px[::step], axis_order=3, sure_px=COARSE_SURE_PX
    )
    ends_px = float(edges.columns_px[0]), float(edges.columns_px[-1])
    columns = np.linspace(ends_px[0] + from_end_px, ends_px[1] - from_end_px, COLUMNS)
    lines = [_Lines.across_side(coarse, columns, side) for side in (-1, 1)]
    lines += [_Lines.across_end(coarse, end_px, side) for end_px, side in zip(ends_px, (-1, 1), strict=True)]
    upper, lower, starts, ends = _find_along(grey, lines, RISE_SHARE * presence.min_contrast)
    for name, places in (("left", starts), ("right", ends)):
        if np.count_nonzero(~np.isnan(places)) < LEAST_STRIPS:
            return _unseen(f"the part's {name} end is not sharp enough to be placed; check focus, light and background")
    found = ~np.isnan(upper + lower)
    if np.count_nonzero(found) >= LEAST_COLUMNS:
        found &= _lies_on_rod(columns, upper, lower, found)
    count = int(np.count_nonzero(found))
    if count < LEAST_COLUMNS:
        return _unseen(
            f"the part's edges are clear at {count} of {COLUMNS} columns, at least {LEAST_COLUMNS}; "
            "check focus, light and background"
        )
    return Outline(
        start_px=_at_axis(starts),
        end_px=_at_axis(ends),
        columns_px=tuple(columns[found].tolist()),
        upper_px=tuple(upper[found].tolist()),
        lower_px=tuple(lower[found].tolist()),
    )


@dataclass(frozen=True, slots=True)
class _Lines:
    """Where to read across one edge: float64 (n, lanes, depths) each, pixels, and the coarse edge with its outward sign."""

    x_px: Float
    y_px: Float
    edge_px: Float  # (n,): y of a side, x of an end
    outward: int

    @classmethod
    def across_side(cls, rod: RodCurve, columns_px: Float, side: int) -> _Lines:
        """Across the upper (side -1) or lower (1) edge at each column."""
        x = columns_px[:, None] + LANES_PX  # (columns, lanes)
        y = rod.axis_at(x) + side * rod.half_height_at(x)
        middle = len(LANES_PX) // 2
        depths = side * DEPTHS_PX
        return cls(np.broadcast_to(x[..., None], (*x.shape, len(depths))), y[..., None] - depths, y[:, middle], side)

    @classmethod
    def across_end(cls, rod: RodCurve, end_px: float, side: int) -> _Lines:
        """Across the left (side -1) or right (1) end, in strips around the axis."""
        at = np.array([end_px])
        axis_px, half_px = float(rod.axis_at(at)[0]), float(rod.half_height_at(at)[0])
        y = axis_px + END_STRIPS[:, None] * half_px + END_LANES_PX  # (strips, lanes)
        shape = (*y.shape, len(DEPTHS_PX))
        x = np.broadcast_to(end_px - side * DEPTHS_PX, shape)
        return cls(x, np.broadcast_to(y[..., None], shape), np.full(len(END_STRIPS), end_px), side)


def _find_along(grey: Grey, lines: list[_Lines], least_rise: float) -> list[Float]:
    """Return the place of each edge along its lines, y of sides and x of ends; NaN where it is not seen."""
    counts = [len(of_edge.edge_px) for of_edge in lines]
    x = np.concatenate([of_edge.x_px for of_edge in lines])
    y = np.concatenate([of_edge.y_px for of_edge in lines])
    depths = find_edges(read_profiles(grey, x, y), np.repeat(np.arange(len(lines)), counts), least_rise)
    split = np.split(depths, np.cumsum(counts)[:-1])
    return [of_edge.edge_px - of_edge.outward * depth for of_edge, depth in zip(lines, split, strict=True)]


def _at_axis(places_px: Float) -> float:
    """Return where an end is in the row of the axis: the middle of the parabola through the strips that agree with it.

    A cut may be askew; and a lens sees the near side of a square cut farther out than its rims.
    """
    seen = ~np.isnan(places_px)
    powers, places = END_STRIPS[seen, None] ** np.arange(3), places_px[seen]
    parabola: Float = np.zeros(3)
    off = np.abs(places - np.median(places))
    for _ in range(2):  # first without those far from the median, then without those far from the parabola
        kept = off <= max(FAR_PX, FAR_DEVIATIONS * 1.4826 * float(np.median(off)))
        parabola = np.asarray(np.linalg.solve(powers[kept].T @ powers[kept], powers[kept].T @ places[kept]), np.float64)
        off = np.abs(places - powers @ parabola)
    return float(parabola[0])


def _lies_on_rod(columns_px: Float, upper_px: Float, lower_px: Float, found: NDArray[np.bool_]) -> NDArray[np.bool_]:
    rod = fit_rod(columns_px[found], upper_px[found], lower_px[found], axis_order=2, sure_px=SURE_PX)
    axis, half = rod.axis_at(columns_px), rod.half_height_at(columns_px)
    off = np.stack([np.abs(upper_px - (axis - half)), np.abs(lower_px - (axis + half))])
    limit = max(FAR_PX, FAR_DEVIATIONS * 1.4826 * float(np.median(off[:, found])))
    return np.asarray((off <= limit).all(axis=0))  # false where it is NaN


def _without_splinters(edges: CoarseEdges) -> CoarseEdges:
    """Return the columns between the first and the last that are at least half as high as usual."""
    high = edges.lower_px - edges.upper_px
    thick = np.flatnonzero(high >= np.median(high) / 2)
    kept = slice(int(thick[0]), int(thick[-1]) + 1)
    return CoarseEdges(edges.columns_px[kept], edges.upper_px[kept], edges.lower_px[kept])


def _unseen(detail: str) -> Absence:
    return Absence(MissingReason.UNHEALTHY, detail)
