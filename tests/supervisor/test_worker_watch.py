from __future__ import annotations

import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_inspector.domain.clock import NS_PER_MS, NS_PER_S
from edge_inspector.domain.health import WorkerBeat, WorkerState
from edge_inspector.supervisor.restart_policy import RestartPolicy
from edge_inspector.supervisor.worker_watch import (
    Beat,
    Effect,
    Event,
    Exited,
    Kill,
    Limits,
    Note,
    Phase,
    Spawn,
    Spawned,
    Stop,
    Tick,
    WorkerWatch,
)

MS = NS_PER_MS
LIMITS = Limits(start_ns=60 * NS_PER_S, silence_ns=2 * NS_PER_S, pending_ns=5 * NS_PER_S)
LINE_LIMITS = Limits(start_ns=60 * NS_PER_S, silence_ns=NS_PER_S, pending_ns=None, any_beat_ends_start=True)


def a_beat(
    pid: int = 100, state: WorkerState = WorkerState.READY, pending_ms: float = 0.0, worker: str = "decision"
) -> Beat:
    return Beat(WorkerBeat(worker, pid, state, "", 0, pending_ms, 0, {}, {}))


class Bench:
    """Drives one watch in steps of 20 ms, as the supervisor does."""

    def __init__(self, limits: Limits = LIMITS, restarts: int = 3) -> None:
        self.watch = WorkerWatch("decision", limits, RestartPolicy(restarts, 300))
        self.now_ns = 0
        self.pid = 99

    def give(self, event: Event) -> list[Effect]:
        return [effect for effect in self.watch.step(event, self.now_ns) if not isinstance(effect, Note)]

    def let_pass(self, duration_ms: int) -> list[Effect]:
        effects = []
        for _ in range(duration_ms // 20):
            self.now_ns += 20 * MS
            effects += self.give(Tick())
        return effects

    def spawn(self) -> None:
        self.pid += 1
        self.give(Spawned(self.pid))

    def run(self) -> None:
        assert self.let_pass(20) == [Spawn()]
        self.spawn()
        self.give(a_beat(self.pid))
        assert self.watch.phase is Phase.RUNNING


KILL = Kill(signal.SIGKILL)
TERM = Kill(signal.SIGTERM)


def test_a_worker_is_spawned_once_and_runs_when_it_is_ready() -> None:
    bench = Bench()

    assert bench.let_pass(200) == [Spawn()]
    bench.spawn()
    bench.give(a_beat(state=WorkerState.STARTING))
    assert bench.watch.phase is Phase.STARTING
    assert not bench.watch.is_ready(bench.now_ns)
    bench.give(a_beat())
    assert bench.watch.is_ready(bench.now_ns)


def test_an_idle_worker_that_beats_is_healthy_for_ever() -> None:
    bench = Bench()
    bench.run()

    for _ in range(1000):
        assert bench.let_pass(100) == []
        bench.give(a_beat())


def test_a_silent_worker_is_killed_once() -> None:
    bench = Bench()
    bench.run()

    assert bench.let_pass(2000) == []
    assert bench.let_pass(3000) == [KILL]
    assert bench.watch.phase is Phase.KILLED


def test_a_worker_whose_work_is_pending_too_long_is_killed() -> None:
    bench = Bench()
    bench.run()

    assert bench.give(a_beat(pending_ms=5000)) == []
    assert bench.give(a_beat(pending_ms=5001)) == [KILL]


def test_the_line_worker_is_never_killed_for_a_slow_answer_while_it_beats() -> None:
    bench = Bench(LINE_LIMITS)
    bench.run()

    assert bench.give(a_beat(pending_ms=1e9)) == []


def test_the_line_worker_is_bound_by_its_beat_from_the_first_one_on() -> None:
    bench = Bench(LINE_LIMITS)
    bench.let_pass(20)
    bench.spawn()
    bench.give(a_beat(state=WorkerState.STARTING))

    assert bench.let_pass(1040) == [KILL]


def test_a_worker_that_loads_may_be_silent_until_the_bound_of_its_start() -> None:
    bench = Bench()
    bench.let_pass(20)
    bench.spawn()

    assert bench.let_pass(60_000) == []
    assert bench.let_pass(40) == [KILL]


def test_a_worker_that_says_starting_for_ever_is_killed_at_the_bound_of_its_start() -> None:
    bench = Bench()
    bench.let_pass(20)
    bench.spawn()
    effects = []
    for _ in range(601):
        effects += bench.let_pass(100)
        effects += bench.give(a_beat(state=WorkerState.STARTING))

    assert effects == [KILL]


def test_a_killed_worker_is_not_started_before_it_is_reaped() -> None:
    bench = Bench()
    bench.run()
    bench.let_pass(2040)

    assert bench.let_pass(30_000) == []
    bench.give(Exited("SIGKILL"))
    assert bench.let_pass(100) == [Spawn()]


def test_a_beat_of_an_older_life_neither_makes_the_new_one_ready_nor_keeps_it_alive() -> None:
    bench = Bench()
    bench.run()
    bench.give(Exited("SIGSEGV"))
    bench.let_pass(60)
    bench.spawn()

    bench.give(a_beat(pid=100))
    assert bench.watch.phase is Phase.STARTING
    bench.give(a_beat(pid=101))
    assert bench.watch.is_ready(bench.now_ns)
    effects = []
    for _ in range(25):
        effects += bench.let_pass(100)
        bench.give(a_beat(pid=100))
    assert effects == [KILL]


def test_a_beat_that_names_another_worker_is_ignored() -> None:
    bench = Bench()
    bench.let_pass(20)
    bench.spawn()
    bench.give(a_beat(worker="line"))

    assert bench.watch.beat is None


def test_a_stale_beat_does_not_make_a_worker_ready() -> None:
    bench = Bench()
    bench.run()

    bench.let_pass(980)
    assert bench.watch.is_ready(bench.now_ns)
    bench.let_pass(20)
    assert not bench.watch.is_ready(bench.now_ns)


def test_time_in_which_the_supervisor_was_away_is_not_held_against_the_worker() -> None:
    bench = Bench()
    bench.run()
    bench.let_pass(100)

    bench.now_ns += 60 * NS_PER_S
    assert bench.give(Tick()) == []
    assert bench.let_pass(1800) == []
    assert bench.let_pass(200) == [KILL]


def test_a_worker_given_up_stays_failed_and_is_never_spawned() -> None:
    bench = Bench(restarts=1)
    bench.run()
    bench.give(Exited("exit code 1"))
    bench.let_pass(60)
    bench.spawn()
    bench.give(Exited("exit code 1"))

    assert bench.watch.phase is Phase.FAILED
    assert bench.let_pass(60_000) == []
    assert "exit code 1" in bench.watch.why
    assert bench.give(Stop(0, 0)) == []
    assert bench.watch.phase is Phase.FAILED  # told until the end


def test_a_worker_told_to_stop_gets_sigterm_then_sigkill_and_is_not_started_again() -> None:
    bench = Bench()
    bench.run()
    t_ns = bench.now_ns

    assert bench.give(Stop(t_ns + 1000 * MS, t_ns + 2000 * MS)) == []
    assert bench.let_pass(980) == []
    assert bench.let_pass(20) == [TERM]
    assert bench.let_pass(980) == []
    assert bench.let_pass(20) == [KILL]
    bench.give(Exited("SIGKILL"))
    assert bench.watch.phase is Phase.ENDED
    assert bench.let_pass(10_000) == []


def test_a_second_stop_can_only_shorten_the_times() -> None:
    bench = Bench()
    bench.run()
    t_ns = bench.now_ns
    bench.give(Stop(t_ns + 1000 * MS, t_ns + 2000 * MS))

    assert bench.give(Stop(t_ns + 9000 * MS, t_ns + 9000 * MS)) == []
    assert bench.let_pass(1000) == [TERM]
    assert bench.give(Stop(0, 0)) == [KILL]


@pytest.mark.parametrize("is_spawning", [True, False])
def test_a_worker_that_has_no_process_is_over_at_once_when_it_is_to_stop(is_spawning: bool) -> None:
    bench = Bench()
    if is_spawning:
        bench.let_pass(20)
        assert bench.watch.phase is Phase.SPAWNING
    bench.give(Stop(NS_PER_S, NS_PER_S))

    assert bench.watch.is_over
    assert bench.let_pass(1000) == []


EVENTS = st.one_of(
    st.just(Tick()),
    st.builds(
        a_beat, st.integers(100, 108), st.sampled_from(WorkerState), st.sampled_from([0.0, 6000.0]), st.just("decision")
    ),
    st.just("exit"),
    st.integers(0, 10).map(lambda s: Stop(s * NS_PER_S, s * NS_PER_S + NS_PER_S)),
)


@given(events=st.lists(st.tuples(EVENTS, st.integers(0, 3 * NS_PER_S)), max_size=80))
def test_whatever_happens_two_lives_never_overlap_and_signals_go_to_living_processes_alone(
    events: list[tuple[Tick | Beat | str | Stop, int]],
) -> None:
    watch = WorkerWatch("decision", LIMITS, RestartPolicy(3, 300))
    now_ns, pid, is_alive, spawns, is_stopped = 0, 99, False, 0, False
    for event, gap_ns in events:
        now_ns += gap_ns
        if isinstance(event, str):
            if not is_alive:
                continue
            is_alive, event = False, Exited("exit code 1")
        is_stopped = is_stopped or isinstance(event, Stop)
        for effect in watch.step(event, now_ns):
            match effect:
                case Spawn():
                    assert not is_alive
                    assert not is_stopped
                    pid, is_alive, spawns = pid + 1, True, spawns + 1
                    watch.step(Spawned(pid), now_ns)
                case Kill():
                    assert is_alive
                case Note():
                    pass
        assert watch.pid == (pid if is_alive else None)
        assert not (watch.is_over and is_alive)
        assert not watch.is_ready(now_ns) or (watch.beat is not None and watch.beat.pid == pid)
    assert spawns <= 4
