"""The belt's rules, one by one."""

from dataclasses import replace

import pytest

from edge_inspector.domain.belt import Edge, FeedOne, OpenGate, Outputs, Sensor
from edge_inspector.domain.clock import NS_PER_MS
from edge_inspector.recordings import RecordedTrigger
from edge_inspector.simulation.belt import Belt, BeltConfig, StartFeeding
from edge_inspector.simulation.bin_events import Bin, Fed, FellInto, GateRefused, Latched, NotFed
from edge_inspector.simulation.gate import Gate

MS = NS_PER_MS
CONFIG = BeltConfig(
    speed_mm_s=200.0,
    stop_distance_mm=10.0,
    gates=(Gate("good", 200.0, 15 * MS, is_good=True),),
    gate_to_confirm_mm=80.0,
)
FED_MS = 1000  # leading edge at the sensor; at the gate 1000 ms later; the trailing edge (60 mm) 300 ms after that
ONE_PART = (RecordedTrigger("p1", FED_MS * MS, 60.0),)
AT_GATE_MS, THROUGH_MS, CONFIRM_MS = 2000, 2300, 2400


class Driven:
    """A belt with a line worker that keeps its heartbeat, until told otherwise."""

    def __init__(self, config=CONFIG, triggers=ONE_PART, loop_ns=None):
        self.belt = Belt(config, triggers, 0, loop_ns)
        self.effects = []
        self.t_ms = 0
        self.outputs = {"feed_enable": True, "run_permit": True, "reset": 1}
        self.send(StartFeeding(0))

    def send(self, event):
        self.effects += self.belt.step(event, self.t_ms * MS)

    def until(self, t_ms, *, heartbeat=True):
        while self.t_ms < t_ms:
            if heartbeat:
                self.send(Outputs(valid_until_ns=(self.t_ms + 200) * MS, **self.outputs))
            self.t_ms = min(t_ms, self.t_ms + 20)
            self.send(None)
        return self

    def open_gate(self, close_at_ms, valid_until_ms=10**6, gate="good"):
        self.send(OpenGate(gate, close_at_ns=close_at_ms * MS, valid_until_ns=valid_until_ms * MS))
        return self

    def of(self, kind):
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def edges(self, sensor):
        return [edge.t_ns / MS for edge in self.of(Edge) if edge.sensor is sensor]

    def bins(self):
        return {fell.part: fell.bin for fell in self.of(FellInto)}


def test_a_part_is_fed_at_its_instant_and_its_edges_are_exact():
    driven = Driven().until(3000)
    assert driven.of(Fed) == [Fed("p1", FED_MS * MS, 60.0)]
    assert driven.edges(Sensor.ARRIVAL_LEADING) == [FED_MS]
    assert driven.edges(Sensor.ARRIVAL_TRAILING) == [pytest.approx(1300, abs=1e-5)]


def test_a_part_before_a_shut_gate_is_a_reject_and_is_not_confirmed():
    driven = Driven().until(3000)
    assert driven.bins() == {"p1": Bin.REJECT}
    assert driven.edges(Sensor.CONFIRM) == []


def test_a_part_through_an_open_gate_is_good_and_is_confirmed():
    driven = Driven().until(1960).open_gate(2320).until(3000)
    assert driven.bins() == {"p1": Bin.GOOD}
    assert driven.of(FellInto)[0].t_ns == pytest.approx(THROUGH_MS * MS, abs=10)
    assert driven.edges(Sensor.CONFIRM) == [pytest.approx(CONFIRM_MS, abs=1e-5)]


def test_edges_are_numbered_from_one_without_a_gap():
    triggers = [RecordedTrigger(f"p{i}", (1000 + 500 * i) * MS, 60.0) for i in range(5)]
    driven = Driven(triggers=triggers).until(1900).open_gate(2700).until(6000)
    assert [edge.number for edge in driven.of(Edge)] == list(range(1, len(driven.of(Edge)) + 1))
    assert driven.belt.tick().last_edge == len(driven.of(Edge)) == 11


