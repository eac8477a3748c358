"""`edge-inspector recipe`: change over to another recipe while parts run, between two of them."""

from __future__ import annotations

import getpass
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from edge_inspector.cli.request import running_daemon
from edge_inspector.cli.station_option import state_folder
from edge_inspector.domain.control import RecipeRequest
from edge_inspector.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from edge_inspector.station.session import Session
    from edge_inspector.supervisor.status_report import ChangeStatus

READING_MS = 60_000.0  # the daemon reads and copies recipe and engines before it answers
LOOK_S = 0.2


def recipe(
    station: Annotated[Path, typer.Argument(metavar="STATION", help="station file of the daemon")],
    recipe: Annotated[
        Path | None, typer.Argument(metavar="RECIPE", help="recipe file; default: the one that STATION names")
    ] = None,
    who: Annotated[str, typer.Option(help="who asks; default: the user")] = "",
    timeout_s: Annotated[float, typer.Option(help="how long to wait for the switch, in seconds", min=0)] = 120.0,
) -> None:
    """Change over to a recipe: once all workers are ready, parts that arrive are inspected for it."""
    from edge_inspector.supervisor.client import ask

    session = running_daemon(state_folder(station, None))
    path = str(recipe.absolute()) if recipe is not None else ""
    reply = ask(session, RecipeRequest(who or getpass.getuser(), path), READING_MS)
    typer.echo(reply.text, err=not reply.ok)
    if not reply.ok:
        raise typer.Exit(1)
    if reply.body:  # else there is nothing to wait for
        _follow(session, msgspec.json.decode(reply.body, type=str), time.monotonic() + timeout_s)


def _follow(session: Session, digest: str, until_s: float) -> None:
    from edge_inspector.supervisor.change_over import ChangePhase

    while (change := _look(session, digest)).phase in (ChangePhase.PREPARING, ChangePhase.SWITCHING):
        if time.monotonic() > until_s:
            raise ConfigurationError(f"still {change.phase} {digest[:12]}; see `edge-inspector status` for how it ends")
        time.sleep(LOOK_S)
    if change.phase == ChangePhase.FAILED:
        typer.echo(change.detail, err=True)
        raise typer.Exit(1)
    typer.echo(f"parts that arrive are inspected for {digest[:12]} from now on")


def _look(session: Session, digest: str) -> ChangeStatus:
    from edge_inspector.supervisor.client import ask_status

    change = ask_status(session).change_over
    if change is None or change.recipe != digest:
        raise ConfigurationError(f"the daemon was restarted, or somebody else changed over meanwhile ({digest[:12]})")
    return change
