"""`edge-inspector engines …`: what is done with engine packages."""

from __future__ import annotations

import typer

from edge_inspector.cli.build_engines import build_engines
from edge_inspector.cli.engine_packages import install_engine, list_engines, verify_engine

app = typer.Typer(no_args_is_help=True, help="Engine packages: list, verify and install them, and build those that ship.")
app.command("list")(list_engines)
app.command("verify")(verify_engine)
app.command("install")(install_engine)
app.command("build")(build_engines)
