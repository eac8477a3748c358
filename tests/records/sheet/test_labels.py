from __future__ import annotations

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.records.queries import FindingRow
from edge_inspector.records.sheet.canvas import BACKGROUND, Canvas
from edge_inspector.records.sheet.labels import draw_labels
from edge_inspector.records.sheet.tags import Box, Tag

RED = (255, 48, 48)
FRAME = Box(50, 50, 500, 200)
FINDING = FindingRow("cracks", "crack", 0.9, 1.0, 3.0, ("c1",), 1, 1, 1, 1, True, 0.2, None, None, None, None)


def tag(number: int, rejects: bool = True) -> Tag:
    return Tag(number, msgspec.structs.replace(FINDING, rejects=rejects), RED)


def drawn(*boxes: Box, rejects: bool = True) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    canvas = Canvas(600, 300)
    draw_labels(canvas, [(tag(i + 1, rejects), box) for i, box in enumerate(boxes)], FRAME, with_defect=True)
    return (canvas.pixels != BACKGROUND).any(axis=-1)


@settings(max_examples=30)
@given(st.integers(50, 540), st.integers(50, 240), st.integers(1, 60), st.integers(1, 40))
def test_a_label_stays_in_the_picture_and_does_not_hide_its_finding(x: int, y: int, width: int, height: int) -> None:
    box = Box(x, y, min(width, 550 - x), min(height, 250 - y))
    marks = drawn(box)
    rows, columns = np.nonzero(marks)
    assert marks.any()
    assert columns.min() >= 50
    assert columns.max() <= 550
    assert rows.min() >= 50
    assert rows.max() <= 250
    inside = marks[int(box.y) + 2 : int(box.y + box.height) - 2, int(box.x) + 2 : int(box.x + box.width) - 2]
    assert not inside.any()


def test_two_findings_side_by_side_have_labels_that_do_not_touch() -> None:
    apart = drawn(Box(200, 150, 20, 6)).sum()
    both = drawn(Box(200, 150, 20, 6), Box(226, 150, 20, 6)).sum()
    assert both > 1.9 * apart


def test_a_finding_that_does_not_reject_has_an_empty_label() -> None:
    assert drawn(Box(200, 150, 20, 6)).any()
    filled, empty = Canvas(600, 300), Canvas(600, 300)
    draw_labels(filled, [(tag(1), Box(200, 150, 20, 6))], FRAME, with_defect=False)
    draw_labels(empty, [(tag(1, rejects=False), Box(200, 150, 20, 6))], FRAME, with_defect=False)
    red = [int((canvas.pixels == RED).all(axis=-1).sum()) for canvas in (filled, empty)]
    assert red[0] > 2 * red[1] > 0
