"""A controller beside a plain model of a belt: every case is a few lines."""

from __future__ import annotations

import itertools

from edge_inspector.domain.belt import BeltTick, Edge, Sensor
from edge_inspector.domain.clock import NS_PER_MS, travel_ns
from edge_inspector.domain.health import SupervisorBeat
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.records import OutcomeRecord
from edge_inspector.domain.verdict import DecisionBeat, Verdict, VerdictKind
from edge_inspector.line.controller import LineController
from edge_inspector.line.events import (
    Acknowledged,
    Announce,
    BeltTickSeen,
    CommandGate,
    DecisionBeatSeen,
    EdgeSeen,
    Effect,
    Event,
    Record,
    SupervisorBeatSeen,
    TimePassed,
    VerdictSeen,
)
from edge_inspector.line.states import LineState
from edge_inspector.station.station import Ejector, Line, PartLength, UninspectedLimit

LINE = Line(
    speed_mm_s=200.0,
    part_length_mm=PartLength(min=50.0, max=70.0),
    min_spacing_mm=100.0,
    stop_distance_mm=10.0,
    ejectors=[Ejector(name="good", verdicts=["ACCEPT"], at_mm=400.0)],
    uninspected_limit=UninspectedLimit(in_a_row=3, of_last=10, most=5),
)
RECIPE = "ab" * 32
DECISION = "0123456789ab"
STEP_NS = 10 * NS_PER_MS


class Rig:
    """A controller beside a belt that runs whenever it is permitted to, with workers that live unless told otherwise."""

    def __init__(self, line: Line = LINE) -> None:
        self.line = line
        nonces = itertools.count(1000)
        self.controller = LineController(line, run=1, recipe_digest=RECIPE, nonce=lambda: next(nonces))
        self.now_ns = 10_000_000_000
        self.edges = 0
        self.position_mm = 0.0
        self.effects: list[Effect] = []
        self.belt_runs = True
        self.belt_latched = False
        self.belt_speaks = True
        self.supervisor_lives = True
        self.all_ready = True
        self.decision_lives = True
        self.decision = DECISION

    def step(self, event: Event) -> list[Effect]:
        effects = self.controller.step(event, self.now_ns)
        self.effects += effects
        return effects

    def run_ms(self, duration_ms: float) -> None:
        end_ns = self.now_ns + round(duration_ms * NS_PER_MS)
        while self.now_ns < end_ns:
            before_ns, commit_ns = self.now_ns, self.controller.next_commit_ns()
            self.now_ns = min(end_ns, self.now_ns + STEP_NS)
            if commit_ns is not None and before_ns < commit_ns:
                self.now_ns = min(self.now_ns, commit_ns)  # the worker wakes for it
            moves = self.controller.outputs[1] and self.belt_runs and not self.belt_latched
            self.position_mm += self.line.speed_mm_s * (self.now_ns - before_ns) / 1e9 if moves else 0.0
            if self.supervisor_lives:
                waiting = () if self.all_ready else ("inference",)
                self.step(SupervisorBeatSeen(SupervisorBeat(self.now_ns, self.all_ready, waiting, drain=False)))
            if self.decision_lives:
                self.step(DecisionBeatSeen(DecisionBeat(self.now_ns), self.decision))
            if self.belt_speaks:
                tick = BeltTick(self.now_ns, self.edges, moves, self.belt_latched, self.position_mm, gate_open=False)
                self.step(BeltTickSeen(tick))
            self.step(TimePassed())

    def arm(self) -> Rig:
        self.run_ms(3500)
        assert self.controller.state is LineState.ARMED
        self.effects.clear()
        return self

    def acknowledge(self, who: str) -> None:
        """Acknowledge every alarm that stands."""
        self.step(Acknowledged(who, tuple(self.controller.alarms)))

    def edge(self, sensor: Sensor, t_ns: int | None = None) -> list[Effect]:
        self.edges += 1
        return self.step(EdgeSeen(Edge(self.edges, sensor, self.now_ns if t_ns is None else t_ns)))

    def arrive(self, length_mm: float = 60.0) -> PartKey:
        """A part passes the sensor; returns its key. Takes the time that its length needs."""
        effects = self.edge(Sensor.ARRIVAL_LEADING)
        leading_ns = self.now_ns
        self.run_ms(travel_ns(length_mm, self.line.speed_mm_s) / NS_PER_MS)
        self.edge(Sensor.ARRIVAL_TRAILING, leading_ns + travel_ns(length_mm, self.line.speed_mm_s))
        return next(e.arrival for e in effects if isinstance(e, Announce)).key

    def decide(self, key: PartKey, kind: VerdictKind = VerdictKind.ACCEPT, sender: str | None = None) -> None:
        verdict = Verdict(key, kind, () if kind is VerdictKind.ACCEPT else (f"because {kind}",), self.now_ns, self.now_ns, 0)
        self.step(VerdictSeen(verdict, sender or self.decision))

    @property
    def gate_commands(self) -> list[CommandGate]:
        return [e for e in self.effects if isinstance(e, CommandGate)]

    @property
    def outcomes(self) -> list[OutcomeRecord]:
        return [e.record for e in self.effects if isinstance(e, Record) and isinstance(e.record, OutcomeRecord)]

    @property
    def arrivals(self) -> list[Arrival]:
        return [e.arrival for e in self.effects if isinstance(e, Announce)]

    def outcome(self) -> OutcomeRecord:
        """Let the only part's window close, and return its outcome."""
        self.run_ms(3000)
        (outcome,) = self.outcomes
        return outcome

    def confirm_when_due(self, key: PartKey) -> None:
        part = self.controller.zone.find(key)
        assert part is not None
        self.run_ms((part.schedule.confirm_ns - self.now_ns) / NS_PER_MS)
        self.edge(Sensor.CONFIRM)
