"""From a camera's frame to its view: turned, cut, brought to the recipe's size. The one place that knows the order."""

from __future__ import annotations

from dataclasses import dataclass

from edge_inspector.imaging.crop import crop
from edge_inspector.imaging.decode import Pixels
from edge_inspector.imaging.fit import fit
from edge_inspector.imaging.orient import orient
from edge_inspector.station.recipe import ViewShape
from edge_inspector.station.station import Camera, Roi


@dataclass(frozen=True, slots=True)
class ViewCut:
    """A view, and how much of it the camera saw.

    `pixels`: uint8 (height_px, width_px, 3) as the recipe says, fresh and contiguous. `seen_height_px` and
    `seen_width_px`: what lies beyond them, to the right and below, is padding that shows nothing new.
    """

    pixels: Pixels
    seen_height_px: int
    seen_width_px: int

    @property
    def own(self) -> tuple[slice, slice]:
        """Rows and columns of the view that are no padding."""
        return slice(self.seen_height_px), slice(self.seen_width_px)

    @property
    def seen(self) -> Pixels:
        """The part of the view that is no padding; not a copy."""
        return self.pixels[self.own]


def cut_view(frame: Pixels, camera: Camera, shape: ViewShape) -> ViewCut:
    """Return the view that `camera` makes of a frame, uint8 (height, width, 3).

    Raises:
        PictureDamagedError: the roi reaches beyond the turned frame, or what it cuts out does not fit the view.
    """
    turned = orient(frame, camera.orientation.rotate_deg, camera.orientation.mirror)
    height, width = turned.shape[:2]
    roi = camera.roi or Roi(width_px=width, height_px=height)
    cut = crop(turned, roi.x_px, roi.y_px, roi.width_px, roi.height_px)
    pixels = fit(cut, camera.fit, shape.width_px, shape.height_px)
    if camera.fit == "resize":
        return ViewCut(pixels, shape.height_px, shape.width_px)
    return ViewCut(pixels, roi.height_px, roi.width_px)
