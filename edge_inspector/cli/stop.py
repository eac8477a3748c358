"""`edge-inspector stop`: drain the running daemon, and wait until it has ended."""

from __future__ import annotations

import getpass
import time
from typing import Annotated

import typer

from edge_inspector.cli.request import running_daemon, send_request
from edge_inspector.cli.station_option import StateOption, StationArgument, state_folder
from edge_inspector.domain.control import StopRequest


def stop(
    station: StationArgument = None,
    state: StateOption = None,
    timeout_s: Annotated[float, typer.Option(help="how long to wait for the end, in seconds", min=0)] = 60.0,
) -> None:
    """Drain and stop the daemon: feed off, parts under way get their verdict, then all ends."""
    from edge_inspector.supervisor.client import wait_until_gone

    session = running_daemon(state_folder(station, state))
    send_request(session, StopRequest(who=getpass.getuser()))
    if not wait_until_gone(session, time.monotonic() + timeout_s):
        typer.echo(f"still draining after {timeout_s:g} s (pid {session.supervisor_pid})", err=True)
        raise typer.Exit(1)
    typer.echo("stopped")
