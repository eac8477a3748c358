"""Plays one recording through belt and daemon, as a person with two terminals would, and always ends both again."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from edge_inspector.domain.clock import NS_PER_S, now_ns, travel_ns
from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.recordings import Recording
from edge_inspector.simulation.bin_events import BinEvent, Fed, FellInto, NotFed
from edge_inspector.simulation.bins import FILE_NAME, BinsReader
from edge_inspector.station.belt_file import read_belt_file
from edge_inspector.station.station import Station

POLL_S = 0.1
BELT_START_S = 20.0
DRAIN_S = 30.0
AFTER_SECOND_SIGNAL_S = 5.0
LAST_WORDS = 12  # lines of a log that an error repeats


class Phase(StrEnum):
    """Where a playthrough stands."""

    STARTING = "starting"  # engines are checked, the zone is purged; no part had its turn yet
    PLAYING = "playing"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the recording's parts have had their turn and lie in a bin, or were not fed."""

    phase: Phase
    done: int
    total: int


class Child:
    """One program that was started here, in a session of its own, with its log in a file."""

    def __init__(self, name: str, arguments: list[str], log_path: Path) -> None:
        self.name = name
        self._log_path = log_path
        command = [sys.executable, "-m", "edge_inspector.cli.main", *arguments]
        with log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def check_alive(self) -> None:
        """Raise ConfigurationError with the program's last words if it has ended."""
        code = self._process.poll()
        if code is not None:
            lines = self._log_path.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_WORDS:]
            said = "\n".join(f"  {line}" for line in lines) or "  (nothing)"
            raise ConfigurationError(f"the {self.name} ended with code {code}; last lines of {self._log_path}:\n{said}")

    def end(self, signals: tuple[tuple[signal.Signals, float], ...]) -> None:
        """Send the signals one after the other, each with its seconds to end; the last means is SIGKILL."""
        try:
            for number, patience_s in signals:
                if self._process.poll() is not None:
                    return
                self._process.send_signal(number)
                try:
                    self._process.wait(patience_s)
                except subprocess.TimeoutExpired:
                    continue
        finally:  # also when a second Ctrl-C interrupts the waiting
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()


def start_belt(station_path: Path, state_dir: Path, *, arguments: tuple[str, ...] = ()) -> Child:
    """Start the station's belt, and wait until it can be joined.

    Raises:
        ConfigurationError: it ended, or did not come up in time; its log says why.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    belt = Child("belt", ["belt", str(station_path), *arguments], state_dir / "belt.log")
    try:
        give_up_s = time.monotonic() + BELT_START_S
        while not _belongs_to(belt, state_dir):
            belt.check_alive()
            if time.monotonic() > give_up_s:
                raise ConfigurationError(f"the belt did not come up within {BELT_START_S:g} s; see {state_dir}/belt.log")
            time.sleep(POLL_S / 2)
    except BaseException:
        end_belt(belt)
        raise
    return belt


def _belongs_to(belt: Child, state_dir: Path) -> bool:
    named = read_belt_file(state_dir)
    return named is not None and named.pid == belt.pid


def end_belt(belt: Child) -> None:
    """End a belt: it writes down what still lies on it."""
    belt.end(((signal.SIGTERM, AFTER_SECOND_SIGNAL_S),))


def start_daemon(station_path: Path, state_dir: Path) -> Child:
    """Start the daemon of a station."""
    return Child("daemon", ["run", str(station_path)], state_dir / "daemon.log")


def end_daemon(daemon: Child) -> None:
    """Drain and end a daemon; one that does not drain in time is ended all the same."""
    daemon.end(((signal.SIGINT, DRAIN_S), (signal.SIGINT, AFTER_SECOND_SIGNAL_S)))


class _Count:
    """What the bins file says of the parts so far."""

    def __init__(self) -> None:
        self.fed = 0
        self.fallen = 0
        self.not_fed = 0

    def add(self, events: list[BinEvent]) -> None:
        for event in events:
            self.fed += isinstance(event, Fed)
            self.fallen += isinstance(event, FellInto)
            self.not_fed += isinstance(event, NotFed)

    @property
    def had_turn(self) -> int:
        return self.fed + self.not_fed

    @property
    def done(self) -> int:
        return self.fallen + self.not_fed

    @property
    def on_belt(self) -> int:
        return self.fed - self.fallen


def play_through(
    station: Station, station_path: Path, recording: Recording, state_dir: Path
) -> Generator[Progress, None, None]:
    """Start belt and daemon, yield progress until every part of the recording had its turn once and the belt is empty.

    Whatever happens, a generator that is closed or interrupted included, both programs have ended afterwards. A belt that
    the daemon stopped for good keeps its parts: waiting for it is bounded too.

    Raises:
        ConfigurationError: belt or daemon ended by itself, or nothing was ready in time; the logs are in the state folder.
    """
    bins = BinsReader(state_dir / FILE_NAME)
    bins.read()  # what earlier plays left
    count, total = _Count(), len(recording.triggers)
    start_bound_ns = round(2e6 * station.supervision.start_timeout_ms)
    run_out_ns = travel_ns(2 * station.line.zone_mm, station.line.speed_mm_s) + 5 * NS_PER_S
    with ExitStack() as running:
        belt = start_belt(station_path, state_dir)
        running.callback(end_belt, belt)
        daemon = start_daemon(station_path, state_dir)
        running.callback(end_daemon, daemon)
        bound_ns = now_ns() + start_bound_ns
        while count.had_turn < total or count.on_belt:
            belt.check_alive()
            daemon.check_alive()
            before = count.had_turn
            count.add(bins.read())
            if before == 0 and count.had_turn:
                bound_ns = now_ns() + recording.duration_ns + run_out_ns
            if now_ns() > bound_ns:
                break
            yield Progress(Phase.PLAYING if count.had_turn else Phase.STARTING, min(count.done, total), total)
            time.sleep(POLL_S)
        if not count.had_turn and total:
            raise ConfigurationError(
                f"no part had its turn within {start_bound_ns / NS_PER_S:g} s; see {state_dir}/daemon.log for what the "
                "station waited for"
            )
        yield Progress(Phase.DRAINING, min(count.done, total), total)
