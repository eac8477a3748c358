"""The simulated belt as a program: outputs in, edges out, and a file of what fell where. Nobody's child, nobody's secret.

It writes `belt.json` (who it is, where its sockets are) into the state folder, takes the recording's start from the session
that names it, and leaves on SIGTERM, or when `belt.json` no longer names it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Collection
from pathlib import Path

import structlog
import zmq

from edge_inspector.bus import Receiver, Sender
from edge_inspector.bus.endpoints import BeltEndpoints
from edge_inspector.domain.belt import Edge, FeedOne, OpenGate, Outputs
from edge_inspector.domain.clock import NS_PER_MS, now_ns, utc_now
from edge_inspector.domain.errors import AlreadyRunningError, ConfigurationError
from edge_inspector.domain.identity import new_incarnation
from edge_inspector.simulation.belt import Belt, BeltEffect, BeltEvent, StartFeeding
from edge_inspector.simulation.bin_events import Ended, Started
from edge_inspector.simulation.bins import BinsWriter
from edge_inspector.station.belt_file import FILE_NAME as BELT_FILE
from edge_inspector.station.belt_file import BeltFile, read_belt_file, write_belt_file
from edge_inspector.station.session import read_session

LOCK_FILE = "belt.lock"
FOLDER_PREFIX = "ei-belt-"
TICK_INTERVAL_NS = 20 * NS_PER_MS
SESSION_INTERVAL_NS = 50 * NS_PER_MS
_log = structlog.get_logger()


def lock_belt(state_dir: Path) -> int:
    """Take the belt's lock on a state folder; closing the descriptor returned gives it back.

    Raises:
        AlreadyRunningError: another belt holds it.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(state_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        running = read_belt_file(state_dir)
        raise AlreadyRunningError(
            f"{state_dir / LOCK_FILE}: another belt{f' (pid {running.pid})' if running else ''} runs on this state folder; "
            "stop it first"
        ) from error
    return descriptor


class BeltProcess:
    """One life of the belt. `lost_edges` are numbered but never sent: a fault on demand, for tests."""

    def __init__(self, belt: Belt, state_dir: Path, bins: BinsWriter, lost_edges: Collection[int] = ()) -> None:
        self._belt = belt
        self._state_dir = state_dir
        self._bins = bins
        self._lost_edges = frozenset(lost_edges)
        self._incarnation = new_incarnation()
        self._folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir="/tmp"))  # mode 0700, and short enough for a socket
        endpoints = BeltEndpoints(self._folder)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._outputs = Receiver[Outputs | OpenGate | FeedOne](
            self._context, endpoints.outputs, (Outputs, OpenGate, FeedOne)
        )
        self._edges = Sender(self._context, endpoints.edges, self._incarnation, high_water_mark=64)
        self._stop_requested = False
        self._has_start = False
        self._next_tick_ns = 0
        self._next_session_ns = 0

    def run(self) -> None:
        """Run until SIGTERM or SIGINT. Must be called from the main thread."""
        signal.signal(signal.SIGTERM, self._request_stop)
        signal.signal(signal.SIGINT, self._request_stop)
        self._announce()
        try:
            while not self._stop_requested:
                self._turn()
            self._perform(self._belt.step(None, now_ns()))
            self._bins.write(Ended(now_ns(), self._belt.on_belt))
        finally:
            self._leave()

    def _request_stop(self, _signal: int, _frame: object) -> None:
        self._stop_requested = True

    def _announce(self) -> None:
        killed = read_belt_file(self._state_dir)  # the lock is ours: whoever wrote it is gone, and left its folder behind
        if killed is not None and Path(killed.folder).name.startswith(FOLDER_PREFIX):
            shutil.rmtree(killed.folder, ignore_errors=True)
        self._bins.write(Started(self._incarnation, now_ns(), utc_now()))
        write_belt_file(self._state_dir, BeltFile(self._incarnation, os.getpid(), str(self._folder)))

    def _leave(self) -> None:
        if self._is_announced():
            (self._state_dir / BELT_FILE).unlink()
        self._outputs.close()
        self._edges.close()
        self._context.destroy(linger=0)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _is_announced(self) -> bool:
        named = read_belt_file(self._state_dir)
        return named is not None and named.incarnation == self._incarnation

    def _turn(self) -> None:
        """Sleep until something is due or received, then let the belt follow. It never sleeps longer than a tick."""
        due_ns = self._belt.next_due_ns()
        wake_ns = self._next_tick_ns if due_ns is None else min(due_ns, self._next_tick_ns)
        received = self._outputs.wait(max(0, -(-(wake_ns - now_ns()) // NS_PER_MS)))
        while received is not None:
            self._step(received.message)
            received = self._outputs.receive()
        self._step(None)
        t_ns = now_ns()
        if t_ns >= self._next_tick_ns:
            self._edges.send(self._belt.tick())
            self._next_tick_ns = t_ns + TICK_INTERVAL_NS
        if t_ns >= self._next_session_ns:
            self._look_at_state_folder()
            self._next_session_ns = t_ns + SESSION_INTERVAL_NS

    def _look_at_state_folder(self) -> None:
        if not self._is_announced():
            _log.warning("belt_superseded", state_dir=str(self._state_dir))
            self._stop_requested = True
            return
        if self._has_start:
            return
        try:
            session = read_session(self._state_dir)
        except ConfigurationError:  # no daemon yet
            return
        if session.belt_incarnation == self._incarnation and session.t0_ns is not None:
            self._has_start = True
            self._step(StartFeeding(session.t0_ns))

    def _step(self, event: BeltEvent) -> None:
        self._perform(self._belt.step(event, now_ns()))

    def _perform(self, effects: list[BeltEffect]) -> None:
        for effect in effects:
            if not isinstance(effect, Edge):
                self._bins.write(effect)
            elif effect.number not in self._lost_edges:
                self._edges.send(effect)
