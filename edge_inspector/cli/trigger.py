"""`edge-inspector trigger`: one part on request, for stations whose trigger is `software`."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from edge_inspector.cli.request import running_daemon, send_request
from edge_inspector.cli.station_option import StateOption, StationArgument, state_folder
from edge_inspector.domain.control import TriggerRequest


def trigger(
    station: StationArgument = None,
    state: StateOption = None,
    who: Annotated[str, typer.Option(help="who asks; default: the user")] = "",
) -> None:
    """Ask the line for one part (line.trigger: software)."""
    send_request(running_daemon(state_folder(station, state)), TriggerRequest(who=who or getpass.getuser()))
