"""Works for `run_side_by_side`: at the top of a module, because each is done in a process that imports it."""

from __future__ import annotations

import errno
import os
import signal
import struct
import sys
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.side_by_side import Progress, run_side_by_side


def process_number(progress: Progress) -> int:
    """Says how far it is, and in which process it was done."""
    for share in (0.0, 0.5, 1.0):
        progress("counting", share)
    return os.getpid()


def meet(mine: Path, other: Path, progress: Progress) -> str:
    """Done only while another one is at work."""
    mine.touch()
    while not other.exists():
        time.sleep(0.01)
    return mine.name


def refuse(progress: Progress) -> int:
    """A mistake that a person made."""
    raise TrainingDataError("p7-c1.png: is damaged")


def stumble(progress: Progress) -> int:
    """A mistake that the program made."""
    raise ZeroDivisionError("nobody thought of it")


def fill_the_disk(progress: Progress) -> int:
    """A mistake that nobody made."""
    raise OSError(errno.ENOSPC, "No space left on device", "runs/crack/run.yaml")


def be_killed_in_the_middle_of_a_word(progress: Progress) -> int:
    """As by the kernel, while a result is on its way."""

    def send_half(mouth: Connection, word: bytes) -> None:
        os.write(mouth.fileno(), struct.pack("!i", len(word)) + bytes(word[: len(word) // 2]))
        os.kill(os.getpid(), signal.SIGKILL)

    Connection._send_bytes = send_half  # type: ignore[attr-defined]  # how it sends
    return 0


def be_killed(progress: Progress) -> int:
    """As by the kernel, where memory ends."""
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def write_and_tell_nobody(folder: Path, progress: Progress) -> None:
    """The same, and nothing is said that would show that nobody listens."""
    write_for_ever(folder, lambda stage, share: None)


def write_for_ever(folder: Path, progress: Progress) -> None:
    """Half made until it is told to end, and cleared away then."""
    partial = folder / f"{os.getpid()}.partial"
    try:
        partial.touch()
        while True:
            progress("writing", 0.5)
            time.sleep(0.01)
    finally:
        partial.unlink(missing_ok=True)


if __name__ == "__main__":  # a caller that somebody kills
    run_side_by_side({"a": partial(write_and_tell_nobody, Path(sys.argv[1]))}, 1, lambda stage, share: None)
