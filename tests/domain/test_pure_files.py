"""The files that import-linter holds free of clocks take no clock from `domain.clock` either: time is passed in."""

from __future__ import annotations

import ast
import importlib.util
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
CLOCKS = {"now_ns", "utc_now", "boot_id"}


def pure_files() -> list[Path]:
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (pure,) = [contract for contract in contracts if contract["name"].startswith("Rules, policies")]
    files: list[Path] = []
    for module in pure["source_modules"]:
        spec = importlib.util.find_spec(module)
        assert spec is not None, f"pyproject.toml names {module}, which is not there"
        assert spec.origin is not None
        origin = Path(spec.origin)
        files += origin.parent.glob("*.py") if origin.name == "__init__.py" else [origin]
    return files


def clocks_in(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "edge_inspector.domain.clock":
            found |= {alias.name for alias in node.names} & CLOCKS
        elif isinstance(node, ast.ImportFrom) and node.module == "edge_inspector.domain":
            found |= {alias.name for alias in node.names} & {"clock"}
    return found


@pytest.mark.parametrize("file", pure_files(), ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_a_pure_file_takes_no_clock(file: Path) -> None:
    assert clocks_in(file.read_text()) == set()


def test_a_clock_would_be_found() -> None:
    assert clocks_in("from edge_inspector.domain.clock import NS_PER_S, now_ns") == {"now_ns"}
    assert clocks_in("from edge_inspector.domain import clock") == {"clock"}
