"""Every part is dealt once, every place is full, and of every kind each place has its share as near as parts allow."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from edge_inspector.training.stratification import Kind, deal_kinds

KINDS = st.sets(st.tuples(st.integers(0, 3), st.sampled_from([True, False, None])), min_size=1)


@st.composite
def parts_and_rooms(draw: st.DrawFn) -> tuple[dict[str, set[Kind]], list[int]]:
    brought = draw(st.lists(KINDS, min_size=1, max_size=40))
    cuts = sorted(draw(st.lists(st.integers(0, len(brought)), max_size=5)))
    rooms = [high - low for low, high in zip([0, *cuts], [*cuts, len(brought)], strict=True)]
    return {f"p{number}": kinds for number, kinds in enumerate(brought)}, rooms


@given(parts_and_rooms())
def test_every_part_is_dealt_once_and_no_place_gets_more_than_it_has_room_for(
    meant: tuple[dict[str, set[Kind]], list[int]],
) -> None:
    parts, rooms = meant
    dealt = deal_kinds(parts, rooms)
    assert [len(each) for each in dealt] == rooms
    assert sorted(part for each in dealt for part in each) == sorted(parts)
    assert deal_kinds(parts, rooms) == dealt


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 7))
def test_equal_places_differ_by_one_good_and_by_one_defective_part(good: int, defective: int, places: int) -> None:
    parts = {f"{number}": {(0, number < defective)} for number in range(good + defective)}
    rooms = [(len(parts) + places - 1 - place) // places for place in range(places)]
    counts = [Counter(int(part) < defective for part in each) for each in deal_kinds(parts, rooms)]
    for shows in (True, False):
        assert max(each[shows] for each in counts) - min(each[shows] for each in counts) <= 1


@given(st.integers(1, 100), st.integers(3, 9))
def test_parts_of_one_kind_take_turns_in_their_order(count: int, places: int) -> None:
    parts = {f"{number}": {(0, True)} for number in range(count)}
    rooms = [(count + places - 1 - place) // places for place in range(places)]
    assert deal_kinds(parts, rooms) == [list(parts)[place::places] for place in range(places)]


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=20, max_size=150))
def test_each_of_three_defects_is_shared_out_to_within_two_parts(shown: list[tuple[bool, ...]]) -> None:
    parts = {f"{number}": set(enumerate(shows)) for number, shows in enumerate(shown)}
    dealt = deal_kinds(parts, [len(parts) - 2 * (len(parts) // 5), len(parts) // 5, len(parts) // 5])
    for kind, count in Counter(kind for kinds in parts.values() for kind in kinds).items():
        for each in dealt:
            assert abs(sum(kind in parts[part] for part in each) - count * len(each) / len(parts)) < 2


def test_a_small_place_gets_no_part_of_a_kind_of_which_it_is_owed_less_than_half() -> None:
    parts = {f"{kind}-{number}": {(kind, True)} for kind in range(2) for number in range(9 - 5 * kind)}
    _, small = deal_kinds(parts, [12, 1])
    assert small[0].startswith("0-")
