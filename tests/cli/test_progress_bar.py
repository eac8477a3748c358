"""Where there is no terminal, progress is a few lines that a log can hold; what may be over at once is silent at first."""

from __future__ import annotations

import pytest

from edge_inspector.cli.progress_bar import PATIENCE_S, PLAIN_STEPS, ProgressBar


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_without_a_terminal_a_task_says_a_bounded_number_of_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar() as bar:
        for done in range(1001):
            bar.show("parts through the line", done, 1000)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "parts through the line: 0 of 1000"
    assert lines[-1] == "parts through the line: 1000 of 1000"
    assert len(lines) == PLAIN_STEPS + 1


def test_shares_are_said_in_per_cent_and_a_new_task_begins_anew(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar() as bar:
        bar.show("training", 0.5, 1.0)
        bar.show("judging", 0.5, 1.0)
    assert capsys.readouterr().err.splitlines() == ["training: 50 %", "judging: 50 %"]


def test_tasks_side_by_side_are_each_said_as_they_get_on(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar() as bar:
        for share in (0.0, 0.01, 0.02, 0.1):
            bar.show("crack: training", share, 1.0)
            bar.show("stain: training", share / 2, 1.0)
    said = ["crack: training: 0 %", "stain: training: 0 %", "crack: training: 10 %"]
    assert capsys.readouterr().err.splitlines() == said


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar(quiet=True) as bar:
        bar.show("training", 0.5, 1.0)
    assert capsys.readouterr() == ("", "")


def test_what_is_done_in_time_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    clock = FakeClock()
    with ProgressBar(silent_s=PATIENCE_S, clock=clock) as bar:
        for done in range(101):
            clock.now_s += PATIENCE_S / 102
            bar.show("looking", done, 100)
    assert capsys.readouterr() == ("", "")


def test_what_takes_longer_says_how_far_it_is_from_then_on(capsys: pytest.CaptureFixture[str]) -> None:
    clock = FakeClock()
    with ProgressBar(silent_s=PATIENCE_S, clock=clock) as bar:
        for done in (10, 20, 30, 40):
            bar.show("looking", done, 40)
            clock.now_s += PATIENCE_S / 2
    assert capsys.readouterr().err.splitlines() == ["looking: 30 of 40", "looking: 40 of 40"]
