"""Stops a process at an exact step, for proofs. Off unless the environment names a folder, and refused on a real line.

A test writes a file named like the step into the folder `EDGE_INSPECTOR_FAILPOINTS`, holding `SIGNAL PID` (`KILL 4711`).
The process that reaches the step renames the file to `STEP.hit` and sends the signal, to itself or to another worker.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

ENVIRONMENT_NAME = "EDGE_INSPECTOR_FAILPOINTS"
_folder = os.environ.get(ENVIRONMENT_NAME, "")


def is_enabled() -> bool:
    """Whether the environment asks for failpoints; the supervisor refuses to start so unless `simulation: true`."""
    return bool(_folder)


def failpoint(step: str) -> None:
    """Do what a test asked for at this step; costs one look at a string when off."""
    if not _folder:
        return
    order = Path(_folder) / step
    try:
        name, pid = order.read_text(encoding="ascii").split()
        order.rename(order.with_suffix(order.suffix + ".hit"))
    except (FileNotFoundError, ValueError):  # no order for this step, or still being written
        return
    os.kill(int(pid), signal.Signals[f"SIG{name}"])
