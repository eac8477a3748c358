"""What one camera contributes to one part: a view, or the reason why there is none."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from edge_inspector.domain.identity import CameraId, Count, PartKey, TimeNs

Pixels = Annotated[int, msgspec.Meta(ge=1, le=16384)]
SkewMs = Annotated[float, msgspec.Meta(ge=-1e6, le=1e6)]


Coordinate = Annotated[float, msgspec.Meta(ge=-32768.0, le=32768.0)]  # a pixel's place, fractions allowed; NaN is refused
MOST_OUTLINE_POINTS = 64
Edge = Annotated[tuple[Coordinate, ...], msgspec.Meta(max_length=MOST_OUTLINE_POINTS)]


class Outline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The silhouette of the one part in a view, in pixels of the view, pixel centres at whole numbers, sub-pixel.

    `start_px` and `end_px` are where the part begins and ends along x. At each of `columns_px` (rising, between the two)
    the part reaches from `upper_px` down to `lower_px`; the three have one length.
    """

    start_px: Coordinate
    end_px: Coordinate
    columns_px: Edge
    upper_px: Edge
    lower_px: Edge


class View(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="view"):
    """capture → inference: the header of one view. The pixels travel beside it: uint8 (height_px, width_px, 3), RGB.

    `stamp_ns` is the driver's stamp; `frame_ns` the middle of the exposure (stamp − latency); `skew_ms` how far that lies
    from the instant asked for (trigger + offset). The later times say how long each step took.
    The camera saw the upper `seen_height_px` rows and left `seen_width_px` columns; what lies beyond is padding, and nobody
    judges it.
    `outline` is None where the part fills the picture and has no silhouette.
    """

    key: PartKey
    camera: CameraId
    frame_number: Count
    stamp_ns: TimeNs
    frame_ns: TimeNs
    skew_ms: SkewMs
    height_px: Pixels
    width_px: Pixels
    seen_height_px: Pixels
    seen_width_px: Pixels
    chosen_ns: TimeNs
    sent_ns: TimeNs
    verdict_by_ns: TimeNs
    outline: Outline | None = None


class MissingReason(StrEnum):
    """Why a camera has no view of a part."""

    NO_FRAME = "no_frame"  # none within the tolerance
    FRAME_SHARED = "frame_shared"  # the nearest frame serves another part
    STALE = "stale"  # the picture is byte-equal to one used before
    DAMAGED = "damaged"  # truncated or undecodable
    EMPTY = "empty"  # nothing in the picture
    TWO_PARTS = "two_parts"
    HALF_PART = "half_part"  # cut by the border of the picture, or too short
    FOREIGN = "foreign"  # one thing of about the right size, but not of the part's form
    OUT_OF_PLACE = "out_of_place"  # too wide, tilted or otherwise outside the recipe's window
    UNHEALTHY = "unhealthy"  # black, saturated
    LATE = "late"  # the deadline had passed
    NOT_SENT = "not_sent"  # inference took no more views
    CAMERA_LOST = "camera_lost"


class ViewMissing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="view_missing"):
    """capture → decision: this camera has no good view of the part. It also takes back a view that was sent before."""

    key: PartKey
    camera: CameraId
    reason: MissingReason
    detail: str
    sent_ns: TimeNs


class Picture(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="picture"):
    """capture → recorder: the camera's own JPEG travels beside it as evidence that may be dropped."""

    key: PartKey
    camera: CameraId
    frame_number: Count
