"""Generated straws before the judge: the ring of cameras that they are seen by, and their pictures as these take them."""

from __future__ import annotations

from edge_inspector.rejudging.part_judge import Taken
from edge_inspector.station.station import Camera, CameraPlace
from edge_inspector.synthesis.measured_parts import MeasuredPart
from edge_inspector.synthesis.projection import Camera as DrawnCamera
from edge_inspector.synthesis.ring_pictures import ANGLES_DEG
from edge_inspector.synthesis.session import LATENCY_NS, OFFSET_NS, SPEED_MM_S


def take(measured: MeasuredPart) -> dict[str, Taken]:
    """A measured part's pictures as the cameras c1 … c6 take them."""
    return {f"c{k}": Taken(view.jpeg, round(1e9 * view.lead_mm / SPEED_MM_S)) for k, view in enumerate(measured.views, 1)}


def ring_cameras() -> dict[str, Camera]:
    """The cameras c1 … c6 that generated straws are seen by, as a station file names them."""
    cameras = {}
    for k, angle_deg in enumerate(ANGLES_DEG, 1):
        drawn = DrawnCamera(angle_deg)
        place = CameraPlace(
            angle_deg=angle_deg,
            distance_mm=drawn.distance_mm,
            along_mm=drawn.along_mm,
            focal_px=drawn.focal_px,
            centre_x_px=drawn.centre_px[0],
            centre_y_px=drawn.centre_px[1],
        )
        cameras[f"c{k}"] = Camera(driver="replay", latency_ms=LATENCY_NS / 1e6, offset_ms=OFFSET_NS / 1e6, place=place)
    return cameras
