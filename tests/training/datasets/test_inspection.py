"""An inspection counts pictures and parts by what is known of them, and gathers every doubt."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_inspector.training.datasets.inspection import AreaStatistics, Inspection, SizeCount, inspect_set, name_of
from edge_inspector.training.datasets.labelled_picture import LabelledPicture, LabelledSet
from edge_inspector.training.datasets.looking import SeenPicture, UnreadPicture
from edge_inspector.training.datasets.set_warning import About
from tests.training.datasets.seen import CLEAN, PLACELESS, drawn, seen, structure

FOLDER = Path("set")


def inspect(*looked_at: SeenPicture | UnreadPicture, oddities: tuple[str, ...] = ()) -> Inspection:
    defects = ("crack", "stain")
    pictures = tuple(each.picture for each in looked_at)
    return inspect_set(LabelledSet("made up", defects, pictures, oddities), looked_at, FOLDER)


PICTURES = (
    seen("a1", {"crack": drawn(10, 30), "stain": None}, part="a"),
    seen("a2", {"crack": CLEAN, "stain": None}, part="a"),
    seen("b1", {"crack": CLEAN, "stain": PLACELESS}, part="b"),
    seen("b2", {"crack": None, "stain": drawn(400)}, part="b"),
    seen("c1", {"crack": CLEAN, "stain": CLEAN}, part="c", width_px=50, is_grey=False),
    seen("d1", {"crack": None, "stain": None}, part="d", structured=structure(1)),
)


def test_pictures_are_counted_by_what_is_known_of_each_defect() -> None:
    crack, stain = inspect(*PICTURES).defects
    assert (crack.defective, crack.placeless, crack.clean, crack.unknown) == (1, 0, 3, 2)
    assert (stain.defective, stain.placeless, stain.clean, stain.unknown) == (1, 1, 1, 3)


def test_a_part_is_defective_if_any_picture_of_it_is_and_clean_only_if_one_was_looked_at() -> None:
    crack, stain = inspect(*PICTURES).defects
    assert (crack.parts_defective, crack.parts_clean, crack.parts_unknown) == (1, 2, 1)
    assert (stain.parts_defective, stain.parts_clean, stain.parts_unknown) == (1, 1, 2)


def test_areas_are_those_of_pieces_and_the_share_is_of_all_pixels_with_a_mask() -> None:
    crack, stain = inspect(*PICTURES).defects
    assert crack.areas == AreaStatistics(2, 10.0, 11.0, 20.0, 29.0, 30.0)
    assert crack.share == 40 / (4 * 5000)
    assert stain.share == 400 / (2 * 5000)
    assert inspect(seen("a", {"crack": CLEAN, "stain": None})).defects[0].areas is None


def test_sizes_colours_and_what_is_not_known_or_shown_are_counted() -> None:
    found = inspect(*PICTURES)
    assert (found.pictures, found.parts, found.unread, found.unlabelled) == (6, 4, 0, 1)
    assert found.sizes == (SizeCount(100, 50, 5), SizeCount(50, 50, 1))
    assert (found.grey, found.structureless) == (5, 5)


def test_a_picture_that_can_not_be_used_is_a_warning_and_counts_nowhere_else() -> None:
    damaged = UnreadPicture(LabelledPicture(FOLDER / "x.png", "x", "", {}, "made up"), "set/x.png: is damaged")
    found = inspect(*PICTURES, damaged)
    assert (found.pictures, found.parts, found.unread) == (7, 5, 1)
    assert found.defects == inspect(*PICTURES).defects
    assert [(each.about, each.text) for each in found.warnings] == [(About.UNREAD, "set/x.png: is damaged")]
    assert inspect(damaged).sizes == ()


def test_every_doubt_is_told_in_its_order() -> None:
    twice = [seen(name, {"crack": drawn(3), "stain": None}, digest="x") for name in "ab"]
    found = inspect(*twice, oddities=("set/c.txt: is no picture",))
    assert [warning.about for warning in found.warnings] == [About.READER, About.ACROSS_PARTS, About.TINY, About.TINY]
    assert found.warnings[0].text == "set/c.txt: is no picture"
    assert found.warnings[2].text.startswith("a.png: ")
    assert [group.pictures for group in found.equal] == [("a.png", "b.png")]


@pytest.mark.parametrize(("picture", "name"), [("set/images/a.png", "images/a.png"), ("elsewhere/a.png", "elsewhere/a.png")])
def test_a_picture_is_known_by_its_path_from_the_folder_of_the_set(picture: str, name: str) -> None:
    assert name_of(Path(picture), FOLDER) == name


def test_every_kind_of_warning_has_words() -> None:
    assert len({about.heading for about in About}) == len(About)
    assert all(about.advice for about in About)
