"""`edge-inspector lot`: name the lot of the parts that arrive from now on, or read which one that is."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from edge_inspector.cli.request import running_daemon, send_request
from edge_inspector.cli.station_option import state_folder
from edge_inspector.domain.clock import NS_PER_S, now_ns
from edge_inspector.domain.control import LotRequest
from edge_inspector.domain.errors import ConfigurationError

LONGEST = 64  # characters, as `LotName` says


def lot(
    station: Annotated[Path, typer.Argument(metavar="STATION", help="station file of the daemon")],
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="of the lot; empty quotes end it")] = None,
    who: Annotated[str, typer.Option(help="who names it; default: the user")] = "",
) -> None:
    """Name the lot of the parts that arrive from now on; without NAME, say which one is named now."""
    session = running_daemon(state_folder(station, None))
    if name is None:
        from edge_inspector.supervisor.client import ask_status

        typer.echo(ask_status(session).lot or "no lot is named")
        return
    if len(name) > LONGEST or not (name == "" or name.isprintable()):
        raise ConfigurationError(f"a lot is named with at most {LONGEST} printable characters, not {name!r}")
    send_request(session, LotRequest(who or getpass.getuser(), name, now_ns() + NS_PER_S))
