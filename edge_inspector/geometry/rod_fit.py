"""The rod that the silhouettes of all views together show (science.md §7.3, for a rod with a curved axis and any cameras).

Every point of a silhouette's upper or lower edge is a line of sight that touches the rod. Where it passes the axis most
closely, at `axis`, in the unit direction `out`, it does so at the distance of the touched side:

    out · (point on the line of sight − axis) = radius(along) + oval(angle)

This is linear in every unknown of the rod, so that one least-squares problem over all views and columns gives them all; as
`out` and the place along depend a little on the rod, it is solved a few times. Points that do not fit the rest (a splinter,
a fibre, a node) lose their weight: Huber's at first, then Tukey's biweight (Beaton & Tukey 1974), by the median residual.
How many did, and where, is said of every view (`edge_agreement`): they may be more than a splinter.

The ends come from where the silhouettes end. Belt speed and time say where the part is in each view against the others; the
sensor's edge is not exact, so that all views are shifted by what their median asks for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.view import Outline
from edge_inspector.geometry.axis_ray import Rays, from_axis, nearest_depth
from edge_inspector.geometry.edge_agreement import EdgeAgreement
from edge_inspector.geometry.ring_camera import RingCamera
from edge_inspector.geometry.rod import Rod
from edge_inspector.geometry.rod_ends import RodEnds

Floats = NDArray[np.float64]

MOST_EDGE_MM = 0.5  # a view whose edge points lie farther from the rod than this, half of them, is no view of it
LEAST_COLUMNS = 4  # of an outline, between the ends of the rod: three fix a parabola
_END_MARGIN_MM = 0.5  # edge points nearer to an end may belong to the rim
_MOST_REACH = 0.9  # of a camera's distance
_ROUNDS = 6
_HUBER_ROUNDS = 3
_LEAST_SCALE_PX = 0.1  # outlines without noise must not turn rounding into outliers
_LEAST_SPREAD = 0.2  # of the cameras' directions: below it a number can not be told from the noise
_LEAST_RANK = 1e-4  # smallest against largest singular value


@dataclass(frozen=True, slots=True)
class SeenOutline:
    """One view's silhouette; `lead_mm` is the leading end's z by belt speed and time when the frame was exposed."""

    camera: RingCamera
    outline: Outline
    lead_mm: float


@dataclass(frozen=True, slots=True)
class RodFit:
    """A rod, and how well each view agrees with it. Tuples have one number a view, in the order given."""

    rod: Rod
    lead_mm: tuple[float, ...]  # the leading end's z in each view: as given, all shifted by `lead_correction_mm`
    lead_correction_mm: float
    max_end_residual_mm: tuple[float, ...]  # farthest that a view shows one of the ends from where the rod has it
    edge_rms_px: float  # of the edge points that kept their weight
    cameras: tuple[RingCamera, ...]  # as given, but looking so that the view's own silhouette lies over the rod's
    edges: tuple[EdgeAgreement, ...]
    bow_is_known: bool  # these two: the views come from directions that tell it; if not, the rod has none of it
    oval_is_known: bool


@dataclass(frozen=True, slots=True)
class RodRefused:
    """Why the outlines give no rod: one sentence, which names the camera by its angle.

    `view`: which of those given is to blame, so that the others may give one; None where it is not a single one.
    """

    reason: str
    view: int | None = None


class _NoRodError(Exception):
    """The outlines give no rod."""

    def __init__(self, reason: str, view: int | None = None) -> None:
        super().__init__(reason)
        self.refused = RodRefused(reason, view)


def fit_rod(seen: Sequence[SeenOutline]) -> RodFit | RodRefused:
    """Return the rod that the outlines show, or why they show none.

    What can be told depends on the directions from which the rod is seen. One camera, or several along one line: the axis
    lies at the cameras' distance without bow or tilt towards them, and the cross-section is round. Two cameras across each
    other: the axis is free, the cross-section round. Three or more in different directions: everything is fitted.
    """
    if not seen:
        return RodRefused("no view has an outline of the part")
    try:
        edges = _EdgePoints.of(seen)
        return _refine(seen, edges, *_first_guess(seen))
    except _NoRodError as error:
        return error.refused
    except np.linalg.LinAlgError as error:
        return RodRefused(f"the outlines give no rod that can be computed: {error}")


def _name(camera: RingCamera) -> str:
    return f"the camera at {camera.angle_deg % 360:g}°"


@dataclass(frozen=True, slots=True)
class _EdgePoints:
    """The edge points of all views, and the lines of sight through them. Each of length n."""

    view: NDArray[np.intp]  # which of the views
    rays: Rays  # with the leading end where it was given
    focal_px: Floats
    lower: NDArray[np.bool_]  # of the lower edge

    @classmethod
    def of(cls, seen: Sequence[SeenOutline]) -> _EdgePoints:
        parts = [_checked(number, view) for number, view in enumerate(seen)]
        rays = [
            Rays.of_pixels(view.camera, view.lead_mm, np.tile(columns, 2), np.concatenate([upper, lower]))
            for view, (columns, upper, lower) in zip(seen, parts, strict=True)
        ]
        counts = [len(columns) for columns, _, _ in parts]
        return cls(
            np.repeat(np.arange(len(seen)), 2 * np.array(counts)),
            Rays(np.concatenate([ray.lens_mm for ray in rays]), np.concatenate([ray.direction for ray in rays])),
            np.repeat([view.camera.focal_px for view in seen], 2 * np.array(counts)),
            np.concatenate([np.repeat([False, True], count) for count in counts]),
        )


def _checked(number: int, view: SeenOutline) -> tuple[Floats, Floats, Floats]:
    """Return an outline's columns, upper and lower edge."""
    name, outline = _name(view.camera), view.outline
    columns, upper, lower = (
        np.asarray(edge, np.float64) for edge in (outline.columns_px, outline.upper_px, outline.lower_px)
    )
    if not columns.size == upper.size == lower.size:
        raise _NoRodError(
            f"{name} gave an outline of {columns.size} columns with {upper.size} upper and {lower.size} lower points",
            number,
        )
    numbers = np.concatenate([columns, upper, lower, [outline.start_px, outline.end_px, view.lead_mm]])
    if not np.all(np.isfinite(numbers)):
        raise _NoRodError(f"{name} gave an outline with a number that is not finite", number)
    if not (outline.end_px > outline.start_px and np.all(lower > upper)):
        raise _NoRodError(f"{name} gave an outline that is turned inside out", number)
    if columns.size < LEAST_COLUMNS:
        raise _NoRodError(f"{name} gave an outline of {columns.size} columns; a rod needs at least {LEAST_COLUMNS}", number)
    return columns, upper, lower


