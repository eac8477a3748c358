from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from edge_inspector.station.engine_manifest import file_digest

STATION = """\
format: 1
station: straw
simulation: true
recipe: recipe.yaml
state_dir: state
recording: {path: recording}
cameras:
  c1:
    driver: replay
    period_ms: 33.333
    latency_ms: 30
    offset_ms: 500
  c2:
    driver: replay
    latency_ms: 30
    offset_ms: 500
    roi: {width_px: 1248, height_px: 256}
line:
  speed_mm_s: 200
  part_length_mm: {min: 50, max: 70}
  min_spacing_mm: 112
  stop_distance_mm: 10
  heartbeat_timeout_ms: 200
  confirm_tolerance_ms: 60
  ejectors:
    - name: good
      for: [ACCEPT]
      at_mm: 420
      valve_delay_ms: 15
      tolerance_ms: 20
"""
RECIPE = """\
format: 1
product: reed_straw
view: {height_px: 256, width_px: 1248}
mm_per_px: 0.054
presence:
  kind: silhouette
  length_mm: {min: 55, max: 65}
  width_mm: {min: 6, max: 10}
engines:
  crack: engines/crack
rules:
  - name: crack
    engine: crack
    min_score: 0.5
"""
ENGINE_FILES = ("model.onnx", "golden/1.jpg", "golden/1.png", "golden/2.jpg", "golden/2.png")


@dataclass(frozen=True)
class Files:
    """A good station in a folder, to be spoilt by a test."""

    folder: Path

    @property
    def station(self) -> Path:
        return self.folder / "station.yaml"

    @property
    def recipe(self) -> Path:
        return self.folder / "recipe.yaml"

    @property
    def engine(self) -> Path:
        return self.folder / "engines" / "crack"

    def line_of(self, path: Path, fragment: str) -> str:
        """Return `FILE:LINE` of the one line of a file that holds a fragment."""
        (number,) = [i for i, line in enumerate(path.read_text().splitlines(), 1) if fragment in line]
        return f"{path.name}:{number}"

    def change(self, path: Path, old: str, new: str) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))


def write_engine(folder: Path, defect: str = "crack") -> None:
    (folder / "golden").mkdir(parents=True)
    for name in ENGINE_FILES:
        (folder / name).write_bytes(f"content of {name}".encode())
    manifest = {
        "format": 1,
        "name": folder.name,
        "defect": defect,
        "colour": "red",
        "input": {"height": 256, "width": 1248, "channels": "rgb", "mm_per_px": {"min": 0.05, "max": 0.06}},
        "precisions": ["f32"],
        "t_low": 0.2,
        "threshold": {"score": 0.5, "evidence": "made up for the tests of station files"},
        "smallest_defect_px": 64,
        "calibration": {"alpha": 0.99, "scale": 1.0, "bias": 0.0},
        "metrics": {},
        "training": {"digest": "0" * 64, "seed": 1, "command": "none", "steps": 1, "minutes": 0.0, "parameters": 1},
        "parity": {"max_abs_diff": 0.05, "max_crossing_share": 0.0002},
        "golden": [
            {"picture": "golden/1.jpg", "mask": "golden/1.png", "defective": True},
            {"picture": "golden/2.jpg", "mask": "golden/2.png", "defective": False},
        ],
        "files": {name: file_digest(folder / name) for name in ENGINE_FILES},
    }
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    (tmp_path / "recording").mkdir()
    (tmp_path / "recording" / "session.yaml").write_text("nobody reads it here\n")
    (tmp_path / "station.yaml").write_text(STATION)
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    write_engine(tmp_path / "engines" / "crack")
    return Files(tmp_path)


RING = "".join(
    f"""\
  c{k}:
    driver: replay
    latency_ms: 30
    offset_ms: 500
    place:
      angle_deg: {60 * k} # of c{k}
      distance_mm: 80
      along_mm: 70
      focal_px: 1480
      centre_x_px: 624
      centre_y_px: 128
"""
    for k in range(6)
)


@pytest.fixture
def ring(files: Files) -> Files:
    """Six cameras around a straw, and a recipe that puts their views together."""
    text = files.station.read_text()
    before, _, rest = text.partition("  c1:\n")
    files.station.write_text(f"{before}{RING}pose: ring\nline:\n{rest.partition('line:' + chr(10))[2]}")
    files.change(files.recipe, "engines:\n", "surface: {min_coverage: 0.99}\nfusion: max\nengines:\n")
    return files
