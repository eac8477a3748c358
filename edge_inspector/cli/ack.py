"""`edge-inspector ack`: a person has seen the alarms."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from edge_inspector.cli.request import running_daemon, send_request
from edge_inspector.cli.station_option import StateOption, StationArgument, state_folder
from edge_inspector.domain.control import AckRequest


def ack(
    station: StationArgument = None,
    state: StateOption = None,
    who: Annotated[str, typer.Option(help="who acknowledges; default: the user")] = "",
) -> None:
    """Acknowledge the latched alarms: the line purges and arms again. It never clears a part."""
    send_request(running_daemon(state_folder(station, state)), AckRequest(who=who or getpass.getuser()))
