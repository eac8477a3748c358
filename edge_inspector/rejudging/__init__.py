"""Judges parts outside of the daemon exactly as it would: presence, engines, fusion and rules, one part at a time."""

from edge_inspector.rejudging.part_judge import Eye, PartJudge, Rejudged, Taken

__all__ = ["Eye", "PartJudge", "Rejudged", "Taken"]
