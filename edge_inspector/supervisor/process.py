"""Worker processes: which ones a station needs, how each is started, signalled and reaped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_inspector.station.station import Station
from edge_inspector.workers.process import SUPERVISED_BY

LINE = "line"
INFERENCE = "inference"
DECISION = "decision"
RECORDER = "recorder"
# numeric libraries start a thread a core in every process that loads them; only inference is to use the cores
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """One worker to start: its name in beats, its arguments behind `edge-inspector worker`, its niceness."""

    name: str
    arguments: tuple[str, ...]
    nice: int = 0
    one_thread: bool = True


def worker_specs(station: Station, state_dir: Path) -> list[WorkerSpec]:
    """Return the station's workers; line and capture run before inference, and the recorder last of all."""
    state = ("--state", str(state_dir))
    return [
        WorkerSpec(LINE, ("line", *state)),
        WorkerSpec(DECISION, ("decision", *state)),
        *(WorkerSpec(f"capture-{camera}", ("capture", "--camera", camera, *state)) for camera in station.cameras),
        WorkerSpec(INFERENCE, ("inference", *state), nice=5, one_thread=False),
        WorkerSpec(RECORDER, ("recorder", *state), nice=10),
    ]


def worker_command(spec: WorkerSpec) -> list[str]:
    """Return the command line that starts a worker."""
    return [sys.executable, "-m", "edge_inspector.cli.main", "worker", *spec.arguments]


class WorkerProcess:
    """One life of one worker, in a session of its own, so that Ctrl-C at the terminal reaches the supervisor alone.

    Must be started from the main thread: the parent-death signal belongs to the thread that started the child.

    Raises:
        OSError: the system could not start it.
    """

    def __init__(self, spec: WorkerSpec, command: Sequence[str]) -> None:
        environment = {**os.environ, SUPERVISED_BY: str(os.getpid())}
        if spec.one_thread:
            environment |= dict.fromkeys(_ONE_THREAD, "1")
        self._process = subprocess.Popen(list(command), stdin=subprocess.DEVNULL, env=environment, start_new_session=True)
        self.pid = self._process.pid
        if spec.nice:
            nice = min(19, os.getpriority(os.PRIO_PROCESS, 0) + spec.nice)  # on top of the supervisor's own
            with contextlib.suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, self.pid, nice)
            # where the kernel groups tasks by session (autogroup), niceness counts only between groups, by this file
            with contextlib.suppress(OSError):
                Path(f"/proc/{self.pid}/autogroup").write_text(str(nice), encoding="ascii")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; one that comes too late is no error."""
        self._process.send_signal(number)

    def reap(self) -> str | None:
        """Return how the process ended, as people say it, or None while it runs."""
        code = self._process.poll()
        if code is None:
            return None
        return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
