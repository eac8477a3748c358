"""Defects are drawn as they are described: size, place, contrast, and a crack's slant to the grain."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edge_inspector.synthesis.body import Body
from edge_inspector.synthesis.defects import MASK_LEVEL, SLANT_DEG, Defect, DefectKind, choose_defect, draw_defect
from edge_inspector.synthesis.surface import MM_PER_COLUMN, ROWS, draw_surface

BODY = Body(60.0, 8.0)


def mask_of(defect: Defect, seed: int) -> tuple[np.ndarray, float]:
    """Where the defect is, bool (ROWS, columns), turned to the middle row; mm a row."""
    rng = np.random.default_rng(seed)
    surface = draw_surface(rng, BODY)
    profiles = {defect.kind: np.zeros((ROWS, surface.columns), np.float32)}
    draw_defect(rng, surface, profiles, defect)
    mask = profiles[defect.kind] >= MASK_LEVEL
    return np.roll(mask, ROWS // 2 - round(defect.angle_deg / 360 * ROWS), axis=0), surface.mm_per_row


@pytest.mark.parametrize("seed", range(8))
def test_a_crack_slants_to_the_grain_by_some_degrees(seed: int) -> None:
    mask, mm_per_row = mask_of(Defect(DefectKind.CRACK, 359.0, 30.0, 20.0, 0.25, 0.4), seed)
    rows, columns = np.nonzero(mask)
    slope = np.polyfit(columns * MM_PER_COLUMN, rows * mm_per_row, 1)[0]
    assert SLANT_DEG[0] - 0.7 <= math.degrees(math.atan(abs(slope))) <= SLANT_DEG[1] + 0.7


@pytest.mark.parametrize("kind", list(DefectKind))
@pytest.mark.parametrize("seed", range(4))
def test_a_defect_has_its_size_and_its_place(kind: DefectKind, seed: int) -> None:
    defect = choose_defect(np.random.default_rng((seed, 1)), kind, BODY.length_mm, (3.0, 3.5))
    mask, mm_per_row = mask_of(defect, seed)
    rows, columns = np.nonzero(mask)
    assert np.ptp(columns) * MM_PER_COLUMN == pytest.approx(defect.size_mm, rel=0.3)
    assert (columns.mean() + 0.5) * MM_PER_COLUMN == pytest.approx(defect.along_mm, abs=0.4)
    assert (rows.mean() - ROWS // 2) * mm_per_row == pytest.approx(0.0, abs=0.4)


@pytest.mark.parametrize("kind", list(DefectKind))
def test_a_defect_keeps_off_the_cut_ends(kind: DefectKind) -> None:
    rng = np.random.default_rng(7)
    for _ in range(200):
        defect = choose_defect(rng, kind, BODY.length_mm)
        assert defect.along_mm - defect.size_mm / 2 >= 1.0
        assert defect.along_mm + defect.size_mm / 2 <= BODY.length_mm - 1.0
