"""The station file: one place on one line, with its cameras, trigger, belt, ejectors and limits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from edge_inspector.station.model import (
    Angle,
    FileModel,
    LotName,
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

    lead_in_ms: PositiveMs = Field(default=1500.0, description="start of the recording to the first part")
    spacing_ms: PositiveMs = Field(default=1000.0, description="one part to the next; more, if verdicts come too late")
    length_mm: PositiveMm = Field(default=60.0, description="length that the sensor measures, the same for every part")


class Recording(FileModel):
    """What cameras with driver `replay` show and the simulated belt carries: a session folder, or pictures."""

    path: str = Field(description="a session folder, FOLDER/CAMERA/*.jpg|png, or FOLDER/*.jpg|png for one camera")
    plain: PlainFolder | None = Field(default=None, description="needed when the folder holds pictures and no session.yaml")


class ReplayFaults(FileModel):
    """Misbehaviour on demand, for tests; every share is of all frames, drawn with `seed`."""

    seed: int = Field(default=1, description="another seed, other frames are hit")
    jitter_ms: NonNegativeMs = Field(default=0.0, description="frames come up to this much late")
    drop_share: Share = Field(default=0.0, description="the frame never comes")
    stale_share: Share = Field(default=0.0, description="the picture of the frame before is delivered again")
    damage_share: Share = Field(default=0.0, description="the JPEG is cut off")
    stall_from_ms: NonNegativeMs | None = Field(default=None, description="no frames from here, in time of the recording")
    stall_for_ms: PositiveMs = Field(default=1000.0, description="no frames for so long, once `stall_from_ms` is reached")


class Orientation(FileModel):
    """How the frame is turned before anything is cut from it, so that parts travel towards higher x."""

    rotate_deg: Literal[0, 90, 180, 270] = Field(default=0, description="clockwise", json_schema_extra={"unit": "°"})
    mirror: bool = Field(
        default=False, description="true: flipped left to right after turning, for a camera behind a mirror"
    )


class Roi(FileModel):
    """The part of the frame that is the view, after it was turned."""

    x_px: Annotated[int, Field(ge=0, le=16384)] = Field(default=0, description="left edge, from the frame's left")
    y_px: Annotated[int, Field(ge=0, le=16384)] = Field(default=0, description="upper edge, from the frame's top")
    width_px: PixelCount = Field(description="with fit exact the recipe's view.width_px")
    height_px: PixelCount = Field(description="with fit exact the recipe's view.height_px")


class CameraPlace(FileModel):
    """Where a camera stands around the part's path, and how it sees; needed where views are put together on a surface.

    Angles count around the direction of travel. A view's x runs with the travel, its y (downwards) towards higher angles.
    """

    angle_deg: Annotated[float, Field(ge=-360, le=360)] = Field(
        description="around the direction of travel", json_schema_extra={"unit": "°"}
    )
    distance_mm: PositiveMm = Field(description="lens to the axis along which parts travel")
    along_mm: NonNegativeMm = Field(description="sensor to the point of the axis that the lens looks at, along the travel")
    focal_px: Annotated[float, Field(gt=0, le=100_000)] = Field(description="focal length in pixels of the view, calibrated")
    centre_x_px: Annotated[float, Field(ge=-16384, le=16384)] = Field(description="where the lens looks, in the view")
    centre_y_px: Annotated[float, Field(ge=-16384, le=16384)] = Field(description="where the lens looks, in the view")


class Camera(FileModel):
    """One camera and the instant at which it sees a part."""

    driver: Literal["replay"] = Field(description="replay: shows the recording's pictures of the camera of this name")
    period_ms: PositiveMs = Field(default=33.333, description="time from one frame to the next")
    latency_ms: NonNegativeMs = Field(description="driver's stamp minus the middle of the exposure")
    offset_ms: NonNegativeMs = Field(description="sensor's leading edge to the instant at which the part is in view")
    tolerance_ms: PositiveMs | None = Field(default=None, description="farthest frame that counts; default period / 2 + 2")
    exposure_ms: PositiveMs | None = Field(default=None, description="set on the camera; for the checks of blur and flicker")
    orientation: Orientation = Field(default=Orientation(), description="how the frame is turned, before the roi is cut")
    roi: Roi | None = Field(default=None, description="what is cut out of the frame; default: the whole frame")
    fit: Literal["exact", "pad", "resize"] = Field(
        default="exact",
        description="what is cut out becomes the recipe's view: exact, it has its size; pad, it is smaller and is mirrored "
        "beyond its right and lower edge, where nothing is judged; resize, it is scaled",
    )
    place: CameraPlace | None = Field(default=None, description="needed with the recipe's `surface`")
    faults: ReplayFaults | None = Field(default=None, description="misbehaviour on demand, for tests")

    @property
    def tolerance_or_default_ms(self) -> float:
        """The tolerance of the frame choice (science.md §8.6: half a period plus jitter)."""
        return self.tolerance_ms if self.tolerance_ms is not None else self.period_ms / 2 + 2


class PartLength(FileModel):
    """The sensor's own measure: shorter is a fragment or a bounce, longer is two parts touching."""

    min: PositiveMm = Field(description="shorter is a fragment or a bounce of the sensor")
    max: PositiveMm = Field(description="longer is two parts touching")