@pytest.mark.parametrize(
    ("open_at_ms", "close_at_ms", "expected"),
    [
        (AT_GATE_MS - 15, THROUGH_MS + 1, Bin.GOOD),  # fully open exactly when the leading edge is there
        (AT_GATE_MS - 14, THROUGH_MS + 1, Bin.REJECT),  # one millisecond late
        (AT_GATE_MS - 15, THROUGH_MS - 1, Bin.REJECT),  # shut while the part is still in it
        (AT_GATE_MS + 100, THROUGH_MS + 100, Bin.REJECT),
    ],
)
def test_only_a_gate_open_for_the_whole_crossing_lets_a_part_through(open_at_ms, close_at_ms, expected):
    driven = Driven().until(open_at_ms).open_gate(close_at_ms).until(3000)
    assert driven.bins() == {"p1": expected}


def test_a_second_command_extends_an_open_gate_and_never_shortens_it():
    driven = Driven().until(1960).open_gate(2320).until(1980).open_gate(2010).until(3000)
    assert driven.bins() == {"p1": Bin.GOOD}
    driven = Driven().until(1960).open_gate(2200).until(2180).open_gate(2310).until(3000)
    assert driven.bins() == {"p1": Bin.GOOD}


def test_a_gate_that_shut_and_opened_again_during_the_crossing_rejects():
    driven = Driven().until(1960).open_gate(2100).until(2120).open_gate(2400).until(3000)
    assert driven.bins() == {"p1": Bin.REJECT}


def test_a_command_received_after_its_validity_never_opens():
    driven = Driven().until(1960).open_gate(2320, valid_until_ms=1960).until(3000)
    assert driven.of(GateRefused) == [GateRefused(1960 * MS, 1960 * MS, "good")]
    assert driven.bins() == {"p1": Bin.REJECT}


def test_the_gate_shuts_by_itself_when_the_line_worker_is_silent():
    driven = Driven().until(1960).open_gate(2320).until(2000).until(5000, heartbeat=False)
    assert not driven.belt.tick().gate_open
    driven.outputs["reset"] = 2
    driven.until(7000)
    assert driven.bins() == {"p1": Bin.REJECT}  # it stood in the gate when that shut


def test_a_lost_heartbeat_stops_and_latches_exactly_when_the_outputs_expire():
    driven = Driven().until(500).until(2000, heartbeat=False)
    assert [latched.t_ns for latched in driven.of(Latched)] == [680 * MS]  # sent at 480, valid for 200
    tick = driven.belt.tick()
    assert tick.is_latched
    assert not tick.is_running
    assert tick.position_mm == pytest.approx((680 - 50) * 0.2 + 10.0)
    assert [skipped.part for skipped in driven.of(NotFed)] == ["p1"]


def test_a_resumed_heartbeat_with_the_old_reset_does_not_restart_the_belt():
    driven = Driven().until(500).until(900, heartbeat=False).until(2000)
    assert driven.belt.tick().is_latched
    assert len(driven.of(Latched)) == 1


def test_a_reset_seen_in_an_earlier_life_does_not_restart_the_belt():
    driven = Driven().until(100)
    driven.outputs["reset"] = 2
    driven.until(500).until(900, heartbeat=False)
    driven.outputs["reset"] = 1
    driven.until(1200)
    assert driven.belt.tick().is_latched
    driven.outputs["reset"] = 3
    driven.until(1500)
    assert driven.belt.tick().is_running


def test_outputs_received_after_their_validity_are_ignored():
    driven = Driven()
    driven.send(Outputs(feed_enable=True, run_permit=True, reset=1, valid_until_ns=0))
    driven.until(1000, heartbeat=False)
    assert driven.belt.tick().position_mm == 0.0


def test_a_part_stays_on_a_stopped_belt_and_goes_on_later():
    driven = Driven().until(1500)
    driven.outputs["run_permit"] = False
    driven.until(4000)
    assert driven.belt.on_belt == ("p1",)
    driven.outputs["run_permit"] = True
    driven.until(7000)
    assert driven.bins() == {"p1": Bin.REJECT}
    assert driven.belt.on_belt == ()


