"""The list of ejectors: places, lanes and verdicts that leave no doubt where a part goes."""

from __future__ import annotations

from typing import Any

import pytest

from edge_inspector.domain.errors import DocumentError
from edge_inspector.station.line_checks import line_conflicts, verdict_due_ms
from edge_inspector.station.load import load_station
from edge_inspector.station.station import Ejector, Line, PartLength

GOOD: dict[str, Any] = {"name": "good", "verdicts": ["ACCEPT"], "at_mm": 500.0}
SECOND: dict[str, Any] = {"name": "second_pass", "verdicts": ["UNINSPECTED"], "at_mm": 420.0}


def line_with(*ejectors: dict[str, Any]) -> Line:
    return Line(
        speed_mm_s=200.0,
        part_length_mm=PartLength(min=50.0, max=70.0),
        min_spacing_mm=112.0,
        stop_distance_mm=10.0,
        ejectors=[Ejector(**ejector) for ejector in ejectors],
    )


def said(*ejectors: dict[str, Any]) -> list[str]:
    return [conflict.text for conflict in line_conflicts(line_with(*ejectors))]


def test_a_gate_for_the_uninspected_before_or_behind_the_good_one_is_allowed() -> None:
    assert said(SECOND, GOOD) == []
    assert said(GOOD | {"at_mm": 420.0}, SECOND | {"at_mm": 500.0}) == []


@pytest.mark.parametrize(
    ("ejectors", "fault"),
    [
        ([SECOND], "line.ejectors: none is for ACCEPT, needed is one with `for: [ACCEPT]`: nothing could ever pass"),
        (
            [GOOD | {"verdicts": ["ACCEPT", "UNINSPECTED"]}],
            "line.ejectors.0.for: ACCEPT with UNINSPECTED, allowed is [ACCEPT] alone: nothing else may be in the good lane",
        ),
        (
            [GOOD | {"name": "a", "at_mm": 400.0}, GOOD],
            "line.ejectors.1.for: ACCEPT has a lane already (ejectors.0), allowed is one for each verdict",
        ),
        (
            [SECOND, GOOD, {"name": "scrap", "verdicts": ["REJECT", "UNINSPECTED"], "at_mm": 600.0}],
            "line.ejectors.2.for: UNINSPECTED has a lane already (ejectors.0), allowed is one for each verdict",
        ),
        (
            [SECOND | {"name": "good"}, GOOD],
            "line.ejectors.1.name: good is the name of ejectors.0 too, allowed is one of its own",
        ),
        (
            [SECOND | {"at_mm": 431.0}, GOOD],
            "line.ejectors.1.at_mm: 500 is 69 mm behind ejector second_pass, allowed is at least the longest part, 70 mm: "
            "ejectors stand in their order along the belt, and no part is in two gates",
        ),
        (
            [GOOD, SECOND],
            "line.ejectors.1.at_mm: 420 is -80 mm behind ejector good, allowed is at least the longest part, 70 mm: "
            "ejectors stand in their order along the belt, and no part is in two gates",
        ),
        (
            [SECOND | {"tolerance_ms": 105.0}, GOOD],
            "line.ejectors.0.tolerance_ms: 105 opens the gate 42 mm longer than a part at 200 mm/s, allowed is less than "
            "the gap between parts, 42 mm (min_spacing_mm − part_length_mm.max)",
        ),
        (
            [SECOND | {"at_mm": 120.0}, GOOD],
            "line.ejectors.0.at_mm: 120, allowed is more than 120.4 mm: the gate is decided 8.4 mm before it, and a part "
            "closer behind than min_spacing_mm, 112 mm, must be seen by then",
        ),
    ],
)
def test_what_leaves_a_doubt_is_refused(ejectors: list[dict[str, Any]], fault: str) -> None:
    assert fault in said(*ejectors)


def test_the_verdict_is_due_before_the_ejector_that_is_commanded_first_wherever_it_stands() -> None:
    slow_valve = GOOD | {"at_mm": 500.0, "valve_delay_ms": 615.0}
    assert verdict_due_ms(line_with(SECOND, GOOD)) == 2100.0 - 20 - 15 - 7
    assert verdict_due_ms(line_with(SECOND, slow_valve)) == 2500.0 - 20 - 615 - 7


def test_a_station_keeps_its_ejectors_on_its_way_to_the_workers() -> None:
    line = line_with(SECOND, GOOD)
    assert '"for":["UNINSPECTED"]' in line.model_dump_json()
    assert Line.model_validate_json(line.model_dump_json()) == line


def test_faults_of_the_list_are_said_at_their_lines(files: Any) -> None:
    files.change(files.station, "for: [ACCEPT]", "for: [REJECT]")
    files.change(files.station, "tolerance_ms: 20", "tolerance_ms: 500")
    with pytest.raises(DocumentError) as refused:
        load_station(files.station)
    lines = files.station.read_text().splitlines()
    places = {(int(place.rpartition(":")[2]), key) for place, key, _ in (f.split(": ", 2) for f in refused.value.faults)}
    assert (lines.index("  ejectors:") + 1, "line.ejectors") in places
    assert (lines.index("      tolerance_ms: 500") + 1, "line.ejectors.0.tolerance_ms") in places


def test_a_verdict_that_there_is_not_and_an_empty_list_are_refused(files: Any) -> None:
    files.change(files.station, "for: [ACCEPT]", "for: [MAYBE]")
    with pytest.raises(
        DocumentError, match=r'line.ejectors.0.for.0: "MAYBE", allowed is one of ACCEPT, UNINSPECTED, REJECT'
    ):
        load_station(files.station)
    files.change(files.station, "for: [MAYBE]", "for: []")
    with pytest.raises(DocumentError, match=r"line.ejectors.0.for: .*allowed is a list of 1 to 3 items"):
        load_station(files.station)


def test_the_good_ejector_and_the_zone_follow_from_the_list() -> None:
    line = line_with(SECOND, GOOD)
    assert line.good.name == "good"
    assert line.zone_mm == 500.0 + 80.0 + 70.0
    scrap = {"name": "scrap", "verdicts": ["REJECT"], "at_mm": 700.0}
    assert line_with(SECOND, GOOD, scrap).zone_mm == 700.0 + 70.0
