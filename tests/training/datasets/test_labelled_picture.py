"""Labels become pixels, or are refused where they can not be meant for their picture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import (
    ANY_GREY,
    CLEAN,
    FROM_HALF_GREY,
    Canvas,
    Drawn,
    MaskFile,
    Runs,
    read_mask,
)
from edge_inspector.training.datasets.regions import Polygon, rectangle
from tests.training.datasets.lookalikes import write_grey

GREYS = np.array([[0, 1, 2], [127, 128, 255]], np.uint8)
CANVAS = Canvas("labels.xml: a.png", 2, 3)


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (None, GREYS.astype(np.float32) / np.float32(255)),
        (ANY_GREY, GREYS > 0),
        (FROM_HALF_GREY, GREYS >= 128),
        (frozenset({2}), GREYS == 2),
    ],
)
def test_grey_levels_say_how_sure_it_is_or_which_defect(
    tmp_path: Path, values: frozenset[int] | None, read: np.ndarray
) -> None:
    write_grey(tmp_path / "mask.png", GREYS)
    mask = read_mask(MaskFile(tmp_path / "mask.png", values), 2, 3)
    assert mask.dtype == np.float32
    assert np.array_equal(mask, read)


@pytest.mark.parametrize("ending", ["png", "bmp"])
@pytest.mark.parametrize("channels", [3, 4])
def test_a_mask_that_was_saved_in_colours_but_is_grey_is_read(tmp_path: Path, ending: str, channels: int) -> None:
    write_grey(tmp_path / f"mask.{ending}", cv2.merge([GREYS, GREYS, GREYS, np.full_like(GREYS, 255)][:channels]))
    assert np.array_equal(read_mask(MaskFile(tmp_path / f"mask.{ending}", ANY_GREY), 2, 3), GREYS > 0)


@pytest.mark.parametrize("picture", [cv2.merge([GREYS, GREYS, GREYS * 0]), GREYS.astype(np.uint16)])
def test_a_mask_in_colours_or_of_sixteen_bit_is_refused(tmp_path: Path, picture: np.ndarray) -> None:
    write_grey(tmp_path / "mask.png", picture)
    with pytest.raises(TrainingDataError, match=r"mask\.png: is not a picture of 8 bit and one channel"):
        read_mask(MaskFile(tmp_path / "mask.png"), 2, 3)


def test_a_grey_level_that_means_nothing_is_refused(tmp_path: Path) -> None:
    write_grey(tmp_path / "mask.png", GREYS)
    with pytest.raises(TrainingDataError, match=r"mask\.png: holds the grey level 127, allowed are 0, 1, 2; export"):
        read_mask(MaskFile(tmp_path / "mask.png", frozenset({1}), frozenset({0, 1, 2})), 2, 3)


@pytest.mark.parametrize("label", [Drawn((), CANVAS), Runs(("1 2",), CANVAS)])
def test_a_label_of_a_picture_of_another_size_is_refused_even_if_it_is_clean(label: Drawn | Runs) -> None:
    assert read_mask(label, 2, 3).sum() == (2 if isinstance(label, Runs) else 0)
    with pytest.raises(
        TrainingDataError, match=r"labels\.xml: a\.png: was labelled at 3 x 2 px, but its picture is 2 x 3 px; restore"
    ):
        read_mask(label, 3, 2)


def test_where_a_label_was_drawn_makes_it_no_other_label() -> None:
    assert Drawn((), CANVAS) == CLEAN
    assert repr(Drawn((), CANVAS)) == repr(CLEAN)


@pytest.mark.parametrize(
    ("label", "said"),
    [
        (Drawn(((rectangle(9, 9, 12, 12), 1.0),), place="via.json: a.png"), "via.json: a.png: a labelled polygon covers no"),
        (
            Drawn(((Polygon(((0, 0), (1, 1))), 1.0),), CANVAS, "other"),
            "labels.xml: a.png: a polygon of 2 points, needed are",
        ),
        (Drawn(((Polygon(()), 1.0),)), "a polygon of 0 points"),
        (Runs(("5 9",), CANVAS), "labels.xml: a.png: run 5 9 is off the picture"),
    ],
)
def test_what_can_not_be_drawn_is_said_with_the_file_and_picture_that_it_stands_in(label: Drawn | Runs, said: str) -> None:
    with pytest.raises(TrainingDataError) as error:
        read_mask(label, 2, 3)
    assert str(error.value).startswith(said)


def test_of_two_regions_that_overlap_the_surer_one_counts() -> None:
    sure, unsure = (rectangle(0, 0, 2, 1), 1.0), (rectangle(1, 0, 2, 1), 0.2)
    for regions in ((sure, unsure), (unsure, sure)):
        assert (read_mask(Drawn(regions), 2, 3) == 1).all()


def test_a_mask_that_is_transparent_anywhere_is_refused(tmp_path: Path) -> None:
    """Painted on a layer of its own a defect may be black on nothing, which reads as clean."""
    layers = np.zeros((2, 3, 4), np.uint8)
    layers[..., 3] = 255
    write_grey(tmp_path / "m.png", layers)
    assert not read_mask(MaskFile(tmp_path / "m.png"), 2, 3).any()
    layers[0, 0, 3] = 0
    write_grey(tmp_path / "m.png", layers)
    with pytest.raises(TrainingDataError, match=r"m\.png: is transparent in places"):
        read_mask(MaskFile(tmp_path / "m.png"), 2, 3)
