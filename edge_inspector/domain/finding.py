"""One defect on a part, after all views are judged together."""

from __future__ import annotations

from typing import Annotated

import msgspec

from edge_inspector.domain.identity import CameraId, EngineId
from edge_inspector.domain.judgement import Offset, Score
from edge_inspector.domain.view import Pixels

Millimetres = Annotated[float, msgspec.Meta(ge=0.0, le=1e6)]


class Finding(msgspec.Struct, frozen=True):
    """A defect that a rule may weigh: place, size, score, and the cameras that saw it.

    With fusion `any` a finding is seen by one camera; its box is in that view's pixels.
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
