"""`edge-inspector schema station|recipe`: what the file may hold, for editors and for the manual."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from edge_inspector.station.recipe import Recipe
from edge_inspector.station.reference import editor_schema, markdown
from edge_inspector.station.station import Station


class FileKind(StrEnum):
    """The files that people write."""

    STATION = "station"
    RECIPE = "recipe"


MODELS: dict[FileKind, type[Station] | type[Recipe]] = {FileKind.STATION: Station, FileKind.RECIPE: Recipe}


def schema(
    file: Annotated[FileKind, typer.Argument(help="which file")],
    as_markdown: Annotated[bool, typer.Option("--markdown", help="print the tables of docs/station-file.md")] = False,
) -> None:
    """Print the JSON Schema of a station file or recipe, so that an editor completes keys and marks mistakes."""
    typer.echo((markdown if as_markdown else editor_schema)(MODELS[file]).rstrip("\n"))
