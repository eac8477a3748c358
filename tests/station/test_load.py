"""A station is loaded with all that belongs to it, or every fault of all its files is said at once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from edge_inspector.domain.errors import ConfigurationError, DocumentError, EngineFileError
from edge_inspector.station.engine_manifest import load_engine_package
from edge_inspector.station.load import copy_recipe, load_station, with_recipe_copy
from edge_inspector.station.session import read_recipe

Files = Any  # the fixture's class lives in conftest.py, which tests can not import


def faults_of(files: Files) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        load_station(files.station)
    return [fault.removeprefix(f"{files.folder}/") for fault in caught.value.faults]


def test_paths_count_from_the_file_they_stand_in(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    (files.folder / "elsewhere").mkdir()
    monkeypatch.chdir(files.folder / "elsewhere")
    loaded = load_station(Path("../station.yaml"))
    assert loaded.recipe_path.resolve() == files.recipe
    assert loaded.state_dir == files.folder / "state"
    assert loaded.recording_path == files.folder / "recording"
    assert loaded.engines["crack"].folder == files.engine


def test_faults_of_station_recipe_and_engine_come_together(files: Files) -> None:
    files.change(files.station, "speed_mm_s: 200", "speed: 200")
    files.change(files.recipe, "min_score: 0.5", "min_score: 0")
    found = faults_of(files)
    assert [fault.split(" ")[0] for fault in found] == ["station.yaml:18:", "station.yaml:19:", "recipe.yaml:14:"]


def test_faults_of_all_engines_and_conflicts_come_together(files: Files) -> None:
    files.change(files.station, "min_spacing_mm: 112", "min_spacing_mm: 60")
    files.change(files.recipe, "  crack: engines/crack", "  crack: engines/crack\n  knot: engines/knot")
    (files.engine / "model.onnx").unlink()
    found = faults_of(files)
    assert found[0].startswith(f"recipe.yaml:10: engines.crack: {files.engine}/model.onnx: is missing; restore the folder")
    assert found[1].startswith(f"recipe.yaml:11: engines.knot: {files.folder}/engines/knot: is no folder, and")
    assert found[2].startswith("station.yaml:21: line.min_spacing_mm: 60")
    assert found[3].startswith("recipe.yaml:11: engines.knot: no rule uses it")
    assert len(found) == 4


def test_a_recipe_that_is_not_there_is_said_at_the_line_that_names_it(files: Files) -> None:
    files.change(files.station, "recipe: recipe.yaml", "recipe: recipes.yaml")
    assert faults_of(files) == [
        f"station.yaml:4: recipe: {files.folder}/recipes.yaml is not there, allowed is a recipe file"
    ]


def test_a_recording_that_is_not_there_is_said_at_the_line_that_names_it(files: Files) -> None:
    shutil.rmtree(files.folder / "recording")
    (fault,) = faults_of(files)
    assert fault.startswith(
        f"station.yaml:6: recording.path: {files.folder}/recording is not there, allowed is a session fold"
    )


def test_plain_pictures_need_their_timing(files: Files) -> None:
    (files.folder / "recording" / "session.yaml").unlink()
    (fault,) = faults_of(files)
    assert fault.startswith(f"station.yaml:6: recording.path: {files.folder}/recording has no session.yaml, allowed is a se")
    files.change(files.station, "path: recording}", "path: recording, plain: {}}")
    load_station(files.station)


@pytest.mark.parametrize(
    ("plain", "fault"),
    [
        ("length_mm: 90", "recording.plain.length_mm: 90, allowed is line.part_length_mm, 50 to 70"),
        (
            "spacing_ms: 100",
            "recording.plain.spacing_ms: 100 ms are 20 mm at 200 mm/s, allowed is at least line.min_spacing_mm, 112 mm, "
            "which are 560 ms",
        ),
    ],
)
def test_plain_pictures_whose_timing_no_part_could_pass_with_are_refused(files: Files, plain: str, fault: str) -> None:
    files.change(files.station, "path: recording}", f"path: recording, plain: {{{plain}}}}}")
    assert faults_of(files) == [f"station.yaml:6: {fault}"]


def test_a_speed_in_metres_a_second_is_refused(files: Files) -> None:
    files.change(files.station, "speed_mm_s: 200", "speed_mm_s: 0.2")
    assert any("0.2 brings a part to its gate after 2100 s, allowed are at most 600 s" in line for line in faults_of(files))


def test_a_recipe_given_for_a_station_is_said_in_one_line(files: Files) -> None:
    with pytest.raises(DocumentError) as caught:
        load_station(files.recipe)
    assert caught.value.faults[0].endswith("recipe.yaml:1: is a recipe, allowed is the station file, which names its recipe")


def test_a_recipe_that_was_put_aside_holds_whatever_became_of_its_file(files: Files) -> None:
    loaded = load_station(files.station)
    copy_recipe(loaded, loaded.state_dir)
    files.change(files.recipe, "min_score: 0.5", "min_score: 0.6")
    changed = load_station(files.station)
    held = with_recipe_copy(changed, loaded.recipe_digest, files.recipe)
    assert held is not None
    assert held.recipe_digest == loaded.recipe_digest != changed.recipe_digest
    assert held.recipe.rules[0].min_score == 0.5


@pytest.mark.parametrize("damaged", ["recipe.json", "engines/crack/model.onnx"])
def test_a_copy_that_is_damaged_or_gone_is_not_taken(files: Files, damaged: str) -> None:
    loaded = load_station(files.station)
    assert with_recipe_copy(loaded, "0" * 64, files.recipe) is None
    (copy_recipe(loaded, loaded.state_dir) / damaged).write_bytes(b"{}")
    assert with_recipe_copy(loaded, loaded.recipe_digest, files.recipe) is None


@pytest.mark.parametrize("damage", [b"", b"\x00\x01", b"just words\n", b"- recipe: x\n"])
def test_a_station_that_is_no_document_is_a_fault(files: Files, damage: bytes) -> None:
    files.station.write_bytes(damage)
    assert faults_of(files)[0].startswith("station.yaml:1: ")


def test_the_digest_names_content_and_engines_not_paths_or_comments(files: Files) -> None:
    before = load_station(files.station).recipe_digest
    files.change(files.recipe, "product:", "# a comment\nproduct:")
    files.engine.parent.rename(files.folder / "moved")
    files.change(files.recipe, "engines/crack", "moved/crack")
    assert load_station(files.station).recipe_digest == before
    files.change(files.recipe, "min_score: 0.5", "min_score: 0.55")
    assert load_station(files.station).recipe_digest != before


def test_the_copy_is_what_workers_read(files: Files) -> None:
    loaded = load_station(files.station)
    target = copy_recipe(loaded, loaded.state_dir)
    assert target == loaded.state_dir / "recipes" / loaded.recipe_digest
    recipe = read_recipe(loaded.state_dir, loaded.recipe_digest)
    assert recipe.rules == loaded.recipe.rules
    folder = Path(recipe.engines["crack"])
    assert folder == target / "engines" / "crack"
    assert load_engine_package(folder).digest == loaded.engines["crack"].digest
    assert [entry.name for entry in target.parent.iterdir()] == [target.name]


def test_a_whole_copy_is_kept(files: Files) -> None:
    loaded = load_station(files.station)
    before = copy_recipe(loaded, loaded.state_dir).stat().st_ino
    assert copy_recipe(loaded, loaded.state_dir).stat().st_ino == before


@pytest.mark.parametrize("damaged", ["recipe.json", "engines/crack/model.onnx", "engines/crack/manifest.yaml"])
@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_copy_is_replaced(files: Files, damaged: str, damage: str) -> None:
    loaded = load_station(files.station)
    file = copy_recipe(loaded, loaded.state_dir) / damaged
    good = file.read_bytes()
    if damage == "cut":
        file.write_bytes(good[:-5])
    else:
        file.unlink()
    target = copy_recipe(loaded, loaded.state_dir)
    assert (target / damaged).read_bytes() == good
    assert [entry.name for entry in target.parent.iterdir()] == [target.name]


def test_what_a_killed_copy_left_behind_is_cleared(files: Files) -> None:
    loaded = load_station(files.station)
    recipes = loaded.state_dir / "recipes"
    (recipes / f".{loaded.recipe_digest}.4711.new" / "engines").mkdir(parents=True)
    copy_recipe(loaded, loaded.state_dir)
    assert [entry.name for entry in recipes.iterdir()] == [loaded.recipe_digest]


def test_an_engine_that_changed_after_it_was_loaded_is_never_copied(files: Files) -> None:
    loaded = load_station(files.station)
    (files.engine / "model.onnx").write_bytes(b"another")
    with pytest.raises(EngineFileError, match=r"model\.onnx: SHA-256 is"):
        copy_recipe(loaded, loaded.state_dir)
    assert not (loaded.state_dir / "recipes" / loaded.recipe_digest).exists()


def test_a_state_folder_that_can_not_be_written_is_said(files: Files) -> None:
    loaded = load_station(files.station)
    loaded.state_dir.write_text("a file where a folder should be")
    with pytest.raises(ConfigurationError, match=r"the recipe can not be copied there .*; free space, or make the state"):
        copy_recipe(loaded, loaded.state_dir)


def test_the_demos_station_goes_together(files: Files) -> None:
    """With the engines that ship; the recording is made by the demo."""
    repository = Path(__file__).parents[2]
    folder = files.folder / "docs" / "examples" / "straw"
    shutil.copytree(repository / "docs" / "examples" / "straw", folder, ignore=shutil.ignore_patterns("recording", "state"))
    shutil.copytree(files.folder / "recording", folder / "recording")
    for name in ("straw_crack", "straw_stain", "straw_hole"):
        (files.engine.parent / name).symlink_to(repository / "engines" / name)
    loaded = load_station(folder / "station.yaml")
    assert list(loaded.station.cameras) == [f"c{k}" for k in range(1, 7)]
