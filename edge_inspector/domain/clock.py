"""The one clock: CLOCK_MONOTONIC in nanoseconds. Wall time is attached once, when a record is written."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000


def now_ns() -> int:
    """Return CLOCK_MONOTONIC in nanoseconds: the clock of V4L2 stamps, GPIO edges and every deadline."""
    return time.monotonic_ns()


def ms_to_ns(duration_ms: float) -> int:
    """Return a duration in whole nanoseconds."""
    return round(duration_ms * NS_PER_MS)


def ns_to_ms(duration_ns: int) -> float:
    """Return a duration in milliseconds."""
    return duration_ns / NS_PER_MS


def travel_ns(distance_mm: float, speed_mm_s: float) -> int:
    """Return how long `distance_mm` takes at `speed_mm_s`, in nanoseconds."""
    return round(distance_mm / speed_mm_s * NS_PER_S)


def utc_now() -> str:
    """Return wall time as ISO 8601 in UTC with milliseconds, for records and people only."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def boot_id() -> str:
    """Return the kernel's id of this boot: monotonic stamps of two boots can not be compared."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
