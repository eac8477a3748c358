from __future__ import annotations

import numpy as np
import pytest

from edge_inspector.domain.errors import PictureDamagedError
from edge_inspector.imaging.crop import crop

PICTURE = np.arange(8 * 10 * 3, dtype=np.uint8).reshape(8, 10, 3)


def test_the_rectangle_is_cut_out() -> None:
    view = crop(PICTURE, x_px=2, y_px=3, width_px=4, height_px=5)
    assert np.array_equal(view, PICTURE[3:8, 2:6])


def test_even_the_whole_picture_becomes_an_array_of_its_own() -> None:
    view = crop(PICTURE, 0, 0, 10, 8)
    assert view.flags.c_contiguous
    assert not np.shares_memory(view, PICTURE)


@pytest.mark.parametrize("rectangle", [(7, 0, 4, 8), (0, 1, 10, 8)])
def test_a_rectangle_beyond_the_picture_is_refused(rectangle: tuple[int, int, int, int]) -> None:
    with pytest.raises(PictureDamagedError, match="check the camera's mode and the station's roi"):
        crop(PICTURE, *rectangle)
