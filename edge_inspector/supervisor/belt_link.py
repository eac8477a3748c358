"""Where the simulated belt is. It is a program of its own, started by a person or a demo, and outlives the daemon."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

FILE_NAME = "belt.json"


class Belt(msgspec.Struct, frozen=True):
    """What a running belt says of itself in `state/belt.json`."""

    incarnation: str
    pid: int
    folder: str


def find_belt(state_dir: Path) -> Belt | None:
    """Return the belt that runs for this state folder, or None."""
    try:
        belt = msgspec.json.decode((state_dir / FILE_NAME).read_bytes(), type=Belt)
    except (FileNotFoundError, msgspec.DecodeError):  # not started, or being written
        return None
    return belt if process_is_alive(belt.pid) else None


def process_is_alive(pid: int) -> bool:
    """Whether a process of this number exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
