"""One request of a person to the running daemon, and its answer in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from edge_inspector.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from edge_inspector.domain.control import ControlRequest
    from edge_inspector.station.session import Session


def running_daemon(state_dir: Path) -> Session:
    """Return the session of the daemon that runs there.

    Raises:
        ConfigurationError: none runs.
    """
    from edge_inspector.supervisor.client import NotRunning, find_daemon

    session = find_daemon(state_dir)
    if isinstance(session, NotRunning):
        raise ConfigurationError(f"not running: {session.why}")
    return session


def send_request(session: Session, request: ControlRequest) -> None:
    """Send it, print the answer, and exit with 1 when the answer is no.

    Raises:
        ChannelError: no answer in time.
    """
    from edge_inspector.supervisor.client import ask

    reply = ask(session, request)
    typer.echo(reply.text, err=not reply.ok)
    if not reply.ok:
        raise typer.Exit(1)