def _first_guess(seen: Sequence[SeenOutline]) -> tuple[Rod, float]:
    """Return a straight round rod along the travel, and how far all leads are to be shifted."""
    middles, radii, leads, lengths = [], [], [], []
    for view in seen:
        camera, outline = view.camera, view.outline
        upper, lower = np.asarray(outline.upper_px), np.asarray(outline.lower_px)
        mm_per_px = camera.distance_mm / camera.focal_px
        middles.append((float(np.median(upper + lower)) / 2 - camera.centre_y_px) * mm_per_px)
        radii.append(float(np.median(lower - upper)) / 2 * mm_per_px)
        leads.append(camera.along_mm + (outline.end_px - camera.centre_x_px) * mm_per_px - view.lead_mm)
        lengths.append((outline.end_px - outline.start_px) * mm_per_px)
    aside = np.array([view.camera.aside[:2] for view in seen])
    x, y = np.linalg.lstsq(aside, np.array(middles), rcond=_LEAST_SPREAD)[0]
    unknowns = np.array([x, 0, 0, y, 0, 0, np.median(radii), 0, 0, 0], np.float64)
    return _rod_of(float(np.median(lengths)), unknowns, seen), float(np.median(leads))


def _rod_of(length_mm: float, unknowns: Floats, seen: Sequence[SeenOutline]) -> Rod:
    """Return the rod of the ten unknowns x0 x1 x2 y0 y1 y2 r0 r1 a b, if it lies before all cameras."""
    try:
        rod = Rod.of_parameters((length_mm, *(float(unknown) for unknown in unknowns)))
    except ValueError as error:
        raise _NoRodError(f"the outlines do not fit a rod: {error}") from error
    reach_mm = float(np.abs(unknowns).sum())
    for view in seen:
        if not reach_mm < _MOST_REACH * view.camera.distance_mm:
            raise _NoRodError(
                f"the outlines would fit a rod that reaches {reach_mm:.1f} mm from the axis of the travel; "
                f"{_name(view.camera)} stands {view.camera.distance_mm:g} mm from it"
            )
    return rod


