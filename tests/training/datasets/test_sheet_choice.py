"""What stands on a contact sheet: some of each kind and size, the same at every run."""

from __future__ import annotations

from edge_inspector.training.datasets.looking import SeenPicture
from edge_inspector.training.datasets.sheet_choice import Section, choose_sections
from tests.training.datasets.seen import CLEAN, PLACELESS, drawn, seen


def choose(*pictures: SeenPicture, count: int = 6) -> list[Section]:
    return choose_sections(("crack",), pictures, [each.picture.picture.stem for each in pictures], count)


def test_the_smallest_the_middling_and_the_largest_pieces_are_shown_each_from_another_picture() -> None:
    pictures = [seen(f"p{k:02d}", {"crack": drawn(10 * k, 1000 + k)}) for k in range(1, 21)]
    (section,) = choose(*pictures)
    assert [shown.area_px for shown in section.shown] == [10, 20, 180, 1003, 1019, 1020]
    assert len({shown.position for shown in section.shown}) == 6
    assert section.note == "40 pieces in 20 pictures, 10 to 1020 px, median 1001 px"


def test_fewer_pictures_than_there_is_room_for_are_all_shown_in_the_order_of_their_pieces() -> None:
    (section,) = choose(seen("a", {"crack": drawn(300)}), seen("b", {"crack": drawn(20, 500)}))
    assert [(shown.position, shown.area_px) for shown in section.shown] == [(1, 20), (0, 300)]
    assert section.title == section.defect == "crack"


def test_pictures_without_a_drawn_defect_stand_by_what_is_known_of_them() -> None:
    sections = choose(
        seen("a", {"crack": CLEAN}),
        seen("b", {"crack": None}),
        seen("c", {"crack": PLACELESS}),
        seen("d", {"crack": CLEAN}),
    )
    assert [(each.title, each.note) for each in sections] == [
        ("labelled, but not where", "1 picture"),
        ("clean", "2 pictures"),
        ("not labelled", "1 picture"),
    ]
    assert all(shown.area_px is None for each in sections for shown in each.shown)


def test_a_picture_is_clean_only_if_every_defect_was_looked_for() -> None:
    pictures = [
        seen("a", {"crack": CLEAN, "fray": CLEAN}),
        seen("b", {"crack": CLEAN, "fray": None}),
        seen("c", {"crack": None, "fray": None}),
        seen("d", {"crack": None, "fray": drawn(9)}),
    ]
    sections = choose_sections(("crack", "fray"), pictures, ["a", "b", "c", "d"], 6)
    assert [(each.title, [shown.position for shown in each.shown]) for each in sections] == [
        ("fray", [3]),
        ("clean", [0]),
        ("clean of what is known, not labelled for every defect", [1]),
        ("not labelled", [2]),
    ]


def test_the_choice_among_clean_pictures_does_not_hang_on_their_order() -> None:
    pictures = [seen(f"p{k}", {"crack": CLEAN}, digest=str(k * 7919 % 1000)) for k in range(9)]
    names = []
    for order in (pictures, pictures[::-1]):
        (section,) = choose(*order, count=3)
        names.append([order[shown.position].picture.part for shown in section.shown])
    assert names[0] == names[1]
    assert len(names[0]) == 3
