"""The manual and the editors' schema are made from the models, and leave nothing out."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from edge_inspector.station.allowed import schema_at
from edge_inspector.station.load import load_station
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.reference import NEEDED, Section, editor_schema, markdown, sections
from edge_inspector.station.station import Camera, Station
from edge_inspector.training.training_file import TrainingFile

REPOSITORY = Path(__file__).parents[2]
Files = Any  # the fixture's class lives in conftest.py, which tests can not import
PAGE = REPOSITORY / "docs" / "station-file.md"
MODELS = pytest.mark.parametrize("model", [Station, Recipe])


def section(model: type[Station] | type[Recipe], place: str) -> Section:
    (found,) = [each for each in sections(model) if each.place == place]
    return found


def properties_in(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in (schema, *schema["$defs"].values()):
        yield from each["properties"].items()


@MODELS
def test_every_key_says_what_it_does(model: type[Station] | type[Recipe]) -> None:
    silent = [name for name, schema in properties_in(model.model_json_schema()) if not schema.get("description")]
    assert silent == []


@MODELS
def test_every_key_stands_in_a_section(model: type[Station] | type[Recipe]) -> None:
    rows = {key.name for each in sections(model) for key in each.keys}
    assert rows == {name for name, _ in properties_in(model.model_json_schema())}


@MODELS
def test_every_length_and_time_has_its_unit(model: type[Station] | type[Recipe]) -> None:
    ends = ("_ms", "_mm", "_px", "_s", "_mb", "_mm2")
    bare = [
        f"{each.place}.{key.name}"
        for each in sections(model)
        for key in each.keys
        if key.name.endswith(ends) and not key.unit and "below" not in key.allowed
    ]
    assert bare == []


def test_sections_come_in_reading_order_outer_before_inner() -> None:
    places = [each.place for each in sections(Station)]
    assert places[:4] == ["", "recording", "recording.plain", "cameras.NAME"]
    assert places.index("line") < places.index("line.part_length_mm") < places.index("inference")
    assert [each.place for each in sections(Recipe)] == [
        "",
        "view",
        "presence (silhouette)",
        "presence (silhouette).length_mm",
        "presence (silhouette).width_mm",
        "presence (full_frame)",
        "surface",
        "rules[i]",
        "rules[i].zone",
        "dimensions",
        "dimensions.length_mm",
        "dimensions.diameter_mm",
        "dimensions.bow_mm",
        "dimensions.taper_mm",
        "dimensions.oval_mm",
    ]


def test_a_key_takes_the_unit_of_the_key_around_it() -> None:
    assert {key.name: key.unit for key in section(Station, "line.part_length_mm").keys} == {"min": "mm", "max": "mm"}


def test_a_row_says_default_and_what_is_allowed() -> None:
    line = {key.name: key for key in section(Station, "line").keys}
    assert line["speed_mm_s"].default == NEEDED
    ejector = {key.name: key for key in section(Station, "line.ejectors[i]").keys}
    assert (ejector["valve_delay_ms"].unit, ejector["valve_delay_ms"].default) == ("ms", "`15`")
    assert ejector["valve_delay_ms"].allowed == "a number from 0 to 3600000"
    assert ejector["for"].default == NEEDED
    assert line["trigger"].allowed == "one of replay, software"
    camera = {key.name: key for key in section(Station, "cameras.NAME").keys}
    assert camera["tolerance_ms"].default == ""


def test_keys_that_are_those_of_another_place_are_described_there_alone() -> None:
    places = [each.place for each in sections(TrainingFile)]
    assert places.count("learning.crops") == 1
    assert not [place for place in places if place.startswith("engines.NAME.")]
    (engine,) = (each for each in sections(TrainingFile) if each.place == "engines.NAME")
    assert {key.name: key.allowed for key in engine.keys}["learning"] == "the keys of `learning`, below"


@MODELS
def test_no_cell_breaks_its_table(model: type[Station] | type[Recipe]) -> None:
    for row in markdown(model).splitlines():
        if row.startswith("|"):
            assert row.replace("\\|", "").count("|") == 6, row


@MODELS
def test_editors_get_a_json_schema_that_refuses_unknown_keys(model: type[Station] | type[Recipe]) -> None:
    schema = json.loads(editor_schema(model))
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert all(each["additionalProperties"] is False for each in (schema, *schema["$defs"].values()))


@pytest.mark.parametrize(("name", "tables"), [("station-file.md", 2), ("training.md", 1)])
def test_the_committed_pages_are_what_the_models_say(name: str, tables: int) -> None:
    spec = importlib.util.spec_from_file_location("station_page", REPOSITORY / "tools" / "station_page.py")
    assert spec is not None
    assert spec.loader is not None
    page_tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page_tool)
    page = (REPOSITORY / "docs" / name).read_text(encoding="utf-8")
    assert len(page_tool.MARKED.findall(page)) == tables
    assert page == page_tool.fill(page), "run: .venv/bin/python tools/station_page.py"


def examples() -> list[dict[str, Any]]:
    shown = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [content for text in shown if (content := yaml.safe_load(text)) is not None]


def test_the_pages_examples_go_together(ring: Files) -> None:
    """All of them in one station and one recipe, with four cameras more where the page shows two of six."""
    ring.change(ring.engine / "manifest.yaml", "t_low: 0.2", "t_low: 0.17")
    station, recipe = yaml.safe_load(ring.station.read_text()), yaml.safe_load(ring.recipe.read_text())
    for content in examples():
        for key, value in content.items():
            if key == "line":
                station["line"] |= value
            elif key in Station.model_fields:
                station[key] = value  # of the two examples of cameras the last one, the ring, stays
            else:
                recipe[key] = value
    first = station["cameras"]["c1"]
    for k in range(3, 7):
        station["cameras"][f"c{k}"] = {**first, "place": {**first["place"], "angle_deg": 60 * (k - 1)}}
    for rule in recipe["rules"]:
        rule["engine"] = "crack"
    ring.station.write_text(yaml.safe_dump(station))
    ring.recipe.write_text(yaml.safe_dump(recipe))

    loaded = load_station(ring.station)

    assert [rule.name for rule in loaded.recipe.rules] == ["crack", "wide_crack", "many_cracks", "split_end"]
    assert loaded.recipe.surface is not None
    assert loaded.recipe.dimensions.bow_mm is not None
    assert len(loaded.station.line.ejectors) == 2
    assert loaded.station.occlusions
    assert loaded.station.records.accepted_sample == 0.02


def test_every_camera_that_the_page_shows_is_one() -> None:
    cameras = [camera for content in examples() for camera in content.get("cameras", {}).values()]
    assert [Camera.model_validate(camera).driver for camera in cameras] == ["replay"] * 4


def places_in(value: object, loc: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield where every value of a file stands."""
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    if loc:
        yield loc
    for step, each in inner:
        yield from places_in(each, (*loc, step))


def test_an_editor_knows_every_key_of_the_examples(ring: Files) -> None:
    straw = REPOSITORY / "docs" / "examples" / "straw"
    files = [
        (Station, straw / "station.yaml"),
        (Recipe, straw / "recipe.yaml"),
        (Station, ring.station),
        (Recipe, ring.recipe),
    ]
    contents = [(model, yaml.safe_load(path.read_text(encoding="utf-8"))) for model, path in files]
    for content in examples():
        for key, value in content.items():
            contents.append((Station if key in Station.model_fields else Recipe, {key: value}))
    unknown = [
        loc
        for model, content in contents
        for schema in [json.loads(editor_schema(model))]
        for loc in places_in(content)
        if not schema_at(schema, tagged(loc, content))
    ]
    assert unknown == []


def tagged(loc: tuple[str | int, ...], content: dict[str, Any]) -> tuple[str | int, ...]:
    """The kind of presence is a step of its way in the schema."""
    return (loc[0], content["presence"]["kind"], *loc[1:]) if loc[0] == "presence" and len(loc) > 1 else loc
