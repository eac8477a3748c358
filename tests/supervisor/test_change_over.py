"""A change-over, step by step: nothing changes until every worker is ready, and nothing is let go before the last part."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.domain.clock import NS_PER_S
from edge_inspector.domain.health import WorkerBeat, WorkerState
from edge_inspector.supervisor.change_over import ChangeOver, ChangePhase, Finish, GiveUp, Switch
from edge_inspector.supervisor.process import LINE, RECORDER
from edge_inspector.supervisor.restart_policy import RestartPolicy
from edge_inspector.supervisor.worker_watch import Beat, Exited, Limits, Spawned, Tick, WorkerWatch

OLD, NEW = "a" * 64, "b" * 64
BOUND_NS = 60 * NS_PER_S
PREPARING = ("decision", "capture-c1", "inference")


class Station:
    """Watches of real workers, whose beats the test says."""

    def __init__(self) -> None:
        self.now_ns = 10 * NS_PER_S
        self.pids = {name: number for number, name in enumerate((LINE, *PREPARING, RECORDER), start=100)}
        limits = Limits(start_ns=BOUND_NS, silence_ns=BOUND_NS, pending_ns=None)
        self.watches = {name: WorkerWatch(name, limits, RestartPolicy(9, 300.0)) for name in self.pids}
        for name, watch in self.watches.items():
            watch.step(Tick(), self.now_ns)
            watch.step(Spawned(self.pids[name]), self.now_ns)
            self.beat(name, {OLD: ""})
        self.change = ChangeOver(NEW, self.watches, self.now_ns, BOUND_NS)

    def beat(self, name: str, recipes: dict[str, str], sent_ns: int | None = None) -> None:
        sent_ns = self.now_ns if sent_ns is None else sent_ns
        beat = WorkerBeat(name, self.pids[name], WorkerState.READY, "", 0, 0.0, sent_ns, {}, {}, recipes)
        self.watches[name].step(Beat(beat), self.now_ns)

    def die(self, name: str) -> None:
        self.watches[name].step(Exited("SIGKILL"), self.now_ns)

    def restart(self, name: str) -> None:
        self.pids[name] += 1000
        self.now_ns += NS_PER_S
        self.watches[name].step(Tick(), self.now_ns)
        self.watches[name].step(Spawned(self.pids[name]), self.now_ns)

    def step(self) -> Switch | Finish | GiveUp | None:
        return self.change.step(self.watches, self.now_ns)

    def prepared(self) -> None:
        for name in PREPARING:
            self.beat(name, {OLD: "", NEW: ""})


@pytest.mark.parametrize("order", list(permutations(PREPARING)))
def test_the_line_is_told_only_when_the_last_worker_is_ready(order: tuple[str, ...]) -> None:
    station = Station()
    assert station.step() is None
    for name in order[:-1]:
        station.beat(name, {OLD: "", NEW: ""})
        assert station.step() is None
    station.beat(order[-1], {OLD: "", NEW: ""})
    assert station.step() == Switch()
    assert station.change.phase is ChangePhase.SWITCHING


def test_line_and_recorder_have_nothing_to_prepare() -> None:
    station = Station()
    station.die(RECORDER)
    station.die(LINE)
    station.prepared()
    assert station.step() == Switch()


def test_a_worker_that_can_not_prepare_ends_it_with_its_reason() -> None:
    station = Station()
    station.beat("inference", {OLD: "", NEW: "engine crack fails parity"})
    assert station.step() == GiveUp("inference: engine crack fails parity")
    assert station.change.phase is ChangePhase.FAILED
    station.prepared()
    assert station.step() is None


@pytest.mark.parametrize("name", PREPARING)
def test_a_worker_that_dies_while_it_prepares_ends_it_also_when_it_is_back_at_once(name: str) -> None:
    station = Station()
    station.prepared()
    station.die(name)
    station.restart(name)
    station.beat(name, {OLD: "", NEW: ""})
    assert station.step() == GiveUp(f"{name} is not running, or ended while it prepared")


def test_a_worker_that_is_silent_is_not_ready_although_it_was() -> None:
    station = Station()
    station.prepared()
    station.now_ns += 2 * NS_PER_S
    station.beat("decision", {OLD: "", NEW: ""})
    assert station.step() is None


def test_what_was_said_before_the_change_over_began_does_not_count() -> None:
    station = Station()
    for name in PREPARING:
        station.beat(name, {OLD: "", NEW: ""}, sent_ns=station.now_ns - 1)
    assert station.step() is None
    station.beat("inference", {OLD: "", NEW: "refused an hour ago"}, sent_ns=station.now_ns - 1)
    assert station.step() is None


def test_workers_that_never_get_ready_end_it_at_the_bound_and_are_named() -> None:
    station = Station()
    station.beat("decision", {OLD: "", NEW: ""})
    station.now_ns += BOUND_NS
    station.beat("decision", {OLD: "", NEW: ""})
    assert station.step() is None
    station.now_ns += 1
    assert station.step() == GiveUp("capture-c1, inference did not prepare it within 60 s")


def test_the_old_recipe_is_let_go_of_only_when_the_line_has_no_part_of_it() -> None:
    station = Station()
    station.prepared()
    station.step()
    assert station.step() is None  # the line has not switched
    station.beat(LINE, {OLD: "", NEW: ""})
    assert station.step() is None
    assert station.change.phase is ChangePhase.FINISHING
    station.beat(LINE, {NEW: ""})
    assert station.step() == Finish()
    assert station.step() is None


def test_after_the_switch_no_death_ends_it_and_a_new_line_worker_finishes_it() -> None:
    station = Station()
    station.prepared()
    station.step()
    for name in (*PREPARING, LINE):
        station.die(name)
        assert station.step() is None
        station.restart(name)
    assert station.step() is None  # not a word from the new line worker yet
    station.beat(LINE, {NEW: ""})
    assert station.step() == Finish()


WORDS = st.sampled_from(["", "refused", None])


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.sampled_from([*PREPARING, LINE]), st.sampled_from(["beat", "die", "back"]), WORDS), max_size=25)
)
def test_whatever_workers_do_the_line_is_told_at_most_once_and_only_when_all_said_ready_in_their_first_life(
    script: list[tuple[str, str, str | None]],
) -> None:
    """Slow model: what each worker said last in its first life; a death or a refusal before the switch ends it for good."""
    station = Station()
    said: dict[str, str | None] = dict.fromkeys(PREPARING)
    is_spoilt = False
    told = 0
    for name, action, word in script:
        alive = station.watches[name].pid is not None
        if action == "beat" and alive:
            station.beat(name, {OLD: ""} if word is None else {OLD: "", NEW: word})
            if name in said:
                said[name] = word
        elif action == "die" and alive:
            station.die(name)
            is_spoilt |= name in said and not told
        elif action == "back" and not alive:
            station.restart(name)
        effect = station.step()
        is_spoilt |= "refused" in said.values() and not told
        if isinstance(effect, Switch):
            told += 1
            assert set(said.values()) == {""}
            assert not is_spoilt
        assert told <= 1
        if is_spoilt:
            assert station.change.phase is ChangePhase.FAILED
