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
    reply = ask(session, RecipeRequest(who or getpass.getuser(), path))
    if not reply.ok:
        typer.echo(reply.text, err=True)
        raise typer.Exit(1)
    _follow(session, msgspec.json.decode(reply.body, type=int), time.monotonic() + timeout_s)


def _follow(session: Session, number: int, until_s: float) -> None:
    from edge_inspector.supervisor.change_over import ChangePhase

    is_good = False
    while True:
        change = _look(session, number)
        if change.recipe and not is_good:
            is_good = True
            typer.echo(f"{change.path} is good: all workers prepare it ({change.recipe[:12]})")
        if change.phase not in (ChangePhase.READING, ChangePhase.PREPARING, ChangePhase.SWITCHING):
            break
        if time.monotonic() > until_s:
            raise ConfigurationError(f"still {change.phase} {change.path}; see `edge-inspector status` for how it ends")
        time.sleep(LOOK_S)
    if change.phase == ChangePhase.FAILED:
        typer.echo(change.detail, err=True)
        raise typer.Exit(1)
    typer.echo(change.detail or f"parts that arrive are inspected for {change.recipe[:12]} from now on")


def _look(session: Session, number: int) -> ChangeStatus:
    from edge_inspector.supervisor.client import ask_status

    change = ask_status(session).change_over
    if change is None or change.number != number:
        raise ConfigurationError("somebody else changed over meanwhile; see `edge-inspector status`")
    return change
