from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_inspector.domain.errors import ChannelError
from edge_inspector.station.session import Session, read_session
from edge_inspector.station.station import Station
from edge_inspector.supervisor.client import NotRunning, ask_status, find_daemon
from edge_inspector.supervisor.runtime_folder import remove_runtime_folder
from edge_inspector.supervisor.status_report import StationStatus, WorkerStatus

FAKE_DAEMON = str(Path(__file__).with_name("fake_daemon.py"))
PATIENCE_S = 20.0


def a_station(**supervision: float) -> Station:
    return Station.model_validate(
        {
            "format": 1,
            "station": "bench",
            "simulation": True,
            "recipe": "recipe.yaml",
            "state_dir": "state",
            "cameras": {"c1": {"driver": "replay", "latency_ms": 0.0, "offset_ms": 100.0}},
            "line": {
                "speed_mm_s": 200.0,
                "part_length_mm": {"min": 50.0, "max": 70.0},
                "min_spacing_mm": 100.0,
                "stop_distance_mm": 10,
                "ejectors": [{"name": "good", "for": ["ACCEPT"], "at_mm": 20.0}],
            },
            "supervision": {"beat_timeout_ms": 1500.0, **supervision},
        }
    )


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline_s, f"waited {PATIENCE_S} s for: {what}"
        time.sleep(0.02)


class FakeStation:
    """A state folder, its belt, and the daemons that were started on it."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.daemons: list[subprocess.Popen[bytes]] = []

    def place_belt(self, incarnation: str = "b" * 12) -> None:
        belt = {"incarnation": incarnation, "pid": os.getpid(), "folder": str(self.state_dir)}
        (self.state_dir / "belt.json").write_text(json.dumps(belt))

    def start(self, station: Path | None = None, **supervision: float) -> subprocess.Popen[bytes]:
        """Start a daemon of a station file, or of a station without any file."""
        named = str(station) if station is not None else a_station(**supervision).model_dump_json()
        command = [sys.executable, FAKE_DAEMON, str(self.state_dir), named]
        daemon = subprocess.Popen(command, stderr=(self.state_dir / "log.txt").open("ab"))
        self.daemons.append(daemon)
        return daemon

    def session(self) -> Session:
        return read_session(self.state_dir)

    def status(self) -> StationStatus | None:
        session = find_daemon(self.state_dir)
        if isinstance(session, NotRunning) or session.supervisor_pid != self.daemons[-1].pid:
            return None
        try:
            return ask_status(session, 500)
        except ChannelError:
            return None

    def worker(self, name: str) -> WorkerStatus:
        status = self.status()
        assert status is not None
        return next(worker for worker in status.workers if worker.name == name)

    def wait_until_ready(self) -> StationStatus:
        seen: list[StationStatus] = []

        def is_ready() -> bool:
            status = self.status()
            if status is not None:
                seen.append(status)
            return status is not None and status.all_ready

        wait_until(is_ready, f"all ready; see {self.state_dir}/log.txt")
        return seen[-1]

    def wait_for_new_life(self, name: str, old_pid: int | None) -> None:
        def is_new() -> bool:
            status = self.status()
            workers = [worker for worker in status.workers if worker.name == name] if status else []
            return bool(workers) and workers[0].pid not in (None, old_pid) and workers[0].state == "ready"

        wait_until(is_new, f"a new {name}")

    def ends(self) -> list[str]:
        return (self.state_dir / "ends.txt").read_text().splitlines()

    def clean_up(self) -> None:
        for daemon in self.daemons:
            if daemon.poll() is None:
                daemon.send_signal(signal.SIGKILL)
            daemon.wait()
        remove_runtime_folder(Path(self.session().runtime_dir))
        lock = self.state_dir / "line.lock"
        if lock.exists() and (holder := lock.read_text()):
            _end_orphan(int(holder), str(self.state_dir))


def _end_orphan(pid: int, state_dir: str) -> None:
    try:
        if state_dir in Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(pid, signal.SIGKILL)
    except (FileNotFoundError, ProcessLookupError):
        return


@pytest.fixture
def fake_station(tmp_path: Path) -> Iterator[FakeStation]:
    station = FakeStation(tmp_path)
    yield station
    station.clean_up()
