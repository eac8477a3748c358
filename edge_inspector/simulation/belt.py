"""The conveyor's physics: `step(event, now) -> effects`, without clock or socket. Every instant is solved, not stepped.

Rules of this file:
- The belt obeys `Outputs` until their `valid_until_ns`; then it drops feed and run by itself and latches. Only a `reset`
  that it has never seen frees it: a resumed heartbeat does not.
- A part is placed with its leading edge at the sensor, on a belt at full speed, at the instant of its turn, or not at all.
- A part leaves the belt into a gate's lane only if that gate was fully open from its leading edge's to its trailing edge's
  instant there; behind the last gate it is a reject. A stopped belt keeps its parts.
- The confirm sensor sees the leading edge in the good lane. Where it stands less than a part's length behind the gate, a
  part may be confirmed and still be cut off by a gate that shuts too early: it runs on then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import assert_never

from edge_inspector.domain.belt import BeltTick, Edge, FeedOne, OpenGate, Outputs, Sensor
from edge_inspector.domain.clock import ms_to_ns
from edge_inspector.recordings import RecordedTrigger
from edge_inspector.simulation.bin_events import Bin, Fed, FellInto, GateRefused, Latched, NotFed
from edge_inspector.simulation.feed import Slot, recorded_slots
from edge_inspector.simulation.gate import Gate, Valve
from edge_inspector.simulation.motion import Motion
from edge_inspector.station.station import Line

_ORDER_OF_HEARTBEAT, _ORDER_OF_CROSSING, _ORDER_OF_SLOT = range(3)  # where several things happen at one instant


@dataclass(frozen=True, slots=True)
class BeltConfig:
    """What the belt is built like. `gates` stand in their order along the belt; one of them is the good lane's."""

    speed_mm_s: float
    stop_distance_mm: float
    gates: tuple[Gate, ...]
    gate_to_confirm_mm: float
    feeds_on_request: bool = False

    @classmethod
    def of(cls, line: Line) -> BeltConfig:
        """Take it from a station file."""
        return cls(
            speed_mm_s=line.speed_mm_s,
            stop_distance_mm=line.stop_distance_mm,
            gates=tuple(
                Gate(each.name, each.at_mm, ms_to_ns(each.valve_delay_ms), is_good=each.name == line.good.name)
                for each in line.ejectors
            ),
            gate_to_confirm_mm=line.gate_to_confirm_mm,
            feeds_on_request=line.trigger == "software",
        )


@dataclass(frozen=True, slots=True)
class StartFeeding:
    """The recording begins at `t0_ns`."""

    t0_ns: int


class _Crossing(IntEnum):
    """What happens to a part along its way; the order holds where two happen at the same place."""

    TRAILING_AT_SENSOR = 0
    LEADING_AT_GATE = 1
    TRAILING_AT_GATE = 2
    LEADING_AT_CONFIRM = 3


_AT_GATES = (_Crossing.LEADING_AT_GATE, _Crossing.TRAILING_AT_GATE)


@dataclass(slots=True)
class _Carried:
    """One part on the belt. `crossings` holds the belt positions that are still to come, the next one first."""

    part: str
    free_mm: float  # the belt's position from which the place under the sensor is free again
    crossings: list[tuple[float, _Crossing, Valve]]
    entered_ns: dict[str, int] = field(default_factory=dict)  # gate's name: its leading edge was there
    bin: Bin | None = None


BeltEvent = Outputs | OpenGate | FeedOne | StartFeeding | None
BeltEffect = Edge | Fed | NotFed | FellInto | Latched | GateRefused


