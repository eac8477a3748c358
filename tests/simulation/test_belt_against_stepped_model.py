"""The solved belt against an obvious one that steps through time: any commands, the same edges, bins and places."""

from dataclasses import dataclass, field

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edge_inspector.domain.belt import Edge, OpenGate, Outputs, Sensor
from edge_inspector.domain.clock import NS_PER_MS
from edge_inspector.recordings import RecordedTrigger
from edge_inspector.simulation.belt import Belt, BeltConfig, StartFeeding
from edge_inspector.simulation.bin_events import Bin, Fed, FellInto, Latched, NotFed
from edge_inspector.simulation.gate import Gate

STEP_MS = 0.1
END_MS = 1100
SPEED, STOP_MM, TO_CONFIRM_MM = 500.0, 10.0, 20.0
NEAR_MM, FAR_MM = 60.0, 125.0
VALVE_MS = {"good": 15.0, "aside": 9.0}
GATES = [
    {"good": NEAR_MM},
    {"aside": NEAR_MM, "good": FAR_MM},
    {"good": NEAR_MM, "aside": FAR_MM},
]  # name: way from the sensor
TOLERANCE_MS = 0.35


@dataclass
class SteppedPart:
    name: str
    way_mm: float  # of its leading edge, from the sensor
    length_mm: float
    done: set = field(default_factory=set)
    shut_at: set = field(default_factory=set)  # gates that were not open all the time that it was there
    left_at: str = ""


@dataclass
class SteppedBelt:
    """Steps of 0.1 ms. `is_doubtful` when two things happened too close together for such steps to tell their order."""

    gates: dict
    speed: float = 0.0
    position_mm: float = 0.0
    feeds: bool = False
    runs: bool = False
    is_latched: bool = False
    valid_until_ms: float = float("inf")
    seen: set = field(default_factory=set)
    from_ms: dict = field(default_factory=lambda: dict.fromkeys(VALVE_MS, -1.0))
    until_ms: dict = field(default_factory=lambda: dict.fromkeys(VALVE_MS, -1.0))
    parts: list = field(default_factory=list)
    happened: dict = field(default_factory=dict)
    is_doubtful: bool = False

    def take(self, t_ms, event):
        match event:
            case ("outputs", feeds, runs, reset, valid_until_ms):
                if t_ms >= valid_until_ms or (self.is_latched and reset in self.seen):
                    return
                self.seen.add(reset)
                self.feeds, self.runs, self.valid_until_ms, self.is_latched = feeds, runs, valid_until_ms, False
            case ("gate", name, close_at_ms, valid_until_ms) if t_ms < valid_until_ms and name in self.gates:
                if t_ms < self.until_ms[name]:
                    self.until_ms[name] = max(self.until_ms[name], close_at_ms)
                else:
                    self.from_ms[name], self.until_ms[name] = t_ms + VALVE_MS[name], close_at_ms

    def feed(self, t_ms, part, length_mm):
        full_within_mm_s = SPEED / 100.0 * 0.5
        self.is_doubtful |= self.runs and 0 < SPEED - self.speed < full_within_mm_s
        if self.parts:
            self.is_doubtful |= abs(self.parts[-1].way_mm - self.parts[-1].length_mm) < 0.2
        is_free = not self.parts or self.parts[-1].way_mm >= self.parts[-1].length_mm
        if self.feeds and self.runs and self.speed == SPEED and is_free:
            self.parts.append(SteppedPart(part, 0.0, length_mm))
            self.happened["fed", part] = t_ms
            self.happened["leading", part] = t_ms
        else:
            self.happened["not_fed", part] = t_ms

    def step(self, t_ms):
        """Go on to `t_ms`."""
        before = self.speed
        if self.runs:
            self.speed = min(SPEED, self.speed + SPEED / 100.0 * STEP_MS)
            self.speed = SPEED if self.speed > SPEED - 1e-6 else self.speed
        else:
            self.speed = max(0.0, self.speed - SPEED**2 / (2 * STOP_MM) * STEP_MS / 1000.0)
        moved = 0.5 * (before + self.speed) * STEP_MS / 1000.0
        self.position_mm += moved
        for part in self.parts:
            part.way_mm += moved
            self._cross(part, t_ms)
        if t_ms >= self.valid_until_ms - 1e-6:
            self.happened["latched", len([k for k in self.happened if k[0] == "latched"])] = t_ms
            self.is_latched, self.feeds, self.runs, self.valid_until_ms = True, False, False, float("inf")

    def _cross(self, part, t_ms):
        places = [("trailing", "", part.length_mm), ("confirm", "good", self.gates["good"] + TO_CONFIRM_MM)]
        for gate, gate_mm in self.gates.items():
            is_open = self.from_ms[gate] <= t_ms <= self.until_ms[gate]
            if gate_mm <= part.way_mm < gate_mm + part.length_mm and not is_open and not part.left_at:
                part.shut_at.add(gate)
            places += [("enters", gate, gate_mm), ("leaves", gate, gate_mm + part.length_mm)]
        for what, gate, way_mm in sorted(places, key=lambda place: place[2]):
            self.is_doubtful |= self.speed < SPEED / 20 and abs(part.way_mm - way_mm) < 0.05  # does it stop just there?
            if (what, gate) in part.done or part.way_mm < way_mm:
                continue
            part.done.add((what, gate))
            if what == "trailing":
                self.happened[what, part.name] = t_ms
                continue
            self.is_doubtful |= min(abs(t_ms - self.from_ms[gate]), abs(t_ms - self.until_ms[gate])) < 0.5
            is_in_lane = part.left_at == gate or (not part.left_at and gate not in part.shut_at)
            if what == "confirm" and is_in_lane:
                self.happened[what, part.name] = t_ms
            elif what == "leaves" and is_in_lane:
                part.left_at = gate
                self.happened[gate, part.name] = t_ms
            elif what == "leaves" and not part.left_at and gate == list(self.gates)[-1]:
                self.happened["reject", part.name] = t_ms


