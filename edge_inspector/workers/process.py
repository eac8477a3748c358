"""What every worker process does alike: find its session, die with its parent, obey SIGTERM, beat, log."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog
import zmq

from edge_inspector.bus import Endpoints, Sender
from edge_inspector.domain.clock import NS_PER_MS, now_ns
from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.domain.health import QueueDepth, WorkerBeat, WorkerState
from edge_inspector.domain.identity import new_incarnation
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.session import Session, read_recipe, read_session
from edge_inspector.station.station import Station

SUPERVISED_BY = "EDGE_INSPECTOR_SUPERVISOR_PID"  # set by the supervisor for its children; absent when run by hand
BEAT_INTERVAL_NS = 50 * NS_PER_MS
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Worker:
    """One worker process and what it was started with."""

    name: str
    state_dir: Path
    session: Session
    station: Station
    recipe: Recipe
    endpoints: Endpoints
    incarnation: str
    context: zmq.Context[zmq.Socket[bytes]]
    stop_requested: bool = False
    recipes: dict[str, str] = field(default_factory=dict)  # what `WorkerBeat.recipes` says
    _status: Sender = field(init=False)
    _last_beat_ns: int = field(init=False, default=0)
    _last_state: WorkerState | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._status = Sender(self.context, self.endpoints.status, self.incarnation, high_water_mark=8)

    def beat(
        self,
        state: WorkerState,
        *,
        detail: str = "",
        done_count: int = 0,
        oldest_pending_ms: float = 0.0,
        queues: Mapping[str, QueueDepth] | None = None,
        facts: Mapping[str, str | int | float | bool | None] | None = None,
    ) -> None:
        """Tell the supervisor that the working loop lives; does nothing when the last beat is younger than 50 ms.

        Call it from the working loop alone: a side thread still beats when the loop hangs.
        """
        t_ns = now_ns()
        if t_ns - self._last_beat_ns < BEAT_INTERVAL_NS and state is self._last_state:
            return
        self._last_beat_ns, self._last_state = t_ns, state
        self._status.send(
            WorkerBeat(
                worker=self.name,
                pid=os.getpid(),
                state=state,
                detail=detail,
                done_count=done_count,
                oldest_pending_ms=oldest_pending_ms,
                sent_ns=t_ns,
                queues=dict(queues or {}),
                facts=dict(facts or {}),
                recipes=dict(self.recipes),
            )
        )

    def parent_is_alive(self) -> bool:
        """Whether the supervisor that started this worker still is its parent; always true when run by hand."""
        return is_child_of_supervisor()

    def close(self) -> None:
        """Close the sockets; nothing lingers."""
        self._status.close()
        self.context.destroy(linger=0)


def is_child_of_supervisor() -> bool:
    """Whether the parent is the supervisor named in the environment, or none is named."""
    expected = os.environ.get(SUPERVISED_BY)
    return expected is None or os.getppid() == int(expected)


def start_worker(name: str, state_dir: Path, *, parent_death: signal.Signals = signal.SIGKILL) -> Worker:
    """Set this process up as worker `name` of the daemon on `state_dir`.

    Must be called from the main thread (the parent-death signal belongs to the thread that asked). `parent_death` is
    SIGTERM (drain) for the line worker and SIGKILL for the rest.

    Raises:
        ConfigurationError: no daemon has written a session there, or the supervisor is gone already.
    """
    configure_logging(name)
    if SUPERVISED_BY in os.environ:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(parent_death), 0, 0, 0)
        if not is_child_of_supervisor():
            raise ConfigurationError(f"worker {name}: the supervisor that started it is gone already")
    session = read_session(state_dir)
    worker = Worker(
        name=name,
        state_dir=state_dir,
        session=session,
        station=session.station,
        recipe=read_recipe(state_dir, session.recipe_digest),
        endpoints=Endpoints(session.runtime_dir, session.incarnation),
        incarnation=new_incarnation(),
        context=zmq.Context(),
    )

    def request_stop(_signal: int, _frame: object) -> None:
        worker.stop_requested = True

    signal.signal(signal.SIGTERM, request_stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the supervisor drains
    return worker


def configure_logging(process: str) -> None:
    """Log events to stderr: pretty on a terminal, one JSON object a line elsewhere."""
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(process=process, pid=os.getpid())
