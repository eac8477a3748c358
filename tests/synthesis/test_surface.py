"""A sound surface: what has the colour of a stain is fainter or smaller than any stain."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge_inspector.synthesis import surface as drawn_surface
from edge_inspector.synthesis.body import Body
from edge_inspector.synthesis.defects import RANGES, DefectKind
from edge_inspector.synthesis.surface import CLOUDS, FRECKLE_DARKNESS, FRECKLE_MM, MM_PER_COLUMN, ROWS, draw_surface

BODY = Body(60.0, 8.0)


@pytest.mark.parametrize("seed", range(4))
def test_clouds_are_fainter_than_the_faintest_stain(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn_surface, "FRECKLES", 0)
    stain = draw_surface(np.random.default_rng(seed), BODY).stain
    assert stain.shape == (ROWS, 1200)
    assert CLOUDS[0] - 1e-4 <= np.abs(stain).max() <= CLOUDS[1] < RANGES[DefectKind.STAIN].contrast[0]
    assert stain.min() < 0 < stain.max()


@pytest.mark.parametrize("seed", range(6))
def test_freckles_stay_below_their_size_and_darkness(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn_surface, "CLOUDS", (0.0, 0.0))
    monkeypatch.setattr(drawn_surface, "FRECKLES", 1)
    surface = draw_surface(np.random.default_rng(seed), BODY)
    if not surface.stain.any():
        return  # none was drawn
    assert surface.stain.max() <= FRECKLE_DARKNESS[1]
    half = (
        np.roll(surface.stain, ROWS // 2 - int(surface.stain.argmax() // surface.columns), axis=0) > surface.stain.max() / 2
    )
    _, _, width, height = cv2.boundingRect(half.astype(np.uint8))
    assert width * MM_PER_COLUMN <= FRECKLE_MM[1] + MM_PER_COLUMN
    assert height * surface.mm_per_row <= FRECKLE_MM[1] + surface.mm_per_row


def test_some_straws_have_freckles() -> None:
    assert any(draw_surface(np.random.default_rng(seed), BODY).stain.max() > CLOUDS[1] for seed in range(6))