class UninspectedLimit(FileModel):
    """When the feed stops because too many parts went by unjudged."""

    in_a_row: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=5, description="the feed stops at so many uninspected parts one after the other"
    )
    of_last: Annotated[int, Field(ge=1, le=100_000)] = Field(default=500, description="so many parts are looked back on")
    most: Annotated[int, Field(ge=0, le=100_000)] = Field(
        default=10, description="the feed stops when more of the last `of_last` parts than this were uninspected"
    )


class Ejector(FileModel):
    """A gate into a lane of its own, shut unless commanded: without air, current or us nothing leaves the belt there."""

    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)  # `for` is no name in Python; files say it

    name: Name = Field(description="what people call it, and the lane behind it")
    verdicts: Annotated[list[Literal["ACCEPT", "UNINSPECTED", "REJECT"]], Field(min_length=1, max_length=3)] = Field(
        alias="for",
        description="it opens only for parts with one of these verdicts; exactly one is for ACCEPT, and for nothing else",
    )
    at_mm: PositiveMm = Field(description="way of a part's leading edge from the sensor to this gate, measured")
    valve_delay_ms: NonNegativeMs = Field(
        default=15.0, description="command to gate fully moved, measured; commands are given so much earlier"
    )
    tolerance_ms: PositiveMs = Field(default=20.0, description="it is open this long before and after the part")


class Line(FileModel):
    """Trigger, belt and ejectors."""

    trigger: Literal["replay", "software"] = Field(
        default="replay",
        description="replay: the belt feeds one part at each trigger of the recording; software: on request",
    )
    belt: Literal["simulated"] = Field(default="simulated", description="the program `edge-inspector belt`")
    speed_mm_s: PositiveMm = Field(
        description="speed of the belt, measured; every instant behind the sensor follows from it"
    )
    part_length_mm: PartLength = Field(description="what the sensor may measure of one part; anything else is UNINSPECTED")
    min_spacing_mm: PositiveMm = Field(description="leading edge to leading edge; closer parts are both UNINSPECTED")
    ejectors: Annotated[list[Ejector], Field(min_length=1, max_length=8)] = Field(
        description="gates in their order along the belt; what none of them lets through ends in the last bin"
    )
    stop_distance_mm: NonNegativeMm = Field(description="way of the belt after its permit is gone, measured")
    heartbeat_timeout_ms: PositiveMs = Field(
        default=200.0, description="the outputs drop when the line worker is silent so long"
    )
    confirm_tolerance_ms: PositiveMs = Field(default=60.0, description="good lane's sensor against the expected instant")
    gate_to_confirm_mm: PositiveMm = Field(
        default=80.0, description="ACCEPT's gate to the good lane's sensor; longer than any part"
    )
    decision_timeout_ms: PositiveMs = Field(
        default=300.0, description="no ACCEPT opens its gate when the decision worker is silent for longer"
    )
    supervisor_timeout_ms: PositiveMs = Field(
        default=1000.0, description="the line stops when the supervisor is silent for longer"
    )
    uninspected_limit: UninspectedLimit = Field(
        default=UninspectedLimit(), description="when the feed stops because too many parts were not inspected"
    )

    lot: LotName = Field(
        default="", description="lot of the first parts of a new state folder; `edge-inspector lot` names the next ones"
    )

    @property
    def good(self) -> Ejector:
        """The one ejector whose lane is the good one (`check` refuses a station with none or several)."""
        return next(ejector for ejector in self.ejectors if "ACCEPT" in ejector.verdicts)

    @property
    def zone_mm(self) -> float:
        """Way of a leading edge from the sensor until the longest part is beyond every gate and the good lane's sensor."""
        last_mm = max(ejector.at_mm for ejector in self.ejectors)
        return max(last_mm, self.good.at_mm + self.gate_to_confirm_mm) + self.part_length_mm.max


