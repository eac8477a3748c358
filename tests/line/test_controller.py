"""The one rule on the pure controller."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.domain.belt import Edge, Sensor
from edge_inspector.domain.clock import NS_PER_MS, travel_ns
from edge_inspector.domain.health import SupervisorBeat
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.records import AlarmRecord, RunEnded
from edge_inspector.domain.verdict import DecisionBeat, VerdictKind
from edge_inspector.line.events import (
    Acknowledged,
    DecisionBeatSeen,
    DrainAsked,
    EdgeSeen,
    FaultFound,
    Record,
    SupervisorBeatSeen,
    TimePassed,
)
from edge_inspector.line.states import AlarmCode, LineState
from tests.line.controller_rig import DECISION, LINE, Rig


def test_nothing_is_fed_before_the_zone_was_purged() -> None:
    rig = Rig()
    rig.run_ms(1000)
    assert rig.controller.state is LineState.CLEARING
    assert rig.controller.outputs == (False, True)
    rig.run_ms(2500)
    assert rig.controller.state is LineState.ARMED
    assert rig.controller.outputs == (True, True)


def test_the_purge_counts_way_and_not_time() -> None:
    rig = Rig()
    rig.belt_runs = False
    rig.run_ms(1900)  # the belt may need two seconds to come up
    assert rig.controller.state is LineState.CLEARING
    rig.belt_runs = True
    rig.run_ms(1500)
    assert rig.controller.state is LineState.CLEARING
    rig.run_ms(2000)
    assert rig.controller.state is LineState.ARMED


def test_nothing_moves_until_every_worker_is_ready() -> None:
    rig = Rig()
    rig.all_ready = False
    rig.run_ms(5000)
    assert rig.controller.outputs == (False, False)
    assert rig.controller.waiting_for == ("inference",)


def test_an_accepted_part_passes_and_the_good_lane_confirms_it() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    rig.decide(key)
    rig.confirm_when_due(key)
    outcome = rig.outcome()
    assert outcome.outcome is Outcome.PASSED
    assert outcome.verdict is VerdictKind.ACCEPT
    assert outcome.length_mm is not None
    assert abs(outcome.length_mm - 60.0) < 0.1


def test_the_gate_is_open_from_before_the_leading_edge_until_after_the_trailing_edge() -> None:
    rig = Rig().arm()
    key = rig.arrive(length_mm=62.0)
    rig.decide(key)
    rig.run_ms(2500)
    (command,) = rig.gate_commands
    at_gate_ns = rig.arrivals[0].trigger_ns + travel_ns(400.0, 200.0)
    assert command.due_ns == at_gate_ns - round((LINE.good.tolerance_ms + LINE.good.valve_delay_ms) * NS_PER_MS)
    assert command.close_at_ns == at_gate_ns + travel_ns(62.0, 200.0) + round(LINE.good.tolerance_ms * NS_PER_MS)


def test_a_part_without_a_verdict_is_ejected() -> None:
    rig = Rig().arm()
    rig.arrive()
    outcome = rig.outcome()
    assert outcome.outcome is Outcome.EJECTED
    assert outcome.verdict is VerdictKind.UNINSPECTED
    assert outcome.reason == "no verdict in time"
    assert rig.gate_commands == []


def test_a_rejected_part_is_ejected_with_its_reason() -> None:
    rig = Rig().arm()
    rig.decide(rig.arrive(), VerdictKind.REJECT)
    outcome = rig.outcome()
    assert (outcome.outcome, outcome.verdict, outcome.reason) == (Outcome.EJECTED, VerdictKind.REJECT, "because REJECT")


def test_an_accept_for_another_nonce_run_or_recipe_opens_nothing() -> None:
    for change in ({"nonce": 7}, {"run": 2}, {"seq": 9}, {"recipe": "cd" * 32}):
        rig = Rig().arm()
        key = rig.arrive()
        fields = {"run": key.run, "seq": key.seq, "nonce": key.nonce, "recipe": key.recipe} | change
        rig.decide(PartKey(**fields))  # type: ignore[arg-type]
        assert rig.outcome().outcome is Outcome.EJECTED
        assert rig.gate_commands == []
        assert rig.controller.counts.foreign_verdicts == 1


def test_an_accept_after_the_commit_is_only_counted() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    part = rig.controller.zone.find(key)
    assert part is not None
    rig.run_ms((part.schedule.commit_ns - rig.now_ns) / NS_PER_MS)
    rig.decide(key)
    assert rig.outcome().outcome is Outcome.EJECTED
    assert rig.controller.counts.late_verdicts == 1


def test_a_worker_that_wakes_a_little_late_still_opens_and_one_that_wakes_too_late_does_not() -> None:
    for late_ms, commands in ((LINE.good.tolerance_ms / 2 - 1, 1), (LINE.good.tolerance_ms / 2 + 1, 0)):
        rig = Rig().arm()
        key = rig.arrive()
        rig.decide(key)
        part = rig.controller.zone.find(key)
        assert part is not None
        rig.run_ms((part.schedule.commit_ns - rig.now_ns) / NS_PER_MS - 1)
        rig.now_ns = part.schedule.good.due_ns + round(late_ms * NS_PER_MS)
        rig.step(TimePassed())
        assert len(rig.gate_commands) == commands
        assert all(command.due_ns <= rig.now_ns < command.valid_until_ns for command in rig.gate_commands)


def test_a_second_verdict_can_only_worsen() -> None:
    for second in (VerdictKind.UNINSPECTED, VerdictKind.REJECT):
        rig = Rig().arm()
        key = rig.arrive()
        rig.decide(key)
        rig.decide(key, second)
        rig.decide(key, VerdictKind.ACCEPT)
        assert rig.outcome().verdict is second
        assert rig.gate_commands == []


def test_an_accept_is_void_when_the_decision_worker_is_silent_at_the_commit() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    rig.decide(key)
    rig.run_ms(1000)
    rig.decision_lives = False
    outcome = rig.outcome()
    assert outcome.outcome is Outcome.EJECTED
    assert outcome.decided is VerdictKind.ACCEPT
    assert outcome.verdict is VerdictKind.UNINSPECTED
    assert "contact with the decision worker was lost" in outcome.reason


def test_an_accept_of_a_dead_decision_worker_is_void_although_its_successor_lives() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    rig.decide(key)
    rig.decision = "ba9876543210"
    assert rig.outcome().outcome is Outcome.EJECTED


def test_old_beats_that_a_frozen_worker_reads_at_once_are_not_fresh() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    rig.decide(key)
    old_ns = rig.now_ns
    rig.decision_lives = False
    rig.run_ms(1700)
    rig.step(DecisionBeatSeen(DecisionBeat(old_ns), DECISION))
    assert rig.outcome().outcome is Outcome.EJECTED


def test_a_beat_from_the_future_does_not_stay_fresh() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    rig.decide(key)
    rig.step(DecisionBeatSeen(DecisionBeat(2**63 - 1), DECISION))
    rig.decision_lives = False
    assert rig.outcome().outcome is Outcome.EJECTED


def test_a_supervisors_beat_from_the_future_does_not_hide_its_death() -> None:
    rig = Rig().arm()
    rig.step(SupervisorBeatSeen(SupervisorBeat(2**63 - 1, all_ready=True, waiting_for=(), drain=False)))
    rig.supervisor_lives = False
    rig.run_ms(LINE.supervisor_timeout_ms + 100)
    assert AlarmCode.SUPERVISOR_LOST in rig.controller.alarms


def test_a_part_of_the_wrong_length_at_the_sensor_is_ejected_whatever_its_verdict() -> None:
    for length in (20.0, 90.0):
        rig = Rig().arm()
        rig.decide(rig.arrive(length_mm=length))
        outcome = rig.outcome()
        assert outcome.outcome is Outcome.EJECTED
        assert f"{length:.1f} mm long at the sensor (allowed 50 to 70)" in outcome.reason


def test_parts_closer_than_the_minimum_spacing_are_both_ejected() -> None:
    rig = Rig().arm()
    first = rig.arrive()
    rig.run_ms(100)  # 80 mm from leading edge to leading edge
    second = rig.arrive()
    assert rig.arrivals[1].flagged == f"closer than 100 mm to part {first.name}"
    rig.decide(first)
    rig.decide(second)
    rig.run_ms(4000)
    assert [o.outcome for o in rig.outcomes] == [Outcome.EJECTED, Outcome.EJECTED]
    assert {o.verdict for o in rig.outcomes} == {VerdictKind.UNINSPECTED}
    assert rig.gate_commands == []


def test_a_lost_edge_loses_the_zone_and_purges_it() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    rig.decide(key)
    rig.edges += 1  # nobody saw this one
    rig.run_ms(50)
    assert rig.controller.state is LineState.CLEARING
    assert rig.controller.outputs == (False, True)
    rig.run_ms(4000)
    (outcome,) = rig.outcomes
    assert outcome.outcome is Outcome.PURGED
    assert "1 sensor edge(s) lost" in outcome.reason
    assert rig.controller.state is LineState.ARMED


def test_a_duplicated_edge_is_one_part() -> None:
    rig = Rig().arm()
    rig.edge(Sensor.ARRIVAL_LEADING)
    rig.step(EdgeSeen(Edge(rig.edges, Sensor.ARRIVAL_LEADING, rig.now_ns)))
    assert len(rig.arrivals) == 1


def test_a_belt_that_stops_by_itself_latches_until_acknowledged_and_purges() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    rig.decide(key)
    rig.belt_latched = True
    rig.run_ms(100)
    assert rig.controller.state is LineState.STOPPED
    assert AlarmCode.BELT_STOPPED in rig.controller.alarms
    rig.belt_latched = False
    rig.run_ms(5000)
    assert rig.controller.outputs == (False, False)
    rig.acknowledge("op")
    rig.run_ms(4000)
    assert rig.controller.state is LineState.ARMED
    assert [o.outcome for o in rig.outcomes] == [Outcome.PURGED]


def test_a_part_let_through_before_the_belt_stopped_is_passed_when_the_purge_shows_it() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    rig.decide(key)
    part = rig.controller.zone.find(key)
    assert part is not None
    rig.run_ms((part.schedule.commit_ns - rig.now_ns) / NS_PER_MS + 20)
    assert len(rig.gate_commands) == 1
    rig.step(FaultFound(AlarmCode.LEDGER_DAMAGED, "for this test"))
    rig.run_ms(500)
    rig.acknowledge("op")
    rig.run_ms(300)
    rig.edge(Sensor.CONFIRM)
    rig.run_ms(4000)
    assert [o.outcome for o in rig.outcomes] == [Outcome.PASSED]


def test_a_part_let_through_that_nobody_saw_again_is_lost_and_not_said_to_be_purged() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    rig.decide(key)
    part = rig.controller.zone.find(key)
    assert part is not None
    rig.run_ms((part.schedule.commit_ns - rig.now_ns) / NS_PER_MS + 20)
    rig.edges += 1  # the edge that would have confirmed it
    rig.run_ms(5000)
    assert [o.outcome for o in rig.outcomes] == [Outcome.LOST]


def test_a_part_that_the_good_lane_did_not_see_is_lost_and_the_third_stops_the_line() -> None:
    rig = Rig().arm()
    for _ in range(3):
        rig.decide(rig.arrive())
        rig.run_ms(500)
    rig.run_ms(3000)
    assert [o.outcome for o in rig.outcomes][:3] == [Outcome.LOST] * 3
    assert AlarmCode.CONFIRM_MISSING in rig.controller.alarms
    assert rig.controller.outputs == (False, False)


def test_a_rejected_part_in_the_good_lane_stops_the_line_at_the_first() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    rig.decide(key, VerdictKind.REJECT)
    rig.confirm_when_due(key)
    assert rig.controller.state is LineState.STOPPED
    assert AlarmCode.EJECTION_FAILED in rig.controller.alarms


def test_a_part_in_the_good_lane_that_nobody_let_through_stops_the_line() -> None:
    rig = Rig().arm()
    rig.edge(Sensor.CONFIRM)
    assert AlarmCode.GOOD_LANE_UNEXPECTED in rig.controller.alarms
    assert rig.controller.outputs == (False, False)


def test_a_worker_that_is_not_ready_stops_the_feed_and_nothing_latches() -> None:
    rig = Rig().arm()
    rig.all_ready = False
    rig.run_ms(100)
    assert rig.controller.outputs == (False, True)
    rig.all_ready = True
    rig.run_ms(100)
    assert rig.controller.state is LineState.ARMED


def test_too_many_uninspected_in_a_row_stop_the_feed_until_acknowledged() -> None:
    rig = Rig().arm()
    for _ in range(3):
        rig.arrive()
        rig.run_ms(500)
    rig.run_ms(3000)
    assert rig.controller.state is LineState.HELD
    assert AlarmCode.UNINSPECTED_LIMIT in rig.controller.alarms
    rig.run_ms(5000)
    assert rig.controller.outputs == (False, True)
    rig.acknowledge("op")
    assert rig.controller.state is LineState.ARMED


def test_when_the_supervisor_falls_silent_the_zone_runs_out_and_the_belt_stops() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    rig.decide(key)
    rig.supervisor_lives = False
    rig.run_ms(1100)
    assert rig.controller.outputs == (False, True)
    rig.confirm_when_due(key)
    rig.run_ms(2000)
    assert [o.outcome for o in rig.outcomes] == [Outcome.PASSED]
    assert rig.controller.state is LineState.STOPPED
    rig.supervisor_lives = True
    rig.run_ms(1000)
    assert rig.controller.state is LineState.STOPPED


def test_a_ledger_that_can_not_be_written_stops_the_belt_and_no_acknowledgement_helps() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    rig.decide(key)
    rig.step(FaultFound(AlarmCode.LEDGER_FAULT, "disk full"))
    rig.acknowledge("op")
    rig.run_ms(5000)
    assert rig.controller.state is LineState.STOPPED
    assert rig.gate_commands == []


def test_a_drain_gives_every_part_its_moment_and_ejects_what_still_comes() -> None:
    rig = Rig().arm()
    first = rig.arrive()
    rig.decide(first)
    rig.run_ms(300)
    rig.step(DrainAsked("drained"))
    assert rig.controller.outputs == (False, True)
    second = rig.arrive()
    rig.decide(second)
    rig.confirm_when_due(first)
    rig.run_ms(5000)
    assert [(o.key.seq, o.outcome) for o in rig.outcomes] == [(1, Outcome.PASSED), (2, Outcome.EJECTED)]
    assert rig.outcomes[1].reason == "drained"
    assert rig.controller.is_finished
    assert rig.controller.outputs == (False, False)
    assert isinstance(rig.effects[-1], Record)
    assert isinstance(rig.effects[-1].record, RunEnded)


def test_a_drain_of_a_stopped_line_closes_every_part() -> None:
    rig = Rig().arm()
    rig.arrive()
    rig.step(FaultFound(AlarmCode.SENSOR_BLOCKED, "for this test"))
    rig.step(DrainAsked("drained"))
    assert rig.controller.is_finished
    assert [o.outcome for o in rig.outcomes] == [Outcome.LINE_STOPPED]


def test_an_acknowledgement_is_recorded_with_who_gave_it() -> None:
    rig = Rig().arm()
    rig.step(FaultFound(AlarmCode.SENSOR_BLOCKED, "jam"))
    rig.acknowledge("maria")
    alarms = [e.record for e in rig.effects if isinstance(e, Record) and isinstance(e.record, AlarmRecord)]
    assert [(a.raised, a.who) for a in alarms] == [(True, ""), (False, "maria")]


def test_an_acknowledgement_clears_only_the_alarms_that_the_person_has_read() -> None:
    rig = Rig().arm()
    rig.step(FaultFound(AlarmCode.SENSOR_BLOCKED, "jam"))
    rig.step(FaultFound(AlarmCode.EJECTION_FAILED, "raised while the person typed"))
    rig.step(Acknowledged("maria", (AlarmCode.SENSOR_BLOCKED,)))
    rig.run_ms(5000)
    assert set(rig.controller.alarms) == {AlarmCode.EJECTION_FAILED}
    assert rig.controller.outputs == (False, False)


def test_a_belt_whose_last_word_is_old_is_not_known_to_run_steadily() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    rig.decide(key)
    part = rig.controller.zone.find(key)
    assert part is not None
    rig.run_ms((part.schedule.commit_ns - rig.now_ns) / NS_PER_MS - 250)
    rig.belt_speaks = False
    rig.run_ms(300)
    assert rig.gate_commands == []
    assert part.applied_reason == "the belt was not running steadily at the gate's moment"


def test_a_part_that_never_leaves_the_sensor_stops_the_belt() -> None:
    rig = Rig().arm()
    rig.edge(Sensor.ARRIVAL_LEADING)
    rig.run_ms(800)
    assert AlarmCode.SENSOR_BLOCKED in rig.controller.alarms


def test_a_belt_that_says_nothing_is_stopped() -> None:
    rig = Rig().arm()
    rig.belt_speaks = False
    rig.run_ms(600)
    assert AlarmCode.BELT_SILENT in rig.controller.alarms
    assert rig.controller.outputs == (False, False)


def test_a_restarted_belt_is_not_taken_for_duplicated_edges() -> None:
    rig = Rig().arm()
    rig.arrive()
    rig.edges = 0
    rig.run_ms(50)
    assert AlarmCode.BELT_STOPPED in rig.controller.alarms


ACTIONS = st.sampled_from(
    [
        "arrive",
        "accept",
        "reject",
        "uninspected",
        "wait",
        "lose_edge",
        "not_ready",
        "ready",
        "silent",
        "speak",
        "confirm",
        "ack",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(ACTIONS, st.integers(0, 3), st.integers(10, 900)), max_size=30))
def test_whatever_happens_the_gate_opens_only_for_a_part_that_was_accepted_in_time(
    script: list[tuple[str, int, int]],
) -> None:
    """Slow model: all verdicts ever given, by key; a command without an ACCEPT, or after anything worse, is a bug."""
    rig = Rig().arm()
    keys: list[PartKey] = []
    given_kinds: dict[PartKey, list[VerdictKind]] = {}
    for action, which, wait_ms in script:
        if action == "arrive":
            keys.append(rig.arrive())
        elif action in ("accept", "reject", "uninspected") and keys:
            key = keys[-1 - which % len(keys)]
            part = rig.controller.zone.find(key)
            if part is not None and rig.now_ns < part.schedule.commit_ns:
                given_kinds.setdefault(key, []).append(VerdictKind(action.upper()))
            rig.decide(key, VerdictKind(action.upper()))
        elif action == "lose_edge":
            rig.edges += 1
        elif action in ("not_ready", "ready"):
            rig.all_ready = action == "ready"
        elif action in ("silent", "speak"):
            rig.decision_lives = action == "speak"
        elif action == "confirm":
            rig.edge(Sensor.CONFIRM)
        elif action == "ack":
            rig.acknowledge("op")
        rig.run_ms(wait_ms)
    rig.step(DrainAsked("drained"))
    rig.run_ms(12_000)
    for command in rig.gate_commands:
        assert set(given_kinds.get(command.key, [])) == {VerdictKind.ACCEPT}
    commanded = [command.key for command in rig.gate_commands]
    assert len(commanded) == len(set(commanded)), "a gate commanded twice for one part"
    closed = [o.key.seq for o in rig.outcomes]
    assert sorted(closed) == sorted(a.key.seq for a in rig.arrivals), "not exactly one outcome an arrival"
    assert all(o.verdict is VerdictKind.ACCEPT for o in rig.outcomes if o.outcome is Outcome.PASSED)
