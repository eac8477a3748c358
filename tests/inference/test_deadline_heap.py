"""The heap drops nothing in silence, keeps its bound, and judges what is most urgent first."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge_inspector.domain.clock import NS_PER_MS
from edge_inspector.inference.deadline_heap import DeadlineHeap
from edge_inspector.inference.expected_duration import ExpectedDuration
from edge_inspector.inference.golden_schedule import GoldenSchedule

CAPACITY = 4


class HeapAgainstSlowModel(RuleBasedStateMachine):
    """A list that is sorted at every step, beside the heap."""

    def __init__(self) -> None:
        super().__init__()
        self.heap: DeadlineHeap[int] = DeadlineHeap(CAPACITY)
        self.model: list[tuple[int, int]] = []  # (deadline, item), items count up
        self.count = self.dropped = self.peak = 0

    @rule(deadline_ms=st.integers(0, 30))
    def push(self, deadline_ms: int) -> None:
        self.count += 1
        self.model = sorted([*self.model, (deadline_ms * NS_PER_MS, self.count)])
        expected = self.model.pop()[1] if len(self.model) > CAPACITY else None
        self.dropped += expected is not None
        self.peak = max(self.peak, len(self.model))
        assert self.heap.push(self.count, deadline_ms * NS_PER_MS) == expected

    @rule(now_ms=st.integers(0, 30), most=st.integers(1, 5), expected_ms=st.integers(0, 10))
    def pop(self, now_ms: int, most: int, expected_ms: int) -> None:
        late = [item for deadline, item in self.model if now_ms + expected_ms > deadline / NS_PER_MS]
        alive = [entry for entry in self.model if entry[1] not in late]
        sizes = [n for n in range(1, most + 1) if n <= len(alive) and now_ms + n * expected_ms <= alive[0][0] / NS_PER_MS]
        size = max(sizes, default=0)
        self.model = alive[size:]
        self.dropped += len(late)
        popped = self.heap.pop_batch(now_ms * NS_PER_MS, most, float(expected_ms))
        assert popped.batch == tuple(item for _, item in alive[:size])
        assert popped.too_late == tuple(late)
        assert not alive or popped.batch  # what can be judged is judged

    @rule()
    def pop_all(self) -> None:
        assert self.heap.pop_all() == tuple(item for _, item in self.model)
        self.model = []

    @invariant()
    def statistics_agree(self) -> None:
        depth = self.heap.depth
        assert (depth.depth, depth.peak, depth.dropped) == (len(self.model), self.peak, self.dropped)
        assert sorted(self.heap.items) == sorted(item for _, item in self.model)


HeapAgainstSlowModel.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestHeapAgainstSlowModel = HeapAgainstSlowModel.TestCase


def test_a_full_heap_drops_the_latest_deadline_even_if_it_is_the_newcomer() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap(2)
    assert heap.push("soon", 10) is None
    assert heap.push("later", 20) is None
    assert heap.push("latest", 30) == "latest"
    assert heap.push("sooner", 5) == "later"
    assert heap.pop_all() == ("sooner", "soon")


def test_a_batch_stays_small_enough_for_its_earliest_deadline() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap(8)
    for name, deadline_ms in (("a", 25), ("b", 100), ("c", 100)):
        heap.push(name, deadline_ms * NS_PER_MS)
    assert heap.pop_batch(0, 6, 10.0).batch == ("a", "b")


def test_one_endless_batch_does_not_drop_every_view_that_follows() -> None:
    expected = ExpectedDuration(20.0)
    expected.measured(60_000.0, 1)  # the process was stopped and continued
    assert expected.per_view_ms <= 40.0


@settings(deadline=None)
@given(st.lists(st.floats(0.1, 1e6), max_size=50))
def test_rounds_without_a_measurement_bring_the_expectation_below_any_deadline(batches_ms: list[float]) -> None:
    expected = ExpectedDuration(20.0)
    for batch_ms in batches_ms:
        expected.measured(batch_ms, 1)
    for _ in range(100):
        expected.nothing_judged()
    assert expected.per_view_ms < 5.0


def test_the_expectation_follows_what_is_measured() -> None:
    expected = ExpectedDuration(20.0)
    for _ in range(60):
        expected.measured(90.0, 3)
    assert 29.0 < expected.per_view_ms <= 30.0


def test_every_golden_picture_comes_once_a_round() -> None:
    schedule = GoldenSchedule(3, period_ns=100, started_ns=0)
    asked = [schedule.due(t_ns, is_idle=True) for t_ns in (99, 100, 101, 102, 103, 201, 202)]
    assert asked == [None, 0, 1, 2, None, None, 0]


def test_a_golden_picture_waits_for_an_idle_moment_but_not_for_ever() -> None:
    schedule = GoldenSchedule(2, period_ns=100, started_ns=0)
    assert schedule.due(150, is_idle=False) is None
    assert schedule.due(199, is_idle=False) is None
    assert schedule.due(200, is_idle=False) == 0
    assert schedule.due(201, is_idle=False) == 1
    assert schedule.due(202, is_idle=False) is None
