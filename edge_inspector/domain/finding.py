"""One defect on a part, after all views are judged together."""

from __future__ import annotations

from typing import Annotated

import msgspec

from edge_inspector.domain.identity import CameraId, EngineId
from edge_inspector.domain.judgement import Offset, Score
from edge_inspector.domain.view import Pixels

Millimetres = Annotated[float, msgspec.Meta(ge=0.0, le=1e6)]


Degrees = Annotated[float, msgspec.Meta(ge=-360.0, le=720.0)]


class SurfacePlace(msgspec.Struct, frozen=True):
    """Where a finding lies on a rod: its middle and its extent, along from the leading end and around the travel."""

    along_mm: Millimetres
    angle_deg: Degrees  # 0 <= angle < 360
    along_extent_mm: Millimetres
    angle_extent_deg: Degrees


class Finding(msgspec.Struct, frozen=True):
    """A defect that a rule may weigh: place, size, score, and the cameras that saw it.

    Its box is in pixels of the view of `cameras[0]`, the one that shows it best. `place` is None where views are not put
    together on a surface; lengths are then measured in that view.
    """

    engine: EngineId
    defect: str
    score: Score
    area_mm2: Millimetres
    length_mm: Millimetres
    cameras: tuple[CameraId, ...]
    x_px: Offset
    y_px: Offset
    width_px: Pixels
    height_px: Pixels
    rejects: bool  # a rule rejected the part for this one
    width_mm: Millimetres = 0.0
    place: SurfacePlace | None = None
