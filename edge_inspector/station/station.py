"""The station file: one place on one line, with its cameras, trigger, belt, gate and limits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edge_inspector.station.model import (
    FileModel,
    Name,
    NonNegativeMm,
    NonNegativeMs,
    PixelCount,
    PositiveMm,
    PositiveMs,
    Share,
)


class PlainFolder(FileModel):
    """How a plain folder of pictures becomes a recording: part i arrives at lead_in_ms + i × spacing_ms."""

    lead_in_ms: PositiveMs = 1500.0
    spacing_ms: PositiveMs = 1000.0
    length_mm: PositiveMm = Field(default=60.0, description="length of every part, for the sensor")


class Recording(FileModel):
    """What cameras with driver `replay` show and the simulated belt carries: a session folder, or pictures."""

    path: str = Field(description="a session folder, FOLDER/CAMERA/*.jpg|png, or FOLDER/*.jpg|png for one camera")
    plain: PlainFolder | None = Field(default=None, description="needed when the folder holds pictures and no session.yaml")


class ReplayFaults(FileModel):
    """Misbehaviour on demand, for tests; every share is of all frames, drawn with `seed`."""

    seed: int = 1
    jitter_ms: NonNegativeMs = 0.0
    drop_share: Share = 0.0
    stale_share: Share = Field(default=0.0, description="the picture of the frame before is delivered again")
    damage_share: Share = Field(default=0.0, description="the JPEG is cut off")
    stall_from_ms: NonNegativeMs | None = Field(default=None, description="no frames from here, in time of the recording")
    stall_for_ms: PositiveMs = 1000.0


class Roi(FileModel):
    """The part of the frame that is the view."""

    x_px: Annotated[int, Field(ge=0, le=16384)] = 0
    y_px: Annotated[int, Field(ge=0, le=16384)] = 0
    width_px: PixelCount
    height_px: PixelCount


class Camera(FileModel):
    """One camera and the instant at which it sees a part."""

    driver: Literal["replay"]
    period_ms: PositiveMs = Field(default=33.333, description="time from one frame to the next")
    latency_ms: NonNegativeMs = Field(description="driver's stamp minus the middle of the exposure")
    offset_ms: NonNegativeMs = Field(description="sensor's leading edge to the instant at which the part is in view")
    tolerance_ms: PositiveMs | None = Field(default=None, description="farthest frame that counts; default period / 2 + 2")
    roi: Roi | None = Field(default=None, description="default: the whole frame")
    faults: ReplayFaults | None = None

    @property
    def tolerance_or_default_ms(self) -> float:
        """The tolerance of the frame choice (science.md §8.6: half a period plus jitter)."""
        return self.tolerance_ms if self.tolerance_ms is not None else self.period_ms / 2 + 2


class PartLength(FileModel):
    """The sensor's own measure: shorter is a fragment or a bounce, longer is two parts touching."""

    min: PositiveMm
    max: PositiveMm


class UninspectedLimit(FileModel):
    """When the feed stops because too many parts went by unjudged."""

    in_a_row: Annotated[int, Field(ge=1, le=1000)] = 5
    of_last: Annotated[int, Field(ge=1, le=100_000)] = 500
    most: Annotated[int, Field(ge=0, le=100_000)] = 10


class Line(FileModel):
    """Trigger, belt and gate."""

    trigger: Literal["replay", "software"] = Field(
        default="replay",
        description="replay: the belt feeds one part at each trigger of the recording; software: on request",
    )
    belt: Literal["simulated"] = "simulated"
    ejector: Literal["pass_accepts"] = Field(
        default="pass_accepts",
        description="a gate that opens only for accepted parts; without air, current or us nothing passes",
    )
    speed_mm_s: PositiveMm
    part_length_mm: PartLength
    sensor_to_ejector_mm: PositiveMm
    min_spacing_mm: PositiveMm = Field(description="leading edge to leading edge; closer parts are both UNINSPECTED")
    valve_delay_ms: NonNegativeMs = 15.0
    gate_tolerance_ms: PositiveMs = Field(default=20.0, description="the gate is open this long before and after the part")
    stop_distance_mm: NonNegativeMm = Field(default=10.0, description="way of the belt after its permit is gone, measured")
    heartbeat_timeout_ms: PositiveMs = Field(
        default=200.0, description="the outputs drop when the line worker is silent so long"
    )
    confirm_tolerance_ms: PositiveMs = Field(default=60.0, description="good lane's sensor against the expected instant")
    gate_to_confirm_mm: PositiveMm = Field(default=80.0, description="gate to the good lane's sensor; longer than any part")
    decision_timeout_ms: PositiveMs = 300.0
    supervisor_timeout_ms: PositiveMs = 1000.0
    uninspected_limit: UninspectedLimit = UninspectedLimit()


class Inference(FileModel):
    """The inference worker."""

    driver: Literal["openvino"] = "openvino"
    threads: Annotated[int, Field(ge=1, le=256)] = 2
    max_batch: Annotated[int, Field(ge=1, le=64)] = 6
    golden_minutes: Annotated[float, Field(gt=0, le=1440)] = Field(
        default=10.0, description="a golden picture is judged again"
    )


class Records(FileModel):
    """Database and pictures."""

    picture_quota_mb: Annotated[int, Field(ge=1, le=10_000_000)] = 2000
    keep_free_mb: Annotated[int, Field(ge=0, le=10_000_000)] = Field(
        default=500, description="pictures stop below this free space"
    )


class Supervision(FileModel):
    """When a worker is stuck, and how often it may be restarted."""

    start_timeout_ms: PositiveMs = 60_000.0
    beat_timeout_ms: PositiveMs = 2000.0
    pending_timeout_ms: PositiveMs = 5000.0
    restarts: Annotated[int, Field(ge=0, le=1000)] = 5
    restart_window_s: Annotated[float, Field(gt=0, le=86_400)] = 300.0


class Station(FileModel):
    """One station file."""

    format: Literal[1]
    station: Name
    simulation: bool = Field(description="true: recorded pictures and the simulated belt; never true on a real line")
    recipe: str = Field(description="path of the recipe, from this file")
    state_dir: str = Field(description="folder of ledger, journal, pictures and database, from this file")
    recording: Recording | None = None
    cameras: Annotated[dict[Name, Camera], Field(min_length=1, max_length=16)]
    line: Line
    inference: Inference = Inference()
    records: Records = Records()
    supervision: Supervision = Supervision()
