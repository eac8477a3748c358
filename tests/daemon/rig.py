"""A whole station under test: the real belt and the real daemon as processes of their own, driven from outside.

What happened is read from the belt's own file of bins and from the ledger, never from the daemon's answers.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from edge_inspector.domain.clock import NS_PER_S, now_ns
from edge_inspector.domain.control import AckRequest
from edge_inspector.domain.errors import ChannelError
from edge_inspector.domain.failpoints import ENVIRONMENT_NAME
from edge_inspector.domain.records import LedgerRecord, VerdictRecord
from edge_inspector.journal import SegmentReader, decode_journal_record, decode_ledger_record, list_segments
from edge_inspector.simulation.bin_events import BinEvent
from edge_inspector.simulation.bins import BinsReader
from edge_inspector.supervisor.client import NotRunning, ask, ask_status, find_daemon
from edge_inspector.supervisor.status_report import StationStatus, WorkerStatus

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs/examples/straw"
ENGINE = "straw_hole"
LOOK_S = 0.02


class Rig:
    """One state folder, one belt, and the daemons that are started on it one after the other."""

    def __init__(self, folder: Path, recording: Path) -> None:
        self.folder = folder
        self.state_dir = folder / "state"
        self.state_dir.mkdir()
        self.orders = folder / "orders"
        self.orders.mkdir()
        self.station = folder / "station.yaml"
        self.environment: dict[str, str] = {}
        self._processes: list[subprocess.Popen[bytes]] = []
        self.daemon: subprocess.Popen[bytes] | None = None
        self.belt: subprocess.Popen[bytes] | None = None
        station = yaml.safe_load((EXAMPLE / "station.yaml").read_text(encoding="utf-8"))
        station["recording"]["path"] = str(recording)
        recorded = {folder.name for folder in (recording / "cameras").iterdir()}
        station["cameras"] = {name: camera for name, camera in station["cameras"].items() if name in recorded}
        station["pose"] = "unknown"
        for ejector, at_mm in zip(station["line"]["ejectors"], (620.0, 730.0), strict=True):
            ejector["at_mm"] = at_mm  # one engine and two views are judged soon: no need to wait for parts
        station["supervision"] = {"restarts": 1000, "restart_window_s": 3.0, "beat_timeout_ms": 1500.0}
        station["line"]["supervisor_timeout_ms"] = 1500.0
        station["line"]["uninspected_limit"] = {"in_a_row": 8, "of_last": 500, "most": 400}
        self.write_station(station)
        recipe = yaml.safe_load((EXAMPLE / "recipe.yaml").read_text(encoding="utf-8"))
        # one engine and no surface: two cameras see half of a straw, and what is proven here is not how well it is judged
        recipe["engines"] = {ENGINE: str((EXAMPLE / recipe["engines"][ENGINE]).resolve())}
        recipe["rules"] = [rule for rule in recipe["rules"] if rule["engine"] == ENGINE]
        recipe["fusion"] = "any"
        del recipe["surface"], recipe["dimensions"]
        (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")

    def write_station(self, station: dict[str, Any]) -> None:
        self.station.write_text(yaml.safe_dump(station, sort_keys=False), encoding="utf-8")

    def change_station(self, change: Callable[[dict[str, Any]], None]) -> None:
        station = yaml.safe_load(self.station.read_text(encoding="utf-8"))
        change(station)
        self.write_station(station)

    # -- processes --------------------------------------------------------------------------------------------------

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {ENVIRONMENT_NAME: str(self.orders)} | self.environment
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "edge_inspector.cli.main", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def start_belt(self, *options: str) -> None:
        self.belt = self._start("belt", str(self.station), *options)
        self.wait_for("the belt", lambda: (self.state_dir / "belt.json").exists())

    def start_daemon(self) -> None:
        self.daemon = self._start("run", str(self.station))

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command of `edge-inspector` that ends by itself."""
        return subprocess.run(
            [sys.executable, "-m", "edge_inspector.cli.main", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def stop_daemon(self, timeout_s: float = 30.0) -> int:
        assert self.daemon is not None
        self.daemon.send_signal(signal.SIGTERM)
        return self.daemon.wait(timeout_s)

    def stop_belt(self) -> None:
        assert self.belt is not None
        self.belt.send_signal(signal.SIGTERM)
        self.belt.wait(10)

    def end(self) -> None:
        """End what this rig started, by pid: the daemon's workers end with it."""
        for process in reversed(self._processes):
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGCONT)
                process.terminate()
        for process in self._processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    # -- what the daemon says (to wait by, never to judge by) -------------------------------------------------------

    def status(self) -> StationStatus | None:
        session = find_daemon(self.state_dir)
        if isinstance(session, NotRunning):
            return None
        try:
            return ask_status(session, 500)
        except ChannelError:
            return None

    def pid_of(self, name: str) -> int:
        status = self.status()
        assert status is not None, self.log_tail()
        if name == "supervisor":
            return status.supervisor_pid
        pid = next(worker.pid for worker in status.workers if worker.name == name)
        assert pid is not None
        return pid

    def fact(self, name: str) -> int:
        """A count of the line worker's run; 0 while nobody answers."""
        status = self.status()
        line = next((w for w in status.workers if w.name == "line"), None) if status else None
        value = line.facts.get(name, 0) if line else 0
        assert isinstance(value, int)
        return value

    def acknowledge(self) -> None:
        session = find_daemon(self.state_dir)
        if not isinstance(session, NotRunning):
            with contextlib.suppress(ChannelError):
                codes = tuple(alarm.code for alarm in ask_status(session, 500).alarms)
                ask(session, AckRequest("the test", codes, now_ns() + NS_PER_S), 1500)

    def is_armed(self) -> bool:
        status = self.status()
        return status is not None and status.line_state == "armed"

    def wait_for(self, what: str, holds: Callable[[], bool], timeout_s: float = 40.0) -> None:
        end_s = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > end_s:
                raise AssertionError(f"waited {timeout_s:g} s for {what}; status {self.status()}\n{self.log_tail()}")
            time.sleep(LOOK_S)

    def worker(self, name: str) -> WorkerStatus | None:
        """What the supervisor says of a worker; None while nobody answers."""
        status = self.status()
        return next((worker for worker in status.workers if worker.name == name), None) if status else None

    def wait_until_armed(self, timeout_s: float = 60.0) -> None:
        self.wait_for("the line to be armed", self.is_armed, timeout_s)

    def wait_until_armed_again(self, timeout_s: float = 60.0) -> None:
        """As a person would: acknowledge whatever alarm stands, until the line is armed."""

        def look() -> bool:
            status = self.status()
            if status is not None and status.alarms:
                self.acknowledge()
                time.sleep(0.1)
            return status is not None and status.line_state == "armed"

        self.wait_for("the line to be armed again", look, timeout_s)

    def log_tail(self) -> str:
        return "\n".join(
            f"--- {log.name}\n" + "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-25:])
            for log in sorted(self.folder.glob("*.log"))
        )

    # -- failpoints -------------------------------------------------------------------------------------------------

    def order(self, step: str, signal_name: str, pid: int) -> None:
        temporary = self.orders / f".{step}"
        temporary.write_text(f"{signal_name} {pid}", encoding="ascii")
        temporary.rename(self.orders / step)

    def was_hit(self, step: str) -> bool:
        return (self.orders / f"{step}.hit").exists()

    def clear_orders(self) -> None:
        for path in self.orders.iterdir():
            path.unlink(missing_ok=True)

    # -- what happened ----------------------------------------------------------------------------------------------

    def ledger(self) -> list[LedgerRecord]:
        return [
            decode_ledger_record(payload)
            for _, path in list_segments(self.state_dir / "ledger")
            for _, payload in SegmentReader(path).read()
        ]

    def verdicts(self) -> list[VerdictRecord]:
        records = [
            decode_journal_record(payload)
            for _, path in list_segments(self.state_dir / "journal")
            for _, payload in SegmentReader(path).read()
        ]
        return [record for record in records if isinstance(record, VerdictRecord)]

    def bins(self) -> list[BinEvent]:
        return BinsReader(self.state_dir / "bins.jsonl").read()


@contextlib.contextmanager
def station_rig(recording: Path) -> Iterator[Rig]:
    """A rig in a short folder of its own; its processes are ended and the folder removed whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="ei-rig-"))
    rig = Rig(folder, recording)
    try:
        yield rig
    finally:
        rig.end()
        shutil.rmtree(folder, ignore_errors=True)
