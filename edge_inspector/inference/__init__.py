"""Engines, what waits for them, and what is made of their maps. The engine protocol is in `engines/protocol.py`."""

from edge_inspector.inference.deadline_heap import DeadlineHeap, Popped
from edge_inspector.inference.expected_duration import ExpectedDuration
from edge_inspector.inference.golden_schedule import GoldenSchedule
from edge_inspector.inference.map_regions import judge_map, map_score
from edge_inspector.inference.prepared_engine import PreparedEngine, prepare_engine

__all__ = [
    "DeadlineHeap",
    "ExpectedDuration",
    "GoldenSchedule",
    "Popped",
    "PreparedEngine",
    "judge_map",
    "map_score",
    "prepare_engine",
]