def _refine(seen: Sequence[SeenOutline], edges: _EdgePoints, rod: Rod, shift_mm: float) -> RodFit | RodRefused:
    free = _Free.from_directions([view.camera for view in seen])
    for turn in range(_ROUNDS):
        touching = _touching(edges, rod, shift_mm)
        weights = _weights(touching, tukey=turn >= _HUBER_ROUNDS)
        unknowns = _solve(touching, weights, free.basis)
        rod = _rod_of(rod.length_mm, unknowns, seen)
        ends_mm = _end_offsets_mm(seen, rod, shift_mm)
        shift_mm += float(np.median(ends_mm.mean(axis=1)))
        rod = _rod_of(rod.length_mm + float(np.median(ends_mm[:, 1] - ends_mm[:, 0])), unknowns, seen)
    return _judged(seen, edges, free, rod, shift_mm)


@dataclass(frozen=True, slots=True)
class _Free:
    """What can be told from some directions.

    A silhouette tells where the axis is aside of the camera, well, and how far away it is, hardly; and the width of the
    cross-section in one direction, of which three different ones are needed to know an oval.
    """

    basis: Floats  # of the ten unknowns: (10, n_free)
    axis: bool  # whether it is free in every direction
    oval: bool

    @classmethod
    def from_directions(cls, cameras: Sequence[RingCamera]) -> _Free:
        aside = np.array([camera.aside[:2] for camera in cameras])
        twice = 2 * np.radians([camera.angle_deg + 90 for camera in cameras])
        widths = np.stack([np.ones_like(twice), np.cos(twice), np.sin(twice)], axis=1)
        _, spread, across = np.linalg.svd(aside / math.sqrt(len(cameras)))
        axis = across[: int(np.sum(spread > _LEAST_SPREAD))]  # (1 or 2, 2) directions in which the axis may move
        round_only = np.linalg.matrix_rank(widths / math.sqrt(len(cameras)), tol=_LEAST_SPREAD) < 3
        free = [np.concatenate([np.kron(direction, power), np.zeros(4)]) for direction in axis for power in np.eye(3)]
        free += list(np.eye(10)[6 : 8 if round_only else 10])
        return cls(np.array(free).T, len(axis) == 2, not round_only)


@dataclass(frozen=True, slots=True)
class _Touching:
    """One equation an edge point: row · unknowns = value, in mm. All of length n."""

    rows: Floats  # (n, 10)
    values: Floats
    along_mm: Floats
    px_per_mm: Floats
    residual_px: Floats  # positive: farther from the axis than the rod is thick
    inside: NDArray[np.bool_]  # between the ends of the rod, clear of their rims


def _touching(edges: _EdgePoints, rod: Rod, shift_mm: float) -> _Touching:
    """Write down that the edge points' lines of sight touch the rod, about the rod as it is known so far."""
    rays = Rays(edges.rays.lens_mm + np.array([0.0, 0.0, shift_mm]), edges.rays.direction)
    depth, along = nearest_depth(rod, rays)
    points = rays.at(depth)
    near = from_axis(rod, points, along)
    out = near.out
    s = 2 * near.along_mm / rod.length_mm - 1
    powers = np.stack([np.ones_like(s), s, s * s], axis=1)
    twice = 2 * near.angle_rad
    rows = np.concatenate(
        [out[:, :1] * powers, out[:, 1:2] * powers, powers[:, :2], np.cos(twice)[:, None], np.sin(twice)[:, None]],
        axis=1,
    )
    radius = rod.round_radius_mm(near.along_mm) + rod.oval_part_mm(near.angle_rad)
    # a side stands as far from the axis as the support function says, slightly more than the radius in that direction
    support = radius + rod.oval_slope_mm(near.angle_rad) ** 2 / (2 * radius)
    values = np.einsum("ni,ni->n", out, points) - near.along_mm * out[:, 2] - (support - radius)
    px_per_mm = edges.focal_px / depth
    inside = _is_inside(near.along_mm, rod)
    return _Touching(rows, values, near.along_mm, px_per_mm, (near.distance_mm - support) * px_per_mm, inside)


def _is_inside(along_mm: Floats, rod: Rod) -> NDArray[np.bool_]:
    return (along_mm > _END_MARGIN_MM) & (along_mm < rod.length_mm - _END_MARGIN_MM)


def _weights(touching: _Touching, *, tukey: bool) -> Floats:
    """Return how much each edge point counts, 0..1, by how it fits the rod known so far."""
    if int(touching.inside.sum()) < touching.rows.shape[1]:
        raise _NoRodError(
            f"only {int(touching.inside.sum())} edge points of all views lie between the ends of the rod; "
            "at least 10 are needed to fit one"
        )
    miss = np.abs(touching.residual_px)
    scale = max(1.4826 * float(np.median(miss[touching.inside])), _LEAST_SCALE_PX)
    if tukey:
        weights = np.square(np.maximum(1 - np.square(miss / (4.685 * scale)), 0))
    else:
        weights = 1.345 * scale / np.maximum(miss, 1.345 * scale)
    return np.where(touching.inside, weights, 0.0)


