"""The surface, unrolled from pictures that a ray caster of the tests drew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edge_inspector.domain.records import SurfaceRecord
from edge_inspector.records.part_evidence import PartEvidence
from edge_inspector.records.sheet.canvas import Canvas, text_width
from edge_inspector.records.sheet.surface import AXIS_PX, UnrolledSurface, draw_surface, unroll
from edge_inspector.records.sheet.tags import box_in_view, tags_of
from tests.records import rod_part
from tests.records.rod_part import GREEN, LENGTH_MM, PATCH_ALONG_MM, STRAW, degrees_between, write_part
from tests.records.test_part_evidence import evidence_of

ROOM_PX = 600


def unrolled(evidence: PartEvidence) -> UnrolledSurface:
    assert evidence.verdict is not None
    assert evidence.verdict.surface is not None
    found = unroll(evidence, evidence.verdict.surface, ROOM_PX)
    assert found is not None
    return found


def without_marks(evidence: PartEvidence) -> PartEvidence:
    return replace(evidence, views=tuple(replace(view, probabilities={}) for view in evidence.views))


def green_middle(flat: UnrolledSurface) -> tuple[float, float]:
    """Return (along in mm, angle in degrees) of the middle of what is green."""
    off = np.abs(flat.pixels.astype(int) - GREEN).sum(axis=-1)
    rows, columns = np.nonzero(off < 60)
    height, width = flat.pixels.shape[:2]
    along_mm = LENGTH_MM * (1 - (columns.mean() + 0.5) / width)
    return along_mm, flat.origin_deg + 360 * (rows.mean() + 0.5) / height


@pytest.mark.parametrize("angle_deg", [130.0, 0.0, 89.0, 270.0])
def test_a_patch_lies_on_the_surface_where_it_lies_on_the_part(tmp_path: Path, angle_deg: float) -> None:
    write_part(tmp_path, angle_deg=angle_deg)
    flat = unrolled(without_marks(evidence_of(tmp_path)))
    along_mm, found_deg = green_middle(flat)
    assert abs(along_mm - PATCH_ALONG_MM) < 0.3
    assert degrees_between(found_deg, angle_deg) < 1.5


def test_the_surface_is_whole_and_has_the_form_of_the_part(tmp_path: Path) -> None:
    write_part(tmp_path)
    flat = unrolled(without_marks(evidence_of(tmp_path)))
    height, width = flat.pixels.shape[:2]
    assert width == ROOM_PX
    assert height / width == pytest.approx(2 * np.pi * rod_part.RADIUS_MM / LENGTH_MM, rel=0.01)
    inner = flat.pixels[:, 10:-10].astype(int)  # at the very ends a pixel of the picture mixes with the belt
    is_straw, is_green = (np.abs(inner - colour).sum(axis=-1) < 60 for colour in (STRAW, GREEN))
    assert (is_straw | is_green).mean() > 0.99


def test_marks_are_drawn_around_the_patch_and_nowhere_else(tmp_path: Path) -> None:
    write_part(tmp_path)
    evidence = evidence_of(tmp_path)
    plain, marked = unrolled(without_marks(evidence)), unrolled(evidence)
    box = marked.box_of(tags_of(evidence)[0])
    assert box is not None
    changed = (plain.pixels != marked.pixels).any(axis=-1)
    assert changed[int(box.y + box.height / 2), int(box.x + box.width / 2)]
    changed[int(box.y) - 6 : int(box.y + box.height) + 7, int(box.x) - 6 : int(box.x + box.width) + 7] = False
    assert not changed.any()


def test_the_surface_is_cut_open_at_0_or_where_no_finding_lies(tmp_path: Path) -> None:
    write_part(tmp_path / "a")
    assert unrolled(evidence_of(tmp_path / "a")).origin_deg == 0
    write_part(tmp_path / "b", angle_deg=355.0)
    evidence = evidence_of(tmp_path / "b")
    flat = unrolled(evidence)
    box = flat.box_of(tags_of(evidence)[0])
    assert flat.origin_deg == 30
    assert box is not None
    assert 0 < box.y < box.y + box.height < flat.pixels.shape[0]


def test_what_no_view_shows_is_not_filled_in(tmp_path: Path) -> None:
    folder = write_part(tmp_path)
    for camera in ("c1", "c2", "c4", "c5", "c6"):
        (folder / f"{camera}.jpg").unlink()
    flat = unrolled(evidence_of(tmp_path))
    straw = np.abs(flat.pixels.astype(int) - STRAW).sum(axis=-1) < 60
    shown_deg = 360 * straw[:, 300].mean()
    assert 80 < shown_deg < 116  # 60° of incidence, less what the patch's marks take
    assert list(flat.camera_rows) == ["c3"]


def test_seams_lie_between_neighbouring_cameras(tmp_path: Path) -> None:
    write_part(tmp_path)
    flat = unrolled(evidence_of(tmp_path))
    rows = np.flatnonzero(flat.seams[:, 300])
    assert rows.size == 6
    seams_deg = 360 * rows / flat.pixels.shape[0]
    assert np.abs(seams_deg - (30 + 60 * np.arange(6))).max() < 3


@pytest.mark.parametrize("width_px", [200, 1300])
def test_measures_are_whole_above_a_narrow_surface_and_end_with_a_wide_one(width_px: int) -> None:
    flat = UnrolledSurface(np.zeros((120, width_px, 3), np.uint8), np.zeros((120, width_px), np.bool_), 0.0, LENGTH_MM, {})
    measures = [f"length {length}.0 mm" for length in range(51, 56)]
    bare, told = Canvas(2000, 300), Canvas(2000, 300)
    draw_surface(bare, 0, 0, 1400, flat, [])
    draw_surface(told, 0, 0, 1400, flat, [], measures)
    columns = np.flatnonzero((bare.pixels != told.pixels).any(axis=(0, 2)))
    words_px = text_width(" · ".join(measures), 20)
    assert abs(np.ptp(columns) - words_px) < 8
    assert width_px == 200 or abs(columns.max() - (AXIS_PX + width_px)) < 8


def test_measures_that_need_more_room_than_there_is_end_at_the_list() -> None:
    flat = UnrolledSurface(np.zeros((120, 200, 3), np.uint8), np.zeros((120, 200), np.bool_), 0.0, LENGTH_MM, {})
    bare, told = Canvas(2000, 300), Canvas(2000, 300)
    draw_surface(bare, 0, 0, 600, flat, [])
    draw_surface(told, 0, 0, 600, flat, [], ["length 60.0 mm"] * 9)
    columns = np.flatnonzero((bare.pixels != told.pixels).any(axis=(0, 2)))
    assert 560 < columns.max() <= 600


@pytest.mark.parametrize("rod", [(), (60.0,) * 3, (float("nan"),) * 11, (0.0,) * 11])
def test_a_rod_that_is_none_gives_no_surface(tmp_path: Path, rod: tuple[float, ...]) -> None:
    write_part(tmp_path)
    evidence = evidence_of(tmp_path)
    surface = rod_part.verdict().surface
    assert isinstance(surface, SurfaceRecord)
    assert unroll(evidence, msgspec.structs.replace(surface, rod=rod), ROOM_PX) is None


def test_a_finding_is_found_in_every_view_that_saw_it_and_in_no_other(tmp_path: Path) -> None:
    write_part(tmp_path)
    evidence = evidence_of(tmp_path)
    assert evidence.verdict is not None
    (tag,) = tags_of(evidence)
    for index, view in enumerate(evidence.views):
        mask = rod_part.patch_mask(rod_part.place_of(index))
        box = box_in_view(tag, view.camera, evidence.verdict.surface)
        assert (box is not None) == mask.any()
        if box is not None:
            rows, columns = np.nonzero(mask)
            assert abs(box.x + box.width / 2 - columns.mean()) < 2
            assert box.y - 2 <= rows.mean() <= box.y + box.height + 2


def test_without_a_surface_a_finding_is_shown_in_the_first_view_that_saw_it(tmp_path: Path) -> None:
    write_part(tmp_path)
    (tag,) = tags_of(evidence_of(tmp_path))
    boxes = [box_in_view(tag, camera, None) for camera in tag.finding.cameras]
    assert [box is not None for box in boxes] == [True] + [False] * (len(boxes) - 1)
