"""The station's state as text for a person: line, alarms with remedy, workers."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge_inspector.domain.errors import ChannelError
from edge_inspector.domain.health import WorkerState
from edge_inspector.supervisor.change_over import ChangePhase
from edge_inspector.supervisor.client import NotRunning
from edge_inspector.supervisor.status_report import ARMED, StationStatus, WorkerStatus
from edge_inspector.supervisor.worker_watch import Phase

_IN_HEADER = ("line_state", "waiting_for", "lot")


def render(found: StationStatus | NotRunning | ChannelError) -> RenderableType:
    """Return what `edge-inspector status` shows."""
    match found:
        case NotRunning(why):
            return Text(f"not running: {why}", style="bold red")
        case ChannelError():
            return Text(f"the daemon runs, but does not answer: {found}", style="bold red")
        case StationStatus():
            return Group(*_header(found), _workers(found.workers), *_figures(found.workers))


def _header(status: StationStatus) -> list[Text]:
    style = "bold green" if status.line_state == ARMED else "bold yellow"
    simulated = " (simulation)" if status.simulation else ""
    lines = [
        Text.assemble((f"{status.station}{simulated}", "bold"), "   line: ", (status.line_state, style)),
        Text(f"daemon {status.phase.replace('_', ' ')}, pid {status.supervisor_pid}, since {status.started_utc}", "dim"),
    ]
    lines.append(Text(f"recipe {status.recipe_digest[:12]} {status.recipe_path}", "dim"))
    change = status.change_over
    if change is not None and change.phase != ChangePhase.DONE:
        digest = f" ({change.recipe[:12]})" if change.recipe else ""
        detail = f": {change.detail}" if change.detail else ""
        lines.append(Text(f"change-over to {change.path}{digest} {change.phase}{detail}", style="yellow"))
    if status.lot:
        lines.append(Text(f"lot {status.lot}"))
    lines += [Text(f"waiting for {reason}", style="yellow") for reason in status.waiting_for]
    for alarm in status.alarms:
        lines.append(Text(f"ALARM {alarm.code}: {alarm.text}", style="bold red"))
        if alarm.remedy:
            lines.append(Text(f"  what to do: {alarm.remedy}", style="red"))
    return lines


def _workers(workers: tuple[WorkerStatus, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("worker", "state", "pid", "beat", "restarts", "done", "detail"):
        table.add_column(title, justify="right" if title in ("pid", "beat", "restarts", "done") else "left")
    for worker in workers:
        is_running = worker.phase == Phase.RUNNING
        shown = worker.state if is_running and worker.state else worker.phase
        style = "green" if is_running and worker.state == WorkerState.READY else "yellow"
        table.add_row(
            worker.name,
            Text(shown, style="bold red" if worker.phase == Phase.FAILED else style),
            str(worker.pid or "-"),
            f"{worker.beat_age_ms:.0f} ms" if worker.beat_age_ms is not None else "-",
            str(worker.restarts),
            str(worker.done_count),
            worker.detail,
        )
    return table


def _figures(workers: tuple[WorkerStatus, ...]) -> list[Text]:
    """Return one line a worker with what it counts, zeros left out; queues as waiting/peak/dropped."""
    lines = []
    for worker in workers:
        words = [f"{name} {value}" for name, value in worker.facts.items() if value and name not in _IN_HEADER]
        words += [
            f"queue {name} {queue.depth}/{queue.peak}/{queue.dropped}"
            for name, queue in worker.queues.items()
            if queue.peak or queue.dropped
        ]
        if words:
            lines.append(Text(f"{worker.name}: {', '.join(words)}", "dim"))
    return lines
