"""Generated straws keep the promises on which the truth of a session rests."""

from __future__ import annotations

import numpy as np
import pytest

from edge_inspector.synthesis import draw_straw, render_view
from edge_inspector.synthesis.camera_view import HEIGHT, draw_cameras
from edge_inspector.synthesis.straw import CAMERA_ANGLES_DEG, CRACK_LENGTH_MM


def test_the_same_seed_draws_the_same_straw() -> None:
    first, second = (draw_straw(np.random.default_rng(5), 2) for _ in range(2))
    assert np.array_equal(first.albedo, second.albedo)
    assert first.cracks == second.cracks


def test_grain_is_never_darker_than_an_eighth() -> None:
    for seed in range(5):
        albedo = draw_straw(np.random.default_rng(seed)).albedo
        assert float(albedo.min()) > (1 - 0.12) * (1 - 0.045)


@pytest.mark.parametrize("seed", range(12))
def test_every_crack_is_seen_near_the_middle_of_some_view(seed: int) -> None:
    rng = np.random.default_rng(seed)
    straw = draw_straw(rng, 1)
    assert straw.cracks[0].length_mm >= CRACK_LENGTH_MM[0] - 0.06
    seen = [int((render_view(straw, camera).mask > 0).sum()) for camera in draw_cameras(rng, CAMERA_ANGLES_DEG)]
    assert max(seen) >= 64


def test_the_mask_is_where_the_crack_darkens_the_picture() -> None:
    rng = np.random.default_rng(3)
    cracked = draw_straw(rng, 2)
    camera = max(
        draw_cameras(rng, CAMERA_ANGLES_DEG), key=lambda camera: int(render_view(cracked, camera).mask.astype(bool).sum())
    )
    view = render_view(cracked, camera)
    inside = view.mask > 0
    rows = np.flatnonzero(inside.any(1))
    around = np.zeros_like(inside)
    around[rows[0] : rows[-1] + 1] = True
    around &= ~inside & inside.any(0)[None, :] & (view.coverage >= 1)
    grey = view.rgb.mean(2)
    assert grey[inside].mean() < 0.85 * grey[around].mean()


def test_a_straw_without_cracks_has_an_empty_mask() -> None:
    rng = np.random.default_rng(4)
    straw = draw_straw(rng)
    for camera in draw_cameras(rng, CAMERA_ANGLES_DEG):
        view = render_view(straw, camera)
        assert not view.mask.any()
        assert view.rgb.shape == (HEIGHT, straw.albedo.shape[1], 3)
