"""What is kept of a picture that was looked at, and what is said of one that can not be used."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_inspector.training.datasets.labelled_picture import (
    ANY_GREY,
    CLEAN,
    FROM_HALF_GREY,
    Drawn,
    Label,
    LabelledPicture,
    MaskFile,
    Somewhere,
)
from edge_inspector.training.datasets.looking import SeenLabel, SeenPicture, State, UnreadPicture, look_at
from edge_inspector.training.datasets.regions import rectangle
from tests.training.datasets.lookalikes import write_grey
from tests.training.datasets.surfaces import surface

HEIGHT, WIDTH = 60, 80


def picture(folder: Path, label: Label | None = None, ignored: NDArray[np.uint8] | None = None) -> LabelledPicture:
    path = folder / "p1-c1.png"
    write_grey(path, surface(1, HEIGHT, WIDTH))
    ignore = None
    if ignored is not None:
        ignore = folder / "ignore.png"
        write_grey(ignore, ignored)
    return LabelledPicture(path, "p1", "c1", {"crack": label}, "made up", ignore)


def look(labelled: LabelledPicture) -> SeenPicture:
    found = look_at(labelled)
    assert isinstance(found, SeenPicture), found
    return found


def see(labelled: LabelledPicture) -> SeenLabel:
    label = look(labelled).labels["crack"]
    assert label is not None
    return label


def mask(folder: Path, drawn: NDArray[np.uint8], values: frozenset[int] | None = None) -> MaskFile:
    write_grey(folder / "mask.png", drawn)
    return MaskFile(folder / "mask.png", values)


def blank(value: int = 0) -> NDArray[np.uint8]:
    return np.full((HEIGHT, WIDTH), value, np.uint8)


def test_size_colour_and_structure_are_kept_and_nothing_is_known_without_a_label(tmp_path: Path) -> None:
    found = look(picture(tmp_path))
    assert (found.width_px, found.height_px, found.is_grey) == (WIDTH, HEIGHT, True)
    assert found.labels == {"crack": None}
    assert found.structure is not None
    coloured = surface(1, HEIGHT, WIDTH)
    coloured[0, 0, 0] ^= 1
    write_grey(found.picture.picture, coloured)
    assert not look(found.picture).is_grey


def test_pixels_are_compared_and_not_files(tmp_path: Path) -> None:
    _, encoded = cv2.imencode(".jpg", surface(1, HEIGHT, WIDTH))
    jpeg = encoded.tobytes()
    commented = jpeg[:2] + b"\xff\xfe\x00\x08part 2" + jpeg[2:]  # a comment segment: ITU-T T.81, B.2.4.5
    digests = []
    for name, content in (("a.jpg", jpeg), ("b.jpg", commented)):
        (tmp_path / name).write_bytes(content)
        digests.append(look(LabelledPicture(tmp_path / name, "p", "", {}, "made up")).digest)
    write_grey(tmp_path / "c.png", cv2.imdecode(encoded, cv2.IMREAD_COLOR))
    digests.append(look(LabelledPicture(tmp_path / "c.png", "p", "", {}, "made up")).digest)
    assert len(set(digests)) == 1
    assert look(picture(tmp_path)).digest != digests[0]


def test_pixels_of_another_form_are_another_picture(tmp_path: Path) -> None:
    digests = set()
    for height, width in ((6, 8), (8, 6)):
        write_grey(tmp_path / "a.png", np.full((height, width, 3), 99, np.uint8))
        digests.add(look(LabelledPicture(tmp_path / "a.png", "p", "", {}, "made up")).digest)
    assert len(digests) == 2


def test_pieces_are_measured_and_those_that_touch_at_a_corner_are_one(tmp_path: Path) -> None:
    drawn = blank()
    drawn[5:8, 5:9] = 255
    drawn[8:10, 9:11] = 255
    drawn[40, 40:45] = 255
    found = see(picture(tmp_path, mask(tmp_path, drawn)))
    assert found.state is State.DEFECTIVE
    assert sorted(found.areas_px) == [5, 16]
    assert (found.marked_px, found.judged_px, found.highest) == (21, HEIGHT * WIDTH, 255)
    assert not found.is_soft
    assert not found.is_along_edge


def test_what_is_not_judged_does_not_count(tmp_path: Path) -> None:
    drawn, ignored = blank(), blank()
    drawn[5:8, 5:9] = 255
    drawn[40, 40:45] = 255
    ignored[30:] = 255
    found = see(picture(tmp_path, mask(tmp_path, drawn), ignored))
    assert (found.areas_px, found.judged_px) == ((12,), 30 * WIDTH)
    ignored[:] = 255
    assert see(picture(tmp_path, mask(tmp_path, drawn), ignored)).state is State.CLEAN


@pytest.mark.parametrize(("value", "state"), [(127, State.CLEAN), (128, State.DEFECTIVE)])
def test_a_pixel_shows_the_defect_from_half_on(tmp_path: Path, value: int, state: State) -> None:
    drawn = blank()
    drawn[5:15, 5:15] = value
    found = see(picture(tmp_path, mask(tmp_path, drawn)))
    assert (found.state, found.highest, found.is_soft) == (state, value, True)


@pytest.mark.parametrize(("values", "is_grey"), [(ANY_GREY, True), (FROM_HALF_GREY, False), (None, False)])
def test_grey_levels_are_odd_only_where_every_one_counts_as_the_defect(
    tmp_path: Path, values: frozenset[int] | None, is_grey: bool
) -> None:
    drawn = blank()
    drawn[5:15, 5:15] = 200
    drawn[7, 7] = 255
    assert see(picture(tmp_path, mask(tmp_path, drawn, values))).is_grey == is_grey
    drawn[7, 7] = 200
    assert not see(picture(tmp_path, mask(tmp_path, drawn, values))).is_grey


def test_a_mask_along_the_whole_edge_is_told_from_one_that_only_touches_all_sides(tmp_path: Path) -> None:
    drawn = blank(255)
    drawn[20:30, 20:30] = 0
    assert see(picture(tmp_path, mask(tmp_path, drawn))).is_along_edge
    drawn[0, 0] = 0
    assert not see(picture(tmp_path, mask(tmp_path, drawn))).is_along_edge


def test_contrast_is_the_defect_less_what_lies_around_it(tmp_path: Path) -> None:
    labelled = picture(tmp_path, Drawn(((rectangle(30, 20, 45, 30), 1.0),)))
    scene = np.full((HEIGHT, WIDTH, 3), 200, np.uint8)  # far away it is bright, and does not count
    scene[8:43, 18:58] = 100
    scene[20:31, 30:46] = 60
    write_grey(labelled.picture, scene)
    assert see(labelled).contrast == pytest.approx(-40)


def test_where_nothing_lies_around_a_defect_there_is_no_contrast(tmp_path: Path) -> None:
    assert see(picture(tmp_path, mask(tmp_path, blank(255)))).contrast is None


@pytest.mark.parametrize(("label", "state"), [(Somewhere(), State.PLACELESS), (CLEAN, State.CLEAN)])
def test_a_label_without_pixels_has_no_pieces(tmp_path: Path, label: Label, state: State) -> None:
    found = see(picture(tmp_path, label))
    assert (found.state, found.areas_px, found.marked_px) == (state, (), 0)


def test_what_can_not_be_used_is_returned_with_the_reason(tmp_path: Path) -> None:
    labelled = picture(tmp_path, mask(tmp_path, np.zeros((5, 6), np.uint8)))
    found = look_at(labelled)
    assert isinstance(found, UnreadPicture)
    assert "mask.png: is 6 x 5 px, but its picture is 80 x 60 px; draw the mask again" in found.why
    other = look_at(picture(tmp_path, None, np.zeros((5, 6), np.uint8)))
    assert isinstance(other, UnreadPicture)
    assert "ignore.png: is 6 x 5 px, its picture 80 x 60 px; draw it again" in other.why
    labelled.picture.write_bytes(labelled.picture.read_bytes()[:-20])
    cut = look_at(labelled)
    assert isinstance(cut, UnreadPicture)
    assert f"{labelled.picture}: PNG of" in cut.why
    labelled.picture.unlink()
    assert "No such file" in getattr(look_at(labelled), "why", "")
