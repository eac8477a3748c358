"""What is over at once is done in silence; what takes longer says how far it is from then on."""

from __future__ import annotations

import pytest

from edge_inspector.cli.late_progress_bar import SILENT_S, LateProgressBar


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_what_is_done_in_time_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    clock = FakeClock()
    with LateProgressBar(clock) as bar:
        for done in range(101):
            clock.now_s += SILENT_S / 102
            bar.show("looking", done, 100)
    assert capsys.readouterr() == ("", "")


def test_what_takes_longer_says_how_far_it_is_from_then_on(capsys: pytest.CaptureFixture[str]) -> None:
    clock = FakeClock()
    with LateProgressBar(clock) as bar:
        for done in (10, 20, 30, 40):
            bar.show("looking", done, 40)
            clock.now_s += SILENT_S / 2
    assert capsys.readouterr().err.splitlines() == ["looking: 30 of 40", "looking: 40 of 40"]
