"""The supervisor's loop: beats in, beats out, requests, the recording's time, change-overs, and the end."""

from __future__ import annotations

from pathlib import Path

import msgspec
import structlog
import zmq

from edge_inspector.bus import Endpoints, Receiver, Sender
from edge_inspector.domain.clock import NS_PER_MS, NS_PER_S, now_ns
from edge_inspector.domain.control import ControlReply, RecipeRequest
from edge_inspector.domain.health import SupervisorBeat, WorkerBeat
from edge_inspector.line.schedule import drain_bound_ns
from edge_inspector.station.belt_file import find_belt
from edge_inspector.station.session import Session, write_session
from edge_inspector.supervisor.control_desk import ControlDesk
from edge_inspector.supervisor.drain import Drain
from edge_inspector.supervisor.fleet import Command, Fleet
from edge_inspector.supervisor.locks import LineSuccession
from edge_inspector.supervisor.process import LINE, worker_command, worker_specs
from edge_inspector.supervisor.recipe_desk import RecipeDesk
from edge_inspector.supervisor.status_report import ARMED, Alarm, StationStatus, alarms, failures, line_state, station_status
from edge_inspector.supervisor.timeline import LEAD_NS, join_belt
from edge_inspector.supervisor.worker_watch import Phase

_log = structlog.get_logger()
POLL_MS = 20
BEAT_NS = 100 * NS_PER_MS
BELT_LOOK_NS = 200 * NS_PER_MS
LINE_SUCCESSION_MARGIN_NS = 3 * NS_PER_S


