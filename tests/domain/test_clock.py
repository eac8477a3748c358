"""Durations are whole nanoseconds, and the clock is the monotonic one."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from edge_inspector.domain.clock import NS_PER_MS, boot_id, ms_to_ns, now_ns, ns_to_ms, travel_ns, utc_now


def test_now_is_the_monotonic_clock() -> None:
    before, now, after = time.clock_gettime_ns(time.CLOCK_MONOTONIC), now_ns(), time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    assert before <= now <= after


@given(duration_ms=st.integers(0, 10**9))
def test_whole_milliseconds_come_back(duration_ms: int) -> None:
    assert ms_to_ns(duration_ms) == duration_ms * NS_PER_MS
    assert ns_to_ms(ms_to_ns(duration_ms)) == duration_ms


def test_travel_takes_distance_by_speed() -> None:
    assert travel_ns(420.0, 200.0) == 2_100_000_000
    assert travel_ns(0.0, 200.0) == 0


def test_wall_time_is_utc_and_says_so() -> None:
    written = datetime.fromisoformat(utc_now())
    assert written.utcoffset() == timedelta(0)
    assert len(utc_now()) == len("2026-01-05T12:00:00.000+00:00")


def test_a_boot_has_one_id() -> None:
    assert boot_id() == boot_id()
    assert len(boot_id()) == 36