@pytest.mark.parametrize(
    ("outputs", "why"),
    [
        ({"feed_enable": False, "run_permit": True}, "feed is off"),
        ({"feed_enable": True, "run_permit": False}, "the belt is not at its speed"),
    ],
)
def test_a_part_is_not_fed_when_feed_or_belt_is_off(outputs, why):
    driven = Driven()
    driven.outputs |= outputs
    driven.until(2000)
    assert driven.of(NotFed) == [NotFed("p1", FED_MS * MS, why)]
    assert driven.of(Edge) == []


def test_a_part_is_not_fed_onto_another():
    triggers = [RecordedTrigger("p1", 1000 * MS, 60.0), RecordedTrigger("p2", 1299 * MS, 60.0)]
    triggers.append(RecordedTrigger("p3", 1301 * MS, 60.0))
    driven = Driven(triggers=triggers).until(3000)
    assert [fed.part for fed in driven.of(Fed)] == ["p1", "p3"]
    assert [skipped.why for skipped in driven.of(NotFed)] == ["part p1 still lies under the sensor"]


def test_turns_that_were_over_before_the_start_was_known_are_not_fed():
    belt = Belt(CONFIG, [RecordedTrigger("p1", 10 * MS, 60.0)], 0)
    assert [type(effect) for effect in belt.step(StartFeeding(0), 20 * MS)] == [NotFed]


def test_with_a_software_trigger_one_request_feeds_one_part_at_the_next_turn():
    triggers = [RecordedTrigger(f"p{i}", (1000 + 500 * i) * MS, 60.0) for i in range(4)]
    config = replace(CONFIG, feeds_on_request=True)
    driven = Driven(config, triggers).until(1200)
    driven.send(FeedOne(valid_until_ns=1300 * MS))
    driven.until(2100)
    driven.send(FeedOne(valid_until_ns=2100 * MS))  # too late: never obeyed
    driven.until(4000)
    assert [fed.part for fed in driven.of(Fed)] == ["p1"]
    assert driven.of(NotFed) == []


def test_a_looping_recording_names_its_turns():
    driven = Driven(loop_ns=2000 * MS).until(6000)
    assert [(fed.part, fed.t_ns // MS) for fed in driven.of(Fed)] == [("p1", 1000), ("p1#2", 3000), ("p1#3", 5000)]


ASIDE_THEN_GOOD = replace(CONFIG, gates=(Gate("second_pass", 200.0, 15 * MS), Gate("good", 300.0, 15 * MS, is_good=True)))


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        ([], ("", Bin.REJECT, THROUGH_MS + 500)),
        (["second_pass"], ("second_pass", Bin.ASIDE, THROUGH_MS)),
        (["good"], ("good", Bin.GOOD, THROUGH_MS + 500)),
        (["second_pass", "good"], ("second_pass", Bin.ASIDE, THROUGH_MS)),  # the first that is open takes it
    ],
)
def test_a_part_falls_into_the_lane_of_the_first_gate_that_is_open_for_it(opened, expected):
    driven = Driven(ASIDE_THEN_GOOD).until(1960)
    for gate in opened:
        driven.open_gate(2900, gate=gate)
    driven.until(4000)
    (fell,) = driven.of(FellInto)
    assert (fell.lane, fell.bin, pytest.approx(fell.t_ns / MS, abs=1e-5)) == expected
    assert len(driven.edges(Sensor.CONFIRM)) == (fell.bin is Bin.GOOD)
    assert driven.belt.on_belt == ()


def test_behind_the_good_lane_a_part_runs_on_to_the_gates_that_are_left():
    behind = replace(CONFIG, gates=(Gate("good", 200.0, 15 * MS, is_good=True), Gate("scrap", 300.0, 15 * MS)))
    driven = Driven(behind).until(1960).open_gate(2900, gate="scrap").until(4000)
    assert [(fell.lane, fell.bin) for fell in driven.of(FellInto)] == [("scrap", Bin.ASIDE)]
    assert driven.edges(Sensor.CONFIRM) == []


def test_a_gate_that_is_not_there_is_refused():
    driven = Driven().until(1960).open_gate(2320, gate="third").until(3000)
    assert [refused.gate for refused in driven.of(GateRefused)] == ["third"]
    assert driven.bins() == {"p1": Bin.REJECT}