class Supervisor:
    """One life of the daemon. Holds no part data."""

    def __init__(self, session: Session, state_dir: Path, command: Command = worker_command) -> None:
        self._session = session
        self._station = session.station
        self._state_dir = state_dir
        self._command = command
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        endpoints = Endpoints(session.runtime_dir, session.incarnation)
        self._beats: Receiver[WorkerBeat] = Receiver(self._context, endpoints.status, (WorkerBeat,))
        self._line = Sender(self._context, endpoints.supervisor_beat, session.incarnation, high_water_mark=2)
        self._desk = ControlDesk(self._context, endpoints)
        self._recipes = RecipeDesk(state_dir)
        self._poller = zmq.Poller()
        self._poller.register(self._beats.socket, zmq.POLLIN)
        self._poller.register(self._desk.socket, zmq.POLLIN)
        self._fleet: Fleet | None = None
        self._drain: Drain | None = None
        self._stops_asked = 0
        self._stops_heeded = 0
        self._is_over = False
        self._belt_problem = f"the simulated belt: run `edge-inspector belt {session.station_path}`"
        self._next_belt_look_ns = 0
        self._next_beat_ns = 0
        self._told_alarms: tuple[Alarm, ...] = ()
        self._told_ready: bool | None = None

    def request_stop(self) -> None:
        """Drain and end; asked again, kill everything at once. Safe in a signal handler."""
        self._stops_asked += 1

    def run(self) -> int:
        """Run until stopped; return 0, or 1 when a worker was given up or the line worker did not end by itself."""
        write_session(self._state_dir, self._session)
        try:
            while not self._is_over:
                self._poller.poll(POLL_MS)
                self._turn(now_ns())
        finally:
            self._desk.close()
            self._recipes.close()
            self._context.destroy(linger=0)
        return self._exit_code()

    def _turn(self, t_ns: int) -> None:
        self._follow_belt(t_ns)
        beats = self._receive_beats()
        if self._fleet is not None:
            self._fleet.turn(beats, t_ns)
        waiting = self._waiting_for(t_ns)
        self._follow_timeline(waiting, t_ns)
        if self._desk.turn(lambda: self._status(t_ns), self._change_recipe, t_ns) is not None:
            self.request_stop()
        self._follow_drain(t_ns)
        self._follow_change_over(t_ns)
        self._send_beat(waiting, t_ns)
        self._tell_changes(waiting)

    def _receive_beats(self) -> list[WorkerBeat]:
        beats = []
        while (received := self._beats.receive()) is not None:
            beats.append(received.message)
        return beats

    def _follow_belt(self, t_ns: int) -> None:
        if t_ns < self._next_belt_look_ns:
            return
        self._next_belt_look_ns = t_ns + BELT_LOOK_NS
        belt = find_belt(self._state_dir)
        if self._fleet is None and belt is not None and self._drain is None:
            self._change_session(join_belt(self._session, belt))
            succession = LineSuccession(self._state_dir, drain_bound_ns(self._station.line) + LINE_SUCCESSION_MARGIN_NS)
            specs = worker_specs(self._station, self._state_dir)
            self._fleet = Fleet(specs, self._station, self._command, succession)
            self._belt_problem = ""
        elif self._fleet is not None:
            is_same = belt is not None and belt.incarnation == self._session.belt_incarnation
            self._belt_problem = "" if is_same else "the simulated belt has ended: start it again, then restart the daemon"

    def _follow_timeline(self, waiting: list[str], t_ns: int) -> None:
        """Begin the recording when the line is armed for the first time: its first parts would not be fed before."""
        if self._fleet is None or waiting or self._session.t0_ns is not None or self._drain is not None:
            return
        if line_state(self._fleet.watches[LINE], t_ns) == ARMED:
            self._change_session(msgspec.structs.replace(self._session, t0_ns=t_ns + LEAD_NS))

    def _change_recipe(self, request: RecipeRequest) -> ControlReply:
        may_begin = self._fleet is not None and self._drain is None
        return self._recipes.ask(request, self._session, may_begin=may_begin)

    def _follow_change_over(self, t_ns: int) -> None:
        if self._fleet is None:
            return
        session = self._recipes.turn(self._session, self._fleet.watches, t_ns, is_draining=self._drain is not None)
        if session is not self._session:
            self._change_session(session)

    def _change_session(self, session: Session) -> None:
        self._session = session
        write_session(self._state_dir, session)

    def _waiting_for(self, t_ns: int) -> list[str]:
        workers = self._fleet.waiting_for(t_ns) if self._fleet is not None else []
        return [self._belt_problem, *workers] if self._belt_problem else workers

    def _status(self, t_ns: int) -> StationStatus:
        return station_status(
            self._session,
            phase=self._phase(),
            watches=self._fleet.watches if self._fleet is not None else {},
            waiting_for=self._waiting_for(t_ns),
            now_ns=t_ns,
            change_over=self._recipes.status,
        )

    def _phase(self) -> str:
        if self._drain is not None:
            return "draining"
        return "running" if self._fleet is not None else "waiting_for_belt"

    def _follow_drain(self, t_ns: int) -> None:
        if self._stops_asked == 0:
            return
        if self._fleet is None:
            self._is_over = True
            return
        if self._drain is None:
            self._drain = Drain(self._fleet.watches, drain_bound_ns(self._station.line))
            self._stops_heeded = 1
            _log.info("draining", detail="feed off; parts under way are finished. Ctrl-C again ends at once")
        orders = self._drain.due(t_ns)
        if self._stops_asked > self._stops_heeded:
            self._stops_heeded = self._stops_asked
            _log.warning("ending_at_once", detail="every part under way is ejected; the belt stops by itself")
            orders = self._drain.hurry(t_ns)
        for watch, stop in orders:
            self._fleet.step(watch, stop, t_ns)
        self._is_over = self._drain.is_finished

    def _send_beat(self, waiting: list[str], t_ns: int) -> None:
        if t_ns < self._next_beat_ns:
            return
        self._next_beat_ns = t_ns + BEAT_NS
        self._line.send(
            SupervisorBeat(
                sent_ns=t_ns,
                all_ready=not waiting,
                waiting_for=tuple(waiting),
                drain=self._drain is not None,
                recipe=self._session.recipe_digest,
                recipe_by=self._recipes.who,
            )
        )

    def _tell_changes(self, waiting: list[str]) -> None:
        is_ready = not waiting
        if is_ready is not self._told_ready and self._drain is None:
            self._told_ready = is_ready
            if is_ready:
                _log.info("station_ready", watch=f"edge-inspector status {self._session.station_path}")
            else:
                _log.info("waiting", detail="; ".join(waiting))
        line = self._fleet.watches.get(LINE) if self._fleet is not None else None
        latched = (*alarms(line), *failures(self._fleet.watches if self._fleet is not None else {}))
        for alarm in latched:
            if alarm.code not in {told.code for told in self._told_alarms}:
                _log.error("alarm", code=alarm.code, text=alarm.text, remedy=alarm.remedy)
        if line is not None and line.beat is not None:
            self._told_alarms = latched

    def _exit_code(self) -> int:
        if self._fleet is None:
            return 0
        watches = self._fleet.watches
        has_failed = any(watch.phase is Phase.FAILED for watch in watches.values())
        has_line_drained = watches[LINE].why in ("", "ended by exit code 0")
        return 0 if has_line_drained and not has_failed else 1
