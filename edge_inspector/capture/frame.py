"""One exposure of one camera, as its driver delivers it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame, still encoded: only the one chosen for a part is decoded.

    `number` counts the frames of this stream upwards; a gap is lost frames. `stamp_ns` is the driver's stamp in
    CLOCK_MONOTONIC, later than the middle of the exposure by the camera's latency.
    """

    number: int
    stamp_ns: int
    jpeg: bytes = field(repr=False)
