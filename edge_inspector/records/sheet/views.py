"""The part's views in a grid, each with what the engines marked in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edge_inspector.imaging.overlay import draw_probability
from edge_inspector.records.part_evidence import PartEvidence, ViewEvidence
from edge_inspector.records.sheet.canvas import BOLD, DIM, PANEL, TEXT, Canvas
from edge_inspector.records.sheet.labels import draw_labels
from edge_inspector.records.sheet.tags import Box, Tag, box_in_view

CAPTION_PX = 38  # above each view
GAP_PX = 26
MOST_HEIGHT_PX = 1000
MOST_SCALE = 2.0
NOTE_COLOUR = (255, 196, 61)


@dataclass(frozen=True, slots=True)
class Grid:
    """Where views go: all have one size."""

    columns: int
    rows: int
    scale: float  # of a view's pixels
    view_width_px: int  # as drawn
    view_height_px: int

    @property
    def width_px(self) -> int:
        """Of all columns."""
        return self.columns * self.view_width_px + (self.columns - 1) * GAP_PX

    @property
    def height_px(self) -> int:
        """Of all rows with their captions."""
        return self.rows * (self.view_height_px + CAPTION_PX) + (self.rows - 1) * GAP_PX


def grid_of(count: int, width_px: int, height_px: int, room_px: int) -> Grid:
    """Return the grid that shows `count` views of this size largest in a width of `room_px`.

    >>> grid = grid_of(6, 1248, 256, 1888)
    >>> (grid.columns, grid.rows, grid.view_width_px)
    (2, 3, 931)
    """
    grids = []
    for columns in range(1, max(count, 1) + 1):
        rows = math.ceil(count / columns)
        across = (room_px - (columns - 1) * GAP_PX) / columns / width_px
        down = ((MOST_HEIGHT_PX - (rows - 1) * GAP_PX) / max(rows, 1) - CAPTION_PX) / height_px
        scale = max(min(across, down, MOST_SCALE), 1 / min(width_px, height_px))
        grids.append(Grid(columns, rows, scale, max(1, int(width_px * scale)), max(1, int(height_px * scale))))
    return max(grids, key=lambda grid: grid.scale)


def draw_views(canvas: Canvas, x: int, y: int, grid: Grid, evidence: PartEvidence, tags: Sequence[Tag]) -> None:
    """Draw every view, row by row, from the upper left corner (x, y) on."""
    for index, view in enumerate(evidence.views):
        row, column = divmod(index, grid.columns)
        left = x + column * (grid.view_width_px + GAP_PX)
        top = y + row * (grid.view_height_px + CAPTION_PX + GAP_PX)
        _draw_caption(canvas, left, top, grid, evidence, view)
        _draw_view(canvas, left, top + CAPTION_PX, grid, evidence, view, tags)


def _draw_caption(canvas: Canvas, x: int, y: int, grid: Grid, evidence: PartEvidence, view: ViewEvidence) -> None:
    baseline = y + CAPTION_PX - 13
    right = x + grid.view_width_px
    end = canvas.text(x, baseline, view.camera, 23, TEXT, BOLD, most_px=grid.view_width_px / 2)
    surface = None if evidence.verdict is None else evidence.verdict.surface
    place = None if surface is None else next((p for p in surface.views if p.camera == view.camera), None)
    if place is not None:
        end = canvas.text(end + 12, baseline, f"{place.angle_deg % 360:.0f}°", 20, DIM)
    if view.note:
        canvas.text(end + 16, baseline, view.note, 20, NOTE_COLOUR, most_px=right - end - 16)
    elif view.skew_ms is not None:
        canvas.text(
            right, baseline, f"frame {view.skew_ms:+.1f} ms".replace("-", "−"), 20, DIM, align=1, most_px=right - end - 16
        )


def _draw_view(
    canvas: Canvas, x: int, y: int, grid: Grid, evidence: PartEvidence, view: ViewEvidence, tags: Sequence[Tag]
) -> None:
    frame = Box(x, y, grid.view_width_px, grid.view_height_px)
    if view.picture is None:
        canvas.box(frame.x, frame.y, frame.width, frame.height, 6, PANEL)
        canvas.text(x + frame.width / 2, y + frame.height / 2 + 8, "no picture", 22, DIM, align=0.5)
        return
    how = cv2.INTER_AREA if grid.scale < 1 else cv2.INTER_CUBIC
    drawn = np.asarray(cv2.resize(view.picture, (grid.view_width_px, grid.view_height_px), interpolation=how), np.uint8)
    for engine, probability in view.probabilities.items():
        marks = evidence.engines[engine]
        drawn = draw_probability(drawn, probability, marks.colour, marks.cut)
    canvas.paste(x, y, drawn)
    surface = None if evidence.verdict is None else evidence.verdict.surface
    boxes = [(tag, box_in_view(tag, view.camera, surface)) for tag in tags]
    seen = [(tag, box.scaled(grid.scale, x, y)) for tag, box in boxes if box is not None]
    draw_labels(canvas, seen, frame, with_defect=True)
