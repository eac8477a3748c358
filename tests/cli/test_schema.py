"""`schema` prints the JSON Schema of the files that people write."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from edge_inspector.cli.main import build_app


@pytest.mark.parametrize(("file", "key"), [("station", "cameras"), ("recipe", "rules"), ("training", "engines")])
def test_the_schema_of_a_file_is_printed(file: str, key: str) -> None:
    result = CliRunner().invoke(build_app("schema"), ["schema", file])
    assert result.exit_code == 0, result.output
    assert key in json.loads(result.stdout)["required"]


@pytest.mark.parametrize(
    ("file", "keys"),
    [
        ("station", {"place", "orientation", "fit", "exposure_ms", "pose", "light", "occlusions", "ejectors", "for"}),
        ("recipe", {"surface", "fusion", "dimensions", "zone", "min_width_mm", "combine", "min_count", "bow_mm"}),
        ("training", {"reader", "held_back", "smallest_defect_px", "overlap_weight", "early_stop", "miss_rate"}),
    ],
)
def test_the_schema_names_keys_as_they_are_written(file: str, keys: set[str]) -> None:
    schema = json.loads(CliRunner().invoke(build_app("schema"), ["schema", file]).stdout)
    known = {key for each in (schema, *schema["$defs"].values()) for key in each["properties"]}
    assert keys <= known


def test_the_tables_of_the_manual_are_printed() -> None:
    result = CliRunner().invoke(build_app("schema"), ["schema", "station", "--markdown"])
    assert "| `valve_delay_ms` | ms | `15` |" in result.stdout
