"""A run can be repeated from what its folder says, and watched while it runs."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from edge_inspector.training import run_log
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


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # of TensorBoard's own thread
def test_where_the_disk_takes_no_more_the_log_ends_and_says_so_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = RunLog(tmp_path)
    shutil.rmtree(tmp_path / "tensorboard")
    log.observe("loss/training", 10, 0.5)
    log.close()
    log.observe("loss/training", 20, 0.5)
    log.close()
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"{tmp_path / 'tensorboard'}: losses are no longer written down ([Errno 2]")
    assert said.endswith("; the training goes on without")


def test_a_log_that_can_not_be_begun_ends_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tensorboard").write_text("no folder")
    log = RunLog(tmp_path)
    log.observe("loss/training", 10, 0.5)
    log.close()
    assert len(capsys.readouterr().err.splitlines()) == 1


class FullDisk:
    """Instead of TensorBoard's writer: what it was given is refused."""

    def __init__(self, folder: str) -> None:
        self.asked = 0

    def add_scalar(self, what: str, value: float, step: int) -> None:
        self.asked += 1
        assert self.asked == 1
        raise OSError(28, "No space left on device")

    def close(self) -> None:
        raise AssertionError("it is asked no more")


def test_a_value_that_the_disk_refuses_stops_the_log_and_not_the_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_log, "SummaryWriter", FullDisk)
    log = RunLog(tmp_path)
    for step in (10, 20):
        log.observe("loss/training", step, 0.5)
    log.close()
    assert len(capsys.readouterr().err.splitlines()) == 1


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
