"""`state/belt.json`: how the simulated belt, a program of its own that outlives the daemon, is found by its state folder."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

FILE_NAME = "belt.json"


class BeltFile(msgspec.Struct, frozen=True):
    """What a running belt says of itself."""

    incarnation: str
    pid: int
    folder: str  # of its endpoints
    state_dir: str = ""  # the folder that this file was written for


def read_belt_file(state_dir: Path) -> BeltFile | None:
    """Return who wrote the file, dead or alive; None when nobody did, it can not be read, or it is a copied folder's."""
    try:
        belt = msgspec.json.decode((state_dir / FILE_NAME).read_bytes(), type=BeltFile)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return belt if belt.state_dir in ("", str(state_dir.resolve())) else None


def write_belt_file(state_dir: Path, belt: BeltFile) -> None:
    """Replace the file in one step, as one of this folder."""
    belt = msgspec.structs.replace(belt, state_dir=str(state_dir.resolve()))
    temporary = state_dir / f".{FILE_NAME}.{os.getpid()}"
    temporary.write_bytes(msgspec.json.encode(belt))
    temporary.replace(state_dir / FILE_NAME)


def find_belt(state_dir: Path) -> BeltFile | None:
    """Return the belt that runs on this state folder, or None."""
    belt = read_belt_file(state_dir)
    return belt if belt is not None and process_is_alive(belt.pid) else None


def process_is_alive(pid: int) -> bool:
    """Whether a process of this number exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
