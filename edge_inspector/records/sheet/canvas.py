"""A dark picture to write and draw on: smooth text, rounded boxes, badges. Places are pixels, colours RGB."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from edge_inspector.imaging.decode import Pixels
from edge_inspector.imaging.overlay import Colour

BACKGROUND: Colour = (15, 17, 21)
PANEL: Colour = (25, 28, 34)
LINE: Colour = (54, 59, 69)
TEXT: Colour = (236, 238, 242)
DIM: Colour = (150, 157, 168)
REGULAR, BOLD = 400, 650  # weights of the font
_FRACTION = 4  # boxes and discs are drawn to a sixteenth of a pixel
_FULL_LINE = 1 << 20  # px; nothing is ever wrapped by OpenCV


@cache
def _font() -> cv2.FontFace:
    """Return the font that comes with OpenCV 5: Rubik, a variable font with the signs that measures need (°, ², ×, ±)."""
    return cv2.FontFace("sans")


class Canvas:
    """`pixels` is uint8 (height_px, width_px, 3)."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self.pixels: Pixels = np.full((height_px, width_px, 3), BACKGROUND, np.uint8)

    def text(
        self,
        x: float,
        baseline_y: float,
        words: str,
        size: int,
        colour: Colour = TEXT,
        weight: int = REGULAR,
        *,
        most_px: float | None = None,
        align: float = 0.0,
    ) -> float:
        """Write one line and return where it ends.

        Args:
            x: its left end, its middle or its right end, as `align` says.
            baseline_y: where letters stand.
            words: what does not fit is cut and ends in an ellipsis.
            size: in pixels, about from the top of a capital to the bottom of a g.
            colour: of the letters.
            weight: of the font, 100..900.
            most_px: how wide it may be; default: to the picture's edge.
            align: 0 left, 0.5 middle, 1 right.
        """
        if most_px is None:
            most_px = self.pixels.shape[1] - x if align == 0 else self.pixels.shape[1]
        words = shorten(words, size, weight, most_px)
        width = text_width(words, size, weight)
        left = round(x - align * width)
        cv2.putText(
            self.pixels, words, (left, round(baseline_y)), colour, _font(), size, weight, wrap=(-_FULL_LINE, _FULL_LINE)
        )
        return left + width

    def box(
        self, x: float, y: float, width: float, height: float, radius: float, colour: Colour, share: float = 1.0
    ) -> None:
        """Fill a rounded box with so large a share of the colour."""
        radius = min(radius, width / 2, height / 2)
        inner = np.array(
            [
                (cx + radius * np.cos(a), cy + radius * np.sin(a))
                for cx, cy, start in (
                    (x + width - radius, y + height - radius, 0),
                    (x + radius, y + height - radius, 90),
                    (x + radius, y + radius, 180),
                    (x + width - radius, y + radius, 270),
                )
                for a in np.radians(np.linspace(start, start + 90, 9))
            ]
        )
        outline = np.rint((inner - 0.5) * (1 << _FRACTION)).astype(np.int32)
        top, bottom = max(0, int(y) - 1), int(y + height) + 2
        left, right = max(0, int(x) - 1), int(x + width) + 2
        under = self.pixels[top:bottom, left:right]
        drawn = np.ascontiguousarray(under)
        cv2.fillPoly(drawn, [outline - (np.array([left, top]) << _FRACTION)], colour, cv2.LINE_AA, _FRACTION)
        under[:] = drawn if share >= 1 else cv2.addWeighted(drawn, share, under, 1 - share, 0)

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: Colour = LINE, thickness: int = 1) -> None:
        """Draw a straight line."""
        start, end = ((round((x) * (1 << _FRACTION)), round((y) * (1 << _FRACTION))) for x, y in ((x0, y0), (x1, y1)))
        cv2.line(self.pixels, start, end, colour, thickness, cv2.LINE_AA, _FRACTION)

    def paste(self, x: int, y: int, picture: Pixels) -> None:
        """Put a picture here."""
        height, width = picture.shape[:2]
        self.pixels[y : y + height, x : x + width] = picture

    def pill(
        self,
        x: float,
        y: float,
        words: str,
        size: int,
        colour: Colour,
        *,
        is_filled: bool = True,
        height: float | None = None,
    ) -> float:
        """Draw words in a rounded box whose upper left corner is here, and return how wide it is.

        Filled, they are dark on the colour; otherwise the colour on dark, with a rim.
        """
        height = 1.55 * size if height is None else height
        width = pill_width(words, size)
        self.box(x, y, width, height, height / 2, colour)
        if not is_filled:
            self.box(x + 1.5, y + 1.5, width - 3, height - 3, height / 2, BACKGROUND)
        ink = BACKGROUND if is_filled else colour
        self.text(x + width / 2, y + height / 2 + 0.36 * size, words, size, ink, BOLD, align=0.5)
        return width


def pill_width(words: str, size: int) -> float:
    """Return how wide `Canvas.pill` draws these words."""
    return max(text_width(words, size, BOLD) + 0.95 * size, 1.55 * size)


@cache
def text_width(words: str, size: int, weight: int = REGULAR) -> int:
    """Return how wide a line is, in pixels."""
    if not words:
        return 0
    _, _, width, _ = cv2.getTextSize((0, 0), words, (0, 0), _font(), size, weight, wrap=(-_FULL_LINE, _FULL_LINE))
    return int(width)


def shorten(words: str, size: int, weight: int, most_px: float) -> str:
    """Return the words, cut to so many pixels with an ellipsis at the end."""
    words = " ".join(words.split())
    if text_width(words, size, weight) <= most_px:
        return words
    count = len(words)
    while count > 0 and text_width(words[:count].rstrip() + "…", size, weight) > most_px:
        count -= 1
    return words[:count].rstrip() + "…"


def wrapped(words: str, size: int, weight: int, most_px: float, most_lines: int) -> list[str]:
    """Return the words in at most so many lines of so many pixels; what is left over is cut."""
    lines: list[str] = []
    waiting = words.split()
    while waiting and len(lines) < most_lines - 1:
        count = 1
        while count < len(waiting) and text_width(" ".join(waiting[: count + 1]), size, weight) <= most_px:
            count += 1
        lines.append(shorten(" ".join(waiting[:count]), size, weight, most_px))
        waiting = waiting[count:]
    return [*lines, shorten(" ".join(waiting), size, weight, most_px)] if waiting else lines
