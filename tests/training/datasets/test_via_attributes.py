"""What regions say under their attributes is their defect, or is asked for; nothing that they say is passed over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
from edge_inspector.training.datasets.via_attributes import defect_attribute, defect_of, level_of

PATH = Path("via.json")


def chosen(*regions: dict[str, Any], asked: str = "") -> str:
    return defect_attribute(PATH, regions, asked)


def test_the_only_attribute_that_says_something_names_the_defect() -> None:
    assert chosen({"Kind": "Crack"}, {"kind": "stain"}) == "kind"
    assert chosen({"kind": "crack", "who": ""}, {"kind": "unknown", "who": None}) == "kind"
    assert chosen({"kind": {"crack": True}, "p": "0.5"}) == "kind"
    assert chosen({"kind": 3}) == "kind"
    assert chosen({}, {"kind": "not_defined", "form": {"long": False}}) == ""


def test_what_vias_own_examples_say_of_the_picture_is_no_defect_unless_asked_for() -> None:
    regions = {"name": "not_defined", "type": "unknown", "image_quality": {"good": "true", "frontal": "true"}}
    assert chosen(regions) == ""
    assert chosen(regions | {"type": "crack"}) == "type"
    assert chosen(regions, asked="image_quality") == "image_quality"


@pytest.mark.parametrize("other", ["bob", {"night": True}, ["x"], 1.5, True])
def test_where_several_say_something_one_is_asked_for(other: object) -> None:
    with pytest.raises(
        ConfigurationError, match=r"via\.json: regions have the attributes type, who; say which of them names the defect as"
    ):
        chosen({"Type": "crack"}, {"who": other})
    assert chosen({"Type": "crack"}, {"who": other}, asked="type") == "type"


def test_an_attribute_that_no_region_has_is_refused_with_those_that_they_have() -> None:
    with pytest.raises(
        ConfigurationError, match=r"no region has the attribute 'sort', they have kind, who; correct `attribute`"
    ):
        chosen({"kind": "crack"}, {"who": ""}, asked="sort")
    with pytest.raises(ConfigurationError, match=r"no region has the attribute 'sort', they have none"):
        chosen({}, asked="sort")
    assert chosen(asked="sort") == "sort"  # no region that could have it


@pytest.mark.parametrize(
    ("value", "defect"),
    [
        (" Crack ", "crack"),
        ({"Crack": True, "hole": False}, "crack"),
        ({"crack": "true"}, "crack"),
        (7, "7"),
        ("Unknown", ""),
        ({"crack": False}, ""),
        (None, ""),
    ],
)
def test_a_text_a_choice_or_one_ticked_box_is_a_defect(value: object, defect: str) -> None:
    assert defect_of("via.json: a.png: region 0", {"Kind": value}, "kind") == defect


def test_a_region_without_the_attribute_says_nothing() -> None:
    assert defect_of("via.json: a.png: region 0", {"who": "bob"}, "kind") == ""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"crack": True, "hole": True}, "its Kind is crack and hole; draw a region for each, and tick one box"),
        (["crack"], r'its Kind is \["crack"\], needed is a text or one ticked box'),
        (1.5, "its Kind is 1.5, needed is a text"),
    ],
)
def test_what_can_be_no_defect_is_said_with_its_region(value: object, said: str) -> None:
    with pytest.raises(TrainingDataError, match=rf"^via\.json: a\.png: region 4: {said}"):
        defect_of("via.json: a.png: region 4", {"Kind": value}, "kind")


def test_how_sure_somebody_was_is_a_number_from_0_to_1_as_text_or_not() -> None:
    assert [level_of("here", attributes) for attributes in ({}, {"p": "0.5"}, {"p": 0})] == [1.0, 0.5, 0.0]
    for wrong in ("sure", -0.1, "nan", [], 10**400):
        with pytest.raises(TrainingDataError, match=r"^here: its p is .*, allowed is 0 to 1"):
            level_of("here", {"p": wrong})
