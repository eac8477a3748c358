"""A failpoint does one thing once, in the process that reaches the step, and nothing when nobody asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge_inspector.domain import failpoints

PROGRAM = """
from edge_inspector.domain.failpoints import failpoint
failpoint("line.armed")
print("went on", flush=True)
"""


def run(folder: Path | None) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != failpoints.ENVIRONMENT_NAME}
    if folder is not None:
        environment[failpoints.ENVIRONMENT_NAME] = str(folder)
    return subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False)


def test_a_process_without_the_environment_goes_on(tmp_path: Path) -> None:
    (tmp_path / "line.armed").write_text("KILL 1")
    assert run(None).stdout == "went on\n"
    assert (tmp_path / "line.armed").exists()


def test_another_step_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "line.arrival_sent").write_text("KILL 1")
    assert run(tmp_path).stdout == "went on\n"
    assert [file.name for file in tmp_path.iterdir()] == ["line.arrival_sent"]


def test_an_order_that_is_still_being_written_waits(tmp_path: Path) -> None:
    (tmp_path / "line.armed").write_text("")
    assert run(tmp_path).stdout == "went on\n"
    assert (tmp_path / "line.armed").exists()


def test_an_order_kills_the_process_that_is_named_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    monkeypatch.setattr(failpoints, "_folder", str(tmp_path))
    (tmp_path / "line.armed").write_text(f"KILL {victim.pid}")
    failpoints.failpoint("line.armed")
    assert victim.wait(timeout=20) == -signal.SIGKILL
    assert [file.name for file in tmp_path.iterdir()] == ["line.armed.hit"]
    failpoints.failpoint("line.armed")  # the order is done: nothing is signalled again


def test_enabled_is_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failpoints, "_folder", "")
    assert not failpoints.is_enabled()
    monkeypatch.setattr(failpoints, "_folder", "/tmp/x")
    assert failpoints.is_enabled()
