from __future__ import annotations

from edge_inspector.domain.clock import NS_PER_S
from edge_inspector.domain.health import WorkerBeat, WorkerState
from edge_inspector.supervisor.restart_policy import RestartPolicy
from edge_inspector.supervisor.status_report import OFF, Alarm, alarms, line_state, worker_status
from edge_inspector.supervisor.worker_watch import Beat, Limits, Spawned, Tick, WorkerWatch


def line_that_says(facts: dict[str, str | int | float | bool | None]) -> WorkerWatch:
    watch = WorkerWatch("line", Limits(NS_PER_S, NS_PER_S, None), RestartPolicy(3, 300))
    watch.step(Tick(), 0)
    watch.step(Spawned(7), 0)
    watch.step(Beat(WorkerBeat("line", 7, WorkerState.READY, "", 3, 0.0, 0, {}, facts)), 0)
    return watch


def test_a_line_that_is_not_heard_is_off_whatever_it_said_last() -> None:
    watch = line_that_says({"line_state": "armed"})

    assert line_state(watch, 0) == "armed"
    assert line_state(watch, NS_PER_S) == OFF
    assert line_state(None, 0) == OFF


def test_alarms_are_told_with_their_remedy() -> None:
    watch = line_that_says({"alarms": '[{"code": "jam", "text": "a jam", "remedy": "clear it"}]'})

    assert alarms(watch) == (Alarm("jam", "a jam", "clear it"),)
    assert "alarms" not in worker_status(watch, 0).facts


def test_alarms_that_can_not_be_read_are_an_alarm_themselves() -> None:
    assert alarms(line_that_says({"alarms": "{"}))[0].code == "alarms_unreadable"
    assert alarms(line_that_says({})) == ()
