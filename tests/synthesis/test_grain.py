"""The grain flows around the straw without a seam, and its fibres are softer than any crack."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.synthesis import grain
from edge_inspector.synthesis.grain import HARDER, NATURAL, Grain, draw_grain, smooth_field

ROWS, COLUMNS = 768, 1200
MM_PER_ROW, MM_PER_COLUMN = 0.033, 0.05
seeds = st.integers(0, 2**32 - 1)


def drawn(seed: int, kind: Grain = NATURAL) -> np.ndarray:
    return draw_grain(np.random.default_rng(seed), ROWS, COLUMNS, MM_PER_ROW, MM_PER_COLUMN, kind)


def no_lines(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    return np.ones((rows, columns), np.float32)


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_a_smooth_field_lies_between_minus_one_and_one_and_has_no_seam(seed: int) -> None:
    field = smooth_field(np.random.default_rng(seed), ROWS, COLUMNS, 12, (8, 16))
    assert field.shape == (ROWS, COLUMNS)
    assert np.abs(field).max() == pytest.approx(1.0, abs=1e-4)
    steps = np.abs(np.diff(field, axis=0)).max()
    assert np.abs(field[0] - field[-1]).max() <= 1.5 * steps


@pytest.mark.parametrize("seed", range(4))
def test_the_grain_has_no_seam_and_gives_back_light_everywhere(seed: int) -> None:
    tone = drawn(seed)
    assert tone.dtype == np.float32
    assert 0.25 < tone.min() < 0.95
    assert tone.max() < 1.1
    across = np.abs(np.diff(tone, axis=0)).mean(1)
    assert np.abs(tone[0] - tone[-1]).mean() <= across.max()


@pytest.mark.parametrize("kind", [NATURAL, HARDER])
@pytest.mark.parametrize("seed", range(4))
def test_a_fibre_is_never_darker_or_sharper_than_its_limits(seed: int, kind: Grain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grain, "_lines", no_lines)
    tone = drawn(seed, replace(kind, flow_mm=(0.0, 0.0)))
    darkest = grain.FIBRE_DARKNESS[1]
    assert 1 - darkest - 1e-4 <= tone.min() < 1 - grain.FIBRE_DARKNESS[0]
    steepest = darkest * np.exp(-0.5) / kind.fibre_sigma_mm[0]  # of a Gaussian, per mm
    assert np.abs(np.diff(tone, axis=0)).max() / MM_PER_ROW <= 1.01 * steepest
    fade_mm = grain.FIBRE_FADE * kind.fibre_length_mm[0]
    assert np.abs(np.diff(tone, axis=1)).max() / MM_PER_COLUMN <= 1.01 * 1.5 * darkest / fade_mm


def test_the_flow_moves_neighbours_together_and_not_further_than_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def one_line(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
        tone = no_lines(rng, rows, columns)
        tone[300:304] = 0.5
        return tone

    monkeypatch.setattr(grain, "_lines", one_line)
    tone = drawn(1, replace(NATURAL, fibres=(0, 0)))
    weight = 1 - tone
    row = (weight * np.arange(ROWS)[:, None]).sum(0) / weight.sum(0)
    moved_mm = (row - 301.5) * MM_PER_ROW
    assert 0.02 < np.abs(moved_mm).max() <= NATURAL.flow_mm[1] + MM_PER_ROW
    assert np.abs(np.diff(moved_mm)).max() < 0.02
