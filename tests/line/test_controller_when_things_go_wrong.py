"""The controller after stalls, stops and failures of gate, feed and belt: nothing passes, nothing hangs in silence."""

from __future__ import annotations

from edge_inspector.domain.belt import BeltTick, Edge, Sensor
from edge_inspector.domain.clock import NS_PER_MS
from edge_inspector.domain.health import SupervisorBeat
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.line.events import BeltTickSeen, DrainAsked, EdgeSeen, SupervisorBeatSeen, TimePassed
from edge_inspector.line.states import AlarmCode, LineState
from edge_inspector.line.tracked_part import TrackedPart
from tests.line.controller_rig import LINE, Rig


def part_of(rig: Rig, key: PartKey) -> TrackedPart:
    part = rig.controller.zone.find(key)
    assert part is not None
    return part


def tick_of(rig: Rig) -> BeltTick:
    return BeltTick(rig.now_ns, rig.edges, True, False, rig.position_mm, gate_open=False)


def sleep_over_the_commit(rig: Rig, key: PartKey) -> None:
    rig.run_ms((part_of(rig, key).schedule.commit_ns - rig.now_ns) / NS_PER_MS - 1)
    rig.now_ns += 6 * NS_PER_MS


def test_a_worse_verdict_that_lies_unread_at_the_commit_keeps_the_gate_shut() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    rig.decide(key)
    sleep_over_the_commit(rig, key)
    rig.step(BeltTickSeen(tick_of(rig)))  # the belt's channel is read first
    rig.decide(key, VerdictKind.REJECT)
    assert rig.outcome().verdict is VerdictKind.REJECT
    assert rig.gate_commands == []


def test_an_accept_that_is_read_after_the_commit_opens_nothing_although_nothing_is_decided_yet() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    sleep_over_the_commit(rig, key)
    rig.decide(key)
    assert rig.outcome().reason == "no verdict in time"
    assert rig.gate_commands == []


def test_a_part_whose_confirmation_is_read_late_has_passed() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    rig.decide(key)
    schedule = part_of(rig, key).schedule
    rig.run_ms((schedule.confirm_ns - rig.now_ns) / NS_PER_MS - 5)
    waiting = tick_of(rig)
    rig.now_ns = schedule.window_end_ns + 5 * NS_PER_MS  # a stall of 70 ms: the belt's heartbeat forgives it
    rig.step(BeltTickSeen(waiting))
    rig.step(TimePassed())
    rig.edge(Sensor.CONFIRM, schedule.confirm_ns)
    rig.run_ms(1000)
    assert [o.outcome for o in rig.outcomes] == [Outcome.PASSED]
    assert not rig.controller.alarms


def test_a_rejected_part_in_the_good_lane_is_an_ejection_that_failed_also_after_the_purge() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    rig.decide(key, VerdictKind.REJECT)
    rig.confirm_when_due(key)
    rig.acknowledge("op")
    rig.run_ms(5000)
    (outcome,) = rig.outcomes
    assert (outcome.outcome, outcome.reason) == (Outcome.EJECTION_FAILED, "seen in the good lane; because REJECT")


def test_a_rejected_part_in_the_good_lane_is_an_ejection_that_failed_also_after_a_drain() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    rig.decide(key, VerdictKind.REJECT)
    rig.confirm_when_due(key)
    rig.step(DrainAsked("drained"))
    assert [o.outcome for o in rig.outcomes] == [Outcome.EJECTION_FAILED]


def test_a_belt_that_stops_soon_after_its_permit_is_noticed_at_once() -> None:
    near = LINE.good.model_copy(update={"at_mm": 300.0})
    short = LINE.model_copy(update={"speed_mm_s": 500.0, "ejectors": [near]})  # purged in a second
    rig = Rig(short)
    while rig.controller.state is not LineState.ARMED:
        rig.run_ms(10)
    rig.effects.clear()
    first = rig.arrive()
    rig.run_ms(100)
    rig.decide(first)
    rig.decide(rig.arrive(), VerdictKind.REJECT)
    rig.belt_runs = False
    rig.run_ms(100)
    rig.belt_runs = True  # every part is 50 mm behind its schedule now
    rig.run_ms(500)
    assert AlarmCode.BELT_STOPPED in rig.controller.alarms
    assert rig.gate_commands == []


def test_a_feed_that_does_not_stop_during_the_purge_is_an_alarm() -> None:
    rig = Rig().arm()
    rig.edges += 1
    rig.run_ms(50)
    assert rig.controller.state is LineState.CLEARING
    for _ in range(20):
        rig.arrive()
        rig.run_ms(500)
    assert AlarmCode.PURGE_ENDLESS in rig.controller.alarms
    rig.acknowledge("op")
    rig.run_ms(4000)
    assert rig.controller.state is LineState.ARMED
    assert len(rig.outcomes) == len(rig.arrivals)


def test_a_belt_that_says_it_runs_and_does_not_move_is_an_alarm() -> None:
    rig = Rig()
    rig.run_ms(100)
    for _ in range(200):
        rig.now_ns += 100 * NS_PER_MS
        rig.step(SupervisorBeatSeen(SupervisorBeat(rig.now_ns, True, (), drain=False)))
        rig.step(BeltTickSeen(tick_of(rig)))
        rig.step(TimePassed())
    assert AlarmCode.PURGE_ENDLESS in rig.controller.alarms


def test_a_belt_that_never_says_a_word_is_an_alarm_and_it_comes_again_after_an_acknowledgement() -> None:
    rig = Rig()
    rig.belt_speaks = False
    rig.run_ms(6000)
    assert AlarmCode.BELT_SILENT in rig.controller.alarms
    rig.acknowledge("op")
    rig.run_ms(100)
    assert AlarmCode.BELT_SILENT in rig.controller.alarms
    rig.belt_speaks = True
    rig.run_ms(100)
    rig.acknowledge("op")
    rig.run_ms(4000)
    assert rig.controller.state is LineState.ARMED


def test_edges_before_the_first_word_of_a_life_are_not_lost_ones() -> None:
    rig = Rig()
    rig.edges = 41
    rig.step(EdgeSeen(Edge(42, Sensor.ARRIVAL_TRAILING, rig.now_ns)))
    rig.edges = 42
    rig.run_ms(3500)
    assert rig.controller.state is LineState.ARMED
