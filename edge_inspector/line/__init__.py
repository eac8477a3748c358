"""The line: what is armed, when the gate opens, what became of each part. `controller.py` holds the rule, and is pure."""

from edge_inspector.line.controller import LineController
from edge_inspector.line.states import Alarm, LineState

__all__ = ["Alarm", "LineController", "LineState"]