def run_stepped(gates, commands, parts):
    belt = SteppedBelt(gates)
    fed_at, told_at = {}, {}
    for part in parts:
        fed_at.setdefault(round(part[1] / STEP_MS), []).append(part)
    for at_ms, event in commands:
        told_at.setdefault(round(at_ms / STEP_MS), []).append(event)
    for number in range(round(END_MS / STEP_MS)):
        t_ms = number * STEP_MS
        if number:
            belt.step(t_ms)
        for part, at_ms, length_mm in fed_at.get(number, ()):
            belt.feed(at_ms, part, length_mm)
        for event in told_at.get(number, ()):
            belt.take(t_ms, event)
    return belt


def run_solved(gates, commands, parts, wake_ms):
    """The same on the real belt, which is woken only every `wake_ms` besides its commands."""
    triggers = [RecordedTrigger(part, round(at_ms * NS_PER_MS), length_mm) for part, at_ms, length_mm in parts]
    built = tuple(
        Gate(name, way_mm, round(VALVE_MS[name] * NS_PER_MS), is_good=name == "good") for name, way_mm in gates.items()
    )
    belt = Belt(BeltConfig(SPEED, STOP_MM, built, TO_CONFIRM_MM), triggers, 0)
    effects = belt.step(StartFeeding(0), 0)
    wakes = [(t_ms, None) for t_ms in range(0, END_MS, wake_ms)]
    for at_ms, event in sorted([*commands, *wakes], key=lambda command: command[0]):
        effects += belt.step(_message(event), round(at_ms * NS_PER_MS))
    effects += belt.step(None, round((END_MS - STEP_MS) * NS_PER_MS))
    return belt, effects


def _message(event):
    match event:
        case ("outputs", feeds, runs, reset, valid_until_ms):
            return Outputs(feed_enable=feeds, run_permit=runs, reset=reset, valid_until_ns=round(valid_until_ms * NS_PER_MS))
        case ("gate", name, close_at_ms, valid_until_ms):
            return OpenGate(name, close_at_ns=close_at_ms * NS_PER_MS, valid_until_ns=valid_until_ms * NS_PER_MS)
    return None


