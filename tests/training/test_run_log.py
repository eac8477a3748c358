"""A run can be repeated from what its folder says, and watched while it runs."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from edge_inspector.training.run_log import RunLog, facts_of_run, git_state, write_facts


def test_values_are_found_by_tensorboard_also_those_of_a_run_that_went_on(tmp_path: Path) -> None:
    for steps in ((10, 20), (30,)):
        log = RunLog(tmp_path)
        for step in steps:
            log.observe("loss/training", step, 1.0 / step)
        log.close()
    found = EventAccumulator(str(tmp_path / "tensorboard"))
    found.Reload()
    # sorted: TensorBoard takes files by their names, which of one second end in a number, and "10" stands before "9"
    assert sorted(event.step for event in found.Scalars("loss/training")) == [10, 20, 30]


def test_facts_are_written_whole_and_can_be_read(tmp_path: Path) -> None:
    facts = facts_of_run(["edge-inspector", "train", "my file.yaml"], "ab", "cd", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    write_facts(tmp_path / "run", facts)
    kept = yaml.safe_load((tmp_path / "run" / "run.yaml").read_text())
    assert kept == facts
    assert kept["command"] == "edge-inspector train 'my file.yaml'"
    assert kept["begun_utc"] == "2026-01-02T03:04:05+00:00"
    assert (kept["data_sha256"], kept["training_file_sha256"]) == ("ab", "cd")


def test_the_state_of_the_code_says_whether_it_was_changed(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=n", "-c", "user.email=e"]
        subprocess.run(["git", "-C", str(tmp_path), *who, *arguments], check=True, capture_output=True)

    assert git_state(tmp_path) == ""
    git("init")
    (tmp_path / "code.py").write_text("one")
    git("add", "code.py")
    git("commit", "-m", "first")
    commit = git_state(tmp_path)
    assert len(commit) == 40
    (tmp_path / "code.py").write_text("two")
    assert git_state(tmp_path) == f"{commit} with changes"
