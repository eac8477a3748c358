"""What `check` can only know from the recording itself: whether every camera has pictures, and whether they become views."""

from __future__ import annotations

from collections.abc import Iterator

from edge_inspector.domain.errors import ConfigurationError, PictureDamagedError, RecordingError
from edge_inspector.imaging.decode import decode_jpeg
from edge_inspector.imaging.view_cut import cut_view
from edge_inspector.simulation.station_recording import load_station_recording
from edge_inspector.station.document import open_document
from edge_inspector.station.load import LoadedStation
from edge_inspector.station.station import Station


def picture_faults(loaded: LoadedStation) -> Iterator[str]:
    """Yield what is wrong with the first picture of each camera, as `FILE:LINE: what, what is allowed`."""
    document = open_document(loaded.station_path, Station)
    try:
        recording = load_station_recording(loaded.station, loaded.station_path)
    except (ConfigurationError, RecordingError) as error:
        yield f"{loaded.station_path}:{document.line('recording')}: recording: {error}"
        return
    for name, track in recording.cameras.items():
        frame = track.frames[0]
        try:
            cut_view(decode_jpeg(frame.path.read_bytes()), loaded.station.cameras[name], loaded.recipe.view)
        except (OSError, PictureDamagedError) as error:
            yield f"{loaded.station_path}:{document.line('cameras', name)}: cameras.{name}: {frame.path}: {error}"
