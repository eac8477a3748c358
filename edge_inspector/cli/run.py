"""`edge-inspector run`: the daemon itself, in the foreground; systemd or a person watches it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def run(station: Annotated[Path, typer.Argument(metavar="STATION", help="station file")]) -> None:
    """Start the inspection daemon; Ctrl-C drains and stops it, a second Ctrl-C ends it at once."""
    from edge_inspector.supervisor.daemon import run_daemon

    raise typer.Exit(run_daemon(station))
