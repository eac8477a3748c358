"""Findings as the sheet shows them: a number each, a colour, and where they lie in every view that saw them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge_inspector.domain.records import SurfaceRecord, ViewPlaceRecord
from edge_inspector.geometry import RingCamera, Rod
from edge_inspector.imaging.overlay import Colour, colour_of
from edge_inspector.records.part_evidence import PartEvidence
from edge_inspector.records.queries import FindingRow


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels, fractions allowed."""

    x: float
    y: float
    width: float
    height: float

    def scaled(self, factor: float, x: float, y: float) -> Box:
        """Return it in a picture drawn so much larger, whose upper left corner is at (x, y)."""
        return Box(x + self.x * factor, y + self.y * factor, self.width * factor, self.height * factor)

    def overlaps(self, other: Box, gap: float = 0.0) -> bool:
        """Whether the two come closer than `gap`."""
        return (
            self.x < other.x + other.width + gap
            and other.x < self.x + self.width + gap
            and self.y < other.y + other.height + gap
            and other.y < self.y + self.height + gap
        )


@dataclass(frozen=True, slots=True)
class Tag:
    """One finding and its number, from 1, as it stands beside it everywhere on the sheet."""

    number: int
    finding: FindingRow
    colour: Colour


def tags_of(evidence: PartEvidence) -> list[Tag]:
    """Return the findings in the order of the records."""
    engines = evidence.engines
    return [
        Tag(number, finding, engines[finding.engine].colour if finding.engine in engines else colour_of("red"))
        for number, finding in enumerate(evidence.details.findings, start=1)
    ]


def box_in_view(tag: Tag, camera: str, surface: SurfaceRecord | None) -> Box | None:
    """Return where a finding lies in a view, or None where that view did not see it or nobody can tell."""
    finding = tag.finding
    if camera not in finding.cameras:
        return None
    if camera == finding.cameras[0]:
        return Box(finding.x_px, finding.y_px, finding.width_px, finding.height_px)
    place = None if surface is None else next((view for view in surface.views if view.camera == camera), None)
    if surface is None or place is None or finding.along_mm is None or finding.angle_deg is None:
        return None
    return _projected(finding, surface, place)


def ring_camera(place: ViewPlaceRecord) -> RingCamera:
    """Return the camera that a view's record names."""
    return RingCamera(
        place.angle_deg, place.distance_mm, place.along_mm, place.focal_px, place.centre_x_px, place.centre_y_px
    )


def _projected(finding: FindingRow, surface: SurfaceRecord, place: ViewPlaceRecord) -> Box | None:
    """Return the box around a finding's extent on the rod, as a view shows it."""
    assert finding.along_mm is not None
    assert finding.angle_deg is not None
    share = np.linspace(-0.5, 0.5, 9)
    along_mm = finding.along_mm + share[:, None] * (finding.along_extent_mm or 0.0)
    angle_deg = finding.angle_deg + share[None, :] * (finding.angle_extent_deg or 0.0)
    try:
        points_mm = Rod.of_parameters(surface.rod).surface(along_mm, angle_deg).points_mm
        points_mm[..., 2] = place.lead_mm - points_mm[..., 2]
        projected = ring_camera(place).project(points_mm)
    except ValueError:
        return None
    x, y = projected.x_px, projected.y_px
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return None
    return Box(float(x.min()), float(y.min()), float(np.ptp(x)), float(np.ptp(y)))
