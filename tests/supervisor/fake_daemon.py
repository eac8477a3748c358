"""The real supervisor with fake workers: `fake_daemon.py STATE_DIR STATION_JSON`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from edge_inspector.domain.errors import AlreadyRunningError
from edge_inspector.station.station import Station
from edge_inspector.supervisor.daemon import supervise
from edge_inspector.supervisor.locks import DaemonLock
from edge_inspector.supervisor.process import WorkerSpec

FAKE_WORKER = str(Path(__file__).with_name("fake_worker.py"))


def main(state_dir: Path, station_json: str) -> int:
    def fake_command(spec: WorkerSpec) -> Sequence[str]:
        return [sys.executable, FAKE_WORKER, spec.name, str(state_dir)]

    try:
        with DaemonLock(state_dir):
            station = Station.model_validate_json(station_json)
            return supervise(station, Path("/station.yaml"), "0" * 64, state_dir, fake_command)
    except AlreadyRunningError as error:
        print(error, file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
