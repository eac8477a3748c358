"""What the ledger and the journal hold. Files outlive versions: unknown fields are ignored, new fields have defaults.

Ledger (line worker): `RunStarted`, `RunRecovered`, `ArrivalRecord`, `OutcomeRecord`, `LotRecord`, `RecipeRecord`,
`AlarmRecord`, `RunEnded`.
Journal (decision worker): `JournalStarted`, `VerdictRecord`.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.judgement import Region
from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.verdict import VerdictKind


class PartKeyRecord(msgspec.Struct, frozen=True):
    """`PartKey` as files keep it."""

    run: int
    seq: int
    nonce: int
    recipe: str

    @property
    def name(self) -> str:
        """The part's name as people read it: `run-seq`."""
        return f"{self.run}-{self.seq}"

    @classmethod
    def of(cls, key: PartKey) -> PartKeyRecord:
        """Copy a wire key."""
        return cls(key.run, key.seq, key.nonce, key.recipe)


class RunStarted(msgspec.Struct, frozen=True, tag="run_started"):
    """First record of a ledger segment: one run is one life of the line worker."""

    FORMAT: ClassVar[int] = 1
    format: int
    run: int
    boot_id: str
    incarnation: str
    started_ns: int
    at_utc: str
    station: str
    recipe: str


class ArrivalRecord(msgspec.Struct, frozen=True, tag="arrival"):
    """The part is known and guilty."""

    key: PartKeyRecord
    trigger_ns: int
    verdict_by_ns: int
    at_utc: str
    flagged: str = ""
    lot: str = ""  # what people call the batch it belongs to; empty: none was named


class OutcomeRecord(msgspec.Struct, frozen=True, tag="outcome"):
    """The part's end. `verdict` is the one applied; `decided` the one received (None: none came).

    `lane` names the ejector that was opened for the part, which left the line there; empty: none was, and it ran into the
    last bin.
    """

    key: PartKeyRecord
    outcome: Outcome
    verdict: VerdictKind
    decided: VerdictKind | None
    reason: str
    at_ns: int
    at_utc: str
    length_mm: float | None = None
    verdict_at_ns: int | None = None  # when the verdict reached the line worker
    commit_ns: int | None = None  # when it had to be there
    confirm_ns: int | None = None  # when the good lane's sensor saw the part
    last_frame_ns: int | None = None
    inference_busy_ns: int | None = None
    lane: str = ""


class LotRecord(msgspec.Struct, frozen=True, tag="lot"):
    """Parts that arrive from here on belong to this lot. `who` asked for it; empty: a new run keeps the one before."""

    lot: str
    who: str
    at_ns: int
    at_utc: str


class RecipeRecord(msgspec.Struct, frozen=True, tag="recipe"):
    """Parts that arrive from here on are inspected for this recipe, named by its digest. `who` asked for it."""

    recipe: str
    who: str
    at_ns: int
    at_utc: str


class RunEnded(msgspec.Struct, frozen=True, tag="run_ended"):
    """Last record of a run that ended on purpose; a segment without one belongs to a line worker that died."""

    reason: str  # "drained", or "supervisor_lost"
    at_ns: int
    at_utc: str


class RunRecovered(msgspec.Struct, frozen=True, tag="run_recovered"):
    """Every arrival of all runs before this one has an outcome now."""

    lost: int
    damaged: tuple[str, ...] = ()


class AlarmRecord(msgspec.Struct, frozen=True, tag="alarm"):
    """An alarm was raised (`raised` true) or acknowledged (false, `who` says by whom)."""

    code: str
    text: str
    raised: bool
    at_ns: int
    at_utc: str
    who: str = ""


class JournalStarted(msgspec.Struct, frozen=True, tag="journal_started"):
    """First record of a journal segment: one segment is one life of the decision worker."""

    FORMAT: ClassVar[int] = 1
    format: int
    boot_id: str
    incarnation: str
    started_ns: int
    at_utc: str
    recipe: str


