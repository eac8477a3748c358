"""What one engine says of one view: a score and regions, or that it could not judge, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from edge_inspector.domain.identity import EngineId, TimeNs
from edge_inspector.domain.view import Pixels, View

Score = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]  # a missing or NaN score is refused on decoding
Offset = Annotated[int, msgspec.Meta(ge=0, le=16384)]


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A box around 8-connected pixels above `t_low`, with their probability: uint8 (height_px, width_px), 255 = 1.0.

    Pixels of the box that belong to another region, or lie at most at `t_low`, are 0 in `probability`; outside every box
    the probability is at most `t_low`.
    """

    x_px: Offset
    y_px: Offset
    width_px: Pixels
    height_px: Pixels
    probability: bytes


class Judged(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="judged"):
    """The engine judged the whole view. `score` is science.md §6.4 over the map."""

    score: Score
    t_low: Score
    regions: tuple[Region, ...]


class NotJudgedReason(StrEnum):
    """Why an engine has no judgement of a view."""

    TOO_LATE = "too_late"  # could not have made the deadline
    TOO_MANY_REGIONS = "too_many_regions"
    WRONG_SIZE = "wrong_size"  # the view is not what the engine was made for
    ENGINE_FAILED = "engine_failed"
    NOT_A_NUMBER = "not_a_number"


class NotJudged(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="not_judged"):
    """The engine could not judge the view: the part is UNINSPECTED unless something rejects it."""

    reason: NotJudgedReason
    detail: str


class Judgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="judgement"):
    """inference → decision: one engine's word on one view, with the view's own header and times."""

    view: View
    engine: EngineId
    result: Judged | NotJudged
    received_ns: TimeNs
    started_ns: TimeNs  # begin and end of the inference request that held this view; both 0 when nothing ran
    ended_ns: TimeNs
    sent_ns: TimeNs
