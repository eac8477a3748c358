"""One part between sensor and bin: guilty at arrival, and what was learnt since."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto

from edge_inspector.domain.clock import ms_to_ns, ns_to_ms, travel_ns
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.records import OutcomeRecord, PartKeyRecord
from edge_inspector.domain.verdict import Verdict, VerdictKind
from edge_inspector.line.schedule import Moment, Schedule
from edge_inspector.station.station import Ejector, Line


class Fate(Enum):
    """What was done with the good lane's gate for this part."""

    ARMED = auto()  # not decided yet: the gate stays shut
    OPENED = auto()
    SHUT = auto()  # decided: it stays shut, whatever another ejector does with the part


@dataclass(slots=True)
class TrackedPart:
    """A part under way. `flag` is the first reason why it can not pass, whatever its verdict says.

    `ahead` holds the ejectors whose commit is still to come; `lane` names the one that was opened for the part.
    """

    key: PartKey
    trigger_ns: int
    schedule: Schedule
    flag: str = ""
    length_mm: float | None = None
    trailing_ns: int | None = None
    verdict: Verdict | None = None
    verdict_sender: str = ""
    verdict_at_ns: int | None = None
    fate: Fate = Fate.ARMED
    applied: VerdictKind = VerdictKind.UNINSPECTED
    applied_reason: str = ""
    confirm_seen_ns: int | None = None
    in_lost_zone: bool = False
    lane: str = ""
    ahead: deque[Moment] = field(init=False)

    def __post_init__(self) -> None:
        self.ahead = deque(self.schedule.moments)

    def flag_as(self, reason: str) -> None:
        """Keep the first reason why this part can not pass."""
        if not self.flag:
            self.flag = reason

    @property
    def is_acceptable(self) -> bool:
        """An explicit ACCEPT, and nothing against it."""
        return self.verdict is not None and self.verdict.kind is VerdictKind.ACCEPT and not self.flag

    def take_verdict(self, verdict: Verdict, sender: str, now_ns: int) -> None:
        """Keep the verdict; a second one may only worsen."""
        if self.verdict is not None and verdict.kind.severity <= self.verdict.kind.severity:
            return
        self.verdict, self.verdict_sender, self.verdict_at_ns = verdict, sender, now_ns

    def passage_ns(self, ejector: Ejector, line: Line) -> tuple[int, int]:
        """Return when the part is at a gate, leading to trailing edge; the longest allowed where not measured yet."""
        first_ns = self.trigger_ns + travel_ns(ejector.at_mm, line.speed_mm_s)
        if self.trailing_ns is None:
            return first_ns, first_ns + travel_ns(line.part_length_mm.max, line.speed_mm_s)
        return first_ns, first_ns + self.trailing_ns - self.trigger_ns

    def open_interval_ns(self, ejector: Ejector, line: Line) -> tuple[int, int]:
        """Return when a gate would be open for this part."""
        first_ns, last_ns = self.passage_ns(ejector, line)
        tolerance_ns = ms_to_ns(ejector.tolerance_ms)
        return first_ns - tolerance_ns, last_ns + tolerance_ns

    def why_not_passed(self, *, beat_is_fresh: bool, now_ns: int) -> str:
        """Return why the good lane's gate stays shut for this part, or nothing if it may be opened. Doubt is a reason."""
        if self.flag:
            return self.flag
        if self.verdict is None:
            return "no verdict in time"
        if self.verdict.kind is not VerdictKind.ACCEPT:
            return "; ".join(self.verdict.reasons) or f"decided {self.verdict.kind}"
        if not beat_is_fresh:
            return "contact with the decision worker was lost before the gate's moment"
        if self.trailing_ns is None:
            return "the sensor never saw the part's end"
        if now_ns > self.schedule.good.latest_ns:
            return f"the gate's moment was missed by {ns_to_ms(now_ns - self.schedule.good.due_ns):.1f} ms"
        return ""

    def shut(self, reason: str) -> None:
        """Decide that the good lane stays shut. REJECT stays REJECT; an ACCEPT that was not applied becomes UNINSPECTED."""
        self.fate = Fate.SHUT
        rejected = self.verdict is not None and self.verdict.kind is VerdictKind.REJECT
        self.applied = VerdictKind.REJECT if rejected else VerdictKind.UNINSPECTED
        self.applied_reason = reason

    def open(self) -> None:
        """Decide that the good lane's gate opens."""
        self.fate = Fate.OPENED
        self.lane = self.schedule.good.ejector.name
        self.applied = VerdictKind.ACCEPT
        self.applied_reason = "; ".join(self.verdict.reasons) if self.verdict else ""

    def outcome_record(self, outcome: Outcome, reason: str, now_ns: int) -> OutcomeRecord:
        """Return the part's last record; wall time is attached when it is written."""
        return OutcomeRecord(
            key=PartKeyRecord.of(self.key),
            outcome=outcome,
            verdict=self.applied,
            decided=self.verdict.kind if self.verdict else None,
            reason=reason or self.applied_reason,
            at_ns=now_ns,
            at_utc="",
            length_mm=self.length_mm,
            verdict_at_ns=self.verdict_at_ns,
            commit_ns=self.schedule.commit_ns,
            confirm_ns=self.confirm_seen_ns,
            last_frame_ns=self.verdict.last_frame_ns if self.verdict else None,
            inference_busy_ns=self.verdict.inference_busy_ns if self.verdict else None,
            lane=self.lane,
        )
