"""`edge-inspector ack`: a person has seen the alarms."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from edge_inspector.cli.request import running_daemon, send_request
from edge_inspector.cli.station_option import StateOption, StationArgument, state_folder
from edge_inspector.domain.clock import NS_PER_S, now_ns
from edge_inspector.domain.control import AckRequest


def ack(
    station: StationArgument = None,
    state: StateOption = None,
    who: Annotated[str, typer.Option(help="who acknowledges; default: the user")] = "",
) -> None:
    """Acknowledge the latched alarms: the line purges and arms again. It never clears a part."""
    from edge_inspector.supervisor.client import ask_status

    session = running_daemon(state_folder(station, state))
    alarms = [alarm for alarm in ask_status(session).alarms if alarm.is_latched]
    if not alarms:
        typer.echo("no alarm stands: there is nothing to acknowledge")
        return
    for alarm in alarms:
        typer.echo(f"{alarm.code}: {alarm.text}\n  {alarm.remedy}")
    codes = tuple(alarm.code for alarm in alarms)
    send_request(session, AckRequest(who or getpass.getuser(), codes, now_ns() + NS_PER_S))
