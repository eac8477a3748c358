"""Copies are grouped, and are a warning where a split would tear them apart or their labels contradict each other."""

from __future__ import annotations

import pytest

from edge_inspector.training.datasets import near_duplicates
from edge_inspector.training.datasets.copies import Copies, FoundCopies, find_copies
from edge_inspector.training.datasets.looking import SeenLabel, SeenPicture
from edge_inspector.training.datasets.set_warning import About
from tests.training.datasets.seen import CLEAN, PLACELESS, drawn, seen, structure, structure_like


def find(*pictures: SeenPicture) -> FoundCopies:
    return find_copies(pictures, [each.picture.picture.stem for each in pictures])


def texts(found: FoundCopies, about: About) -> list[str]:
    return [warning.text for warning in found.warnings if warning.about is about]


def test_pictures_that_differ_are_no_copies() -> None:
    found = find(*(seen(str(k), {}, structured=structure(k)) for k in range(5)))
    assert found == FoundCopies((), (), ())


def test_equal_pictures_are_a_group_also_where_they_show_no_structure() -> None:
    found = find(seen("a", {}, part="p", digest="x"), seen("b", {}, part="q"), seen("c", {}, part="p", digest="x"))
    assert found == FoundCopies((Copies(("a", "c"), ("p",), is_equal=True),), (), ())


def test_equal_pictures_of_several_parts_are_a_warning() -> None:
    found = find(seen("a", {}, digest="x"), seen("b", {}, digest="x"))
    assert texts(found, About.ACROSS_PARTS) == ["a, b: equal pixel for pixel, of parts a, b"]


def test_pictures_alike_are_joined_through_others_and_the_least_likeness_is_told() -> None:
    first = structure(1)
    second = structure_like(first, 0.96, seed=2)
    third = structure_like(second, 0.94, seed=3)
    structures = {"a": first, "b": second, "c": third, "d": structure(4)}
    found = find(*(seen(name, {}, part="p", structured=each) for name, each in structures.items()))
    (group,) = found.alike
    assert (group.pictures, group.parts) == (("a", "b", "c"), ("p",))
    assert group.likeness == pytest.approx(0.94, abs=1e-3)
    assert found.warnings == ()


def test_equal_pictures_are_compared_once_and_all_told_with_what_is_alike() -> None:
    one = structure(1)
    turned = one[:, ::-1].copy()
    found = find(
        seen("a", {}, digest="x", structured=one),
        seen("b", {}, structured=turned),
        seen("c", {}, digest="x", structured=one),
    )
    assert [group.pictures for group in found.equal] == [("a", "c")]
    assert [(group.pictures, group.is_turned) for group in found.alike] == [(("a", "b", "c"), True)]
    assert texts(found, About.ACROSS_PARTS)[1] == "a, b, c: alike (1.00, mirrored or turned), of parts a, b, c"


@pytest.mark.parametrize(
    ("first", "second", "how"),
    [
        (CLEAN, drawn(30), "clean in some and not in others"),
        (PLACELESS, CLEAN, "clean in some and not in others"),
        (drawn(30, digest="m"), drawn(30, digest="n"), "drawn in different places"),
    ],
)
def test_equal_pictures_with_labels_that_can_not_both_be_right_are_a_warning(
    first: SeenLabel, second: SeenLabel, how: str
) -> None:
    pictures = [
        seen("a", {"crack": first, "stain": CLEAN}, part="p", digest="x"),
        seen("b", {"crack": second, "stain": CLEAN}, part="p", digest="x"),
    ]
    assert texts(find(*pictures), About.CONTRADICTION) == [f"a, b: equal pixel for pixel, but crack is {how}"]


@pytest.mark.parametrize(
    ("first", "second"), [(CLEAN, CLEAN), (CLEAN, None), (drawn(30), drawn(30)), (PLACELESS, drawn(30)), (None, None)]
)
def test_labels_that_can_all_be_right_are_no_contradiction(first: SeenLabel | None, second: SeenLabel | None) -> None:
    one = structure(1)
    for digest in ("x", ""):
        found = find(
            seen("a", {"crack": first}, part="p", digest=digest, structured=one),
            seen("b", {"crack": second}, part="p", digest=digest, structured=one),
        )
        assert found.warnings == ()


def test_pictures_alike_of_which_one_is_clean_are_a_warning() -> None:
    one, other = structure(1), structure_like(structure(1), 0.96, seed=2)
    found = find(
        seen("a", {"crack": CLEAN}, part="p", structured=one), seen("b", {"crack": drawn(9)}, part="p", structured=other)
    )
    assert texts(found, About.CONTRADICTION) == ["b shows crack, a is clean of it: alike (0.96)"]


def test_a_set_whose_pictures_are_all_alike_is_one_warning_and_no_contradictions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates, "MOST_PAIRS", 3)
    labels = [CLEAN, drawn(9), CLEAN, drawn(9)]
    found = find(*(seen(str(k), {"crack": label}, structured=structure(1)) for k, label in enumerate(labels)))
    assert texts(found, About.CONTRADICTION) == []
    assert len(texts(found, About.ALL_ALIKE)) == 1