def _solve(touching: _Touching, weights: Floats, free: Floats) -> Floats:
    """Return the ten unknowns of the weighted least squares."""
    scale = np.sqrt(weights) * touching.px_per_mm
    found, _, rank, _ = np.linalg.lstsq((touching.rows * scale[:, None]) @ free, touching.values * scale, rcond=_LEAST_RANK)
    if rank < free.shape[1]:
        raise _NoRodError(
            f"the outlines fix only {rank} of the rod's {free.shape[1]} numbers; "
            "their columns must be spread over the whole part"
        )
    return np.asarray(free @ found, np.float64)


def _end_offsets_mm(seen: Sequence[SeenOutline], rod: Rod, shift_mm: float) -> Floats:
    """Return how much farther along the travel each view shows the ends than the rod has them: (n, 2), trailing, leading."""
    ends = RodEnds.of(rod)
    offsets = []
    for view in seen:
        start, end = ends.seen_by(view.camera, view.lead_mm + shift_mm)
        outline = view.outline
        offsets.append(((outline.start_px - start.x_px) * start.mm_per_px, (outline.end_px - end.x_px) * end.mm_per_px))
    return np.array(offsets)


def _judged(seen: Sequence[SeenOutline], edges: _EdgePoints, free: _Free, rod: Rod, shift_mm: float) -> RodFit | RodRefused:
    """Hold every view against the rod that all of them gave."""
    touching = _touching(edges, rod, shift_mm)
    weights = _weights(touching, tukey=True)
    end_offsets_mm = _end_offsets_mm(seen, rod, shift_mm)
    cameras, agreements, misses_mm = [], [], []
    for number, view in enumerate(seen):
        own = touching.inside & (edges.view == number)
        lower = edges.lower[own]
        fewer = min(int(lower.sum()), int((~lower).sum()))
        if fewer < LEAST_COLUMNS:
            return RodRefused(
                f"{_name(view.camera)} shows only {fewer} columns of an edge between the ends of the rod that all views "
                f"give together; at least {LEAST_COLUMNS} are needed",
                number,
            )
        residual_px, px_per_mm = touching.residual_px[own], touching.px_per_mm[own]
        misses_mm.append(float(np.median(np.abs(residual_px)) / np.median(px_per_mm)))
        # edges that lie lower than the rod's, above and below alike: the part, or the camera, moved aside
        aside_px = (float(np.median(residual_px[lower])) - float(np.median(residual_px[~lower]))) / 2
        cameras.append(replace(view.camera, centre_y_px=view.camera.centre_y_px + aside_px))
        agreements.append(_agreement(touching, edges, rod, number, aside_px, float(end_offsets_mm[number].mean())))
    worst = int(np.argmax(np.nan_to_num(misses_mm, nan=math.inf)))
    if not misses_mm[worst] <= MOST_EDGE_MM:
        return RodRefused(
            f"{_name(seen[worst].camera)} shows the part's edges {misses_mm[worst]:.2f} mm from the rod that all views "
            f"give together (limit {MOST_EDGE_MM:g}): it was moved, or the part is no rod",
            worst,
        )
    rms_px = math.sqrt(float(np.sum(weights * np.square(touching.residual_px)) / np.sum(weights)))
    ends_mm = np.abs(end_offsets_mm).max(axis=1)
    if not (math.isfinite(rms_px) and np.all(np.isfinite(ends_mm))):
        return RodRefused("the outlines give a rod that can not be compared with them: a number is not finite")
    return RodFit(
        rod,
        tuple(view.lead_mm + shift_mm for view in seen),
        shift_mm,
        tuple(float(end_mm) for end_mm in ends_mm),
        rms_px,
        tuple(cameras),
        tuple(agreements),
        bow_is_known=free.axis,
        oval_is_known=free.oval,
    )


def _agreement(
    touching: _Touching, edges: _EdgePoints, rod: Rod, number: int, aside_px: float, ahead_mm: float
) -> EdgeAgreement:
    """Lay one view over the rod, which it shows so far aside and ahead, and hold its edge points against it."""
    along_mm = touching.along_mm + ahead_mm  # which runs against the travel
    own = (edges.view == number) & _is_inside(along_mm, rod)
    lower = edges.lower[own]
    off_px = touching.residual_px[own] - np.where(lower, aside_px, -aside_px)
    return EdgeAgreement.of(along_mm[own], off_px / touching.px_per_mm[own], lower, rod.length_mm)
