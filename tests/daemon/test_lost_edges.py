"""A sensor edge that never reached the line: the zone is purged, its part does not pass, and the line arms again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from edge_inspector.domain.belt import Sensor
from edge_inspector.domain.clock import now_ns, travel_ns
from edge_inspector.domain.outcome import Outcome
from edge_inspector.simulation.bin_events import Bin, BinEvent, Fed, FellInto
from edge_inspector.simulation.reconcile import Row
from edge_inspector.station.document import load_document
from edge_inspector.station.station import Line, Station
from tests.daemon.judging import breaches, rows_of, unhurry
from tests.daemon.rig import station_rig

# On an idle box the third is the good lane's; on a busy one, where fewer parts pass, one of the later ones is.
LOST_NUMBERS = (3, 6, *range(15, 400, 11))


def lost_edges(bins: Sequence[BinEvent], line: Line) -> list[tuple[Sensor, str]]:
    """The edges that the belt numbered until now and did not send, each with its part; the belt never stood still."""
    passed = {event.part for event in bins if isinstance(event, FellInto) and event.bin is Bin.GOOD}
    edges: list[tuple[int, Sensor, str]] = []
    for event in bins:
        if isinstance(event, Fed):
            trailing_ns = event.t_ns + travel_ns(event.length_mm, line.speed_mm_s)
            edges += [(event.t_ns, Sensor.ARRIVAL_LEADING, event.part), (trailing_ns, Sensor.ARRIVAL_TRAILING, event.part)]
            if event.part in passed:
                way_mm = line.good.at_mm + line.gate_to_confirm_mm
                edges.append((event.t_ns + travel_ns(way_mm, line.speed_mm_s), Sensor.CONFIRM, event.part))
    seen = [(sensor, part) for t_ns, sensor, part in sorted(edges) if t_ns < now_ns()]
    return [edge for number, edge in enumerate(seen, start=1) if number in LOST_NUMBERS]


@pytest.mark.proof
def test_a_lost_edge_of_each_sensor_purges_the_zone_and_lets_no_part_pass(unhurried_recording: Path) -> None:
    with station_rig(unhurried_recording) as rig:
        rig.change_station(unhurry)
        line = load_document(rig.station, Station).line
        rig.start_belt(*(f"--lose-edge={number}" for number in LOST_NUMBERS))
        rig.start_daemon()
        rig.wait_until_armed()
        rig.wait_for(
            "an edge of each sensor to be lost",
            lambda: {sensor for sensor, _ in lost_edges(rig.bins(), line)} == set(Sensor),
            90,
        )
        rig.wait_until_armed()
        assert rig.stop_daemon() == 0
        rig.stop_belt()
        rows = {row.part: row for row in rows_of(rig, unhurried_recording)}
        assert breaches(list(rows.values()), edges_may_be_lost=True) == []
        for sensor, part in lost_edges(rig.bins(), line):
            check_lost(sensor, rows[part])


def check_lost(sensor: Sensor, row: Row) -> None:
    """What must have become of the part whose edge was lost; one under way when all was stopped is left out."""
    match sensor:
        case Sensor.ARRIVAL_LEADING:
            assert (row.arrivals, row.bin) == (0, Bin.REJECT)
        case Sensor.ARRIVAL_TRAILING:
            assert row.outcome in (Outcome.PURGED, Outcome.LINE_STOPPED), row
            assert row.bin is not Bin.GOOD, row
        case Sensor.CONFIRM:
            assert row.outcome in (Outcome.LOST, Outcome.LINE_STOPPED), row
