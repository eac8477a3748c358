"""`schema` prints the JSON Schema of the files that people write."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from edge_inspector.cli.main import build_app


@pytest.mark.parametrize(("file", "key"), [("station", "cameras"), ("recipe", "rules")])
def test_the_schema_of_a_file_is_printed(file: str, key: str) -> None:
    result = CliRunner().invoke(build_app("schema"), ["schema", file])
    assert result.exit_code == 0, result.output
    assert key in json.loads(result.stdout)["required"]


def test_the_tables_of_the_manual_are_printed() -> None:
    result = CliRunner().invoke(build_app("schema"), ["schema", "station", "--markdown"])
    assert "| `valve_delay_ms` | ms | `15` |" in result.stdout
