"""Works run at once in processes of their own; what one dies of is said and harms no other, and an interrupt ends all."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import pytest

from edge_inspector.training.side_by_side import run_side_by_side
from tests.training.works import (
    be_killed,
    be_killed_in_the_middle_of_a_word,
    fill_the_disk,
    meet,
    process_number,
    refuse,
    stumble,
    write_for_ever,
)


def unheard(stage: str, share: float) -> None:
    """Progress that nobody wants to know."""


def test_each_work_is_done_in_a_process_of_its_own_and_its_progress_told() -> None:
    told: list[tuple[str, float]] = []
    gathered = run_side_by_side(
        {"a": process_number, "b": process_number}, 2, lambda stage, share: told.append((stage, share))
    )
    assert gathered.failed == {}
    assert len({os.getpid(), *gathered.done.values()}) == 3
    assert sorted(told) == [("counting", share) for share in (0.0, 0.0, 0.5, 0.5, 1.0, 1.0)]


def test_so_many_are_at_work_at_once(tmp_path: Path) -> None:
    works = {name: partial(meet, tmp_path / name, tmp_path / other) for name, other in (("a", "b"), ("b", "a"))}
    assert run_side_by_side(works, 2, unheard).done == {"a": "a", "b": "b"}


def test_where_one_fails_the_others_go_on_and_each_failure_says_why(capfd: pytest.CaptureFixture[str]) -> None:
    works = {
        "bad": refuse,
        "full": fill_the_disk,
        "wrong": stumble,
        "big": be_killed,
        "half": be_killed_in_the_middle_of_a_word,
        "good": process_number,
    }
    gathered = run_side_by_side(works, 1, unheard)
    assert gathered.done.keys() == {"good"}
    assert gathered.failed == {
        "bad": "p7-c1.png: is damaged",
        "full": "runs/crack/run.yaml: can not be written (No space left on device); make room, or correct its name or "
        "rights, and give the command again. What was kept before stays",
        "wrong": "its process ended with code 1 before it was done; what it printed stands above",
        "big": "its process was ended by SIGKILL before it was done; what it printed stands above",
        "half": "its process was ended by SIGKILL before it was done; what it printed stands above",
    }
    printed = capfd.readouterr().err
    assert "ZeroDivisionError: nobody thought of it" in printed
    assert "TrainingDataError" not in printed  # a person's mistake is a sentence, not a traceback
    assert "OSError" not in printed


def test_an_interrupt_ends_all_and_nothing_half_made_is_left(tmp_path: Path) -> None:
    seen: set[str] = set()

    def interrupt(stage: str, share: float) -> None:
        seen.update(path.name for path in tmp_path.iterdir())
        if len(seen) == 2:
            raise KeyboardInterrupt

    works = {name: partial(write_for_ever, tmp_path) for name in ("a", "b", "never begun")}
    with pytest.raises(KeyboardInterrupt):
        run_side_by_side(works, 2, interrupt)
    assert len(seen) == 2
    assert list(tmp_path.iterdir()) == []
    assert not any(psutil.pid_exists(int(name.partition(".")[0])) for name in seen)


def test_works_end_and_clear_away_if_their_caller_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-m", "tests.training.works", str(tmp_path)]) as caller:
        wait_until(lambda: len(list(tmp_path.iterdir())) == 1)
        caller.kill()
    wait_until(lambda: list(tmp_path.iterdir()) == [])
    assert list(tmp_path.iterdir()) == []


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
