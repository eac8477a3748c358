"""A run's folder says how the run began, and when it was taken up again by what else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.training.ranks import ALONE
from edge_inspector.training.run_folder import begin_run, refuse_other_run, run_facts
from edge_inspector.training.training_plan import Plan, plan_training
from tests.training.blots import write_parts
from tests.training.test_training_run import write_training


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    folder = tmp_path_factory.mktemp("blots")
    write_parts(folder / "blots")
    return plan_training(write_training(folder))


def begin(plan: Plan, out: Path, **other: str) -> dict[str, Any]:
    """What run.yaml says after another begin."""
    facts = run_facts(plan, "blot", ALONE) | other
    refuse_other_run(plan, "blot", out, facts)
    begin_run(plan, "blot", out, facts)
    said = yaml.safe_load((out / "runs" / "blot" / "run.yaml").read_text(encoding="utf-8"))
    assert isinstance(said, dict)
    return said


def began(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fact for name, fact in said.items() if name != "continued"}


def test_a_run_that_goes_on_says_still_how_it_began_and_by_what_it_was_taken_up(plan: Plan, tmp_path: Path) -> None:
    first = begin(plan, tmp_path, begun_utc="2026-01-02T03:04:05+00:00", git="ab", threads="2")
    (tmp_path / "runs" / "blot" / "network.0123456789ab.checkpoint").touch()
    then = begin(plan, tmp_path, begun_utc="2026-01-03T03:04:05+00:00", git="cd", threads="8")
    assert "continued" not in first
    assert began(then) == first
    assert then["continued"] == [
        {
            "at_utc": "2026-01-03T03:04:05+00:00",
            "version": first["version"],
            "git": "cd",
            "torch": first["torch"],
            "threads": "8",
        }
    ]


def test_a_run_that_learned_nothing_begins_anew(plan: Plan, tmp_path: Path) -> None:
    begin(plan, tmp_path, git="ab", learning_sha256="another")
    facts = run_facts(plan, "blot", ALONE)
    refuse_other_run(plan, "blot", tmp_path, facts)
    assert "continued" not in begin(plan, tmp_path)
    (tmp_path / "runs" / "blot" / "network.pt").touch()
    with pytest.raises(ConfigurationError, match="holds a training that learned otherwise"):
        refuse_other_run(plan, "blot", tmp_path, facts | {"learning_sha256": "another"})


def test_a_run_that_is_taken_up_by_the_same_says_when_it_learned_on(plan: Plan, tmp_path: Path) -> None:
    first = begin(plan, tmp_path, git="ab")
    (tmp_path / "runs" / "blot" / "network.0123456789ab.checkpoint").touch()
    then = begin(plan, tmp_path, git="ab", begun_utc="2026-01-03T03:04:05+00:00")
    makers = {name: first[name] for name in ("version", "git", "torch")}
    assert then["continued"] == [{"at_utc": "2026-01-03T03:04:05+00:00"} | makers]


def test_where_nothing_is_learned_only_what_is_another_is_told_and_once(plan: Plan, tmp_path: Path) -> None:
    first = begin(plan, tmp_path, git="ab")
    (tmp_path / "runs" / "blot" / "network.pt").touch()
    assert begin(plan, tmp_path, git="ab", begun_utc="2026-01-03T03:04:05+00:00") == first
    other = begin(plan, tmp_path, git="cd", training_file_sha256="another cut")
    assert [each["training_file_sha256"] for each in other["continued"]] == ["another cut"]
    assert begin(plan, tmp_path, git="cd", training_file_sha256="another cut") == other
    assert len(begin(plan, tmp_path, git="ab", training_file_sha256="another cut")["continued"]) == 2
