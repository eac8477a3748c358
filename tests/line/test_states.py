"""Every alarm has a remedy, and docs/alarms.md tells operators all of them as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_inspector.line.states import REMEDIES, STOPS_BELT, AlarmCode, LineState, outputs_of

PAGE = Path(__file__).parents[2] / "docs" / "alarms.md"


def rows() -> dict[str, list[str]]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return {row[0].strip(" `"): row for row in cells}


@pytest.mark.parametrize("code", AlarmCode)
def test_the_page_says_what_an_alarm_stops_and_what_to_do(code: AlarmCode) -> None:
    _, _, stops, remedy = rows()[code]
    assert stops == ("belt" if code in STOPS_BELT else "feed")
    assert remedy == REMEDIES[code]


def test_the_page_names_no_alarm_that_does_not_exist() -> None:
    assert set(rows()) - {"worker_given_up"} == set(AlarmCode)


def test_nothing_is_fed_onto_a_belt_that_may_not_run_and_only_an_armed_line_is_fed() -> None:
    assert [state for state in LineState if outputs_of(state) == (True, False)] == []
    assert [state for state in LineState if outputs_of(state)[0]] == [LineState.ARMED]
