"""Numbered labels beside findings, placed so that they hide neither the findings nor each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from edge_inspector.records.sheet.canvas import Canvas, pill_width
from edge_inspector.records.sheet.tags import Box, Tag

SIZE = 19
_HEIGHT = 1.5 * SIZE
_GAP = 10.0


def draw_labels(canvas: Canvas, tags: Sequence[tuple[Tag, Box]], frame: Box, *, with_defect: bool) -> None:
    """Draw a label for each finding.

    Args:
        canvas: to draw on.
        tags: findings, with where they lie on the canvas.
        frame: the picture that they lie in; labels stay within it.
        with_defect: the defect's name beside the number.
    """
    taken = [box for _, box in tags]
    for tag, box in tags:
        words = f"{tag.number} {tag.finding.defect}" if with_defect else str(tag.number)
        label = _place(box, pill_width(words, SIZE), frame, taken)
        taken.append(label)
        canvas.line(*_nearest(label, box), *_nearest(box, label), tag.colour)
        canvas.pill(label.x, label.y, words, SIZE, tag.colour, is_filled=tag.finding.rejects, height=_HEIGHT)


def _place(box: Box, width: float, frame: Box, taken: Sequence[Box]) -> Box:
    """Return the nearest free place: above or below, then farther away and aside; the last one tried where all is taken."""
    middle = box.x + box.width / 2 - width / 2
    asides = (0.0, -0.7 * width, 0.7 * width, -1.5 * width, 1.5 * width)
    label = Box(middle, box.y, width, _HEIGHT)
    for distance, aside, above in product((_GAP, 3 * _GAP, 6 * _GAP, 10 * _GAP), asides, (True, False)):
        y = box.y - distance - _HEIGHT if above else box.y + box.height + distance
        if not frame.y + 2 <= y <= frame.y + frame.height - _HEIGHT - 2:
            continue
        x = min(max(middle + aside, frame.x + 2), frame.x + frame.width - width - 2)
        label = Box(x, y, width, _HEIGHT)
        if not any(label.overlaps(other, gap=3.0) for other in taken):
            return label
    return label


def _nearest(box: Box, other: Box) -> tuple[float, float]:
    """Return the point of `box` nearest to the middle of `other`."""
    x, y = other.x + other.width / 2, other.y + other.height / 2
    return min(max(x, box.x), box.x + box.width), min(max(y, box.y), box.y + box.height)
