"""Names and numbers as people say them."""

from __future__ import annotations

import pytest

from edge_inspector.training.datasets.wording import NAMED, counted, listed


@pytest.mark.parametrize(("count", "said"), [(0, "0 pictures"), (1, "1 picture"), (2, "2 pictures")])
def test_only_one_is_in_the_singular(count: int, said: str) -> None:
    assert counted(count, "picture") == said


def test_names_are_all_said_as_long_as_there_is_room() -> None:
    names = [f"p{number}" for number in range(NAMED)]
    assert listed([]) == ""
    assert listed(names) == "p0, p1, p2, p3"
    assert listed([*names, "p4"]) == "p0, p1, p2, p3 and 1 more"
