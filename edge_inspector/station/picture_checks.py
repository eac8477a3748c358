"""How a camera's frame becomes the recipe's view: what is cut out, and how it is made to fit. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from edge_inspector.station.conflict import Conflict
from edge_inspector.station.recipe import ViewShape
from edge_inspector.station.station import Camera, Roi, Station

MOST_STRETCH = 0.02  # one scale in mm/px holds along and across


def picture_conflicts(station: Station, view: ViewShape) -> Iterator[Conflict]:
    """Yield the cameras whose roi can not become the view. Without a roi only the frames themselves can tell."""
    for name, camera in station.cameras.items():
        text = _roi_text(camera, camera.roi, view) if camera.roi is not None else None
        if text is not None:
            yield Conflict("station", ("cameras", name, "roi"), f"cameras.{name}.roi: {text}")


def _roi_text(camera: Camera, roi: Roi, view: ViewShape) -> str | None:
    size = f"{roi.width_px} × {roi.height_px} px (width × height)"
    wanted = f"{view.width_px} × {view.height_px} px"
    lying = camera.orientation.rotate_deg in (90, 270) and (roi.height_px, roi.width_px) == (view.width_px, view.height_px)
    turned = (
        f"; it is cut after the frame was turned by {camera.orientation.rotate_deg}°: swap width and height" if lying else ""
    )
    match camera.fit:
        case "exact":
            if (roi.width_px, roi.height_px) != (view.width_px, view.height_px):
                return f"{size}, allowed is the recipe's view, {wanted}{turned}"
        case "pad":
            if roi.width_px > view.width_px or roi.height_px > view.height_px:
                return f"{size}, allowed with fit pad is at most the recipe's view, {wanted}{turned}"
        case "resize":
            stretch = roi.width_px * view.height_px / (roi.height_px * view.width_px) - 1
            if not -MOST_STRETCH <= stretch <= MOST_STRETCH:
                return (
                    f"{size} would be squeezed by {100 * abs(stretch):.0f} % in one direction to become the recipe's view, "
                    f"{wanted}, allowed with fit resize are {100 * MOST_STRETCH:g} %: mm_per_px holds in both{turned}"
                )
    return None