class SurfacePlaceRecord(msgspec.Struct, frozen=True):
    """`SurfacePlace` as files keep it."""

    along_mm: float
    angle_deg: float
    along_extent_mm: float
    angle_extent_deg: float


class FindingRecord(msgspec.Struct, frozen=True):
    """`Finding` as files keep it."""

    engine: str
    defect: str
    score: float
    area_mm2: float
    length_mm: float
    cameras: tuple[str, ...]
    x_px: int
    y_px: int
    width_px: int
    height_px: int
    rejects: bool
    width_mm: float = 0.0
    place: SurfacePlaceRecord | None = None


class ViewPlaceRecord(msgspec.Struct, frozen=True):
    """How one view sees the surface: `CameraPlace` of the station, and where the part was in front of it.

    `lead_mm`: the part's leading end lay so far behind the sensor, along the travel, when the frame was exposed.
    """

    camera: str
    angle_deg: float
    distance_mm: float
    along_mm: float
    focal_px: float
    centre_x_px: float
    centre_y_px: float
    lead_mm: float


class SurfaceRecord(msgspec.Struct, frozen=True):
    """The rod that the silhouettes gave, from which any view can be unwrapped again (geometry.rod says what each means)."""

    length_mm: float  # end to end, on its own axis
    diameter_mm: float
    bow_mm: float | None  # this and `oval_mm`: None where the directions of the views do not tell it
    taper_mm: float
    oval_mm: float | None
    coverage: float  # share of the surface that some view shows well, 0..1
    rod: tuple[float, ...]  # the fit's parameters, `geometry.Rod.parameters`
    views: tuple[ViewPlaceRecord, ...]
    lead_correction_mm: float | None = None  # all views show the part so much farther than belt speed and time say


class RegionRecord(msgspec.Struct, frozen=True):
    """`Region` as files keep it: what overlays are drawn from."""

    x_px: int
    y_px: int
    width_px: int
    height_px: int
    probability: bytes

    @classmethod
    def of(cls, region: Region) -> RegionRecord:
        """Copy a wire region."""
        return cls(region.x_px, region.y_px, region.width_px, region.height_px, region.probability)


class JudgementRecord(msgspec.Struct, frozen=True):
    """One engine's word on one view, with the times of its way. `score` is None where nothing was judged."""

    camera: str
    engine: str
    score: float | None
    not_judged: str
    frame_number: int
    stamp_ns: int
    frame_ns: int
    skew_ms: float
    chosen_ns: int
    view_sent_ns: int
    received_ns: int
    started_ns: int
    ended_ns: int
    judged_sent_ns: int
    arrived_ns: int  # at the decision worker
    t_low: float = 0.0
    height_px: int = 0
    width_px: int = 0
    regions: tuple[RegionRecord, ...] = ()


class MissingViewRecord(msgspec.Struct, frozen=True):
    """A camera that had no good view, and why."""

    camera: str
    reason: str
    detail: str


class VerdictRecord(msgspec.Struct, frozen=True, tag="verdict"):
    """A verdict with all that led to it. A later one for the same part can only be worse."""

    key: PartKeyRecord
    verdict: VerdictKind
    reasons: tuple[str, ...]
    findings: tuple[FindingRecord, ...]
    judgements: tuple[JudgementRecord, ...]
    missing: tuple[MissingViewRecord, ...]
    trigger_ns: int
    arrival_ns: int  # the arrival reached the decision worker
    decided_ns: int
    verdict_by_ns: int
    at_utc: str
    surface: SurfaceRecord | None = None
    length_mm: float | None = None  # of the silhouette, where there is no surface
    diameter_mm: float | None = None


LedgerRecord = RunStarted | RunRecovered | ArrivalRecord | OutcomeRecord | LotRecord | RecipeRecord | AlarmRecord | RunEnded
JournalRecord = JournalStarted | VerdictRecord
