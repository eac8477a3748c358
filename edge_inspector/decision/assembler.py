"""Assembles what is said of each part and decides it once: at the last word, or in time before its deadline.

Rules of this file:
- Every arrival gets exactly one first verdict, given ticks; later ones for the same part are only ever worse.
- ACCEPT: the part came after this life began, unflagged and for this recipe; every engine judged every camera's view and
  all of it was here before the time to decide; no rule rejects. Whatever is not there is a reason against the part.
- What can not be matched to a part is counted by kind and dropped. Memory is bounded in number and time.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from edge_inspector.decision.assessment import Assessment
from edge_inspector.decision.criteria import Criteria
from edge_inspector.decision.open_part import OpenPart, SeenJudgement
from edge_inspector.domain.clock import NS_PER_MS, NS_PER_S
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.judgement import Judgement
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.records import VerdictRecord
from edge_inspector.domain.verdict import Verdict, VerdictKind
from edge_inspector.domain.view import ViewMissing


@dataclass(frozen=True, slots=True)
class ArrivalSeen:
    """An arrival was received from the line worker."""

    arrival: Arrival


@dataclass(frozen=True, slots=True)
class JudgementSeen:
    """A judgement was received; `sender` is the incarnation of the inference worker that sent it."""

    judgement: Judgement
    sender: str


@dataclass(frozen=True, slots=True)
class ViewMissingSeen:
    """A capture worker said that it has no good view, or took one back."""

    missing: ViewMissing


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Event = ArrivalSeen | JudgementSeen | ViewMissingSeen | Tick


@dataclass(frozen=True, slots=True)
class Decide:
    """Write the record, then send the verdict. `is_first` is false where an earlier verdict got worse."""

    record: VerdictRecord
    verdict: Verdict
    is_first: bool


class Dropped(StrEnum):
    """Why something received did not count."""

    UNKNOWN_PART = "unknown_part"  # no arrival came for it in time
    OTHER_NONCE = "other_nonce"  # a part of this name is known, but it is not this one
    OTHER_RECIPE = "other_recipe"
    OTHER_CAMERA = "other_camera"  # no camera of this station
    OTHER_ENGINE = "other_engine"  # no engine of this recipe
    OTHER_VIEW = "other_view"  # of another frame than this camera's first judgement of the part
    OLD_INCARNATION = "old_incarnation"  # sent before the last word of another sender, its successor
    DUPLICATE = "duplicate"
    DUPLICATE_ARRIVAL = "duplicate_arrival"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is remembered, and for how long."""

    margin_ns: int = 15 * NS_PER_MS  # decided so long before `verdict_by_ns`: journal, way to the line worker, scheduling
    parts: int = 512
    remember_ns: int = 10 * NS_PER_S  # after its deadline a part can still get worse
    early: int = 256  # messages whose arrival has not come yet
    early_ns: int = NS_PER_S


@dataclass(frozen=True, slots=True)
class _Early:
    event: JudgementSeen | ViewMissingSeen
    seen_ns: int


