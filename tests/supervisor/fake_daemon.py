"""The real supervisor with fake workers: `fake_daemon.py STATE_DIR STATION_JSON`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from edge_inspector.domain.errors import AlreadyRunningError
from edge_inspector.station.load import LoadedStation, load_station
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.station import Station
from edge_inspector.supervisor.daemon import _previous_session, continue_recipe, supervise
from edge_inspector.supervisor.locks import DaemonLock
from edge_inspector.supervisor.process import WorkerSpec
from edge_inspector.workers.process import configure_logging

RECIPE = {
    "format": 1,
    "product": "p",
    "view": {"height_px": 32, "width_px": 64},
    "mm_per_px": 0.1,
    "presence": {"kind": "full_frame", "mean_grey": [0, 250]},
    "engines": {"spot": "engines/spot"},
    "rules": [{"name": "spots", "engine": "spot", "min_score": 0.5}],
}
FAKE_WORKER = str(Path(__file__).with_name("fake_worker.py"))


def load(station: str, state_dir: Path) -> LoadedStation:
    """Return the station of a file, or of a text without any file."""
    if station.endswith(".yaml"):
        return continue_recipe(load_station(Path(station)), _previous_session(state_dir))
    return LoadedStation(
        station=Station.model_validate_json(station),
        station_path=Path("/station.yaml"),
        recipe=Recipe.model_validate_json(json.dumps(RECIPE)),
        recipe_path=Path("/recipe.yaml"),
        engines={},
        recipe_digest="0" * 64,
        state_dir=state_dir,
        recording_path=None,
    )


def main(state_dir: Path, station: str) -> int:
    def fake_command(spec: WorkerSpec) -> Sequence[str]:
        return [sys.executable, FAKE_WORKER, spec.name, str(state_dir)]

    try:
        with DaemonLock(state_dir):
            configure_logging("supervisor")
            loaded = load(station, state_dir)
            return supervise(loaded, state_dir, fake_command)
    except AlreadyRunningError as error:
        print(error, file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
