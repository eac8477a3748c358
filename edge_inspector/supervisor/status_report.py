"""The station's state as a person or a program reads it: the answer to a status request, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from edge_inspector.domain.health import QueueDepth
from edge_inspector.station.session import Session
from edge_inspector.supervisor.process import LINE
from edge_inspector.supervisor.worker_watch import Phase, WorkerWatch

ARMED = "armed"
OFF = "off"  # no line worker is heard: the belt has stopped by itself


class Alarm(msgspec.Struct, frozen=True):
    """One alarm: the code for programs, the remedy for people. Only the line worker's are latched, and wait for `ack`."""

    code: str
    text: str
    remedy: str = ""
    is_latched: bool = True


class WorkerStatus(msgspec.Struct, frozen=True):
    """One worker. `phase` is the supervisor's view, `state` the worker's own ("" before its first beat)."""

    name: str
    phase: str
    state: str
    pid: int | None
    beat_age_ms: float | None
    restarts: int
    restarts_left: int
    detail: str
    done_count: int
    oldest_pending_ms: float
    queues: dict[str, QueueDepth]
    facts: dict[str, str | int | float | bool | None]


class ChangeStatus(msgspec.Struct, frozen=True):
    """The newest change-over: the `number`th that this daemon was asked for, and how far it is (`ChangePhase`).

    `recipe` is empty until its files were found good. `detail` says why it failed, or that there was nothing to change.
    """

    number: int
    recipe: str
    path: str
    phase: str
    detail: str


class StationStatus(msgspec.Struct, frozen=True):
    """The whole station. `phase`: waiting_for_belt, running, draining or stopping."""

    station: str
    simulation: bool
    phase: str
    line_state: str
    all_ready: bool
    waiting_for: tuple[str, ...]
    alarms: tuple[Alarm, ...]
    workers: tuple[WorkerStatus, ...]
    supervisor_pid: int
    incarnation: str
    started_utc: str
    recipe_digest: str
    t0_ns: int | None
    lot: str = ""
    recipe_path: str = ""
    change_over: ChangeStatus | None = None


def line_state(line: WorkerWatch | None, now_ns: int) -> str:
    """Return what the line worker says of itself; `off` when it is not heard."""
    if line is None or line.beat is None or not line.is_heard(now_ns):
        return OFF
    return str(line.beat.facts.get("line_state", OFF))


def alarms(line: WorkerWatch | None) -> tuple[Alarm, ...]:
    """Return the latched alarms that the line worker told last."""
    if line is None or line.beat is None:
        return ()
    text = line.beat.facts.get("alarms")
    try:
        return tuple(msgspec.json.decode(text, type=list[Alarm])) if isinstance(text, str) and text else ()
    except msgspec.DecodeError:
        return (Alarm("alarms_unreadable", str(text), "restart the daemon with one version of edge_inspector"),)


def failures(watches: Mapping[str, WorkerWatch]) -> tuple[Alarm, ...]:
    """Return an alarm for each worker that is not started again: no acknowledgement helps, a person has to look."""
    return tuple(
        Alarm(
            "worker_given_up",
            f"{watch.name}: {watch.why}",
            "see the log for its end, then restart the daemon",
            is_latched=False,
        )
        for watch in watches.values()
        if watch.phase is Phase.FAILED
    )


def worker_status(watch: WorkerWatch, now_ns: int) -> WorkerStatus:
    """Return one worker's state."""
    beat = watch.beat
    return WorkerStatus(
        name=watch.name,
        phase=watch.phase.value,
        state=beat.state.value if beat else "",
        pid=watch.pid,
        beat_age_ms=watch.beat_age_ms(now_ns),
        restarts=watch.restart_count,
        restarts_left=watch.restarts_left(now_ns),
        detail=beat.detail if beat else watch.why,
        done_count=beat.done_count if beat else 0,
        oldest_pending_ms=beat.oldest_pending_ms if beat else 0.0,
        queues=beat.queues if beat else {},
        facts={name: value for name, value in beat.facts.items() if name != "alarms"} if beat else {},
    )


def station_status(
    session: Session,
    *,
    phase: str,
    watches: Mapping[str, WorkerWatch],
    waiting_for: Sequence[str],
    now_ns: int,
    change_over: ChangeStatus | None = None,
) -> StationStatus:
    """Return the whole station's state; `waiting_for` empty means that all are ready."""
    line = watches.get(LINE)
    station = session.station
    return StationStatus(
        station=station.station,
        simulation=station.simulation,
        phase=phase,
        line_state=line_state(line, now_ns),
        all_ready=not waiting_for,
        waiting_for=tuple(waiting_for),
        alarms=(*alarms(line), *failures(watches)),
        workers=tuple(worker_status(watch, now_ns) for watch in watches.values()),
        supervisor_pid=session.supervisor_pid,
        incarnation=session.incarnation,
        started_utc=session.started_utc,
        recipe_digest=session.recipe_digest,
        t0_ns=session.t0_ns,
        lot=str(line.beat.facts.get("lot", "")) if line is not None and line.beat is not None else "",
        recipe_path=session.recipe_path,
        change_over=change_over,
    )
