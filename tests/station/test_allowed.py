"""What a file may hold is said in words."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field

from edge_inspector.station.allowed import describe, schema_at
from edge_inspector.station.model import FileModel
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.station import Station


@pytest.mark.parametrize(
    ("loc", "words"),
    [
        (("cameras", "c1", "period_ms"), "a number above 0 and at most 3600000 (time from one frame to the next)"),
        (("cameras", "c1", "roi", "x_px"), "a whole number from 0 to 16384"),
        (("cameras", "c1", "driver"), "replay"),
        (("cameras", "[key]"), "text that matches ^[A-Za-z0-9_.-]{1,32}$"),
        (("cameras",), "a mapping of 1 to 16 entries"),
        (("line", "trigger"), "one of replay, software (replay: the belt feeds one part at each trigger of the recording; "),
        (("simulation",), "true or false (true: recorded pictures and the simulated belt; never true on a real line)"),
        (("cameras", "c1", "nothing"), ""),
    ],
)
def test_places_of_the_station(loc: tuple[str, ...], words: str) -> None:
    schema = Station.model_json_schema()
    said = describe(schema, schema_at(schema, loc))
    assert said.startswith(words)
    assert bool(said) == bool(words)


@pytest.mark.parametrize(
    ("loc", "words"),
    [
        (
            ("presence",),
            "a mapping with `kind`: full_frame or silhouette (what one whole part looks like; ",
        ),
        (("presence", "full_frame", "mean_grey"), "a list of 2 items ([least, most] mean grey level of a good picture)"),
        (("presence", "full_frame", "mean_grey", 1), "a number from 0 to 255"),
        (("presence", "silhouette", "length_mm"), "a mapping with min, max"),
        (("rules",), "a list of 1 to 64 items (the part is rejected when any rule is met)"),
        (("rules", 7, "min_area_mm2"), "a number from 0 to 100000 (smaller findings do not reject)"),
    ],
)
def test_places_of_the_recipe(loc: tuple[str | int, ...], words: str) -> None:
    schema = Recipe.model_json_schema()
    assert describe(schema, schema_at(schema, loc)).startswith(words)


class Dealt(FileModel):
    """So many folds, or those that are there."""

    folds: Annotated[int, Field(ge=3)] | Literal["given"] = Field(description="how many")


class Whole(FileModel):
    """Has a place of two kinds."""

    split: Dealt | None = None


@pytest.mark.parametrize("loc", [("split", "Dealt", "folds"), ("split", "folds", "constrained-int"), ("split", "folds")])
def test_steps_that_name_a_branch_of_a_union_lead_nowhere_else(loc: tuple[str, ...]) -> None:
    schema = Whole.model_json_schema()
    assert describe(schema, schema_at(schema, loc)) == "a whole number at least 3 or given (how many)"
