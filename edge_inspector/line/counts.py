"""What one run has done so far, for status."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """All since the line worker's start."""

    arrivals: int = 0
    passed: int = 0
    ejected: int = 0
    rejected: int = 0
    uninspected: int = 0
    late_verdicts: int = 0
    foreign_verdicts: int = 0
