"""The part's surface, unrolled from its views: around upwards and downwards, along from right (leading end) to left."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.records import SurfaceRecord
from edge_inspector.geometry import Rod, SurfaceGrid, ViewMap, blend, map_view, unwrap
from edge_inspector.imaging.decode import Pixels
from edge_inspector.imaging.overlay import draw_probability
from edge_inspector.records.part_evidence import PartEvidence
from edge_inspector.records.sheet.canvas import BACKGROUND, BOLD, DIM, TEXT, Canvas, text_width
from edge_inspector.records.sheet.labels import draw_labels
from edge_inspector.records.sheet.tags import Box, Tag, ring_camera

AXIS_PX = 66  # room for degrees to the left
RULER_PX = 58  # room for millimetres below
TITLE_PX = 50
MOST_HEIGHT_PX = 620
MAX_INCIDENCE_DEG = 60.0  # of a recipe without `surface`
MAJOR_MM = 10
SEAM_SHARE = 0.35  # of white in the line between two views
CLEARANCE_DEG = 12.0  # a finding nearer than this to the cut would be hard to read
_ORIGINS_DEG = range(0, 360, 30)  # angles at which the surface may be cut open
_UNSEEN = (34, 38, 46)
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True)
class UnrolledSurface:
    """`pixels` uint8 (h, w, 3): rows are angles rising from `origin_deg`, columns places falling to 0 at the right edge.

    `seams`: bool (h, w), where the next view shows best. `camera_rows`: camera to the row of its own azimuth.
    """

    pixels: Pixels
    seams: NDArray[np.bool_]
    origin_deg: float
    length_mm: float
    camera_rows: dict[str, float]

    def box_of(self, tag: Tag) -> Box | None:
        """Return where a finding lies, in pixels; None without a place."""
        finding = tag.finding
        if finding.along_mm is None or finding.angle_deg is None:
            return None
        height, width = self.pixels.shape[:2]
        x_scale, y_scale = width / self.length_mm, height / 360
        box_width, box_height = (finding.along_extent_mm or 0) * x_scale, (finding.angle_extent_deg or 0) * y_scale
        middle_x = (self.length_mm - finding.along_mm) * x_scale
        middle_y = (finding.angle_deg - self.origin_deg) % 360 * y_scale
        return Box(middle_x - box_width / 2, middle_y - box_height / 2, box_width, box_height)


def unroll(evidence: PartEvidence, surface: SurfaceRecord, room_px: int) -> UnrolledSurface | None:
    """Return the surface at most `room_px` wide, or None where its record or its pictures do not give one."""
    seen = {view.camera: (view.picture, view.probabilities) for view in evidence.views if view.picture is not None}
    places = [place for place in surface.views if place.camera in seen]
    if not places:
        return None
    try:
        rod = Rod.of_parameters(surface.rod)
        cameras = [ring_camera(place) for place in places]
    except ValueError:
        return None
    grid = SurfaceGrid.of(rod, step_mm=max(rod.length_mm / room_px, math.pi * rod.diameter_mm / MOST_HEIGHT_PX))
    maps = [map_view(rod, camera, place.lead_mm, grid) for camera, place in zip(cameras, places, strict=True)]
    pictures = [seen[place.camera][0] for place in places]
    limit_deg = evidence.max_incidence_deg or MAX_INCIDENCE_DEG
    shown = [
        view_map.shown(width_px=picture.shape[1], height_px=picture.shape[0], max_incidence_deg=limit_deg)
        for picture, view_map in zip(pictures, maps, strict=True)
    ]
    flat = blend(pictures, maps, max_incidence_deg=limit_deg)
    flat[~np.any(shown, axis=0)] = _UNSEEN
    origin_deg = _origin_deg(evidence)
    turn = round(origin_deg / 360 * grid.shape[0])
    pixels = _laid_out(flat, turn)
    for engine, marks in evidence.engines.items():
        found = [
            np.where(is_shown, unwrap(seen[place.camera][1][engine], view_map), 0).astype(np.uint8)
            for place, view_map, is_shown in zip(places, maps, shown, strict=True)
            if engine in seen[place.camera][1]
        ]
        if found:
            pixels = draw_probability(pixels, _laid_out(np.max(found, axis=0), turn), marks.colour, marks.cut)
    rows = {
        place.camera: (camera.angle_deg - origin_deg) % 360 / 360 * grid.shape[0]
        for place, camera in zip(places, cameras, strict=True)
    }
    return UnrolledSurface(pixels, _laid_out(_seams(maps, shown), turn), origin_deg, rod.length_mm, rows)


def draw_surface(
    canvas: Canvas, x: int, y: int, room_px: int, flat: UnrolledSurface, tags: Sequence[Tag], measures: Sequence[str] = ()
) -> None:
    """Draw the surface with its rulers; (x, y) is the upper left corner of all of it, title and rulers included.

    `measures` of the part end above the right edge of the surface, and beyond it, within `room_px`, where they need that.
    """
    left, top = x + AXIS_PX, y + TITLE_PX
    height, width = flat.pixels.shape[:2]
    pixels = flat.pixels.astype(np.float32)
    pixels[flat.seams] += SEAM_SHARE * (np.array(TEXT, np.float32) - pixels[flat.seams])
    title_end = canvas.text(x, y + 26, "surface, unrolled", 23, TEXT, BOLD)
    words = " · ".join(measures)
    begin = max(title_end + 24, left + width - text_width(words, 20))
    canvas.text(begin, y + 26, words, 20, DIM, most_px=x + room_px - begin)
    canvas.paste(left, top, np.rint(pixels).astype(np.uint8))
    frame = Box(left, top, width, height)
    _draw_rulers(canvas, frame, flat)
    for camera, row in flat.camera_rows.items():
        middle = top + min(max(row, 16), height - 16)
        canvas.box(left + 8, middle - 13, text_width(camera, 18, BOLD) + 16, 26, 6, BACKGROUND, share=0.65)
        canvas.text(left + 16, middle + 6, camera, 18, TEXT, BOLD)
    boxes = [(tag, flat.box_of(tag)) for tag in tags]
    draw_labels(canvas, [(tag, box.scaled(1, left, top)) for tag, box in boxes if box is not None], frame, with_defect=False)


def surface_height_px(flat: UnrolledSurface) -> int:
    """Return how high `draw_surface` draws."""
    return TITLE_PX + int(flat.pixels.shape[0]) + RULER_PX


def _draw_rulers(canvas: Canvas, frame: Box, flat: UnrolledSurface) -> None:
    """Draw degrees to the left and millimetres from the leading end below."""
    px_a_mm, bottom = frame.width / flat.length_mm, frame.y + frame.height
    for step in range(0, 361, 60):
        y = frame.y + step / 360 * frame.height
        canvas.line(frame.x - 10, y, frame.x - 3, y, DIM)
        canvas.text(frame.x - 14, y + 7, f"{(flat.origin_deg + step) % 360:.0f}°", 18, DIM, align=1)
    last_mm = math.floor(flat.length_mm / MAJOR_MM) * MAJOR_MM
    for along_mm in range(0, last_mm + 1, MAJOR_MM):
        x = frame.x + frame.width - along_mm * px_a_mm
        canvas.line(x, bottom + 3, x, bottom + 10, DIM)
        canvas.text(x, bottom + 31, f"{along_mm} mm" if along_mm else "0", 18, DIM, align=0.5)
    canvas.text(frame.x, bottom + 54, "from the leading end  ·  parts travel to the right →", 17, DIM)
    _draw_scale(canvas, frame, px_a_mm)


def _draw_scale(canvas: Canvas, frame: Box, px_a_mm: float) -> None:
    """Draw bars of 5 mm along and 30° around in the lower right corner of the surface."""
    bar_px, turn_px = 5 * px_a_mm, frame.height / 12
    x, y = frame.x + frame.width - 20, frame.y + frame.height - 20
    canvas.box(x - bar_px - 16, y - turn_px - 16, bar_px + 28, turn_px + 28, 8, BACKGROUND, share=0.6)
    canvas.line(x - bar_px, y, x, y, TEXT, 2)
    canvas.line(x, y, x, y - turn_px, TEXT, 2)
    canvas.text(x - bar_px / 2, y - 8, "5 mm", 17, TEXT, align=0.5)
    canvas.text(x - 7, y - turn_px + 12, "30°", 17, TEXT, align=1)


def _seams(maps: Sequence[ViewMap], shown: Sequence[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Return where the view that shows the surface best is another than in the row above."""
    best = np.argmax(
        [np.where(is_shown, view_map.cos_incidence, -1) for view_map, is_shown in zip(maps, shown, strict=True)], axis=0
    )
    return np.asarray(best != np.roll(best, 1, axis=0))


def _origin_deg(evidence: PartEvidence) -> float:
    """Return where the surface is cut open: at 0°, or where no finding lies near."""
    placed = [(f.angle_deg, f.angle_extent_deg or 0.0) for f in evidence.details.findings if f.angle_deg is not None]

    def clearance_deg(origin_deg: float) -> float:
        return min((abs((angle - origin_deg + 180) % 360 - 180) - extent / 2 for angle, extent in placed), default=180.0)

    clear = [float(origin) for origin in _ORIGINS_DEG if clearance_deg(origin) >= CLEARANCE_DEG]
    return clear[0] if clear else max(map(float, _ORIGINS_DEG), key=clearance_deg)


def _laid_out(grid_map: NDArray[Number], turn: int) -> NDArray[Number]:
    """Return a map of the grid with the leading end to the right, cut open at row `turn`."""
    return np.ascontiguousarray(np.roll(grid_map, -turn, axis=0)[:, ::-1])
