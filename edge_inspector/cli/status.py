"""`edge-inspector status`: the station's state, live on a terminal, once elsewhere, or as JSON."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from edge_inspector.cli.station_option import StateOption, StationArgument, state_folder
from edge_inspector.domain.errors import ChannelError
from edge_inspector.supervisor.client import NotRunning, ask_status, find_daemon
from edge_inspector.supervisor.status_report import ARMED, StationStatus

EXIT_ARMED = 0
EXIT_NOT_RUNNING = 1
EXIT_NOT_ARMED = 2
REFRESH_S = 0.5


def status(
    station: StationArgument = None,
    state: StateOption = None,
    once: Annotated[bool, typer.Option("--once", help="print once and end")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print once, as JSON")] = False,
) -> None:
    """Show line, alarms and workers. Exit code: 0 running and armed, 2 running but not armed, 1 not running."""
    folder = state_folder(station, state)
    if as_json:
        found = look(folder)
        typer.echo(as_json_text(found))
    elif once or not sys.stdout.isatty():
        found = look(folder)
        _print(found)
    else:
        found = _watch(folder)
    raise typer.Exit(exit_code(found))


Found = StationStatus | NotRunning | ChannelError


def look(state_dir: Path) -> Found:
    """Return the state of the daemon on a state folder, why it is not running, or that it does not answer."""
    session = find_daemon(state_dir)
    if isinstance(session, NotRunning):
        return session
    try:
        return ask_status(session)
    except ChannelError as error:
        return error


def exit_code(found: Found) -> int:
    """Return what a script learns: 0 armed, 2 running but not armed (or not answering), 1 not running."""
    match found:
        case StationStatus():
            return EXIT_ARMED if found.line_state == ARMED else EXIT_NOT_ARMED
        case ChannelError():
            return EXIT_NOT_ARMED
        case NotRunning():
            return EXIT_NOT_RUNNING


def as_json_text(found: Found) -> str:
    """Return the state as JSON; `running` and, when there is no more to say, `why`."""
    match found:
        case StationStatus():
            content = {"running": True, **msgspec.to_builtins(found)}
        case ChannelError():
            content = {"running": True, "why": f"the daemon does not answer: {found}"}
        case NotRunning(why):
            content = {"running": False, "why": why}
    return msgspec.json.format(msgspec.json.encode(content), indent=1).decode()


def _print(found: Found) -> None:
    from rich.console import Console

    from edge_inspector.cli.status_view import render

    Console().print(render(found))


def _watch(state_dir: Path) -> Found:
    from rich.live import Live

    from edge_inspector.cli.status_view import render

    found = look(state_dir)
    try:
        with Live(render(found), auto_refresh=False) as live:
            while not isinstance(found, NotRunning):
                time.sleep(REFRESH_S)
                found = look(state_dir)
                live.update(render(found), refresh=True)
    except KeyboardInterrupt:  # the way to end a live view
        pass
    return found
