"""The tool that judges straws by the shipped engines goes on where it was, and never mixes what was judged otherwise."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any  # JSON

import pytest

from edge_inspector.station.engine_manifest import EnginePackage, load_engine_package
from tools.straw_parts import facts

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def packages() -> dict[str, EnginePackage]:
    return {path.name: load_engine_package(path) for path in sorted((ROOT / "engines").iterdir())}


def judge(out: Path, *, good: int) -> dict[str, Any]:
    words = ["--good", str(good), "--must-find", "1", "--other", "0", "--wrong", "0", "--precision", "f32"]
    told = [*words, "--out", str(out), "--json", str(out / "report.json")]
    done = subprocess.run(
        [sys.executable, "tools/straw_parts.py", *told], cwd=ROOT, capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return report


def test_it_judges_parts_and_goes_on_with_those_that_are_left(tmp_path: Path) -> None:
    report = judge(tmp_path, good=1)
    assert report["judged_in"] == {"good in f32": 1, "must_find in f32": 1}
    assert (report["escapes"]["count"], report["escapes"]["n"]) == (0, 1)
    before = (tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    assert judge(tmp_path, good=2)["false_rejects"]["n"] == 2
    after = (tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    assert (len(before), len(after)) == (3, 4)
    assert after[:3] == before


def test_rows_of_another_seed_or_precision_or_of_other_engines_are_others(packages: dict[str, EnginePackage]) -> None:
    own = facts(1, None, packages)
    assert own == facts(1, None, packages)
    fewer = {name: package for name, package in packages.items() if name != "straw_hole"}
    assert own not in (facts(2, None, packages), facts(1, "f32", packages), facts(1, None, fewer))
