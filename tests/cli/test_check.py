"""`check` prints every fault, or what the station comes to."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer
import yaml
from typer.testing import CliRunner

from edge_inspector.cli.check import check
from edge_inspector.station.load import load_station

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "docs" / "examples" / "straw"


@pytest.fixture
def station(tmp_path: Path) -> Path:
    """The demo's station, with one picture a camera."""
    folder = tmp_path / "docs" / "examples" / "straw"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("recording", "state"))
    for name in ("c1", "c2", "c3", "c4", "c5", "c6"):
        (folder / "recording" / name).mkdir(parents=True)
        write_picture(folder / "recording" / name / "1.png", 256, 1248)
    (tmp_path / "engines").symlink_to(REPOSITORY / "engines")
    path = folder / "station.yaml"
    text = path.read_text().replace("  path: recording #", "  plain: {spacing_ms: 2000}\n  path: recording #")
    path.write_text(text)
    return path


def write_picture(path: Path, height_px: int, width_px: int) -> None:
    assert cv2.imwrite(str(path), np.full((height_px, width_px, 3), 90, np.uint8))


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.command()(check)
    return app


def test_a_good_station_is_summed_up(app: typer.Typer, station: Path) -> None:
    result = CliRunner().invoke(app, [str(station)])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"{station}: good\n  station straw-demo, product reed_straw, recipe ")
    assert re.search(
        r"camera c2: view \d+ ms after the sensor at the latest, verdict due at \d+ ms: \d+ ms for inference", result.stdout
    )


def test_a_good_station_is_summed_up_as_json(app: typer.Typer, station: Path) -> None:
    result = CliRunner().invoke(app, ["--json", str(station)])
    facts = json.loads(result.stdout)
    assert facts["ok"] is True
    assert facts["recipe_digest"] == load_station(station).recipe_digest
    assert list(facts["engines"]) == ["straw_crack", "straw_stain", "straw_hole"]
    times = facts["cameras"]["c1"]
    assert times["inference_ms"] == pytest.approx(times["commit_ms"] - times["view_ms"])


@pytest.fixture
def ring(station: Path) -> Path:
    """Three of the demo's six cameras, and a recipe that is content with what they see."""
    content = yaml.safe_load(station.read_text())
    content["cameras"] = {name: content["cameras"][name] for name in ("c1", "c3", "c5")}
    for camera in content["cameras"].values():
        camera["exposure_ms"] = 0.2
    station.write_text(yaml.safe_dump(content))
    recipe = station.with_name("recipe.yaml")
    wanted = yaml.safe_load(recipe.read_text())
    wanted["surface"] = {"min_coverage": 0.9, "max_incidence_deg": 65}
    recipe.write_text(yaml.safe_dump(wanted))
    return station


@pytest.fixture
def apart(station: Path) -> Path:
    """The demo's cameras around parts whose pose nobody knows."""
    content = yaml.safe_load(station.read_text())
    content["pose"] = "unknown"
    station.write_text(yaml.safe_dump(content))
    recipe = station.with_name("recipe.yaml")
    wanted = yaml.safe_load(recipe.read_text()) | {"fusion": "any"}
    del wanted["surface"]
    recipe.write_text(yaml.safe_dump(wanted))
    return station


def test_a_ring_is_summed_up_with_what_it_sees_and_how_much_the_exposure_blurs(app: typer.Typer, ring: Path) -> None:
    result = CliRunner().invoke(app, [str(ring)])
    assert result.exit_code == 0, result.output
    found = re.search(
        r"surface: the cameras see (\d+\.\d) % of the smallest part and (\d+\.\d) % of the largest; a part of which "
        r"less than 90 % is seen is UNINSPECTED",
        result.stdout,
    )
    assert found is not None
    smallest, largest = map(float, found.groups())
    assert 90 <= largest < smallest <= 100
    assert "its exposure of 0.2 ms blurs 0.71 px" in result.stdout
    facts = json.loads(CliRunner().invoke(app, ["--json", str(ring)]).stdout)
    assert facts["cameras"]["c1"]["blur_px"] == pytest.approx(0.2 * 200 / 1000 / 0.056)
    assert facts["coverage"] == pytest.approx(
        {"smallest": smallest / 100, "largest": largest / 100, "least": 0.9}, abs=0.001
    )


