from __future__ import annotations

import numpy as np
import pytest

from edge_inspector.domain.errors import PictureDamagedError
from edge_inspector.imaging.view_cut import cut_view
from edge_inspector.station.recipe import ViewShape
from edge_inspector.station.station import Camera, Orientation, Roi

FRAME = np.random.default_rng(3).integers(0, 256, (12, 20, 3), dtype=np.uint8)


def camera(**changes: object) -> Camera:
    return Camera.model_validate({"driver": "replay", "latency_ms": 1.0, "offset_ms": 1.0, **changes})


def test_without_roi_the_whole_frame_is_the_view() -> None:
    cut = cut_view(FRAME, camera(), ViewShape(height_px=12, width_px=20))
    assert np.array_equal(cut.pixels, FRAME)
    assert not np.shares_memory(cut.pixels, FRAME)


def test_the_frame_is_turned_before_the_roi_is_cut() -> None:
    turned = camera(orientation=Orientation(rotate_deg=90), roi=Roi(x_px=2, y_px=5, width_px=8, height_px=6))
    cut = cut_view(FRAME, turned, ViewShape(height_px=6, width_px=8))
    assert np.array_equal(cut.pixels, np.rot90(FRAME, -1)[5:11, 2:10])


def test_what_the_camera_saw_of_a_padded_view_is_told_from_the_padding() -> None:
    padded = camera(roi=Roi(x_px=1, y_px=2, width_px=16, height_px=9), fit="pad")
    cut = cut_view(FRAME, padded, ViewShape(height_px=12, width_px=24))
    assert cut.pixels.shape == (12, 24, 3)
    assert np.array_equal(cut.seen, FRAME[2:11, 1:17])


def test_a_resized_view_is_seen_in_full() -> None:
    cut = cut_view(FRAME, camera(fit="resize"), ViewShape(height_px=6, width_px=10))
    assert cut.seen.shape == cut.pixels.shape == (6, 10, 3)


def test_a_roi_beyond_the_turned_frame_is_refused() -> None:
    turned = camera(orientation=Orientation(rotate_deg=90), roi=Roi(x_px=0, y_px=0, width_px=20, height_px=12))
    with pytest.raises(PictureDamagedError, match="the picture is 12 x 20 pixels, but the view needs 20 x 12"):
        cut_view(FRAME, turned, ViewShape(height_px=12, width_px=20))
