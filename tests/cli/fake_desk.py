"""A daemon's control channel without a daemon: it answers what the test says, and keeps what it was asked."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import zmq

from edge_inspector.bus import ControlServer, Endpoints
from edge_inspector.domain.clock import boot_id
from edge_inspector.domain.control import ControlReply, ControlRequest, StatusRequest
from edge_inspector.domain.identity import new_incarnation
from edge_inspector.station.session import Session, write_session
from edge_inspector.supervisor.status_report import StationStatus

STATION = """\
format: 1
station: bench
simulation: true
recipe: recipe.yaml
state_dir: state
recording: {path: recording}
cameras:
  c1: {driver: replay, latency_ms: 0, offset_ms: 10}
line:
  speed_mm_s: 200
  part_length_mm: {min: 50, max: 70}
  min_spacing_mm: 150
  stop_distance_mm: 10
  ejectors: [{name: good, for: [ACCEPT], at_mm: 620}]
"""


def a_status(**changes: object) -> StationStatus:
    status = StationStatus("bench", True, "running", "armed", True, (), (), (), os.getpid(), "a" * 12, "", "0" * 64, 0)
    return msgspec.structs.replace(status, **changes)


class FakeDesk:
    """Answers status requests with `status`, all others with `answer`."""

    def __init__(self, folder: Path) -> None:
        self.station = folder / "station.yaml"
        self.station.write_text(STATION, encoding="utf-8")
        self.asked: list[ControlRequest] = []
        self.status: Callable[[], StationStatus] = a_status
        self.answer = ControlReply(ok=True, text="done")
        self._runtime = tempfile.TemporaryDirectory(prefix="ei-")  # short: ipc paths have 107 bytes
        incarnation = new_incarnation()
        state_dir = folder / "state"
        state_dir.mkdir()
        session = Session(incarnation, os.getpid(), self._runtime.name, boot_id(), "", str(self.station), "{}", "0" * 64)
        write_session(state_dir, session)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._server = ControlServer(self._context, Endpoints(self._runtime.name, incarnation).control, incarnation)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._is_over.is_set():
            self._server.socket.poll(20)
            request = self._server.receive()
            if isinstance(request, StatusRequest):
                self._server.reply(ControlReply(ok=True, text="", body=msgspec.json.encode(self.status())))
            elif request is not None:
                self.asked.append(request)
                self._server.reply(self.answer)

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()
        self._server.close()
        self._context.destroy(linger=0)
        self._runtime.cleanup()
