"""Turns what is said of a part into its verdict: trust, surface, rules, assembler. No socket, thread, clock or log."""

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
from edge_inspector.decision.assessment import Assessment
from edge_inspector.decision.criteria import Criteria, EngineDefect, Viewpoints
from edge_inspector.decision.part_judging import judge_part

__all__ = [
    "ArrivalSeen",
    "Assembler",
    "Assessment",
    "Bounds",
    "Criteria",
    "Decide",
    "Dropped",
    "EngineDefect",
    "Event",
    "JudgementSeen",
    "Tick",
    "ViewMissingSeen",
    "Viewpoints",
    "judge_part",
]