class Belt:
    """A belt that stands still until its first `Outputs`. `loop_ns` is the recording's duration when it loops, else None."""

    def __init__(
        self, config: BeltConfig, triggers: Sequence[RecordedTrigger], now_ns: int, loop_ns: int | None = None
    ) -> None:
        self._config = config
        self._triggers = triggers
        self._loop_ns = loop_ns
        self._motion = Motion(now_ns, 0.0, 0.0, 0.0, 0.0)
        self._now_ns = now_ns
        self._feeds = False
        self._runs = False
        self._is_latched = False
        self._valid_until_ns: int | None = None  # None: no heartbeat to lose
        self._seen_resets: set[int] = set()
        self._valves = {gate.name: Valve(gate) for gate in config.gates}
        self._good = next(valve for valve in self._valves.values() if valve.gate.is_good)
        self._slots: Iterator[Slot] = iter(())
        self._next_slot: Slot | None = None
        self._requests = 0
        self._carried: list[_Carried] = []
        self._last_edge = 0

    @property
    def on_belt(self) -> tuple[str, ...]:
        """The parts that lie on the belt and in no bin yet."""
        return tuple(part.part for part in self._carried if part.bin is None)

    def tick(self) -> BeltTick:
        """What the belt says of itself, as of the last step."""
        return BeltTick(
            t_ns=self._now_ns,
            last_edge=self._last_edge,
            is_running=self._is_steady(self._now_ns),
            is_latched=self._is_latched,
            position_mm=self._motion.position_at(self._now_ns),
            gate_open=self._good.is_open(self._now_ns),
        )

    def next_due_ns(self) -> int | None:
        """When the belt does something next if nobody tells it anything; None: never."""
        due = self._next_due()
        return None if due is None else due[0]

    def step(self, event: BeltEvent, now_ns: int) -> list[BeltEffect]:
        """Let time pass until `now_ns`, then take what was received (None: nothing). Effects are in order of time."""
        effects: list[BeltEffect] = []
        while (due := self._next_due()) is not None and due[0] <= now_ns:
            t_ns, carried = due[0], due[2]
            if carried is not None:
                self._cross(carried, t_ns, effects)
            elif self._next_slot is not None and due[1] == _ORDER_OF_SLOT:
                self._take_slot(self._next_slot, t_ns, effects)
            else:
                self._latch(t_ns, effects)
        self._now_ns = max(self._now_ns, now_ns)
        match event:
            case Outputs():
                self._obey(event, now_ns)
            case OpenGate():
                self._open_gate(event, now_ns, effects)
            case FeedOne():
                self._requests += now_ns < event.valid_until_ns and not self._is_latched
            case StartFeeding():
                self._slots = recorded_slots(self._triggers, event.t0_ns, self._loop_ns)
                self._next_slot = next(self._slots, None)
                while self._next_slot is not None and self._next_slot.t_ns <= now_ns:
                    self._skip_slot(self._next_slot, "its turn was over when the recording's start became known", effects)
            case None:
                pass
            case _:
                assert_never(event)
        return effects

    def _next_due(self) -> tuple[int, int, _Carried | None] | None:
        """The next instant, its order among equals, and the part that crosses something then."""
        due: list[tuple[int, int, _Carried | None]] = []
        if self._valid_until_ns is not None:
            due.append((self._valid_until_ns, _ORDER_OF_HEARTBEAT, None))
        for carried in self._carried:
            t_ns = self._motion.time_at(carried.crossings[0][0])
            if t_ns is not None:
                due.append((t_ns, _ORDER_OF_CROSSING, carried))
        if self._next_slot is not None:
            due.append((self._next_slot.t_ns, _ORDER_OF_SLOT, None))
        return min(due, key=lambda instant: instant[:2], default=None)

    def _is_steady(self, t_ns: int) -> bool:
        return self._runs and t_ns >= self._motion.settled_ns

    def _drive(self, on: bool, t_ns: int) -> None:
        if on != self._runs:
            self._motion = self._motion.switched(on, t_ns, self._config.speed_mm_s, self._config.stop_distance_mm)
            self._runs = on

    def _obey(self, outputs: Outputs, now_ns: int) -> None:
        if now_ns >= outputs.valid_until_ns:
            return
        if self._is_latched and outputs.reset in self._seen_resets:
            return
        self._seen_resets.add(outputs.reset)
        self._is_latched = False
        self._feeds = outputs.feed_enable
        self._valid_until_ns = outputs.valid_until_ns
        self._drive(outputs.run_permit, now_ns)

    def _latch(self, t_ns: int, effects: list[BeltEffect]) -> None:
        self._valid_until_ns = None
        self._is_latched = True
        self._feeds = False
        self._requests = 0
        self._drive(False, t_ns)
        effects.append(Latched(t_ns, "no valid outputs: the line worker's heartbeat is missing"))

    def _open_gate(self, command: OpenGate, now_ns: int, effects: list[BeltEffect]) -> None:
        valve = self._valves.get(command.gate)
        if valve is None or now_ns >= command.valid_until_ns:
            effects.append(GateRefused(now_ns, command.valid_until_ns, command.gate))
        else:
            valve.open(command.close_at_ns, now_ns)

    def _take_slot(self, slot: Slot, t_ns: int, effects: list[BeltEffect]) -> None:
        if self._config.feeds_on_request:
            if self._requests == 0:
                self._next_slot = next(self._slots, None)
                return
            self._requests -= 1
        obstacle = self._obstacle(t_ns)
        if obstacle:
            self._skip_slot(slot, obstacle, effects)
            return
        self._next_slot = next(self._slots, None)
        origin_mm, good = self._motion.position_at(t_ns), self._good
        crossings = [
            (origin_mm + slot.length_mm, _Crossing.TRAILING_AT_SENSOR, good),
            (origin_mm + good.gate.at_mm + self._config.gate_to_confirm_mm, _Crossing.LEADING_AT_CONFIRM, good),
        ]
        for valve in self._valves.values():
            gate_mm = origin_mm + valve.gate.at_mm
            crossings.append((gate_mm, _Crossing.LEADING_AT_GATE, valve))
            crossings.append((gate_mm + slot.length_mm, _Crossing.TRAILING_AT_GATE, valve))
        crossings.sort(key=lambda crossing: crossing[:2])
        self._carried.append(_Carried(slot.part, origin_mm + slot.length_mm, crossings))
        effects.append(Fed(slot.part, t_ns, slot.length_mm))
        self._send_edge(Sensor.ARRIVAL_LEADING, t_ns, effects)

    def _obstacle(self, t_ns: int) -> str:
        if self._is_latched:
            return "the belt is latched"
        if not self._feeds:
            return "feed is off"
        if not self._is_steady(t_ns):
            return "the belt is not at its speed"
        if self._carried and self._motion.position_at(t_ns) < self._carried[-1].free_mm:
            return f"part {self._carried[-1].part} still lies under the sensor"
        return ""

    def _skip_slot(self, slot: Slot, why: str, effects: list[BeltEffect]) -> None:
        self._next_slot = next(self._slots, None)
        effects.append(NotFed(slot.part, slot.t_ns, why))

    def _cross(self, carried: _Carried, t_ns: int, effects: list[BeltEffect]) -> None:
        _, what, valve = carried.crossings.pop(0)
        match what:
            case _Crossing.TRAILING_AT_SENSOR:
                self._send_edge(Sensor.ARRIVAL_TRAILING, t_ns, effects)
            case _Crossing.LEADING_AT_GATE:
                carried.entered_ns[valve.gate.name] = t_ns
            case _Crossing.TRAILING_AT_GATE:
                self._leave_gate(carried, valve, t_ns, effects)
            case _Crossing.LEADING_AT_CONFIRM:
                is_going_in = carried.bin is None and valve.was_open(carried.entered_ns.get(valve.gate.name), t_ns)
                if is_going_in or carried.bin is Bin.GOOD:
                    self._send_edge(Sensor.CONFIRM, t_ns, effects)
        if not carried.crossings:
            self._carried.remove(carried)

    def _leave_gate(self, carried: _Carried, valve: Valve, t_ns: int, effects: list[BeltEffect]) -> None:
        """The trailing edge is at a gate: the part falls into its lane, runs on to the next, or off the end of the belt."""
        if valve.was_open(carried.entered_ns[valve.gate.name], t_ns):
            carried.bin = Bin.GOOD if valve.gate.is_good else Bin.ASIDE
            effects.append(FellInto(carried.part, carried.bin, t_ns, valve.gate.name))
            carried.crossings = [left for left in carried.crossings if left[1] not in _AT_GATES]
        elif all(left[1] is not _Crossing.TRAILING_AT_GATE for left in carried.crossings):
            carried.bin = Bin.REJECT
            effects.append(FellInto(carried.part, carried.bin, t_ns))

    def _send_edge(self, sensor: Sensor, t_ns: int, effects: list[BeltEffect]) -> None:
        self._last_edge += 1
        effects.append(Edge(number=self._last_edge, sensor=sensor, t_ns=t_ns))
