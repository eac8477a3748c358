"""What a recording holds once it has been read and checked: tracks of frames, triggers and, for checkers, the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class PartKind(StrEnum):
    """What really lay on the belt when a trigger came."""

    GOOD = "good"
    DEFECTIVE = "defective"
    EMPTY = "empty"
    TWO = "two"
    HALF = "half"
    TILTED = "tilted"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """One exposure of one camera. `stamp_ns` counts from the start of the session and includes the camera's latency."""

    sequence: int
    stamp_ns: int
    path: Path


@dataclass(frozen=True, slots=True)
class CameraTrack:
    """All frames of one camera, stamps and sequence numbers strictly increasing.

    `width` and `height` in pixels are what the session file says; None for a plain folder, whose pictures are not opened.
    """

    frames: tuple[RecordedFrame, ...]
    period_ns: int
    latency_ns: int
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class RecordedTrigger:
    """A part's leading edge at the sensor, `t_ns` after the start of the session, and its length as the sensor saw it."""

    part: str
    t_ns: int
    length_mm: float


@dataclass(frozen=True, slots=True)
class RecordedTruth:
    """What a part really was; `defects` is free text for people."""

    kind: PartKind
    defects: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """A session that can be played. Times are nanoseconds from its start; frames before 0 do not exist.

    `truth` maps the trigger's part name to what it really was; None where nobody wrote it down. `speed_mm_s` and
    `mm_per_px` are None for a plain folder.
    """

    path: Path
    cameras: Mapping[str, CameraTrack]
    triggers: tuple[RecordedTrigger, ...]
    truth: Mapping[str, RecordedTruth] | None
    duration_ns: int
    loop: bool
    lead_in_ns: int = 0
    speed_mm_s: float | None = None
    mm_per_px: float | None = None
