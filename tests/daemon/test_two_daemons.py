"""One state folder has one daemon, one belt and one line worker: a second one is refused and changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edge_inspector.domain.records import RunStarted
from tests.daemon.judging import breaches, rows_of, unhurry, wait_until_one_passes
from tests.daemon.rig import station_rig

ALREADY_RUNNING = 3  # exit code


@pytest.mark.proof
def test_a_second_daemon_belt_or_line_worker_is_refused_and_the_first_goes_on(unhurried_recording: Path) -> None:
    with station_rig(unhurried_recording) as rig:
        rig.change_station(unhurry)
        rig.start_belt()
        rig.start_daemon()
        rig.wait_until_armed()
        status = rig.status()
        assert status is not None
        assert rig.belt is not None

        state = ("--state", str(rig.state_dir))
        commands = [("run", str(rig.station)), ("belt", str(rig.station)), ("worker", "line", *state)]
        with ThreadPoolExecutor() as pool:
            daemon, belt, line = pool.map(lambda command: rig.command(*command), commands)
            wait_until_one_passes(rig)

        assert daemon.returncode == ALREADY_RUNNING
        assert f"the daemon with pid {status.supervisor_pid} runs on this state folder already" in daemon.stderr
        assert belt.returncode == ALREADY_RUNNING
        assert f"another belt (pid {rig.belt.pid}) runs on this state folder" in belt.stderr
        assert line.returncode == ALREADY_RUNNING
        assert f"line worker {rig.pid_of('line')} holds outputs and ledger" in line.stderr

        after = rig.status()
        assert after is not None
        assert {worker.name: worker.pid for worker in after.workers} == {w.name: w.pid for w in status.workers}
        assert rig.stop_daemon() == 0
        rig.stop_belt()
        assert breaches(rows_of(rig, unhurried_recording)) == []
        assert [record.run for record in rig.ledger() if isinstance(record, RunStarted)] == [1]
