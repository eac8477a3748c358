"""The sheet by its properties: its size, what changes on it with what is told of the part, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_inspector.records.part_evidence import PartEvidence
from edge_inspector.records.sheet import draw_sheet
from edge_inspector.records.sheet.canvas import BACKGROUND, TEXT
from edge_inspector.records.sheet.draw import (
    HEAD_PX,
    MARGIN_PX,
    REASON_PX,
    SECTION_PX,
    VERDICT_COLOURS,
    WIDTH_PX,
    head_lines,
    reason_lines,
)
from edge_inspector.records.sheet.findings import ROW_PX
from edge_inspector.records.sheet.views import CAPTION_PX, GAP_PX, NOTE_COLOUR, grid_of
from tests.records.rod_part import CAMERAS, HEIGHT, WIDTH, patch_mask, place_of, write_part
from tests.records.test_part_evidence import evidence_of

GRID = grid_of(6, WIDTH, HEIGHT, WIDTH_PX - 2 * MARGIN_PX)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> PartEvidence:
    folder = tmp_path_factory.mktemp("state")
    write_part(folder)
    return evidence_of(folder)


@pytest.fixture(scope="module")
def flat(evidence: PartEvidence) -> PartEvidence:
    """The same part without a surface."""
    assert evidence.verdict is not None
    return replace(evidence, verdict=msgspec.structs.replace(evidence.verdict, surface=None))


def told(evidence: PartEvidence, **changes: Any) -> PartEvidence:  # Any: fields of PartDetails
    return replace(evidence, details=msgspec.structs.replace(evidence.details, **changes))


def changed(one: PartEvidence, other: PartEvidence) -> NDArray[np.bool_]:
    return np.asarray((draw_sheet(one) != draw_sheet(other)).any(axis=-1))


VIEWS_Y = MARGIN_PX + HEAD_PX + REASON_PX + SECTION_PX // 2 + CAPTION_PX  # below one line of reasons


def cells() -> Mapping[str, tuple[slice, slice]]:
    """Return the rows and columns of each view on the sheet."""
    found = {}
    for index, camera in enumerate(CAMERAS):
        row, column = divmod(index, GRID.columns)
        y = VIEWS_Y + row * (GRID.view_height_px + CAPTION_PX + GAP_PX)
        x = MARGIN_PX + column * (GRID.view_width_px + GAP_PX)
        found[camera] = (slice(y, y + GRID.view_height_px), slice(x, x + GRID.view_width_px))
    return found


def test_a_sheet_is_as_wide_as_always_with_a_quiet_margin(evidence: PartEvidence) -> None:
    sheet = draw_sheet(evidence)
    assert sheet.shape[1] == WIDTH_PX
    assert 1200 < sheet.shape[0] < 2000
    for border in (sheet[:12], sheet[-8:], sheet[:, :30], sheet[:, -30:]):
        assert (border == BACKGROUND).all()


@pytest.mark.parametrize("verdict", ["REJECT", "UNINSPECTED", "ACCEPT"])
def test_the_head_is_in_the_colour_of_the_verdict_and_of_no_other(flat: PartEvidence, verdict: str) -> None:
    summary = msgspec.structs.replace(flat.details.summary, verdict=verdict)
    head = draw_sheet(told(flat, summary=summary))[: MARGIN_PX + 60]
    counts = {name: int((head == colour).all(axis=-1).sum()) for name, colour in VERDICT_COLOURS.items()}
    assert counts.pop(verdict) > 3000
    assert not any(counts.values())


def test_every_mark_and_label_is_in_the_view_that_has_it(evidence: PartEvidence) -> None:
    bare = told(replace(evidence, views=tuple(replace(view, probabilities={}) for view in evidence.views)), findings=())
    differs = changed(evidence, bare)
    for index, camera in enumerate(CAMERAS):
        cell = differs[cells()[camera]]
        mask = patch_mask(place_of(index))
        assert cell.any() == mask.any(), camera
        if mask.any():
            rows, columns = np.nonzero(mask)
            assert cell[int(rows.mean() * GRID.scale), int(columns.mean() * GRID.scale)]
            near = slice(int(columns.min() * GRID.scale) - 80, int(columns.max() * GRID.scale) + 80)
            cell[:, near] = False
            assert not cell.any()
    assert not differs[: VIEWS_Y - CAPTION_PX].any()  # neither the head nor the reasons


def test_without_a_surface_the_sheet_ends_with_the_findings(evidence: PartEvidence, flat: PartEvidence) -> None:
    assert draw_sheet(flat).shape[0] < draw_sheet(evidence).shape[0] - 300


def test_reasons_are_all_there_up_to_three_and_more_are_counted(flat: PartEvidence) -> None:
    heights = [draw_sheet(told(flat, reasons=("because",) * count)).shape[0] for count in (1, 2, 3, 4, 40)]
    lines = np.subtract(heights, heights[0]) / (heights[1] - heights[0])
    assert lines.tolist() == [0, 1, 2, 2, 2]


@pytest.mark.parametrize(
    ("count", "last"),
    [(3, "reason 3"), (4, "and 2 more reasons, see `parts show`"), (16, "and 14 more reasons, see `parts show`")],
)
def test_of_many_reasons_the_first_are_written_and_the_others_counted(count: int, last: str) -> None:
    lines = reason_lines([f"reason {number}" for number in range(1, count + 1)], 1888)
    assert lines == ["reason 1", "reason 2", last]


def test_reasons_that_decision_left_out_are_counted_as_many_as_they_were() -> None:
    reasons = [*(f"reason {number}" for number in range(1, 16)), "and 7 more reasons"]
    assert reason_lines(reasons, 1888) == ["reason 1", "reason 2", "and 20 more reasons, 13 of them in `parts show`"]


def test_a_long_reason_takes_two_lines_and_no_reason_takes_none() -> None:
    lines = reason_lines(["crack 3.4 mm long (limit 2.0) " * 12], 1888)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert reason_lines([], 1888) == []


def test_why_the_verdict_can_not_be_read_stands_below_the_reasons_in_the_colour_of_notes(flat: PartEvidence) -> None:
    lost = replace(flat, verdict=None, why_no_verdict="the record of the verdict can not be read: c.seg: damaged at byte 7")
    assert head_lines(flat, 1888) == [(flat.details.reasons[0], TEXT)]
    assert head_lines(lost, 1888) == [
        *head_lines(flat, 1888),
        (f"what was marked is not known: {lost.why_no_verdict}", NOTE_COLOUR),
    ]
    below = draw_sheet(lost)[MARGIN_PX + HEAD_PX + REASON_PX - 18 : MARGIN_PX + HEAD_PX + 2 * REASON_PX - 12]
    assert (below == NOTE_COLOUR).all(axis=-1).sum() > 500


def test_a_reason_changes_the_head_alone(flat: PartEvidence) -> None:
    differs = changed(flat, told(flat, reasons=("stain",)))
    rows = np.flatnonzero(differs.any(axis=1))
    assert MARGIN_PX + 40 < rows.min() <= rows.max() < MARGIN_PX + 100


def test_a_view_without_a_picture_leaves_its_place_empty(flat: PartEvidence) -> None:
    views = tuple(
        replace(view, picture=None, probabilities={}, note="no picture is kept") if view.camera == "c6" else view
        for view in flat.views
    )
    sheet = draw_sheet(replace(flat, views=views))
    rows, columns = cells()["c6"]
    assert np.unique(sheet[rows, columns].reshape(-1, 3)[::97], axis=0).shape[0] < 20  # a panel and a few words
    assert np.abs(sheet[rows, columns].astype(int) - (190, 160, 110)).sum(axis=-1).min() > 60


def test_any_number_of_findings_finds_room_beside_the_surface(evidence: PartEvidence) -> None:
    heights = {draw_sheet(told(evidence, findings=evidence.details.findings * count)).shape[0] for count in (0, 60)}
    assert heights == {draw_sheet(evidence).shape[0]}


def test_without_a_finding_the_list_takes_no_row(flat: PartEvidence) -> None:
    assert draw_sheet(flat).shape[0] - draw_sheet(told(flat, findings=())).shape[0] == ROW_PX


def test_without_a_surface_the_sheet_grows_with_the_findings(flat: PartEvidence) -> None:
    few, many = (draw_sheet(told(flat, findings=flat.details.findings * count)) for count in (4, 60))
    assert many.shape[0] - few.shape[0] == 14 * ROW_PX  # 15 rows of four instead of one
    assert (many[-8:] == BACKGROUND).all()


@pytest.mark.parametrize(
    ("count", "height", "width"), [(1, 320, 320), (3, 256, 1248), (16, 256, 1248), (6, 2000, 300), (1, 1, 1)]
)
def test_views_of_any_number_and_form_have_a_place_on_the_sheet(count: int, height: int, width: int) -> None:
    grid = grid_of(count, width, height, 1888)
    assert grid.columns * grid.rows >= count
    assert grid.width_px <= 1888
    assert grid.view_width_px >= 1 <= grid.view_height_px
    assert abs(grid.view_width_px / grid.view_height_px / (width / height) - 1) < 0.2
    if (height, width) == (256, 1248) and count == 3:
        assert grid.columns == 1


def test_a_part_that_has_only_pictures_is_shown_without_words_of_a_verdict(flat: PartEvidence) -> None:
    summary = msgspec.structs.replace(flat.details.summary, verdict=None, outcome=None, reason="")
    bare = told(replace(flat, verdict=None), findings=(), reasons=(), summary=summary)
    sheet = draw_sheet(bare)
    head = sheet[: MARGIN_PX + 60]
    assert not any((head == colour).all(axis=-1).any() for colour in VERDICT_COLOURS.values())


@pytest.mark.parametrize(("length_mm", "radius_mm"), [(400.0, 1.0), (5.0, 25.0)])
def test_thin_and_flat_rods_have_a_sheet_too(evidence: PartEvidence, length_mm: float, radius_mm: float) -> None:
    assert evidence.verdict is not None
    assert evidence.verdict.surface is not None
    rod = (length_mm, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, radius_mm, 0.0, 0.0, 0.0)
    surface = msgspec.structs.replace(evidence.verdict.surface, rod=rod)
    sheet = draw_sheet(replace(evidence, verdict=msgspec.structs.replace(evidence.verdict, surface=surface)))
    assert (sheet[:, :30] == BACKGROUND).all()
    assert (sheet[:, -30:] == BACKGROUND).all()
