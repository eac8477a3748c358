"""`edge-inspector worker …`: one worker process, as the supervisor starts it, or by hand under a debugger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Run one worker of a daemon (the supervisor does this).")
State = Annotated[Path, typer.Option("--state", metavar="DIR", help="state folder of the daemon")]


@app.command()
def line(state: State) -> None:
    """Sensor, gate and ledger."""
    from edge_inspector.workers.line import main

    raise typer.Exit(main(state))


@app.command()
def capture(
    state: State, camera: Annotated[str, typer.Option(metavar="NAME", help="the camera's name in the station file")]
) -> None:
    """One camera: the frame nearest to each part."""
    from edge_inspector.workers.capture import main

    raise typer.Exit(main(state, camera))


@app.command()
def inference(state: State) -> None:
    """The engines: one judgement a view and engine."""
    from edge_inspector.workers.inference import main

    raise typer.Exit(main(state))


@app.command()
def decision(state: State) -> None:
    """One verdict a part."""
    from edge_inspector.workers.decision import main

    raise typer.Exit(main(state))


@app.command()
def recorder(state: State) -> None:
    """Database and pictures."""
    from edge_inspector.workers.recorder import main

    raise typer.Exit(main(state))
