"""Change-overs to another recipe, as people ask for them: files are checked and copied aside, then the workers prepare."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import msgspec
import structlog

from edge_inspector.domain.clock import ms_to_ns
from edge_inspector.domain.control import ControlReply, RecipeRequest
from edge_inspector.domain.errors import ConfigurationError, EdgeInspectorError
from edge_inspector.station.load import LoadedStation, copy_recipe, load_station
from edge_inspector.station.session import Session
from edge_inspector.station.station import Station
from edge_inspector.supervisor.change_over import ChangeOver, ChangePhase, Finish, GiveUp, Switch
from edge_inspector.supervisor.status_report import ChangeStatus
from edge_inspector.supervisor.worker_watch import WorkerWatch

_log = structlog.get_logger()


class RecipeDesk:
    """At most one change-over at a time. `turn` returns the session as it is to be: unchanged most of the time."""

    def __init__(self, state_dir: Path) -> None:
        self.status: ChangeStatus | None = None  # of the newest one, also when it is over
        self.who = ""  # asked for the recipe in force
        self._state_dir = state_dir
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recipe")  # a slow disk must not stop the beat
        self._asked_count = 0
        self._loading: tuple[RecipeRequest, Future[LoadedStation]] | None = None
        self._change: ChangeOver | None = None
        self._next: tuple[RecipeRequest, LoadedStation] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a change-over is under way."""
        return self._loading is not None or self._change is not None

    def ask(self, request: RecipeRequest, session: Session, *, may_begin: bool) -> ControlReply:
        """Begin a change-over, or say why not; `may_begin` is false where workers are not running, or are to end.

        The body of a good reply is the change-over's number in `status`, where it can be followed.
        """
        if not may_begin:
            return ControlReply(ok=False, text="the daemon is starting or draining: nothing was changed; ask again")
        if self.is_busy:
            text = "a change-over is under way; see `edge-inspector status`, and ask again when it is over"
            return ControlReply(ok=False, text=text)
        future = self._reader.submit(_read, Path(session.station_path), request.path, session.station, self._state_dir)
        self._loading = request, future
        self._asked_count += 1
        path = request.path or f"the recipe that {session.station_path} names"
        self.status = ChangeStatus(self._asked_count, "", path, ChangePhase.READING, "")
        return ControlReply(ok=True, text=f"{path} is read and checked", body=msgspec.json.encode(self._asked_count))

    def turn(self, session: Session, watches: Mapping[str, WorkerWatch], now_ns: int, *, is_draining: bool) -> Session:
        """Go on with what is under way."""
        if self._loading is not None and self._loading[1].done():
            session = self._begin(session, watches, now_ns)
        if self._change is None:
            return session
        if is_draining and self._change.phase is ChangePhase.PREPARING:
            effect: Switch | Finish | GiveUp | None = self._change.give_up("the daemon is draining")
        else:
            effect = self._change.step(watches, now_ns)
        self._tell(self._change.phase)
        match effect:
            case Switch():
                return self._switch(session)
            case GiveUp(why):
                self._end(ChangePhase.FAILED, f"nothing was changed: {why}")
                return msgspec.structs.replace(session, other_recipe="")
            case Finish():
                self._end(ChangePhase.DONE, "")
                return msgspec.structs.replace(session, other_recipe="")
            case None:
                return session

    def _begin(self, session: Session, watches: Mapping[str, WorkerWatch], now_ns: int) -> Session:
        assert self._loading is not None
        request, future = self._loading
        self._loading = None
        try:
            loaded = future.result()
        except (EdgeInspectorError, OSError) as error:
            _log.warning("recipe_refused", who=request.who, why=str(error))
            self._end(ChangePhase.FAILED, f"{error}\nnothing was changed")
            return session
        digest = loaded.recipe_digest
        if digest == session.recipe_digest:
            self._end(ChangePhase.DONE, f"parts are inspected for {digest[:12]} already: nothing to change")
            return msgspec.structs.replace(session, recipe_path=str(loaded.recipe_path.absolute()))
        self._tell(ChangePhase.PREPARING, recipe=digest, path=str(loaded.recipe_path))
        self._change = ChangeOver(digest, watches, now_ns, ms_to_ns(session.station.supervision.start_timeout_ms))
        self._next = request, loaded
        _log.info("recipe_preparing", recipe=digest, path=str(loaded.recipe_path), who=request.who)
        return msgspec.structs.replace(session, other_recipe=digest)

    def _switch(self, session: Session) -> Session:
        assert self._next is not None
        request, loaded = self._next
        self.who = request.who
        _log.info("recipe_switched", recipe=loaded.recipe_digest, before=session.recipe_digest, who=request.who)
        return msgspec.structs.replace(
            session,
            recipe_digest=loaded.recipe_digest,
            recipe_path=str(loaded.recipe_path.absolute()),
            station_json=loaded.station.model_dump_json(),
            other_recipe=session.recipe_digest,
        )

    def _tell(self, phase: ChangePhase, **changes: str) -> None:
        if self.status is not None:
            self.status = msgspec.structs.replace(self.status, phase=phase, **changes)

    def _end(self, phase: ChangePhase, detail: str) -> None:
        self._change = self._next = None
        if self.status is not None:
            self._tell(phase, detail=detail)
            log = _log.warning if phase is ChangePhase.FAILED else _log.info
            log(f"recipe_change_{phase}", recipe=self.status.recipe, detail=detail)

    def close(self) -> None:
        """Wait for the files that are being read."""
        self._reader.shutdown()


def _read(station_path: Path, path: str, station: Station, state_dir: Path) -> LoadedStation:
    """Load and copy a recipe for the station as it runs.

    Raises:
        ConfigurationError: a file is wrong, or the station file says more than the daemon was started with.
    """
    loaded = load_station(station_path, Path(path) if path else None)
    before, after = station.model_dump(), loaded.station.model_dump()
    changed = [key for key in after if key != "recipe" and after[key] != before[key]]
    if changed:
        raise ConfigurationError(
            f"{station_path}: {', '.join(changed)} changed since the daemon was started, and a change-over changes the "
            "recipe alone; put it back, or restart the daemon"
        )
    copy_recipe(loaded, state_dir)
    return loaded
