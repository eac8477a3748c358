from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_inspector.domain.errors import PictureDamagedError
from edge_inspector.imaging.fit import Fit, fit

sizes = st.integers(1, 12)
pictures = st.tuples(sizes, sizes, st.integers(0, 99)).map(
    lambda drawn: np.random.default_rng(drawn[2]).integers(0, 256, (*drawn[:2], 3), dtype=np.uint8)
)


def flat(height: int, width: int, level: int = 90) -> NDArray[np.uint8]:
    return np.full((height, width, 3), level, np.uint8)


@given(pictures, sizes, sizes)
def test_pad_keeps_the_picture_at_the_upper_left_and_mirrors_it_as_numpy_does(
    picture: NDArray[np.uint8], below: int, right: int
) -> None:
    height, width = picture.shape[:2]
    padded = fit(picture, "pad", width + right, height + below)
    rows = np.pad(picture, ((0, below), (0, 0), (0, 0)), "reflect" if below < height else "edge")
    expected = np.pad(rows, ((0, 0), (0, right), (0, 0)), "reflect" if right < width else "edge")
    assert np.array_equal(padded, expected)


@given(pictures)
def test_a_picture_of_the_right_size_is_the_same_however_it_is_fitted(picture: NDArray[np.uint8]) -> None:
    height, width = picture.shape[:2]
    for how in ("exact", "pad", "resize"):
        assert np.array_equal(fit(picture, how, width, height), picture)


@given(pictures, sizes, sizes, st.sampled_from(["exact", "pad", "resize"]))
def test_the_fitted_picture_has_the_views_size_and_is_contiguous_and_its_own(
    picture: NDArray[np.uint8], height: int, width: int, how: Fit
) -> None:
    before = picture.copy()
    assume(how == "resize" or (picture.shape[0] <= height and picture.shape[1] <= width))
    assume(how != "exact" or picture.shape[:2] == (height, width))
    fitted = fit(picture, how, width, height)
    assert (fitted.shape, fitted.dtype, fitted.flags.c_contiguous) == ((height, width, 3), np.uint8, True)
    fitted[:] = 255 - fitted
    assert np.array_equal(picture, before)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 4), st.integers(1, 4), st.integers(0, 99))
def test_to_a_whole_fraction_each_pixel_is_the_mean_of_those_it_covers(
    height: int, width: int, down: int, across: int, seed: int
) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height * down, width * across, 3), dtype=np.uint8)
    means = picture.reshape(height, down, width, across, 3).mean(axis=(1, 3))
    assert np.abs(fit(picture, "resize", width, height) - means).max() <= 0.51  # rounded to whole grey levels


@given(st.integers(2, 12), st.integers(2, 12), sizes, sizes, st.integers(0, 255))
def test_a_flat_picture_stays_flat_whatever_its_size_becomes(
    height: int, width: int, to_height: int, to_width: int, level: int
) -> None:
    assert (fit(flat(height, width, level), "resize", to_width, to_height) == level).all()


def test_where_it_grows_a_ramp_stays_a_ramp() -> None:
    ramp = np.repeat(np.arange(0, 160, 20, dtype=np.uint8)[None, :, None], 3, axis=2)
    grown = fit(ramp, "resize", 32, 1)[0, :, 0].astype(int)
    assert np.all(np.diff(grown) >= 0)
    assert np.all(np.diff(grown)[2:-2] == 5)


def test_one_side_may_shrink_while_the_other_grows() -> None:
    stripes = np.zeros((8, 4, 3), np.uint8)
    stripes[::2] = 200
    fitted = fit(stripes, "resize", 9, 4)
    assert (fitted == 100).all()  # the stripes are averaged, not sampled


@pytest.mark.parametrize("bands", [5, 7])  # more than OpenCV scales at once
@pytest.mark.parametrize(
    ("how", "width", "height"), [("pad", 40, 30), ("resize", 13, 31), ("resize", 7, 5), ("exact", 14, 10)]
)
def test_every_one_of_many_bands_is_fitted_as_if_it_were_alone(bands: int, how: Fit, width: int, height: int) -> None:
    picture = np.random.default_rng(bands).integers(0, 256, (10, 14, bands), dtype=np.uint8)
    alone = [fit(np.ascontiguousarray(picture[..., band]), how, width, height) for band in range(bands)]
    fitted = fit(picture, how, width, height)
    assert fitted.flags.c_contiguous
    assert np.array_equal(fitted, np.stack(alone, axis=2))


def test_another_size_than_the_views_is_refused_by_exact_and_both_are_said() -> None:
    with pytest.raises(
        PictureDamagedError, match="is 10 x 8 pixels, but the recipe's view is 12 x 8; correct the station's"
    ):
        fit(flat(8, 10), "exact", 12, 8)


@pytest.mark.parametrize(("height", "width"), [(9, 10), (8, 13)])
def test_more_than_the_view_is_refused_by_pad_and_the_remedy_is_said(height: int, width: int) -> None:
    with pytest.raises(PictureDamagedError, match=r"cut a smaller roi, or set fit to resize"):
        fit(flat(height, width), "pad", 12, 8)
