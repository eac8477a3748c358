"""Generated straws with exact masks: recordings that `replay` plays, sets that `training` reads, parts that are measured."""

from edge_inspector.synthesis.defects import Defect, DefectKind
from edge_inspector.synthesis.measured_parts import MeasuredPart, Stratum, draw_measured_part
from edge_inspector.synthesis.part import Part, draw_straw, draw_wrong
from edge_inspector.synthesis.session import write_session
from edge_inspector.synthesis.training_set import training_set

__all__ = [
    "Defect",
    "DefectKind",
    "MeasuredPart",
    "Part",
    "Stratum",
    "draw_measured_part",
    "draw_straw",
    "draw_wrong",
    "training_set",
    "write_session",
]
