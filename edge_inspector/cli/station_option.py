"""How every command names the daemon it means: by its station file, or by its state folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edge_inspector.domain.errors import ConfigurationError

StationArgument = Annotated[Path | None, typer.Argument(metavar="STATION", help="station file of the daemon")]
StateOption = Annotated[Path | None, typer.Option("--state", metavar="DIR", help="state folder, instead of STATION")]


def state_folder(station: Path | None, state: Path | None) -> Path:
    """Return the state folder that a person named.

    Raises:
        ConfigurationError: neither or both are named, or the station file is wrong.
    """
    if (station is None) == (state is None):
        raise ConfigurationError("name the daemon by its station file, or by --state DIR; one of the two")
    if state is not None:
        return state
    from edge_inspector.station.document import load_document
    from edge_inspector.station.station import Station

    assert station is not None
    return (station.parent / load_document(station, Station).state_dir).resolve()
