"""A lot named while parts come: each arrival from then on carries it, also when line worker and daemon were replaced."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from edge_inspector.domain.records import ArrivalRecord, LotRecord
from tests.daemon.judging import breaches, rows_of, unhurry
from tests.daemon.rig import Rig, station_rig

FIRST, SECOND = "from the station file", "2026-17 wet"


def lots(rig: Rig) -> list[str]:
    return [record.lot for record in rig.ledger() if isinstance(record, ArrivalRecord)]


def wait_for_arrivals(rig: Rig, more: int = 2) -> None:
    before = len(lots(rig))
    rig.wait_for(f"{more} more arrivals", lambda: len(lots(rig)) >= before + more)


def test_a_lot_changes_between_two_parts_and_goes_on_whoever_dies(unhurried_recording: Path) -> None:
    with station_rig(unhurried_recording) as rig:
        rig.change_station(unhurry)
        rig.change_station(lambda station: station["line"].update(lot=FIRST))
        rig.start_belt()
        rig.start_daemon()
        rig.wait_until_armed()
        wait_for_arrivals(rig)
        named = rig.command("lot", str(rig.station), SECOND, "--who", "maria")
        assert (named.returncode, named.stderr) == (0, "")
        wait_for_arrivals(rig)
        assert rig.command("lot", str(rig.station)).stdout.strip() == SECOND
        os.kill(rig.pid_of("line"), signal.SIGKILL)
        rig.wait_for("the alarm", lambda: (status := rig.status()) is not None and bool(status.alarms))
        rig.wait_until_armed_again()
        wait_for_arrivals(rig)
        assert rig.stop_daemon() == 0
        rig.start_daemon()
        rig.wait_until_armed()
        wait_for_arrivals(rig)
        assert rig.stop_daemon() == 0
        rig.stop_belt()
        found = lots(rig)
        before = found.index(SECOND)
        assert before >= 2
        assert found == [FIRST] * before + [SECOND] * (len(found) - before)
        named_records = [(record.lot, record.who) for record in rig.ledger() if isinstance(record, LotRecord)]
        assert named_records == [(FIRST, ""), (SECOND, "maria"), (SECOND, ""), (SECOND, "")]
        assert breaches(rows_of(rig, unhurried_recording), edges_may_be_lost=True) == []
