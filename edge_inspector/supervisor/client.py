"""Finds a running daemon by its state folder, and asks it: what the command line and the demo use."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
import zmq

from edge_inspector.bus import ControlClient, Endpoints
from edge_inspector.domain.clock import boot_id
from edge_inspector.domain.control import ControlReply, ControlRequest, StatusRequest
from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.domain.identity import new_incarnation
from edge_inspector.station.belt_file import process_is_alive
from edge_inspector.station.session import Session, read_session
from edge_inspector.supervisor.status_report import StationStatus

ANSWER_TIMEOUT_MS = 3000.0  # the supervisor gives the line worker 1 s
END_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class NotRunning:
    """No daemon runs on this state folder."""

    why: str


def find_daemon(state_dir: Path) -> Session | NotRunning:
    """Return the session of the daemon that runs on a state folder, or why there is none."""
    try:
        session = read_session(state_dir)
    except ConfigurationError as error:
        return NotRunning(str(error))
    if session.boot_id != boot_id():
        return NotRunning(f"{state_dir}: its daemon ran before the last boot")
    if not process_is_alive(session.supervisor_pid):
        return NotRunning(f"{state_dir}: its daemon (pid {session.supervisor_pid}) is gone")
    return session


def ask(session: Session, request: ControlRequest, timeout_ms: float = ANSWER_TIMEOUT_MS) -> ControlReply:
    """Return the daemon's answer.

    Raises:
        ChannelError: no answer, or no good one, within `timeout_ms`.
    """
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    try:
        endpoint = Endpoints(session.runtime_dir, session.incarnation).control
        return ControlClient(context, endpoint, new_incarnation()).request(request, timeout_ms)
    finally:
        context.destroy(linger=0)


def ask_status(session: Session, timeout_ms: float = ANSWER_TIMEOUT_MS) -> StationStatus:
    """Return the station's state.

    Raises:
        ChannelError: no answer, or no good one, within `timeout_ms`.
    """
    return msgspec.json.decode(ask(session, StatusRequest(), timeout_ms).body, type=StationStatus)


def wait_until_gone(session: Session, deadline_s: float) -> bool:
    """Wait until the daemon has ended; False when it still runs at `deadline_s` (of `time.monotonic`)."""
    while process_is_alive(session.supervisor_pid):
        if time.monotonic() >= deadline_s:
            return False
        time.sleep(END_LOOK_S)
    return True
