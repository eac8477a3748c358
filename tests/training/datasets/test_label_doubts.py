"""Labels that are hard to believe are told, and no others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge_inspector.training.datasets.label_doubts import label_doubts
from edge_inspector.training.datasets.labelled_picture import Drawn
from edge_inspector.training.datasets.looking import SeenLabel, SeenPicture, State, look_at
from edge_inspector.training.datasets.regions import rectangle
from edge_inspector.training.datasets.registry import SetRequest, open_set
from edge_inspector.training.datasets.set_warning import About
from tests.training.datasets.seen import CLEAN, PLACELESS, drawn, seen
from tests.training.real_data import real_data


def doubts(*labels: SeenLabel | None) -> list[tuple[About, str]]:
    pictures = [seen(f"p{k}", {"crack": label, "stain": drawn(1)}) for k, label in enumerate(labels)]
    return [(each.about, each.text) for each in label_doubts(pictures, [f"p{k}" for k in range(len(labels))], "crack")]


def test_ordinary_labels_raise_no_doubt() -> None:
    assert doubts(drawn(9, 400), drawn(2500), CLEAN, PLACELESS, None, replace(drawn(50), is_soft=True)) == []


def test_pieces_that_no_engine_finds_are_told_with_their_number() -> None:
    assert doubts(drawn(8, 9, 3)) == [(About.TINY, "p0: 2 of 3 pieces of crack under 9 px, the smallest has 3")]


def test_a_mask_that_is_too_faint_to_count_is_told() -> None:
    faint = SeenLabel(State.CLEAN, highest=1, is_soft=True)
    assert doubts(faint) == [(About.FAINT, "p0: crack nowhere above 1 of 255, needed is 128")]


def test_a_hard_mask_with_grey_levels_is_told() -> None:
    assert doubts(replace(drawn(50), is_grey=True)) == [(About.GREY, "p0: crack")]


def test_a_mask_of_most_of_the_picture_is_told_once() -> None:
    assert doubts(drawn(2501)) == [(About.LARGE, "p0: crack, 50 % of the picture")]
    along = replace(drawn(4000), is_along_edge=True)
    assert doubts(along) == [(About.WHOLE_EDGE, "p0: crack, 80 % of the picture")]


def test_regions_that_reach_beyond_their_picture_are_told_with_its_size() -> None:
    inside, beyond, far = (Drawn(((rectangle(3, 3, right, 9), 1.0),)) for right in (99, 103, 300))
    both = Drawn(inside.regions + beyond.regions)
    pictures = [
        replace(each, picture=replace(each.picture, labels={"crack": label, "stain": far}))
        for each, label in zip(
            [seen(f"p{k}", {"crack": drawn(50)}) for k in range(4)], (inside, beyond, both, None), strict=True
        )
    ]
    found = [(each.about, each.text) for each in label_doubts(pictures, ["p0", "p1", "p2", "p3"], "crack")]
    assert found == [
        (About.BEYOND, "p1: 1 of 1 region of crack, the picture has 100 x 50 px"),
        (About.BEYOND, "p2: 1 of 2 regions of crack, the picture has 100 x 50 px"),
    ]


def test_the_two_polygons_of_a_real_set_that_reach_beyond_their_pictures_are_told() -> None:
    told = []
    for name in ("train", "val"):
        folder = real_data("via") / "car_scratch_via1" / name
        looked_at = [
            each for picture in open_set(SetRequest(folder)).pictures if isinstance(each := look_at(picture), SeenPicture)
        ]
        names = [each.picture.picture.name for each in looked_at]
        told += [each for each in label_doubts(looked_at, names, "scratch") if each.about is About.BEYOND]
    assert len(told) == 2
    assert all(": 1 of " in each.text for each in told)


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_one_of_many_that_is_not_darker_or_brighter_as_the_others_is_told(sign: int) -> None:
    labels = [drawn(50, contrast=sign * (5.0 + k)) for k in range(40)]
    labels[7] = drawn(50, contrast=-sign * 0.4)
    (found,) = doubts(*labels, CLEAN, drawn(50, contrast=None))
    usual = "brighter" if sign > 0 else "darker"
    text = f"p7: crack by {-sign * 0.4:+.1f} grey levels against its surroundings, in 39 of 40 pictures it is {usual}"
    assert found == (About.CONTRAST, text)


@pytest.mark.parametrize(("usual", "others"), [(30, 1), (38, 2), (20, 20), (0, 0)])
def test_where_a_defect_may_be_either_nobody_is_odd(usual: int, others: int) -> None:
    assert doubts(*[drawn(50, contrast=-9.0)] * usual, *[drawn(50, contrast=9.0)] * others) == []
