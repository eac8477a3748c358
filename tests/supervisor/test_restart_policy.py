from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_inspector.domain.clock import NS_PER_MS, NS_PER_S
from edge_inspector.supervisor.restart_policy import (
    FIRST_BACKOFF_NS,
    LONGEST_BACKOFF_NS,
    GiveUp,
    RestartAt,
    RestartPolicy,
)


def test_the_first_restart_comes_after_fifty_milliseconds_and_each_further_one_after_twice_as_long() -> None:
    policy = RestartPolicy(restarts=9, window_s=300)

    waits_ms = []
    for n in range(9):
        decision = policy.on_exit(n * NS_PER_S)
        assert isinstance(decision, RestartAt)
        waits_ms.append((decision.t_ns - n * NS_PER_S) // NS_PER_MS)

    assert waits_ms == [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]


def test_a_worker_that_may_not_be_restarted_is_given_up_with_the_reason() -> None:
    policy = RestartPolicy(restarts=2, window_s=10)
    policy.on_exit(0)
    policy.on_exit(1)

    assert policy.on_exit(2) == GiveUp("ended again after 2 restarts in 10 s")
    assert policy.restarts_left(2) == 0


def test_after_a_quiet_window_the_backoff_begins_anew_and_all_restarts_are_left() -> None:
    policy = RestartPolicy(restarts=3, window_s=10)
    for n in range(3):
        policy.on_exit(n)
    later_ns = 2 + 10 * NS_PER_S

    assert policy.restarts_left(later_ns) == 3
    assert policy.on_exit(later_ns) == RestartAt(later_ns + FIRST_BACKOFF_NS)


def test_a_policy_without_restarts_gives_up_at_once() -> None:
    assert isinstance(RestartPolicy(restarts=0, window_s=10).on_exit(0), GiveUp)


@given(
    restarts=st.integers(0, 6),
    window_s=st.floats(0.1, 20),
    gaps_ns=st.lists(st.integers(0, 15 * NS_PER_S), max_size=60),
)
def test_no_window_ever_sees_more_restarts_than_allowed(restarts: int, window_s: float, gaps_ns: list[int]) -> None:
    policy = RestartPolicy(restarts, window_s)
    now_ns, granted_ns = 0, []
    for gap_ns in gaps_ns:
        now_ns += gap_ns
        decision = policy.on_exit(now_ns)
        in_window = [t_ns for t_ns in granted_ns if t_ns > now_ns - round(window_s * NS_PER_S)]
        match decision:
            case RestartAt(t_ns):
                assert FIRST_BACKOFF_NS <= t_ns - now_ns <= LONGEST_BACKOFF_NS
                granted_ns.append(now_ns)
                assert len(in_window) + 1 <= restarts
            case GiveUp():
                assert len(in_window) >= restarts  # and it never gives up early