def happened_in(effects):
    """(what, part) → ms; sensor edges are given to parts in the order in which these were fed."""
    found, names = {}, {sensor: [] for sensor in Sensor}
    order = [effect.part for effect in effects if isinstance(effect, Fed)]
    for effect in effects:
        match effect:
            case Edge(sensor=sensor, t_ns=t_ns):
                names[sensor].append(t_ns)
            case Fed(part=part, t_ns=t_ns):
                found["fed", part] = t_ns
            case NotFed(part=part, t_ns=t_ns):
                found["not_fed", part] = t_ns
            case FellInto(part=part, bin=bin_, t_ns=t_ns, lane=lane):
                assert lane == ("" if bin_ is Bin.REJECT else bin_.value)
                found[bin_.value, part] = t_ns
            case Latched(t_ns=t_ns):
                found["latched", len([key for key in found if key[0] == "latched"])] = t_ns
    found |= {("leading", part): t_ns for part, t_ns in zip(order, names[Sensor.ARRIVAL_LEADING], strict=True)}
    found |= {("trailing", part): t_ns for part, t_ns in zip(order, names[Sensor.ARRIVAL_TRAILING], strict=False)}
    return {key: t_ns / NS_PER_MS for key, t_ns in found.items()}, [t / NS_PER_MS for t in names[Sensor.CONFIRM]]


@st.composite
def scenes(draw):
    starts = sorted(draw(st.lists(st.integers(110, 800), min_size=1, max_size=5, unique=True)))
    parts = [(f"p{i}", at_ms + 0.5, draw(st.sampled_from([10.0, 30.0, 55.0]))) for i, at_ms in enumerate(starts)]
    commands = []
    gates = draw(st.sampled_from(GATES))
    for _, at_ms, length_mm in parts:  # gates aimed at the parts: just right, a little off, or too late to be obeyed
        early_ms, late_ms = draw(st.sampled_from([10, 10, 1, -3])), draw(st.sampled_from([10, 10, 1, -3]))
        name = draw(st.sampled_from(["good", "aside", "good"]))
        at_gate_ms = int(at_ms + gates.get(name, NEAR_MM) / SPEED * 1000)
        open_ms = int(at_gate_ms - VALVE_MS[name]) - early_ms
        close_ms = at_gate_ms + int(length_mm / SPEED * 1000) + late_ms
        commands.append((open_ms, ("gate", name, close_ms, open_ms + draw(st.sampled_from([50, 50, 50, 50, -1])))))
    t_ms, reset = 0, 0
    while t_ms < END_MS:  # a heartbeat with holes, flickering outputs and, now and then, another reset
        runs, feeds = draw(st.sampled_from([True] * 9 + [False])), draw(st.sampled_from([True] * 6 + [False]))
        reset = draw(st.sampled_from([reset] * 4 + [0, 1, 2, t_ms]))
        valid_ms = draw(st.sampled_from([-10, 30, 200, 200, 200, 400, 400]))
        commands.append((t_ms, ("outputs", feeds, runs, reset, t_ms + valid_ms + 0.3)))
        t_ms += draw(st.sampled_from([20, 40, 100, 190, 190, 350]))
    return gates, sorted(commands, key=lambda command: command[0]), parts, draw(st.sampled_from([1, 7, 50, 1000]))


@settings(max_examples=200, deadline=None)
@given(scenes())
def test_the_solved_belt_does_what_a_stepped_one_does(scene):
    gates, commands, parts, wake_ms = scene
    stepped = run_stepped(gates, commands, parts)
    assume(not stepped.is_doubtful)
    belt, effects = run_solved(gates, commands, parts, wake_ms)
    found, confirms = happened_in(effects)
    expected = {key: t_ms for key, t_ms in stepped.happened.items() if key[0] != "confirm"}
    late = {key for key in found.keys() ^ expected.keys() if {**found, **expected}[key] > END_MS - 1}  # after the last step
    assert found.keys() - late == expected.keys() - late
    for key in found.keys() - late:
        assert found[key] == pytest.approx(expected[key], abs=TOLERANCE_MS), key
    stepped_confirms = [t_ms for key, t_ms in stepped.happened.items() if key[0] == "confirm"]
    assert confirms == pytest.approx(stepped_confirms, abs=TOLERANCE_MS)
    assert belt.tick().position_mm == pytest.approx(stepped.position_mm, abs=0.1)
    assert [edge.number for edge in effects if isinstance(edge, Edge)] == list(range(1, belt.tick().last_edge + 1))