class Assembler:
    """The parts under way. `step` is the only way in; it never blocks and reads no clock."""

    def __init__(self, criteria: Criteria, recipe_digest: str, started_ns: int, bounds: Bounds | None = None) -> None:
        """Start with no part; arrivals with a trigger before `started_ns` are never accepted."""
        self.dropped: Counter[Dropped] = Counter()
        self.decided: Counter[VerdictKind] = Counter()
        self.peak_parts = 0
        self._criteria = criteria
        self._recipe_digest = recipe_digest
        self._pairs = criteria.pairs
        self._started_ns = started_ns
        self._bounds = bounds or Bounds()
        self._parts: dict[PartKey, OpenPart] = {}
        self._undecided: dict[PartKey, int] = {}  # key: when to decide
        self._keys_by_name: dict[str, PartKey] = {}
        self._early: deque[_Early] = deque()
        self._sender = ""  # of the last judgement that counted
        self._heard_ns = 0  # when that one was sent

    def step(self, event: Event, now_ns: int) -> list[Decide]:
        """Take one event at time `now_ns` (monotonic, never going back) and return the verdicts that are due."""
        effects = self._decide_due(now_ns)
        self._forget_old(now_ns)
        match event:
            case ArrivalSeen(arrival):
                effects += self._take_arrival(arrival, now_ns)
            case JudgementSeen(judgement):
                if self._is_ours(event):
                    effects += self._take_or_keep(event, judgement.view.key, now_ns)
            case ViewMissingSeen(missing):
                if self._is_ours(event):
                    effects += self._take_or_keep(event, missing.key, now_ns)
            case Tick():
                pass
            case _:
                assert_never(event)
        return effects

    @property
    def undecided_count(self) -> int:
        """How many parts wait for their verdict."""
        return len(self._undecided)

    @property
    def next_due_ns(self) -> int | None:
        """When `step` must be called again at the latest; None while nothing waits."""
        return min(self._undecided.values(), default=None)

    def overdue_ns(self, now_ns: int) -> int:
        """Return by how much the oldest undecided part is beyond its deadline; 0 while none is."""
        return max(0, *(now_ns - self._parts[key].arrival.verdict_by_ns for key in self._undecided), 0)

    # -- taking ------------------------------------------------------------------------------------------------------

    def _take_arrival(self, arrival: Arrival, now_ns: int) -> list[Decide]:
        key = arrival.key
        if key in self._parts:
            self.dropped[Dropped.DUPLICATE_ARRIVAL] += 1
            return []
        effects = self._make_room(now_ns)
        part = OpenPart(arrival, now_ns, self._doubts_of(arrival))
        self._parts[key] = part
        self._keys_by_name[key.name] = key
        self._undecided[key] = arrival.verdict_by_ns - self._bounds.margin_ns
        self.peak_parts = max(self.peak_parts, len(self._undecided))
        kept = [early for early in self._early if _key_of(early.event) == key]
        if kept:
            self._early = deque(early for early in self._early if _key_of(early.event) != key)
        for early in kept:
            self._add(part, early.event, early.seen_ns)
        return effects + self._decide_if_ready(part, now_ns)

    def _doubts_of(self, arrival: Arrival) -> tuple[str, ...]:
        doubts = []
        if arrival.flagged:
            doubts.append(arrival.flagged)
        if arrival.key.recipe != self._recipe_digest:
            doubts.append(f"recipe {arrival.key.recipe[:12]} asked for, {self._recipe_digest[:12]} is loaded")
        if not arrival.trigger_ns >= self._started_ns:
            doubts.append("decision worker started after this part")
        return tuple(doubts)

    def _take_or_keep(self, event: JudgementSeen | ViewMissingSeen, key: PartKey, now_ns: int) -> list[Decide]:
        part = self._parts.get(key)
        if part is not None:
            return self._decide_if_ready(part, now_ns) if self._add(part, event, now_ns) else []
        if key.name in self._keys_by_name:
            self.dropped[Dropped.OTHER_NONCE] += 1
            return []
        if len(self._early) >= self._bounds.early:
            self._early.popleft()
            self.dropped[Dropped.UNKNOWN_PART] += 1
        self._early.append(_Early(event, now_ns))
        return []

    def _is_ours(self, event: JudgementSeen | ViewMissingSeen) -> bool:
        key, camera = _key_of(event), _camera_of(event)
        if key.recipe != self._recipe_digest:
            self.dropped[Dropped.OTHER_RECIPE] += 1
        elif camera not in self._criteria.viewpoints.places:
            self.dropped[Dropped.OTHER_CAMERA] += 1
        elif isinstance(event, JudgementSeen) and event.judgement.engine not in self._criteria.recipe.engines:
            self.dropped[Dropped.OTHER_ENGINE] += 1
        else:
            return True
        return False

    def _add(self, part: OpenPart, event: JudgementSeen | ViewMissingSeen, seen_ns: int) -> bool:
        """Note what was said of a part; False where it does not count."""
        camera = _camera_of(event)
        if isinstance(event, ViewMissingSeen):
            if camera in part.missing:
                self.dropped[Dropped.DUPLICATE] += 1
                return False
            part.missing[camera] = event.missing
            return True
        judgement = event.judgement
        frames = {_frame_of(s.judgement) for s in part.judgements.values() if s.judgement.view.camera == camera}
        if (camera, judgement.engine) in part.judgements:
            self.dropped[Dropped.DUPLICATE] += 1
        elif frames and frames != {_frame_of(judgement)}:
            self.dropped[Dropped.OTHER_VIEW] += 1
        elif not self._hear(event.sender, min(judgement.sent_ns, seen_ns)):
            self.dropped[Dropped.OLD_INCARNATION] += 1
        else:
            part.judgements[camera, judgement.engine] = SeenJudgement(judgement, seen_ns)
            return True
        return False

    def _hear(self, sender: str, sent_ns: int) -> bool:
        """Whether a judgement counts: one sent before the last word of another sender is its dead predecessor's.

        A foreign sender can not silence the living one for longer than until its next word.
        """
        if sender != self._sender and sent_ns < self._heard_ns:
            return False
        self._sender, self._heard_ns = sender, max(sent_ns, self._heard_ns)
        return True

    # -- deciding ----------------------------------------------------------------------------------------------------

    def _decide_due(self, now_ns: int) -> list[Decide]:
        due = [key for key, due_ns in self._undecided.items() if now_ns >= due_ns]
        return [self._decide(self._parts[key], now_ns) for key in due]

    def _decide_if_ready(self, part: OpenPart, now_ns: int) -> list[Decide]:
        due_ns = self._undecided.get(part.arrival.key)
        if due_ns is not None:
            is_hopeless = part.arrival.key.recipe != self._recipe_digest  # nobody judges it: nothing can get worse
            if is_hopeless or now_ns >= due_ns or part.is_complete(self._pairs):
                return [self._decide(part, now_ns)]
            return []
        if part.sent is VerdictKind.REJECT:  # nothing can be worse
            return []
        assessment = part.conclude(self._criteria, is_late=False)
        if part.sent is not None and assessment.kind.severity > part.sent.severity:
            return [self._decide_as(part, assessment, now_ns, is_first=False)]
        return []

    def _decide(self, part: OpenPart, now_ns: int) -> Decide:
        due_ns = self._undecided.pop(part.arrival.key)
        return self._decide_as(part, part.conclude(self._criteria, is_late=now_ns >= due_ns), now_ns, is_first=True)

    def _decide_as(self, part: OpenPart, assessment: Assessment, now_ns: int, *, is_first: bool) -> Decide:
        part.sent = assessment.kind
        self.decided[assessment.kind] += 1
        return Decide(part.record(assessment, now_ns), part.verdict(assessment, now_ns), is_first=is_first)

    # -- forgetting --------------------------------------------------------------------------------------------------

    def _make_room(self, now_ns: int) -> list[Decide]:
        """Forget one part when there are too many: the oldest decided one, else the oldest, which is decided first."""
        if len(self._parts) < self._bounds.parts:
            return []
        key = next((key for key in self._parts if key not in self._undecided), next(iter(self._parts)))
        effects = []
        if key in self._undecided:
            part = self._parts[key]
            part.doubts += (f"more than {self._bounds.parts} parts under way",)
            effects.append(self._decide(part, now_ns))
        self._forget(key)
        return effects

    def _forget_old(self, now_ns: int) -> None:
        """Drop what is too old; parts are in the order of their arrival, which is that of their deadlines but for a few."""
        while self._early and now_ns - self._early[0].seen_ns > self._bounds.early_ns:
            self._early.popleft()
            self.dropped[Dropped.UNKNOWN_PART] += 1
        while self._parts:
            key, part = next(iter(self._parts.items()))
            if key in self._undecided or now_ns - part.arrival.verdict_by_ns <= self._bounds.remember_ns:
                return
            self._forget(key)

    def _forget(self, key: PartKey) -> None:
        del self._parts[key]
        if self._keys_by_name.get(key.name) == key:
            del self._keys_by_name[key.name]


def _key_of(event: JudgementSeen | ViewMissingSeen) -> PartKey:
    return event.judgement.view.key if isinstance(event, JudgementSeen) else event.missing.key


def _camera_of(event: JudgementSeen | ViewMissingSeen) -> str:
    return event.judgement.view.camera if isinstance(event, JudgementSeen) else event.missing.camera


def _frame_of(judgement: Judgement) -> tuple[int, int]:
    return judgement.view.frame_number, judgement.view.stamp_ns
