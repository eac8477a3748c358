"""`edge-inspector belt STATION`: run the simulated belt of a station, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from edge_inspector.domain.clock import now_ns
from edge_inspector.simulation.belt import Belt, BeltConfig
from edge_inspector.simulation.belt_process import BeltProcess, lock_belt
from edge_inspector.simulation.bins import FILE_NAME, BinsWriter
from edge_inspector.simulation.station_recording import load_station_recording
from edge_inspector.station.document import load_document
from edge_inspector.station.station import Station
from edge_inspector.workers.process import configure_logging


def belt(
    station: Annotated[Path, typer.Argument(metavar="STATION", help="station file")],
    bins: Annotated[Path | None, typer.Option(help="what fell where; default: bins.jsonl in the state folder")] = None,
    lose_edge: Annotated[
        list[int] | None, typer.Option(help="number an edge but do not send it: a fault for tests; may be given often")
    ] = None,
) -> None:
    """Run the simulated belt: a conveyor with sensor, gate and bins that carries the station's recording."""
    configure_logging("belt")
    content = load_document(station, Station)
    recording = load_station_recording(content, station)
    state_dir = (station.parent / content.state_dir).resolve()
    lock = lock_belt(state_dir)
    writer = BinsWriter(bins or state_dir / FILE_NAME)
    physics = Belt(
        BeltConfig.of(content.line), recording.triggers, now_ns(), recording.duration_ns if recording.loop else None
    )
    try:
        BeltProcess(physics, state_dir, writer, lose_edge or ()).run()
    finally:
        writer.close()
        os.close(lock)
