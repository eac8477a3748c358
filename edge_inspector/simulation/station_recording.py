"""The recording that a station plays, as the belt needs it: triggers, truth and duration."""

from __future__ import annotations

from pathlib import Path

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.recordings import PlainFolderTiming, Recording, load_recording
from edge_inspector.station.station import Station


def load_station_recording(station: Station, station_path: Path) -> Recording:
    """Read the recording that the station at `station_path` names.

    Raises:
        ConfigurationError: the station names none.
        RecordingError: it can not be played.
    """
    if station.recording is None:
        raise ConfigurationError(
            f"{station_path}: names no `recording`, so the simulated belt has nothing to carry; add `recording.path`"
        )
    camera = next(iter(station.cameras.values()))
    plain = station.recording.plain
    timing = None
    if plain is not None:
        timing = PlainFolderTiming(
            lead_in_ms=plain.lead_in_ms,
            spacing_ms=plain.spacing_ms,
            length_mm=plain.length_mm,
            period_ms=camera.period_ms,
            latency_ms=camera.latency_ms,
            offset_ms={name: each.offset_ms for name, each in station.cameras.items()},
        )
    return load_recording(station_path.parent / station.recording.path, list(station.cameras), timing)
