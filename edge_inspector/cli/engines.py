"""`edge-inspector engines …`: what is done with engine packages."""

from __future__ import annotations

import typer

from edge_inspector.cli.build_engines import build_engines
from edge_inspector.cli.train_engine import train_engine

app = typer.Typer(no_args_is_help=True, help="Make engine packages.")
app.command("build")(build_engines)
app.command("train")(train_engine)
