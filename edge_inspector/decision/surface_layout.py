"""Lays one part's surface out: the rod that its silhouettes give, where each view shows it, and how much of it is seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from edge_inspector.decision.criteria import Criteria
from edge_inspector.decision.dimension_rules import Measures
from edge_inspector.domain.records import SurfaceRecord, ViewPlaceRecord
from edge_inspector.domain.view import View
from edge_inspector.geometry import (
    Occlusion,
    RingCamera,
    Rod,
    RodRefused,
    SeenOutline,
    SurfaceGrid,
    ViewOfRod,
    fit_rod,
    seen_share,
)
from edge_inspector.station.recipe import Surface
from edge_inspector.station.station import CameraPlace

COVERAGE_PX = 4.5  # between the rows at which coverage is looked at: a gap between views narrower than that may be missed
_SAME_DIRECTION_DEG = 10.0  # views from less far around, or from opposite sides, tell the same of a silhouette


@dataclass(frozen=True, slots=True)
class SurfaceLayout:
    """One part's surface. `views`: all, by camera; one without an outline is placed by belt speed and time."""

    rod: Rod
    views: Mapping[str, ViewOfRod]
    occlusions: tuple[Occlusion, ...]
    coverage: float
    directions: int  # different ones, among those from which an outline was seen

    @property
    def measures(self) -> Measures:
        """What the rod measures, as far as the directions of the views tell."""
        rod = self.rod
        return Measures(
            rod.length_mm,
            rod.diameter_mm,
            rod.bow_mm if self.directions >= 2 else None,
            rod.taper_mm,
            rod.oval_mm if self.directions >= 3 else None,
        )

    @property
    def record(self) -> SurfaceRecord:
        """What the journal keeps: every view can be unwrapped again from it."""
        rod = self.rod
        return SurfaceRecord(
            length_mm=rod.length_mm,
            diameter_mm=rod.diameter_mm,
            bow_mm=rod.bow_mm,
            taper_mm=rod.taper_mm,
            oval_mm=rod.oval_mm,
            coverage=self.coverage,
            rod=rod.parameters,
            views=tuple(_view_record(view) for view in self.views.values()),
        )


@dataclass(frozen=True, slots=True)
class LaidOut:
    """The surface, None where the silhouettes give none, and what speaks against an ACCEPT."""

    layout: SurfaceLayout | None
    doubts: tuple[str, ...]


def lay_out(
    views: Mapping[str, View], withdrawn: Collection[str], surface: Surface, criteria: Criteria, trigger_ns: int
) -> LaidOut:
    """Fit the rod to the outlines of all views and hold every view against it.

    Args:
        views: what there is, by camera.
        withdrawn: cameras that took their view back: it may show another part, and no rod is fitted to it.
        surface: the recipe's.
        criteria: where the cameras stand.
        trigger_ns: of the part; with belt speed and a frame's time it says where the part was.
    """
    doubts = [
        f"{camera}: the view has no outline of the part, so that its place on the surface can not be checked"
        for camera, view in views.items()
        if view.outline is None and camera not in withdrawn
    ]
    given: dict[str, SeenOutline] = {}
    for camera, view in views.items():
        if view.outline is not None and camera not in withdrawn:
            place, lead_mm = _ring_camera(criteria, camera), criteria.viewpoints.lead_mm(trigger_ns, view.frame_ns)
            given[camera] = SeenOutline(place, view.outline, lead_mm)
    fit = fit_rod(list(given.values()))
    if isinstance(fit, RodRefused):
        return LaidOut(None, (*doubts, f"the part's surface can not be laid out: {fit.reason}"))

    fitted: dict[str, ViewOfRod] = {}
    for camera, ring_camera, lead_mm, step_mm in zip(given, fit.cameras, fit.lead_mm, fit.max_end_residual_mm, strict=True):
        fitted[camera] = _view_of_rod(views[camera], ring_camera, lead_mm)
        if not step_mm <= surface.max_step_mm:
            doubts.append(
                f"{camera}: shows the part's ends {step_mm:.2f} mm from where belt speed and time put them "
                f"(limit {float(surface.max_step_mm)}); check the belt's speed and the camera's place and latency"
            )
    others = {
        camera: _view_of_rod(
            view,
            _ring_camera(criteria, camera),
            criteria.viewpoints.lead_mm(trigger_ns, view.frame_ns) + fit.lead_correction_mm,
        )
        for camera, view in views.items()
        if camera not in fitted
    }
    occlusions = tuple(
        Occlusion(each.along_mm, each.angle_deg, frozenset(each.cameras)) for each in criteria.viewpoints.occlusions
    )
    coverage = seen_share(
        fit.rod,
        list(fitted.values()),
        _coverage_grid(fit.rod, criteria.recipe.mm_per_px),
        max_incidence_deg=surface.max_incidence_deg,
        occlusions=occlusions,
    ).share
    if not coverage >= surface.min_coverage:
        doubts.append(
            f"only {100 * coverage:.1f} % of the surface is shown well by {len(fitted)} views "
            f"(limit {100 * surface.min_coverage:.1f} %)"
        )
    directions = _directions([view.camera.angle_deg for view in fitted.values()])
    return LaidOut(SurfaceLayout(fit.rod, fitted | others, occlusions, coverage, directions), tuple(doubts))


def _coverage_grid(rod: Rod, mm_per_px: float) -> SurfaceGrid:
    """Return a grid that is fine around, where views meet, and half as fine along."""
    around, along = (SurfaceGrid.of(rod, step_mm=COVERAGE_PX * mm_per_px * share) for share in (1, 2))
    return SurfaceGrid(around.angle_deg, along.along_mm, (around.cell_mm[0], along.cell_mm[1]))


def _ring_camera(criteria: Criteria, camera: str) -> RingCamera:
    place = criteria.viewpoints.places[camera]
    assert isinstance(place, CameraPlace)  # `Criteria` refuses a surface without it
    return RingCamera(
        place.angle_deg, place.distance_mm, place.along_mm, place.focal_px, place.centre_x_px, place.centre_y_px
    )


def _view_of_rod(view: View, ring_camera: RingCamera, lead_mm: float) -> ViewOfRod:
    return ViewOfRod(view.camera, ring_camera, lead_mm, view.width_px, view.height_px)


def _view_record(view: ViewOfRod) -> ViewPlaceRecord:
    camera = view.camera
    return ViewPlaceRecord(
        view.name,
        camera.angle_deg,
        camera.distance_mm,
        camera.along_mm,
        camera.focal_px,
        camera.centre_x_px,
        camera.centre_y_px,
        view.lead_mm,
    )


def _directions(angles_deg: list[float]) -> int:
    """Return how many of the angles differ, opposite ones counted as one."""
    different: list[float] = []
    for angle in angles_deg:
        if all(abs((angle - other + 90) % 180 - 90) > _SAME_DIRECTION_DEG for other in different):
            different.append(angle)
    return len(different)
