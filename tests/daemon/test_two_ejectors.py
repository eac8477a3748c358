"""A station with two gates: what nobody could judge is led aside, accepted parts into the good lane, all else runs on."""

from __future__ import annotations

from pathlib import Path

from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.simulation.bin_events import Bin
from tests.daemon.judging import breaches, settled_rows, unhurry
from tests.daemon.rig import Rig, station_rig

WRONG_PARTS = 3  # so many parts of a round show no whole part, and can not be judged


def led_aside(rig: Rig, recording: Path) -> int:
    return sum(row.bin is Bin.ASIDE for row in settled_rows(rig, recording))


def test_every_part_is_in_the_lane_of_its_verdict(unhurried_recording: Path) -> None:
    with station_rig(unhurried_recording) as rig:
        rig.change_station(unhurry)
        rig.start_belt()
        rig.start_daemon()
        rig.wait_until_armed()
        rig.wait_for("parts to be led aside", lambda: led_aside(rig, unhurried_recording) >= WRONG_PARTS, 60)
        assert rig.stop_daemon() == 0
        rig.stop_belt()
        rows = [row for row in settled_rows(rig, unhurried_recording) if row.outcome is not Outcome.LINE_STOPPED]
        assert breaches(rows) == []
        lanes = {VerdictKind.ACCEPT: ("good", Bin.GOOD), VerdictKind.UNINSPECTED: ("second_pass", Bin.ASIDE)}
        for row in rows:
            lane = lanes.get(row.verdict, ("", Bin.REJECT)) if row.verdict else None
            assert (row.lane, row.bin) == lane, row
        assert {row.verdict for row in rows} == set(VerdictKind)
