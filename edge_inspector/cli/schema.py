"""`edge-inspector schema station|recipe|training`: what the file may hold, for editors and for the manual."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, assert_never

import typer
from pydantic import BaseModel

from edge_inspector.cli.torch_needed import refuse_without_torch
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.reference import editor_schema, markdown
from edge_inspector.station.station import Station


class FileKind(StrEnum):
    """The files that people write."""

    STATION = "station"
    RECIPE = "recipe"
    TRAINING = "training"


def schema(
    file: Annotated[FileKind, typer.Argument(help="which file")],
    as_markdown: Annotated[bool, typer.Option("--markdown", help="print the manual's tables")] = False,
) -> None:
    """Print the JSON Schema of a station, recipe or training file, so that an editor completes keys and marks mistakes."""
    typer.echo((markdown if as_markdown else editor_schema)(_model(file)).rstrip("\n"))


def _model(file: FileKind) -> type[BaseModel]:
    match file:
        case FileKind.STATION:
            return Station
        case FileKind.RECIPE:
            return Recipe
        case FileKind.TRAINING:
            refuse_without_torch()
            from edge_inspector.training.training_file import TrainingFile  # PyTorch takes seconds to import

            return TrainingFile
        case _:
            assert_never(file)
