"""One life of the daemon, from the station file to the removed runtime folder."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import msgspec
import structlog

from edge_inspector.domain import failpoints
from edge_inspector.domain.clock import boot_id, utc_now
from edge_inspector.domain.errors import ConfigurationError, DocumentError
from edge_inspector.domain.identity import new_incarnation
from edge_inspector.station.load import LoadedStation, copy_recipe, load_station, with_recipe_copy
from edge_inspector.station.session import Session, read_session
from edge_inspector.station.station import Station
from edge_inspector.supervisor.fleet import Command
from edge_inspector.supervisor.locks import DaemonLock
from edge_inspector.supervisor.process import worker_command
from edge_inspector.supervisor.runtime_folder import make_runtime_folder, remove_runtime_folder
from edge_inspector.supervisor.supervisor import Supervisor
from edge_inspector.supervisor.timeline import continue_timeline
from edge_inspector.workers.process import configure_logging

_log = structlog.get_logger()


def run_daemon(station_path: Path) -> int:
    """Run the daemon of a station file until it is stopped; return its exit code.

    Raises:
        DocumentError: a file is wrong.
        AlreadyRunningError: another daemon runs on the same state folder.
        ConfigurationError: failpoints are on, and the station is no simulation.
    """
    configure_logging("supervisor")
    loaded = load_station(station_path)
    refuse_failpoints(loaded.station)
    try:
        loaded.state_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{loaded.state_dir}: can not be made ({error}); correct state_dir in {station_path}"
        ) from error
    with DaemonLock(loaded.state_dir):
        loaded = continue_recipe(loaded, _previous_session(loaded.state_dir))
        copy_recipe(loaded, loaded.state_dir)
        return supervise(loaded, loaded.state_dir)


def continue_recipe(loaded: LoadedStation, previous: Session | None) -> LoadedStation:
    """Go on with the recipe that the daemon before this one had changed over to: a restart changes nothing for the parts.

    The copy in the state folder is taken, whatever became of the file since. The station file's own recipe holds again
    once its `recipe` names another one than it did then.

    Raises:
        DocumentError: the copy is gone or damaged, and the recipe's file is wrong by now, or gone too.
    """
    if previous is None or not previous.recipe_path or Path(previous.recipe_path) == loaded.recipe_path.absolute():
        if previous is not None and previous.recipe_digest != loaded.recipe_digest:
            _log.warning("recipe_changed", recipe=loaded.recipe_digest, before=previous.recipe_digest)
        return loaded
    if msgspec.json.decode(previous.station_json, type=dict).get("recipe") != loaded.station.recipe:
        return loaded
    _log.warning(
        "recipe_continues",
        recipe=previous.recipe_digest,
        path=previous.recipe_path,
        station_file_names=str(loaded.recipe_path),
    )
    copied = with_recipe_copy(loaded, previous.recipe_digest, Path(previous.recipe_path))
    if copied is not None:
        return copied
    _log.warning("recipe_copy_unusable", recipe=previous.recipe_digest, read_instead=previous.recipe_path)
    try:
        return load_station(loaded.station_path, Path(previous.recipe_path))
    except DocumentError as error:
        text = f"{previous.recipe_path} is what the daemon before this one had changed over to: correct it, or put it back; "
        text += f"or name the recipe that is to hold in {loaded.station_path}, otherwise than it is named there now"
        raise DocumentError([*error.faults, text]) from error


def refuse_failpoints(station: Station) -> None:
    """Raise ConfigurationError when the environment asks for failpoints and the station is no simulation."""
    if failpoints.is_enabled() and not station.simulation:
        raise ConfigurationError(
            f"the environment variable {failpoints.ENVIRONMENT_NAME} is set, and station {station.station!r} is no "
            "simulation: failpoints stop workers on purpose; unset the variable"
        )


def supervise(loaded: LoadedStation, state_dir: Path, command: Command = worker_command) -> int:
    """Run the supervisor on a state folder whose lock is held; must be called from the main thread."""
    previous = _previous_session(state_dir)
    if previous is not None:  # a killed daemon leaves its folder behind
        remove_runtime_folder(Path(previous.runtime_dir))
    runtime_dir = make_runtime_folder()
    try:
        session = Session(
            incarnation=new_incarnation(),
            supervisor_pid=os.getpid(),
            runtime_dir=str(runtime_dir),
            boot_id=boot_id(),
            started_utc=utc_now(),
            station_path=str(loaded.station_path.absolute()),
            station_json=loaded.station.model_dump_json(),
            recipe_digest=loaded.recipe_digest,
            recipe_path=str(loaded.recipe_path.absolute()),
        )
        supervisor = Supervisor(continue_timeline(session, previous), state_dir, command)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda _number, _frame: supervisor.request_stop())
        _log.info("daemon_started", station=loaded.station.station, watch=f"edge-inspector status {loaded.station_path}")
        code = supervisor.run()
        _log.info("daemon_stopped", exit_code=code)
        return code
    finally:
        remove_runtime_folder(runtime_dir)


def _previous_session(state_dir: Path) -> Session | None:
    try:
        return read_session(state_dir)
    except ConfigurationError as error:  # the first start, a damaged file, or one of another folder: nothing to continue
        _log.info("nothing_to_continue", why=str(error))
        return None