@pytest.mark.parametrize("beyond", [0, 1])
def test_more_threads_than_cpus_are_noted_and_are_no_fault(app: typer.Typer, station: Path, beyond: int) -> None:
    cpus = len(os.sched_getaffinity(0))
    station.write_text(f"{station.read_text()}\ninference: {{threads: {cpus + beyond}}}\n")
    result = CliRunner().invoke(app, [str(station)])
    assert result.exit_code == 0, result.output
    note = f"note: inference.threads is {cpus + 1}, and this computer has {cpus} CPUs"
    assert (note in result.stdout) == bool(beyond)


def test_a_cut_above_is_noted_though_another_rule_keeps_to_it_where_that_has_limits(app: typer.Typer, station: Path) -> None:
    recipe = station.parent / "recipe.yaml"
    document = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    (rule,) = (rule for rule in document["rules"] if rule["engine"] == "straw_stain")
    document["rules"].append({"name": "faint", "engine": "straw_stain", "min_score": 0.9})
    for limits, count in (({"min_length_mm": 1.2}, 1), ({"min_length_mm": 0.0}, 0)):
        rule |= limits
        recipe.write_text(yaml.safe_dump(document), encoding="utf-8")
        notes = json.loads(CliRunner().invoke(app, ["--json", str(station)]).stdout)["notes"]
        assert sum("rule faint rejects from min_score 0.9 on" in note for note in notes) == count


@pytest.mark.parametrize("above", [0.0, 0.1])
def test_a_cut_above_the_one_that_has_evidence_is_noted(app: typer.Typer, station: Path, above: float) -> None:
    recipe = station.parent / "recipe.yaml"
    document = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    proven = load_station(station).engines["straw_stain"].manifest.threshold.score
    (rule,) = (rule for rule in document["rules"] if rule["engine"] == "straw_stain")
    rule["min_score"] = proven + above
    recipe.write_text(yaml.safe_dump(document), encoding="utf-8")
    notes = json.loads(CliRunner().invoke(app, ["--json", str(station)]).stdout)["notes"]
    said = [note for note in notes if "straw_stain" in note]
    assert len(said) == bool(above)
    assert all(
        f"from min_score {proven + above:g} on, the evidence of engine straw_stain is for {proven:g}" in note
        for note in said
    )


def test_without_a_ring_no_coverage_is_claimed(app: typer.Typer, apart: Path) -> None:
    result = CliRunner().invoke(app, [str(apart)])
    assert result.exit_code == 0, result.output
    assert "surface" not in result.stdout
    assert json.loads(CliRunner().invoke(app, ["--json", str(apart)]).stdout)["coverage"] is None


def test_faults_go_to_stderr_one_a_line(app: typer.Typer, station: Path) -> None:
    station.write_text(station.read_text().replace("speed_mm_s: 200", "sped_mm_s: 200"))
    result = CliRunner().invoke(app, [str(station)])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert [line.split(" ", 1)[1][:25] for line in result.stderr.splitlines()] == [
        "line: `speed_mm_s` is mis",
        "line: unknown key `sped_m",
    ]


def test_a_camera_whose_pictures_can_not_become_the_view_is_said_with_its_line(app: typer.Typer, station: Path) -> None:
    picture = station.parent / "recording" / "c2" / "1.png"
    write_picture(picture, 200, 640)
    result = CliRunner().invoke(app, [str(station)])
    assert result.exit_code == 1
    (fault,) = result.stderr.splitlines()
    line = 1 + next(i for i, text in enumerate(station.read_text().splitlines()) if text.startswith("  c2:"))
    assert fault.startswith(f"{station}:{line}: cameras.c2: {picture}: ")
    assert "640 x 200" in fault


def test_a_camera_without_pictures_is_said(app: typer.Typer, station: Path) -> None:
    shutil.rmtree(station.parent / "recording" / "c3")
    result = CliRunner().invoke(app, [str(station)])
    assert result.exit_code == 1
    assert "recording: " in result.stderr
    assert "c3" in result.stderr


def test_faults_are_printed_as_json(app: typer.Typer, station: Path) -> None:
    station.write_bytes(b"")
    result = CliRunner().invoke(app, ["--json", str(station)])
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "ok": False,
        "faults": [f"{station}:1: the file is empty, write its keys, one a line"],
    }
