"""`edge-inspector trigger` brings one part at a time, and none where none can be judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge_inspector.domain.outcome import Outcome
from tests.daemon.judging import breaches, fed_parts, rows_of, settled_rows, unhurry
from tests.daemon.rig import Rig, station_rig


def trigger_by_software(station: dict[str, Any]) -> None:
    unhurry(station)
    station["line"]["trigger"] = "software"


def trigger(rig: Rig) -> tuple[int, str]:
    ended = rig.command("trigger", str(rig.station))
    return ended.returncode, (ended.stdout + ended.stderr).strip()


@pytest.mark.proof
def test_each_request_brings_one_part_once_the_line_is_armed(unhurried_recording: Path) -> None:
    with station_rig(unhurried_recording) as rig:
        rig.change_station(trigger_by_software)
        rig.start_belt()
        assert trigger(rig)[0] == 1  # no daemon yet
        rig.start_daemon()
        rig.wait_for("the line worker", lambda: (line := rig.worker("line")) is not None and line.state == "ready")

        refused, why = trigger(rig)
        assert refused == 1
        assert why.endswith("not armed; no part was asked for")

        rig.wait_until_armed()
        assert fed_parts(rig) == []
        for number in (1, 2):
            assert trigger(rig) == (0, "one part asked for")
            rig.wait_for("the part", lambda number=number: len(fed_parts(rig)) == number)
        assert all(row.outcome in (Outcome.PASSED, Outcome.EJECTED) for row in settled_rows(rig, unhurried_recording))
        assert rig.stop_daemon() == 0
        rig.stop_belt()
        assert len(fed_parts(rig)) == 2
        assert breaches(rows_of(rig, unhurried_recording)) == []


@pytest.mark.proof
def test_a_station_whose_recording_triggers_takes_no_request(unhurried_recording: Path) -> None:
    with station_rig(unhurried_recording) as rig:
        rig.start_belt()
        rig.start_daemon()
        rig.wait_for("the line worker", lambda: (line := rig.worker("line")) is not None and line.state == "ready")
        assert trigger(rig) == (1, "this station's trigger is not `software`")
        assert fed_parts(rig) == []
