"""From one chosen frame to the pixels of a view, or the reason why the frame is not good."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import cv2
import numpy as np

from edge_inspector.capture.frame import Frame
from edge_inspector.capture.picture_health import (
    SIZES_FOR_MEDIAN,
    UsedPictures,
    find_shrunken,
    find_unhealthy,
)
from edge_inspector.capture.presence import Absence, find_absence
from edge_inspector.domain.errors import PictureDamagedError
from edge_inspector.domain.view import MissingReason
from edge_inspector.imaging.crop import crop
from edge_inspector.imaging.decode import Pixels, decode_jpeg
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.station import Roi


@dataclass(slots=True)
class Examiner:
    """Examines the frames of one camera.

    A camera never takes the same picture twice. A chosen frame is therefore stale when its bytes equal those of the
    frame delivered before it (the camera is frozen), or of one of the last views. Where `is_camera` is false the first
    does not hold: a plain folder shows one picture several times.
    """

    recipe: Recipe
    roi: Roi | None
    is_camera: bool
    _mode_px: tuple[int, int] | None = None  # width, height of the first good frame: a camera does not change it
    _used: UsedPictures = field(default_factory=UsedPictures)
    _sizes_bytes: deque[int] = field(default_factory=lambda: deque(maxlen=SIZES_FOR_MEDIAN))
    _newest: Frame | None = None
    _repeating: deque[int] = field(default_factory=lambda: deque(maxlen=1024))  # numbers, as many as may be chosen from

    def see(self, frame: Frame) -> None:
        """Take note of a frame delivered, in the order of delivery."""
        if self._newest is not None and self._newest.jpeg == frame.jpeg:
            self._repeating.append(frame.number)
        self._newest = frame
        self._sizes_bytes.append(len(frame.jpeg))

    def prove(self, frame: Frame) -> None:
        """Check that a frame can become a view, part or no part.

        It is looked at like a part's frame, since the first look costs OpenCV tens of milliseconds that no part should pay.

        Raises:
            PictureDamagedError: it can not be decoded, or has another size than recipe and station say.
        """
        self._look(self._view_of(frame))

    def examine(self, frame: Frame) -> Pixels | Absence:
        """Return the view's pixels, uint8 (height, width, 3) RGB and nobody else's, or why the frame is not good."""
        if self.is_camera and frame.number in self._repeating:
            return Absence(MissingReason.STALE, f"frame {frame.number} is byte-equal to the frame before it")
        if self._used.was_used(frame.jpeg):
            return Absence(MissingReason.STALE, f"frame {frame.number} is byte-equal to the picture of an earlier part")
        shrunken = find_shrunken(len(frame.jpeg), self._sizes_bytes) if self.is_camera else None
        if shrunken is not None:
            return Absence(MissingReason.DAMAGED, shrunken)
        try:
            pixels = self._view_of(frame)
        except PictureDamagedError as error:
            return Absence(MissingReason.DAMAGED, f"frame {frame.number}: {error}")
        absence = self._look(pixels)
        if absence is not None:
            return absence
        self._used.add(frame.jpeg)
        return pixels

    def _look(self, pixels: Pixels) -> Absence | None:
        grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        unhealthy = find_unhealthy(grey)
        if unhealthy is not None:
            return Absence(MissingReason.UNHEALTHY, unhealthy)
        return find_absence(grey, self.recipe.presence, self.recipe.mm_per_px)

    def _view_of(self, frame: Frame) -> Pixels:
        picture = decode_jpeg(frame.jpeg, size_px=self._mode_px, from_camera=self.is_camera)
        height, width = picture.shape[:2]
        shape = self.recipe.view
        roi = self.roi or Roi(width_px=width, height_px=height)
        if (roi.width_px, roi.height_px) != (shape.width_px, shape.height_px):
            raise PictureDamagedError(
                f"the view is {roi.width_px} x {roi.height_px} pixels, but the recipe's is {shape.width_px} x "
                f"{shape.height_px}; correct the station's roi or the camera's mode"
            )
        view = crop(picture, roi.x_px, roi.y_px, roi.width_px, roi.height_px)
        self._mode_px = (width, height)
        return view
