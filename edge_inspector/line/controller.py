"""The one rule, as code: a part is guilty at arrival, and only an ACCEPT for that very part, in time, opens the good lane.

Pure: `step(event, now_ns)` returns effects; `outputs` says what feed and belt may do. The file's own rules:
- Fates are decided and windows closed by `TimePassed` alone, which the worker gives once it has read all that came: what
  was there before the gate's moment counts, in whatever order the channels were read.
- Gates are commanded by `gate_keeper.py` alone.
- `_close` is the only place where an outcome is born; a part leaves the zone there and nowhere else.
- Alarms latch in `_raise` and leave in `_acknowledge`; the state follows from `_settle` alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from edge_inspector.domain.belt import BeltTick, Edge, Sensor
from edge_inspector.domain.clock import NS_PER_S, ms_to_ns, travel_ns
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.records import AlarmRecord, LotRecord, RecipeRecord, RunEnded
from edge_inspector.domain.verdict import Verdict, VerdictKind
from edge_inspector.line.belt_watch import FIRST_WORD_NS, BeltWatch
from edge_inspector.line.counts import Counts
from edge_inspector.line.events import (
    Acknowledged,
    Announce,
    BeltTickSeen,
    DecisionBeatSeen,
    DrainAsked,
    EdgeSeen,
    Effect,
    Event,
    FaultFound,
    LotNamed,
    Record,
    SupervisorBeatSeen,
    TimePassed,
    VerdictSeen,
)
from edge_inspector.line.gate_keeper import GateKeeper
from edge_inspector.line.purge import Purge
from edge_inspector.line.schedule import drain_bound_ns, length_mm, schedule_of
from edge_inspector.line.states import STOPS_BELT, Alarm, AlarmCode, LineState, outputs_of
from edge_inspector.line.tracked_part import Fate, TrackedPart
from edge_inspector.line.uninspected_limit import UninspectedCounter
from edge_inspector.line.zone import Zone
from edge_inspector.station.station import Line

CONFIRM_MISSING_LIMIT = 3  # accepted parts in a row that the good lane's sensor did not see


class LineController:
    """State of one run. `incarnation_of_outputs` names this life to the belt's latch."""

    def __init__(self, line: Line, *, run: int, recipe_digest: str, nonce: Callable[[], int], lot: str = "") -> None:
        self.state = LineState.STARTING
        self.lot = lot
        self.alarms: dict[AlarmCode, Alarm] = {}
        self.counts = Counts()
        self.reset = nonce()  # a belt leaves its latch only for a value it has never seen
        self.zone = Zone(line)
        self.waiting_for: tuple[str, ...] = ("supervisor",)
        self._line = line
        self._run = run
        self._recipe = recipe_digest
        self._nonce = nonce
        self._seq = 0
        self._limit = UninspectedCounter(line.uninspected_limit)
        self._belt = BeltWatch()
        self._purge = Purge(line, self._belt)
        self._gates = GateKeeper(line, self.zone, self._beat_is_fresh)
        self._supervisor_ready = False
        self._ready_since_ns: int | None = None
        self._supervisor_at_ns: int | None = None
        self._decision_beat_ns: dict[str, int] = {}
        self._drain_reason = ""
        self._drain_since_ns = 0
        self._unseen_confirms = 0
        self._effects: list[Effect] = []

    # -- what the worker asks ---------------------------------------------------------------------------------------

    @property
    def outputs(self) -> tuple[bool, bool]:
        """(feed_enable, run_permit) as of now."""
        return outputs_of(self.state)

    @property
    def is_finished(self) -> bool:
        """Whether the run has ended on purpose and the worker may leave."""
        return self.state is LineState.OFF

    @property
    def recipes(self) -> frozenset[str]:
        """What the parts under way, and the next one, are inspected for."""
        return frozenset({self._recipe, *(part.key.recipe for part in self.zone)})

    def next_commit_ns(self) -> int | None:
        """When the next ejector is decided about for the next part; the worker wakes then."""
        return self._gates.next_commit_ns()

    # -- the one door -----------------------------------------------------------------------------------------------

    def step(self, event: Event, now_ns: int) -> list[Effect]:
        """Take one event in and return what to do, in this order."""
        self._effects = []
        match event:
            case EdgeSeen(edge):
                self._on_edge(edge, now_ns)
            case BeltTickSeen(tick):
                self._on_tick(tick, now_ns)
            case VerdictSeen(verdict, sender):
                self._on_verdict(verdict, sender, now_ns)
            case DecisionBeatSeen(beat, sender):
                sent_ns = min(beat.sent_ns, now_ns)  # a beat from the future would stay fresh for ever
                self._decision_beat_ns = {sender: max(sent_ns, self._decision_beat_ns.get(sender, 0))}
            case SupervisorBeatSeen(beat):
                self._supervisor_at_ns = max(min(beat.sent_ns, now_ns), self._supervisor_at_ns or 0)
                self._supervisor_ready, self.waiting_for = beat.all_ready, beat.waiting_for
                self._ready_since_ns = (self._ready_since_ns or now_ns) if beat.all_ready else None
                if beat.recipe is not None and beat.recipe != self._recipe:
                    self._recipe = beat.recipe  # between two parts: an arrival is one event, and has its recipe in its key
                    self._effects.append(Record(RecipeRecord(beat.recipe, beat.recipe_by, now_ns, at_utc="")))
                if beat.drain:
                    self._drain("drained", now_ns)
            case Acknowledged(who, codes):
                self._acknowledge(who, codes, now_ns)
            case LotNamed(who, lot):
                self.lot = lot
                self._effects.append(Record(LotRecord(lot, who, now_ns, at_utc="")))
            case DrainAsked(reason):
                self._drain(reason, now_ns)
            case FaultFound(code, text):
                self._raise(code, text, now_ns)
            case TimePassed():
                self._watch(now_ns)
                steady = self.outputs[1] and self._belt.is_steady(now_ns)
                self._effects += self._gates.decide(now_ns, belt_is_steady=steady)
                self._close_windows(now_ns)
            case _:
                assert_never(event)
        self._settle(now_ns)
        return self._effects

    # -- events -----------------------------------------------------------------------------------------------------

    def _on_edge(self, edge: Edge, now_ns: int) -> None:
        self._check_number(edge.number - 1, now_ns)
        if not self._belt.is_new_edge(edge.number):
            return  # a duplicate
        match edge.sensor:
            case Sensor.ARRIVAL_LEADING:
                self._on_arrival(edge.t_ns, now_ns)
            case Sensor.ARRIVAL_TRAILING:
                self._on_trailing(edge.t_ns)
            case Sensor.CONFIRM:
                self._on_confirm(edge.t_ns, now_ns)
            case _:
                assert_never(edge.sensor)

    def _check_number(self, last_known: int, now_ns: int) -> None:
        """A gap in the numbers is an edge that nobody saw: a part the sensor never saw is never guilty."""
        lost = self._belt.count_lost(last_known)
        if lost:
            self._lose_zone(f"{lost} sensor edge(s) lost", now_ns)

    def _on_arrival(self, t_ns: int, now_ns: int) -> None:
        self._seq += 1
        self.counts.arrivals += 1
        key = PartKey(self._run, self._seq, self._nonce(), self._recipe)
        part = TrackedPart(key, t_ns, schedule_of(self._line, t_ns))  # armed: from here on it is guilty
        close_to = self.zone.shares_spacing(t_ns)
        if close_to is not None:
            close_to.flag_as(f"closer than {self._line.min_spacing_mm:g} mm to part {key.name}")
            part.flag_as(f"closer than {self._line.min_spacing_mm:g} mm to part {close_to.key.name}")
        match self.state:
            case LineState.ARMED | LineState.HELD:
                pass
            case LineState.CLEARING:
                part.flag_as("arrived while the zone was purged")
                part.in_lost_zone = True
                self._purge.extend()
            case LineState.DRAINING:
                part.flag_as("drained")
            case LineState.STARTING | LineState.STOPPED | LineState.OFF:
                part.flag_as("arrived while the belt had no permit")
                part.in_lost_zone = True
            case _:
                assert_never(self.state)
        self.zone.add(part)
        self._effects.append(Announce(Arrival(key, t_ns, part.schedule.verdict_by_ns, now_ns, part.flag), self.lot))

    def _on_trailing(self, t_ns: int) -> None:
        part = self.zone.last
        if part is None or part.trailing_ns is not None:
            return  # its leading edge belongs to an earlier life, or was lost
        part.trailing_ns = t_ns
        part.length_mm = length_mm(part.trigger_ns, t_ns, self._line.speed_mm_s)
        allowed = self._line.part_length_mm
        if not allowed.min <= part.length_mm <= allowed.max:
            part.flag_as(f"{part.length_mm:.1f} mm long at the sensor (allowed {allowed.min:g} to {allowed.max:g})")

    def _on_confirm(self, t_ns: int, now_ns: int) -> None:
        part = self.zone.confirmed_by(t_ns)
        if part is not None:
            part.confirm_seen_ns = t_ns
            if part.fate is not Fate.OPENED:
                self._raise(
                    AlarmCode.EJECTION_FAILED, f"part {part.key.name} was to be ejected and is in the good lane", now_ns
                )
        elif not self._purge.explains_the_good_lane:
            self._raise(AlarmCode.GOOD_LANE_UNEXPECTED, "a part that nobody let through is in the good lane", now_ns)

    def _on_tick(self, tick: BeltTick, now_ns: int) -> None:
        fault = self._belt.take(tick, now_ns)
        self._check_number(tick.last_edge, now_ns)
        if fault:
            self._raise(AlarmCode.BELT_STOPPED, fault, now_ns)

    def _on_verdict(self, verdict: Verdict, sender: str, now_ns: int) -> None:
        part = self.zone.find(verdict.key)
        if part is None:
            self.counts.foreign_verdicts += 1
        elif part.fate is not Fate.ARMED or (now_ns >= part.schedule.commit_ns and verdict.kind is VerdictKind.ACCEPT):
            self.counts.late_verdicts += 1
        else:  # as long as nothing is decided, what is worse than ACCEPT is never too late
            part.take_verdict(verdict, sender, now_ns)

    def _acknowledge(self, who: str, codes: tuple[str, ...], now_ns: int) -> None:
        for alarm in list(self.alarms.values()):
            if alarm.code not in codes or alarm.code is AlarmCode.LEDGER_FAULT:  # where nothing can be recorded, a restart
                continue
            del self.alarms[alarm.code]
            self._effects.append(Record(AlarmRecord(alarm.code, alarm.text, raised=False, at_ns=now_ns, at_utc="", who=who)))
            if alarm.code is AlarmCode.UNINSPECTED_LIMIT:
                self._limit.reset()
            elif alarm.code is AlarmCode.CONFIRM_MISSING:
                self._unseen_confirms = 0

    def _drain(self, reason: str, now_ns: int) -> None:
        if not self._drain_reason:
            self._drain_reason, self._drain_since_ns = reason, now_ns

    # -- time -------------------------------------------------------------------------------------------------------

    def _watch(self, now_ns: int) -> None:
        """Notice what did not happen."""
        _, permit = self.outputs
        if permit and self._belt.is_silent(now_ns):
            self._raise(AlarmCode.BELT_SILENT, "the belt has said nothing for half a second", now_ns)
        ready_since_ns = self._ready_since_ns
        if ready_since_ns is not None and not self._belt.has_spoken and now_ns - ready_since_ns > FIRST_WORD_NS:
            self._raise(AlarmCode.BELT_SILENT, "the belt has not said a word yet", now_ns)
        if self.state is LineState.CLEARING and self._purge.is_overdue(now_ns):
            text = f"the zone could not be purged in {self._purge.patience_ns / NS_PER_S:.0f} s"
            self._raise(AlarmCode.PURGE_ENDLESS, text, now_ns)
        lost_after_ns = ms_to_ns(self._line.supervisor_timeout_ms)
        if self._supervisor_at_ns is not None and now_ns - self._supervisor_at_ns > lost_after_ns:
            self._supervisor_ready = False
            if self.state is not LineState.OFF and not self._drain_reason:
                self._raise(AlarmCode.SUPERVISOR_LOST, "the supervisor's beat stopped", now_ns)
        last = self.zone.last
        jam_ns = 2 * travel_ns(self._line.part_length_mm.max, self._line.speed_mm_s)
        is_under_sensor = last is not None and not last.in_lost_zone and last.trailing_ns is None
        if permit and last is not None and is_under_sensor and now_ns - last.trigger_ns > jam_ns:
            self._raise(AlarmCode.SENSOR_BLOCKED, f"part {last.key.name} never left the arrival sensor", now_ns)

    def _beat_is_fresh(self, part: TrackedPart, now_ns: int) -> bool:
        """Whether the very decision worker that gave the verdict still lives."""
        beat_ns = self._decision_beat_ns.get(part.verdict_sender)
        return beat_ns is not None and now_ns - beat_ns <= ms_to_ns(self._line.decision_timeout_ms)

    def _close_windows(self, now_ns: int) -> None:
        until_ns = min(now_ns, self._belt.heard_until_ns)  # the good lane's word may still be on its way
        for part in self.zone:
            if part.in_lost_zone or part.fate is Fate.ARMED or until_ns < part.schedule.window_end_ns:
                continue
            if self._close_seen(part, now_ns):
                continue
            if part.fate is Fate.OPENED:
                self._unseen_confirms += 1
                self._close(part, Outcome.LOST, "the gate opened for it, but the good lane's sensor did not see it", now_ns)
                if self._unseen_confirms >= CONFIRM_MISSING_LIMIT:
                    text = f"{self._unseen_confirms} accepted parts in a row did not reach the good lane's sensor"
                    self._raise(AlarmCode.CONFIRM_MISSING, text, now_ns)
            else:
                self._close(part, Outcome.EJECTED, "", now_ns)

    def _close_seen(self, part: TrackedPart, now_ns: int) -> bool:
        """Close a part that the good lane's sensor saw: whatever else happened, it is known where it went."""
        if part.confirm_seen_ns is None:
            return False
        if part.fate is Fate.OPENED:
            self._unseen_confirms = 0
            self._close(part, Outcome.PASSED, "", now_ns)
        else:
            self._close(part, Outcome.EJECTION_FAILED, f"seen in the good lane; {part.applied_reason}", now_ns)
        return True

    def _close(self, part: TrackedPart, outcome: Outcome, reason: str, now_ns: int) -> None:
        self.zone.remove(part)
        self._effects.append(Record(part.outcome_record(outcome, reason, now_ns)))
        self.counts.passed += outcome is Outcome.PASSED
        self.counts.ejected += outcome is Outcome.EJECTED
        self.counts.rejected += part.applied is VerdictKind.REJECT
        is_uninspected = part.applied is VerdictKind.UNINSPECTED
        self.counts.uninspected += is_uninspected
        if not part.in_lost_zone and not self._drain_reason:
            text = self._limit.count(is_uninspected=is_uninspected)
            if text:
                self._raise(AlarmCode.UNINSPECTED_LIMIT, text, now_ns)

    # -- zone, alarms, state ----------------------------------------------------------------------------------------

    def _lose_zone(self, reason: str, now_ns: int) -> None:
        """Nobody knows any more what is where: nothing under way can pass, and the zone is purged before arming."""
        for part in self.zone:
            part.in_lost_zone = True
            if part.fate is Fate.ARMED:
                part.flag_as(f"zone lost: {reason}")
                part.shut(part.flag)
        if self.state in (LineState.ARMED, LineState.HELD, LineState.CLEARING):
            self._start_purge(now_ns)

    def _start_purge(self, now_ns: int) -> None:
        if self.state is LineState.CLEARING:
            self._purge.extend()
        else:
            self._purge.begin(now_ns)
        self._enter(LineState.CLEARING, now_ns)
        self.reset = self._nonce()

    def _end_purge(self, now_ns: int) -> None:
        for part in self.zone:
            if self._close_seen(part, now_ns):
                continue
            if part.fate is Fate.OPENED:
                reason = "the zone was lost after the gate opened for it; nobody saw where it went"
                self._close(part, Outcome.LOST, reason, now_ns)
            else:
                self._close(part, Outcome.PURGED, "", now_ns)

    def _raise(self, code: AlarmCode, text: str, now_ns: int) -> None:
        if code in self.alarms:
            return
        self.alarms[code] = Alarm(code, text, now_ns)
        self._effects.append(Record(AlarmRecord(code, text, raised=True, at_ns=now_ns, at_utc="")))
        if code in STOPS_BELT and code is not AlarmCode.SUPERVISOR_LOST:
            self._stop_belt(text, now_ns)

    def _stop_belt(self, reason: str, now_ns: int) -> None:
        if self.state is not LineState.OFF:
            self._enter(LineState.STOPPED, now_ns)
            self._lose_zone(reason, now_ns)

    def _enter(self, state: LineState, now_ns: int) -> None:
        self.state = state
        _, permitted = self.outputs
        self._belt.permit(permitted, now_ns)

    def _settle(self, now_ns: int) -> None:
        """Let the state follow from what is known now."""
        if self._drain_reason:
            self._settle_drain(now_ns)
            return
        stopping = [code for code in self.alarms if code in STOPS_BELT]
        match self.state:
            case LineState.STARTING | LineState.STOPPED:
                if not stopping and self._supervisor_ready and self._belt.has_spoken:
                    self._start_purge(now_ns)
                elif stopping:
                    self._enter(LineState.STOPPED, now_ns)
            case LineState.CLEARING:
                if stopping:
                    self._stop_belt(self.alarms[stopping[0]].text, now_ns)
                elif self._purge.is_done(now_ns):
                    self._end_purge(now_ns)
                    self._enter(LineState.HELD, now_ns)
                    self._settle(now_ns)
            case LineState.ARMED:
                if self.alarms or not self._supervisor_ready:
                    self._enter(LineState.HELD, now_ns)
            case LineState.HELD:
                if stopping and len(self.zone) == 0:  # the supervisor's beat stopped: the zone has run out
                    self._enter(LineState.STOPPED, now_ns)
                elif not self.alarms and self._supervisor_ready:
                    self._enter(LineState.ARMED, now_ns)
            case LineState.DRAINING | LineState.OFF:
                pass
            case _:
                assert_never(self.state)

    def _settle_drain(self, now_ns: int) -> None:
        """Feed off, the belt runs the zone out, then off: bounded by the time that the longest part needs."""
        if self.state is LineState.OFF:
            return
        if self.state in (LineState.ARMED, LineState.HELD):
            self._enter(LineState.DRAINING, now_ns)
        bound_ns = drain_bound_ns(self._line)
        settled_ns = travel_ns(
            self._line.min_spacing_mm, self._line.speed_mm_s
        )  # a part fed at the last moment is at the sensor by now
        waited_ns = now_ns - self._drain_since_ns
        if self.state is LineState.CLEARING and not self._purge.is_done(now_ns) and waited_ns < 2 * bound_ns:
            return  # what was let through before may still be on its way to the good lane's sensor
        if self.state is LineState.CLEARING:
            self._end_purge(now_ns)
        if self.state is LineState.DRAINING and ((len(self.zone) > 0 and waited_ns < bound_ns) or waited_ns < settled_ns):
            return
        for part in self.zone:
            if part.fate is Fate.ARMED:
                part.shut(part.flag or "the line stopped")
            if not self._close_seen(part, now_ns):
                self._close(part, Outcome.LINE_STOPPED, "", now_ns)
        self._enter(LineState.OFF, now_ns)
        self._effects.append(Record(RunEnded(self._drain_reason, now_ns, "")))
