"""Where each channel lives: `ipc://` paths in the runtime folder, with the supervisor's incarnation in their names.

A second bind on a live path succeeds and steals the traffic, so that the names of two daemons must never be equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge_inspector.domain.errors import ConfigurationError

IPC_PATH_BYTES = 107  # sun_path less its final zero


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The endpoints of one daemon."""

    runtime_dir: str
    incarnation: str

    def _path(self, channel: str) -> str:
        path = f"{self.runtime_dir}/{self.incarnation[:6]}-{channel}"
        if len(path.encode()) > IPC_PATH_BYTES:
            raise ConfigurationError(f"{path}: longer than {IPC_PATH_BYTES} bytes; choose a shorter runtime folder")
        return f"ipc://{path}"

    def arrivals(self, consumer: str) -> str:
        """line → `decision`, or → a capture worker by the name of its camera."""
        return self._path(f"arr-{consumer}")

    @property
    def views(self) -> str:
        """capture → inference."""
        return self._path("views")

    @property
    def judgements(self) -> str:
        """inference and capture (missing views) → decision."""
        return self._path("judgements")

    @property
    def verdicts(self) -> str:
        """decision → line: verdicts and beats."""
        return self._path("verdicts")

    @property
    def pictures(self) -> str:
        """capture → recorder."""
        return self._path("pictures")

    @property
    def status(self) -> str:
        """all workers → supervisor."""
        return self._path("status")

    @property
    def supervisor_beat(self) -> str:
        """supervisor → line."""
        return self._path("supbeat")

    @property
    def line_control(self) -> str:
        """supervisor → line, request and reply."""
        return self._path("linectl")

    @property
    def control(self) -> str:
        """cli → supervisor, request and reply."""
        return self._path("control")


@dataclass(frozen=True, slots=True)
class BeltEndpoints:
    """The pair between line and the simulated belt: in a folder of the belt's own, since it outlives the daemon.

    Both paths stay the same for the belt's life; the lock on outputs and ledger sees to it that one line worker binds.
    """

    folder: Path

    @property
    def outputs(self) -> str:
        """line → belt: the belt binds."""
        return f"ipc://{self.folder}/belt-in"

    @property
    def edges(self) -> str:
        """belt → line: the line worker binds."""
        return f"ipc://{self.folder}/belt-out"
