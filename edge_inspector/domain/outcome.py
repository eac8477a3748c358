"""What really happened to a part: exactly one outcome an arrival, written by the line worker alone."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The ways in which an arrival can end (design.md §1)."""

    PASSED = "passed"
    EJECTED = "ejected"
    EJECTION_FAILED = "ejection_failed"
    LINE_STOPPED = "line_stopped"
    LOST = "lost"
    PURGED = "purged"
    REMOVED = "removed"
    BYPASSED = "bypassed"
