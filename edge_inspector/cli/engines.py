"""`edge-inspector engines …`: what is done with engine packages."""

from __future__ import annotations

import typer

from edge_inspector.cli.train_demo_engine import build_engine

app = typer.Typer(no_args_is_help=True, help="Build engine packages.")
app.callback()(lambda: None)  # a group even with one command
app.command("build")(build_engine)
