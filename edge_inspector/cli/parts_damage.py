"""Says beside every answer from the records what the records are without: a damaged file must not look like an empty one."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from edge_inspector.records.damage import Damage


def say_damage(found: Sequence[Damage]) -> None:
    """Write a line for each to standard error, so that what a program reads stays as it is."""
    for damage in found:
        typer.echo(str(damage), err=True)
