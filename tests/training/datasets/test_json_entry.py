"""Values of JSON are what they say, or are refused with their place, and with what to do."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.json_entry import Entry, entry_of, is_key, is_number, shown


def entry(value: object) -> Entry:
    return Entry("a.json: shape 3", {"it": value}, "save it again")


def test_values_of_the_right_kind_are_taken_as_they_are() -> None:
    assert entry("a b.png").text("it") == "a b.png"
    assert [entry(value).name("it") for value in (" Crack ", 7)] == ["crack", "7"]
    assert [entry(value).key("it") for value in (7, "7", 1.0)] == [7, "7", 1.0]
    assert [entry(value).number("it") for value in (-2, 0.5)] == [-2.0, 0.5]
    assert [entry(value).whole("it", 1) for value in (1, 600.0)] == [1, 600]
    assert entry([1, 2.5]).numbers("it") == [1.0, 2.5]
    assert entry({"x": 3}).entry("it").number("x") == 3.0


@pytest.mark.parametrize(
    ("take", "value", "said"),
    [
        (lambda each: each.text("it"), " ", 'its it is " ", needed is a text'),
        (lambda each: each.text("it"), 3, "its it is 3, needed is a text"),
        (lambda each: each.name("it"), True, "its it is true, needed is a name"),
        (lambda each: each.name("it"), 1.5, "its it is 1.5, needed is a name"),
        (lambda each: each.key("it"), None, "its it is null, allowed are numbers and texts"),
        (lambda each: each.number("it"), "4", 'its it is "4", allowed are numbers from -1000000 to 1000000'),
        (lambda each: each.number("it"), 1e12, "its it is 1000000000000.0, allowed are numbers from -1000000 to 1000000"),
        (lambda each: each.number("it", 0), -1, "its it is -1, allowed are numbers from 0 to 1000000"),
        (lambda each: each.whole("it", 1), 2.5, "its it is 2.5, allowed are whole numbers from 1 to 1000000"),
        (lambda each: each.whole("it", 1), 0, "its it is 0, allowed are whole numbers from 1 to 1000000"),
        (lambda each: each.numbers("it"), "10", 'its it is "10", needed is a list of numbers'),
        (lambda each: each.numbers("it"), [1, True], "its it has true, allowed are numbers from"),
        (lambda each: each.entry("it"), [], "it: is [], needed is an object with keys and values"),
        (lambda each: each.number("other"), 1, "lacks other"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_place_and_remedy(
    take: Callable[[Entry], object], value: object, said: str
) -> None:
    with pytest.raises(TrainingDataError) as error:
        take(entry(value))
    assert str(error.value).startswith(f"a.json: shape 3: {said}")
    assert str(error.value).endswith("; save it again")


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(TrainingDataError, match=r'^a\.json: is "x", needed is an object with keys and values; save it$'):
        entry_of("a.json", "x", "save it")


def test_neither_what_is_no_number_nor_truth_can_be_a_place() -> None:
    assert [value for value in (0, -1.5, 1e6, True, "1", None, math.nan, math.inf, 10**400) if is_number(value)] == [
        0,
        -1.5,
        1e6,
    ]


def test_what_equals_nothing_refers_to_nothing() -> None:
    assert [value for value in (0, "", 1.5, False, None, math.nan) if is_key(value)] == [0, "", 1.5]


def test_a_long_value_is_shown_by_its_beginning() -> None:
    assert len(shown(list(range(1000)))) == 40
    assert shown({"a": None}) == '{"a": null}'
