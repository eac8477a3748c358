"""`check` prints every fault, or what the station comes to."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from edge_inspector.cli.check import check
from edge_inspector.station.load import load_station

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "docs" / "examples" / "straw"


@pytest.fixture
def station(tmp_path: Path) -> Path:
    """The demo's station, with a recording that nobody will play."""
    folder = tmp_path / "docs" / "examples" / "straw"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("recording", "state"))
    (folder / "recording").mkdir()
    (folder / "recording" / "session.yaml").write_text("nobody reads it here\n")
    (tmp_path / "engines").symlink_to(REPOSITORY / "engines")
    return folder / "station.yaml"


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
    assert list(facts["engines"]) == ["straw_crack"]
    times = facts["cameras"]["c1"]
    assert times["inference_ms"] == pytest.approx(times["commit_ms"] - times["view_ms"])


def test_faults_go_to_stderr_one_a_line(app: typer.Typer, station: Path) -> None:
    station.write_text(station.read_text().replace("speed_mm_s: 200", "sped_mm_s: 200"))
    result = CliRunner().invoke(app, [str(station)])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert [line.split(" ", 1)[1][:25] for line in result.stderr.splitlines()] == [
        "line: `speed_mm_s` is mis",
        "line: unknown key `sped_m",
    ]


def test_faults_are_printed_as_json(app: typer.Typer, station: Path) -> None:
    station.write_bytes(b"")
    result = CliRunner().invoke(app, ["--json", str(station)])
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "ok": False,
        "faults": [f"{station}:1: the file is empty, write its keys, one a line"],
    }
