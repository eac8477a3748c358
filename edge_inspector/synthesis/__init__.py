"""Generated straws with exact masks, written as recordings that `replay` plays and as folders that `training` reads."""

from edge_inspector.synthesis.camera_view import CameraGeometry, View, render_view
from edge_inspector.synthesis.session import write_session
from edge_inspector.synthesis.straw import Crack, Straw, draw_straw
from edge_inspector.synthesis.training_set import training_set

__all__ = [
    "CameraGeometry",
    "Crack",
    "Straw",
    "View",
    "draw_straw",
    "render_view",
    "training_set",
    "write_session",
]
