"""Lays one part's surface out: the rod that its silhouettes give, where each view shows it, and how much of it is seen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from edge_inspector.decision.criteria import Criteria
from edge_inspector.decision.dimension_rules import Measures
from edge_inspector.domain.records import SurfaceRecord, ViewPlaceRecord
from edge_inspector.domain.view import View
from edge_inspector.geometry import (
    Occlusion,
    RingCamera,
    Rod,
    RodFit,
    SeenOutline,
    SurfaceGrid,
    ViewOfRod,
    fit_rod,
    seen_share,
)
from edge_inspector.station.recipe import Surface
from edge_inspector.station.station import CameraPlace

COVERAGE_PX = 4.5  # between the rows at which coverage is looked at: a gap between views narrower than that may be missed
OTHER_SIDE_DEG = 20.0  # views that look from less apart, or from opposite sides, show a bend alike


@dataclass(frozen=True, slots=True)
class SurfaceLayout:
    """One part's surface. `views`: all, by camera; those that did not help to find it are placed by belt speed and time."""

    rod: Rod
    views: Mapping[str, ViewOfRod]
    occlusions: tuple[Occlusion, ...]
    coverage: float
    bow_mm: float | None  # this and the next: None where the directions of the outlines do not tell it
    oval_mm: float | None
    lead_correction_mm: float

    @property
    def measures(self) -> Measures:
        """What the rod measures, as far as the directions of the views tell."""
        rod = self.rod
        return Measures(rod.end_to_end_mm, rod.diameter_mm, self.bow_mm, rod.taper_mm, self.oval_mm)

    @property
    def record(self) -> SurfaceRecord:
        """What the journal keeps: every view can be unwrapped again from it."""
        rod = self.rod
        return SurfaceRecord(
            length_mm=rod.end_to_end_mm,
            diameter_mm=rod.diameter_mm,
            bow_mm=self.bow_mm,
            taper_mm=rod.taper_mm,
            oval_mm=self.oval_mm,
            coverage=self.coverage,
            rod=rod.parameters,
            views=tuple(_view_record(view) for view in self.views.values()),
            lead_correction_mm=self.lead_correction_mm,
        )


@dataclass(frozen=True, slots=True)
class LaidOut:
    """The surface, None where the silhouettes give none, and what speaks against an ACCEPT."""

    layout: SurfaceLayout | None
    doubts: tuple[str, ...]


def lay_out(
    views: Mapping[str, View], withdrawn: Collection[str], surface: Surface, criteria: Criteria, trigger_ns: int
) -> LaidOut:
    """Fit the rod to the outlines of all views, or of all but one that no rod fits, and hold every view against it.

    Args:
        views: what there is, by camera.
        withdrawn: cameras that took their view back: it may show another part, and no rod is fitted to it.
        surface: the recipe's.
        criteria: where the cameras stand.
        trigger_ns: of the part; with belt speed and a frame's time it says where the part was.
    """
    doubts = list(_missing_outlines(views, withdrawn))
    found = _fit(_seen_outlines(views, withdrawn, criteria, trigger_ns))
    fit = found.fit
    doubts += found.doubts
    if fit is None:
        return LaidOut(None, tuple(doubts))
    doubts += _disagreements(fit, found.cameras, surface)
    fitted = {
        camera: _view_of_rod(views[camera], ring_camera, lead_mm)
        for camera, ring_camera, lead_mm in zip(found.cameras, fit.cameras, fit.lead_mm, strict=True)
    }
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
    layout = SurfaceLayout(
        fit.rod,
        fitted | others,
        occlusions,
        coverage,
        fit.rod.bow_mm if fit.bow_is_known else None,
        fit.rod.oval_mm if fit.oval_is_known else None,
        fit.lead_correction_mm,
    )
    return LaidOut(layout, tuple(doubts))


def _missing_outlines(views: Mapping[str, View], withdrawn: Collection[str]) -> Iterator[str]:
    for camera, view in views.items():
        if view.outline is None and camera not in withdrawn:
            yield f"{camera}: the view has no outline of the part, so that its place on the surface can not be checked"


def _seen_outlines(
    views: Mapping[str, View], withdrawn: Collection[str], criteria: Criteria, trigger_ns: int
) -> dict[str, SeenOutline]:
    """Return by camera what the rod is fitted to: every outline of a view that was not taken back."""
    return {
        camera: SeenOutline(
            _ring_camera(criteria, camera), view.outline, criteria.viewpoints.lead_mm(trigger_ns, view.frame_ns)
        )
        for camera, view in views.items()
        if view.outline is not None and camera not in withdrawn
    }


@dataclass(frozen=True, slots=True)
class _Found:
    """The rod, None where there is none, the cameras whose outlines gave it, and why not those of all."""

    fit: RodFit | None
    cameras: Sequence[str]
    doubts: tuple[str, ...] = ()


def _fit(given: Mapping[str, SeenOutline]) -> _Found:
    """Return the rod that all outlines show, or all but the one to blame: what the others mark may still reject the part."""
    cameras = list(given)
    fit = fit_rod(list(given.values()))
    if isinstance(fit, RodFit):
        return _Found(fit, cameras)
    if fit.view is not None and len(cameras) > 1:
        blamed = cameras.pop(fit.view)
        without = fit_rod([given[camera] for camera in cameras])
        if isinstance(without, RodFit):
            return _Found(without, cameras, (f"{blamed}: left out of the part's surface: {fit.reason}",))
    return _Found(None, (), (f"the part's surface can not be laid out: {fit.reason}",))


def _disagreements(fit: RodFit, cameras: Sequence[str], surface: Surface) -> Iterator[str]:
    """Return what of the views speaks against the rod, or against where belt speed and time put it."""
    if not abs(fit.lead_correction_mm) <= surface.max_lead_error_mm:
        yield (
            f"all views show the part {abs(fit.lead_correction_mm):.1f} mm from where belt speed and time put it "
            f"(limit {float(surface.max_lead_error_mm)}), or it is another part; measure the belt's speed_mm_s and the "
            "cameras' offset_ms and latency_ms"
        )
    for camera, step_mm, edges in zip(cameras, fit.max_end_residual_mm, fit.edges, strict=True):
        if not step_mm <= surface.max_step_mm:
            yield (
                f"{camera}: shows the part's ends {step_mm:.2f} mm from where belt speed and time put them "
                f"(limit {float(surface.max_step_mm)}); check the belt's speed and the camera's place and latency"
            )
        complaint = edges.complaint
        if complaint and not (edges.only_lacks_edges and _is_held_from_two_sides(fit)):
            yield f"{camera}: {complaint}; look at the picture: the part is kinked, stepped or frayed, or something hides it"


def _is_held_from_two_sides(fit: RodFit) -> bool:
    """Whether views from two directions, not opposite ones, agree with the rod all along: then nothing of it is kinked.

    A view may lack edges over a stretch, where shade makes them too soft to be placed; what other views show there, from two
    sides, says where the rod is.
    """
    holding = [camera.angle_deg for camera, edges in zip(fit.cameras, fit.edges, strict=True) if not edges.complaint]
    return any(abs((one - other + 90) % 180 - 90) > OTHER_SIDE_DEG for one, other in combinations(holding, 2))


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
    return ViewOfRod(view.camera, ring_camera, lead_mm, view.seen_width_px, view.seen_height_px)


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
