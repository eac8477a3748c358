from __future__ import annotations

from edge_inspector.domain.clock import NS_PER_S
from edge_inspector.supervisor.drain import Drain
from edge_inspector.supervisor.restart_policy import RestartPolicy
from edge_inspector.supervisor.worker_watch import Exited, Limits, Spawned, Stop, Tick, WorkerWatch

NAMES = ("line", "decision", "capture-c1", "inference", "recorder")


def running_watches(*names: str) -> dict[str, WorkerWatch]:
    watches = {name: WorkerWatch(name, Limits(NS_PER_S, NS_PER_S, None), RestartPolicy(3, 300)) for name in names}
    for pid, watch in enumerate(watches.values(), start=100):
        watch.step(Tick(), 0)
        watch.step(Spawned(pid), 0)
    return watches


def obey(drain: Drain, now_ns: int) -> dict[str, Stop]:
    orders = {watch.name: (watch, stop) for watch, stop in drain.due(now_ns)}
    for watch, stop in orders.values():
        watch.step(stop, now_ns)
    return {name: stop for name, (_, stop) in orders.items()}


def test_line_ends_first_by_itself_then_its_helpers_and_the_recorder_last() -> None:
    watches = running_watches(*NAMES)
    drain = Drain(watches, line_drain_ns=2 * NS_PER_S)

    assert obey(drain, 0) == {"line": Stop(7 * NS_PER_S, 10 * NS_PER_S)}
    assert obey(drain, NS_PER_S) == {}
    watches["line"].step(Exited("exit code 0"), NS_PER_S)
    assert set(obey(drain, NS_PER_S)) == {"decision", "capture-c1", "inference"}
    watches["decision"].step(Exited("exit code 0"), NS_PER_S)
    watches["capture-c1"].step(Exited("exit code 0"), NS_PER_S)
    assert obey(drain, NS_PER_S) == {}
    watches["inference"].step(Exited("SIGKILL"), NS_PER_S)
    assert obey(drain, NS_PER_S) == {"recorder": Stop(NS_PER_S, 11 * NS_PER_S)}
    assert not drain.is_finished
    watches["recorder"].step(Exited("exit code 0"), NS_PER_S)
    assert drain.is_finished


def test_a_worker_that_died_before_holds_nothing_up() -> None:
    watches = running_watches(*NAMES)
    watches["line"].step(Exited("SIGKILL"), 0)  # waits for its restart
    drain = Drain(watches, 0)

    assert set(obey(drain, 0)) == {"line"}
    assert set(obey(drain, 0)) == {"decision", "capture-c1", "inference"}


def test_in_a_hurry_everybody_is_killed_at_once() -> None:
    watches = running_watches(*NAMES)
    drain = Drain(watches, 0)
    obey(drain, 0)

    assert [(watch.name, stop) for watch, stop in drain.hurry(5)] == [(name, Stop(5, 5)) for name in NAMES]
    assert drain.due(6) == []
