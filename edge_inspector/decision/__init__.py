"""Turns what is said of a part into its verdict: regions, rules, fusion, assembler. No socket, thread, clock or log."""

from edge_inspector.decision.assembler import (
    ArrivalSeen,
    Assembler,
    Bounds,
    Decide,
    Dropped,
    Event,
    JudgementSeen,
    Tick,
    ViewMissingSeen,
)
from edge_inspector.decision.assessment import Assessment, EngineDefect

__all__ = [
    "ArrivalSeen",
    "Assembler",
    "Assessment",
    "Bounds",
    "Decide",
    "Dropped",
    "EngineDefect",
    "Event",
    "JudgementSeen",
    "Tick",
    "ViewMissingSeen",
]
