"""The first station file and recipe: what is measured becomes limits, names stay names, nothing is overwritten."""

from __future__ import annotations

import dataclasses
import errno
import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml

from edge_inspector.domain.errors import ConfigurationError, DocumentError
from edge_inspector.station.document import load_document
from edge_inspector.station.load import load_station
from edge_inspector.station.recipe import FullFramePresence, Recipe
from edge_inspector.station.starter import Start, Surface, check_names, find_engines, write_files
from edge_inspector.station.station import Station
from tests.station.conftest import write_engine

SURFACE = Surface(width_px=1248, height_px=256, least_mean_grey=105.4, most_mean_grey=119.2, least_deviation=48.1)


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Two cameras, with an engine for their size."""
    pictures = tmp_path / "my" / "pictures"
    pictures.mkdir(parents=True)
    write_engine(tmp_path / "engines" / "crack")
    engines = find_engines([tmp_path / "engines"], SURFACE.width_px, SURFACE.height_px)
    return Start(tmp_path / "my", pictures, ("side", "top"), SURFACE, engines, "exact")


def test_files_with_a_fitting_engine_are_good_at_once(start: Start) -> None:
    write_files(start)

    loaded = load_station(start.folder / "station.yaml")

    assert list(loaded.station.cameras) == ["side", "top"]
    assert loaded.station.simulation
    assert loaded.recording_path == start.pictures
    assert loaded.recipe.product == "my"
    assert list(loaded.engines) == ["crack"]
    assert (loaded.recipe.rules[0].engine, loaded.recipe.rules[0].min_score) == ("crack", 0.5)


def test_two_engines_for_one_defect_have_rules_of_their_own(tmp_path: Path) -> None:
    for name in ("fine", "coarse"):
        write_engine(tmp_path / "engines" / name, defect="crack")
    (tmp_path / "my" / "pictures").mkdir(parents=True)
    engines = find_engines([tmp_path / "engines"], SURFACE.width_px, SURFACE.height_px)
    write_files(Start(tmp_path / "my", tmp_path / "my" / "pictures", ("c1",), SURFACE, engines, "exact"))
    rules = load_station(tmp_path / "my" / "station.yaml").recipe.rules
    assert [(rule.name, rule.engine) for rule in rules] == [("coarse", "coarse"), ("fine", "fine")]


def test_the_presence_is_what_was_measured_with_a_margin(start: Start) -> None:
    write_files(start)

    presence = load_document(start.folder / "recipe.yaml", Recipe).presence

    assert isinstance(presence, FullFramePresence)
    assert presence.mean_grey == (95, 130)
    assert presence.min_grey_deviation == 24.0


@pytest.mark.parametrize(("mean_grey", "deviation", "is_part"), [(110, 40, True), (90, 40, False), (110, 20, False)])
def test_a_picture_outside_the_limits_is_no_part(mean_grey: float, deviation: float, is_part: bool) -> None:
    assert SURFACE.takes_for_a_part(mean_grey, deviation) is is_part


def test_limits_stay_grey_levels() -> None:
    assert dataclasses.replace(SURFACE, least_mean_grey=3, most_mean_grey=250).allowed_mean == (1, 253)


def test_without_an_engine_the_check_names_what_is_missing_and_nothing_else(start: Start) -> None:
    write_files(dataclasses.replace(start, engines=()))

    with pytest.raises(DocumentError) as refused:
        load_station(start.folder / "station.yaml")

    assert [fault.split(": ", 2)[1] for fault in refused.value.faults] == ["engines", "rules"]
    text = (start.folder / "recipe.yaml").read_text(encoding="utf-8")
    assert "No engine here was made for pictures of 1248 × 256 px" in text


def test_a_recipe_without_an_engine_is_completed_by_uncommenting_two_lines(start: Start) -> None:
    write_files(dataclasses.replace(start, engines=()))
    path = start.folder / "recipe.yaml"

    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("# scratch: ", "scratch: ").replace("# - {name", "- {name"), encoding="utf-8")

    assert load_document(path, Recipe).rules[0].engine == "scratch"


def test_an_engine_for_another_size_does_not_fit(tmp_path: Path) -> None:
    write_engine(tmp_path / "crack")
    assert find_engines([tmp_path], 1248, 256)
    assert find_engines([tmp_path], 256, 1248) == ()


def test_a_package_whose_installation_was_interrupted_is_none(tmp_path: Path) -> None:
    write_engine(tmp_path / "crack")
    (tmp_path / "crack").rename(tmp_path / ".crack.going")
    assert find_engines([tmp_path], 1248, 256) == ()


def test_pictures_are_padded_where_only_a_larger_engine_is_there(tmp_path: Path) -> None:
    write_engine(tmp_path / "crack")
    assert [engine.manifest.name for engine in find_engines([tmp_path], 1200, 129)] == ["crack"]
    assert find_engines([tmp_path], 1200, 128) == ()  # half of the view would be made up
    assert find_engines([tmp_path], 1249, 256) == ()


def test_an_engine_of_the_very_size_is_preferred_to_padding(tmp_path: Path) -> None:
    write_engine(tmp_path / "crack")
    write_engine(tmp_path / "near")
    manifest = tmp_path / "near" / "manifest.yaml"
    manifest.write_text(manifest.read_text().replace("width: 1248", "width: 1216"))
    assert [engine.manifest.name for engine in find_engines([tmp_path], 1216, 256)] == ["near"]


def test_padded_pictures_become_views_of_the_engines_size(start: Start) -> None:
    small = dataclasses.replace(SURFACE, width_px=1200, height_px=200)
    write_files(dataclasses.replace(start, surface=small, fit="pad"))

    loaded = load_station(start.folder / "station.yaml")

    assert {camera.fit for camera in loaded.station.cameras.values()} == {"pad"}
    assert (loaded.recipe.view.width_px, loaded.recipe.view.height_px) == (1248, 256)


def comments_of(path: Path, start: str) -> dict[str, Any]:
    """Return the commented example that begins with a line, as YAML; it ends where the comments end."""
    lines = path.read_text(encoding="utf-8").splitlines()
    example = list(itertools.takewhile(lambda line: line.startswith("#"), lines[lines.index(start) :]))
    content: dict[str, Any] = yaml.safe_load("\n".join(line.removeprefix("# ") for line in example))
    return content


def test_the_commented_examples_are_a_station_that_goes_together(start: Start) -> None:
    write_files(dataclasses.replace(start, cameras=tuple(f"c{k}" for k in range(1, 7))))
    station_path, recipe_path = start.folder / "station.yaml", start.folder / "recipe.yaml"
    station = yaml.safe_load(station_path.read_text(encoding="utf-8"))
    recipe = yaml.safe_load(recipe_path.read_text(encoding="utf-8"))

    places = comments_of(station_path, "#   c1: &camera")
    assert [places[name]["place"]["angle_deg"] for name in places] == [0, 60, 120, 180, 240, 300]
    for name, camera in station["cameras"].items():
        station["cameras"][name] = {**camera, "place": places[name]["place"], "exposure_ms": 0.2}
    station["pose"] = "ring"
    recipe |= comments_of(recipe_path, "# surface: {max_incidence_deg: 60, same_defect_mm: 0.5, min_coverage: 0.99}")
    recipe |= comments_of(recipe_path, "# dimensions:")
    text = recipe_path.read_text(encoding="utf-8")
    text = recipe_path.read_text(encoding="utf-8")
    silhouette = text[text.index("  # kind: silhouette") : text.index("\n\n# A round rod")]
    recipe["presence"] = yaml.safe_load(silhouette.replace("  # ", ""))
    recipe["rules"][0] |= {"min_width_mm": 0.1, "combine": "any", "min_count": 3, "zone": {"along_mm": [0, 10]}}
    recipe["fusion"] = "max"
    station_path.write_text(yaml.safe_dump(station), encoding="utf-8")
    recipe_path.write_text(yaml.safe_dump(recipe), encoding="utf-8")

    loaded = load_station(station_path)

    assert loaded.recipe.surface is not None
    assert loaded.recipe.dimensions.bow_mm is not None


def test_a_single_camera_is_not_told_of_a_ring(start: Start) -> None:
    write_files(dataclasses.replace(start, cameras=("top",)))
    text = (start.folder / "station.yaml").read_text(encoding="utf-8")
    assert "angle_deg" not in text
    assert load_station(start.folder / "station.yaml").station.pose == "unknown"


def test_a_rule_cuts_where_the_evidence_was_counted_and_not_above(start: Start) -> None:
    (engine,) = start.engines
    threshold = engine.manifest.threshold.model_copy(update={"score": 0.4321})
    manifest = engine.manifest.model_copy(update={"threshold": threshold})
    write_files(dataclasses.replace(start, engines=(dataclasses.replace(engine, manifest=manifest),)))
    recipe = load_document(start.folder / "recipe.yaml", Recipe)
    assert [rule.min_score for rule in recipe.rules] == [0.4321]


def test_the_cut_is_never_below_what_a_rule_may_have(start: Start) -> None:
    (engine,) = start.engines
    manifest = engine.manifest.model_copy(update={"t_low": 0.26})
    assert dataclasses.replace(engine, manifest=manifest).min_score == 0.52


@pytest.mark.parametrize("name", ["1", "on", "null", "1e3", "-", "a.b"])
def test_cameras_keep_names_that_yaml_would_take_for_something_else(start: Start, name: str) -> None:
    write_files(dataclasses.replace(start, cameras=(name, "top")))
    assert list(load_document(start.folder / "station.yaml", Station).cameras) == [name, "top"]


@pytest.mark.parametrize("name", ["my parts: größe #1", "2026", "  "])
def test_any_folder_name_is_possible(start: Start, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    (folder / "pictures").mkdir(parents=True)
    write_files(dataclasses.replace(start, folder=folder, pictures=folder / "pictures"))
    assert load_station(folder / "station.yaml").station.station


def test_many_cameras_get_more_time_between_parts(start: Start) -> None:
    write_files(dataclasses.replace(start, cameras=tuple(f"c{k}" for k in range(1, 7))))
    recording = load_document(start.folder / "station.yaml", Station).recording
    assert recording is not None
    assert recording.plain is not None
    assert recording.plain.spacing_ms == 2100


@pytest.mark.parametrize("name", ["station.yaml", "recipe.yaml"])
def test_a_file_that_is_there_is_never_overwritten_and_none_is_written_beside_it(start: Start, name: str) -> None:
    (start.folder / name).write_text("mine")

    with pytest.raises(ConfigurationError, match=f"{name}: is there already"):
        write_files(start)

    assert (start.folder / name).read_text() == "mine"
    assert [path.name for path in start.folder.glob("*.yaml")] == [name]


def test_where_the_second_file_can_not_be_written_the_first_does_not_stay(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Path.open

    def refuse(path: Path, *arguments: Any, **named: Any) -> Any:
        if path.name == "station.yaml":
            raise OSError(errno.ENOSPC, "no space left")
        return opened(path, *arguments, **named)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConfigurationError, match=r"can not be written .*no space left"):
        write_files(start)
    assert not list(start.folder.glob("*.yaml"))


def test_a_camera_folder_with_an_impossible_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"left cam: .*rename the folder"):
        check_names(["top", "left cam"], tmp_path)
