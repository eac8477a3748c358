"""`edge-inspector version`."""

from __future__ import annotations

import typer

from edge_inspector.version import VERSION


def version() -> None:
    """Print the version."""
    typer.echo(f"edge_inspector {VERSION}")