class Occlusion(FileModel):
    """A piece of the part's surface that no camera sees: under a finger, a guide, a support. It stands still."""

    along_mm: tuple[NonNegativeMm, NonNegativeMm] = Field(description="[from, to] from the sensor, along the travel")
    angle_deg: tuple[Angle, Angle] = Field(
        description="[from, to] around the direction of travel; [350, 10] goes through 0", json_schema_extra={"unit": "°"}
    )
    cameras: list[Name] = Field(default=[], description="cameras that it hides the surface from; default: all")


class Inference(FileModel):
    """The inference worker."""

    driver: Literal["openvino"] = Field(default="openvino", description="what runs the engines, on the CPU")
    threads: Annotated[int, Field(ge=1, le=256)] = Field(default=2, description="CPU threads for engines, at most the cores")
    max_batch: Annotated[int, Field(ge=1, le=64)] = Field(default=6, description="views judged at once, at most")
    golden_minutes: Annotated[float, Field(gt=0, le=1440)] = Field(
        default=10.0, description="each engine judges a golden picture again so often"
    )


class PictureDays(FileModel):
    """How many days pictures are kept, by the part's verdict; the quota may end it earlier, accepted parts first."""

    rejected: Annotated[int, Field(ge=1, le=36_500)] = Field(default=365, description="parts with verdict REJECT")
    uninspected: Annotated[int, Field(ge=1, le=36_500)] = Field(default=365, description="parts that nobody judged")
    accepted: Annotated[int, Field(ge=1, le=36_500)] = Field(default=30, description="the sample of accepted parts")


class Records(FileModel):
    """Database and pictures."""

    picture_quota_mb: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        default=2000, description="room for pictures of parts; accepted parts go first, then the oldest"
    )
    keep_free_mb: Annotated[int, Field(ge=0, le=10_000_000)] = Field(
        default=500, description="pictures stop below this free space"
    )
    picture_days: PictureDays = Field(default=PictureDays(), description="days that pictures are kept, by verdict")
    accepted_sample: Share = Field(
        default=0.0, description="share of the accepted parts whose pictures are kept; the part's number decides which"
    )


class Supervision(FileModel):
    """When a worker is stuck, and how often it may be restarted."""

    start_timeout_ms: PositiveMs = Field(default=60_000.0, description="a worker not ready by then is killed and restarted")
    beat_timeout_ms: PositiveMs = Field(
        default=2000.0, description="a worker silent for longer is killed and restarted; the line worker far sooner"
    )
    pending_timeout_ms: PositiveMs = Field(
        default=5000.0, description="a worker that leaves something undone for longer is killed and restarted"
    )
    restarts: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=5, description="a worker that fails more often within `restart_window_s` is given up"
    )
    restart_window_s: Annotated[float, Field(gt=0, le=86_400)] = Field(
        default=300.0, description="failures longer ago do not count"
    )


class Station(FileModel):
    """One station file."""

    format: Literal[1] = Field(description="version of this file's form")
    station: Name = Field(description="name of this place")
    simulation: bool = Field(description="true: recorded pictures and the simulated belt; never true on a real line")
    recipe: str = Field(description="path of the recipe, from this file")
    state_dir: str = Field(description="folder of ledger, journal, pictures and database, from this file")
    recording: Recording | None = Field(default=None, description="what the cameras show; needed by driver `replay`")
    cameras: Annotated[dict[Name, Camera], Field(min_length=1, max_length=16)] = Field(
        description="NAME: camera; every one must give a good view of every part"
    )
    pose: Literal["ring", "rotating", "unknown"] = Field(
        default="unknown",
        description="ring: the part keeps its pose before cameras around it; rotating: it turns; unknown: it may lie "
        "anyhow, so that views can not be put together",
    )
    light: Literal["dc", "mains_50hz", "mains_60hz"] = Field(
        default="dc", description="dc does not flicker; lamps at the mains do, and the exposure must be whole periods of it"
    )
    occlusions: Annotated[list[Occlusion], Field(max_length=64)] = Field(
        default=[], description="what of the surface no camera sees"
    )
    line: Line = Field(description="trigger, belt and ejectors")
    inference: Inference = Field(default=Inference(), description="how engines are run")
    records: Records = Field(default=Records(), description="how much is kept")
    supervision: Supervision = Field(default=Supervision(), description="when a worker is stuck, and how often it may fail")
