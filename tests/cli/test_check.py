"""`check` prints every fault, or what the station comes to."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from edge_inspector.cli.check import check
from edge_inspector.station.engine_manifest import file_digest

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "straw"
FILES = ("model.onnx", "golden/1.jpg", "golden/1.png", "golden/2.jpg", "golden/2.png")


@pytest.fixture
def station(tmp_path: Path) -> Path:
    """The demo's station, with a package of an engine that nobody will run."""
    folder = tmp_path / "docs" / "examples" / "straw"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("recording", "state"))
    (folder / "recording").mkdir()
    (folder / "recording" / "session.yaml").write_text("nobody reads it here\n")
    engine = tmp_path / "engines" / "straw_crack"
    (engine / "golden").mkdir(parents=True)
    for name in FILES:
        (engine / name).write_text(name)
    manifest = {
        "format": 1,
        "name": "straw_crack",
        "defect": "crack",
        "colour": "red",
        "input": {"height": 256, "width": 1248, "channels": "rgb", "mm_per_px": {"min": 0.05, "max": 0.06}},
        "precision": "f32",
        "t_low": 0.01,
        "threshold": {"score": 0.5, "evidence": "made up for the test of check"},
        "smallest_defect_px": 64,
        "calibration": {"alpha": 0.99, "scale": 1.0, "bias": 0.0},
        "metrics": {},
        "training": {"digest": "0" * 64, "seed": 1, "command": "none", "steps": 1, "minutes": 0.0, "parameters": 1},
        "parity": {"max_abs_diff": 0.05, "max_crossing_share": 0.0002},
        "golden": [
            {"picture": "golden/1.jpg", "mask": "golden/1.png", "defective": True},
            {"picture": "golden/2.jpg", "mask": "golden/2.png", "defective": False},
        ],
        "files": {name: file_digest(engine / name) for name in FILES},
    }
    (engine / "manifest.yaml").write_text(yaml.safe_dump(manifest))
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
    assert "camera c2: view 582 ms after the sensor at the latest, verdict due at 2058 ms: 1476 ms for inf" in result.stdout


def test_a_good_station_is_summed_up_as_json(app: typer.Typer, station: Path) -> None:
    result = CliRunner().invoke(app, ["--json", str(station)])
    facts = json.loads(result.stdout)
    assert facts["ok"] is True
    assert facts["cameras"]["c1"]["commit_ms"] == pytest.approx(2058)
    assert list(facts["engines"]) == ["straw_crack"]


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
