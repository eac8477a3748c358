"""From one chosen frame to a view with its part's outline, or the reason why the frame is not good."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import assert_never

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.capture.absence import Absence
from edge_inspector.capture.frame import Frame
from edge_inspector.capture.outline import measure_outline
from edge_inspector.capture.picture_health import (
    SIZES_FOR_MEDIAN,
    UsedPictures,
    find_shrunken,
    find_unhealthy,
)
from edge_inspector.capture.presence import find_part, find_surface_fault
from edge_inspector.domain.errors import PictureDamagedError
from edge_inspector.domain.view import MissingReason, Outline
from edge_inspector.imaging.decode import decode_jpeg
from edge_inspector.imaging.view_cut import ViewCut, cut_view
from edge_inspector.station.recipe import Dimensions, FullFramePresence, Recipe, SilhouettePresence
from edge_inspector.station.station import Camera


@dataclass(frozen=True, slots=True)
class GoodView:
    """A view that shows one whole part.

    `cut`: its pixels, RGB, and how much of them the camera saw. `outline`: None where the part fills the picture, and where
    it is no rod whose edges can be seen and the recipe does not judge by them.
    """

    cut: ViewCut
    outline: Outline | None


@dataclass(slots=True)
class FrameHistory:
    """What one camera has delivered, whatever its frames are examined for."""

    mode_px: tuple[int, int] | None = None  # width, height of the first good frame: a camera does not change it
    used: UsedPictures = field(default_factory=UsedPictures)
    sizes_bytes: deque[int] = field(default_factory=lambda: deque(maxlen=SIZES_FOR_MEDIAN))
    newest: Frame | None = None
    repeating: deque[int] = field(default_factory=lambda: deque(maxlen=1024))  # numbers, as many as may be chosen from

    def see(self, frame: Frame) -> None:
        """Take note of a frame delivered, in the order of delivery."""
        if self.newest is not None and self.newest.jpeg == frame.jpeg:
            self.repeating.append(frame.number)
        self.newest = frame
        self.sizes_bytes.append(len(frame.jpeg))


@dataclass(slots=True)
class Examiner:
    """Examines the frames of one camera for one recipe; the examiners of several recipes share the camera's history.

    A camera never takes the same picture twice. A chosen frame is therefore stale when its bytes equal those of the
    frame delivered before it (the camera is frozen), or of one of the last views. Where `is_camera` is false the first
    does not hold: a plain folder shows one picture several times.
    """

    recipe: Recipe
    camera: Camera
    is_camera: bool
    history: FrameHistory = field(default_factory=FrameHistory)

    def prove(self, frame: Frame) -> None:
        """Check that a frame can become a view, part or no part.

        It is looked at like a part's frame, since the first look costs OpenCV tens of milliseconds that no part should pay.

        Raises:
            PictureDamagedError: it can not be decoded, or has another size than recipe and station say.
        """
        self._look(self._view_of(frame))

    def examine(self, frame: Frame) -> GoodView | Absence:
        """Return the view, or why the frame is not good."""
        if self.is_camera and frame.number in self.history.repeating:
            return Absence(MissingReason.STALE, f"frame {frame.number} is byte-equal to the frame before it")
        if self.history.used.was_used(frame.jpeg):
            return Absence(MissingReason.STALE, f"frame {frame.number} is byte-equal to the picture of an earlier part")
        shrunken = find_shrunken(len(frame.jpeg), self.history.sizes_bytes) if self.is_camera else None
        if shrunken is not None:
            return Absence(MissingReason.DAMAGED, shrunken)
        try:
            cut = self._view_of(frame)
        except PictureDamagedError as error:
            return Absence(MissingReason.DAMAGED, f"frame {frame.number}: {error}")
        outline = self._look(cut)
        if isinstance(outline, Absence):
            return outline
        self.history.used.add(frame.jpeg)
        return GoodView(cut, outline)

    def _look(self, cut: ViewCut) -> Outline | Absence | None:
        """Look at what is no padding: mirrored there, a part would be longer than it is."""
        grey = np.asarray(cv2.cvtColor(cut.seen, cv2.COLOR_RGB2GRAY), np.uint8)
        unhealthy = find_unhealthy(grey)
        if unhealthy is not None:
            return Absence(MissingReason.UNHEALTHY, unhealthy)
        presence = self.recipe.presence
        match presence:
            case FullFramePresence():
                return find_surface_fault(grey, presence)
            case SilhouettePresence():
                return self._outline_of(grey, presence)
            case _:
                assert_never(presence)

    def _outline_of(self, grey: NDArray[np.uint8], presence: SilhouettePresence) -> Outline | Absence | None:
        part = find_part(grey, presence, self.recipe.mm_per_px)
        if isinstance(part, Absence):
            return part
        outline = measure_outline(grey, part, presence)
        if isinstance(outline, Absence) and not self._judges_by_outline:
            return None
        return outline

    @property
    def _judges_by_outline(self) -> bool:
        return self.recipe.surface is not None or self.recipe.dimensions != Dimensions()

    def _view_of(self, frame: Frame) -> ViewCut:
        """Return the view of a frame.

        A camera's pictures have one size. Those of a folder may differ where `fit` makes them alike.
        """
        may_differ = not self.is_camera and self.camera.fit != "exact"
        picture = decode_jpeg(frame.jpeg, size_px=None if may_differ else self.history.mode_px, from_camera=self.is_camera)
        cut = cut_view(picture, self.camera, self.recipe.view)
        self.history.mode_px = (picture.shape[1], picture.shape[0])
        return cut
