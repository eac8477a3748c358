"""How far something is: a bar with the time left on a terminal, a few plain lines elsewhere. It writes to stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

PLAIN_STEPS = 10  # lines a task where there is no terminal
PATIENCE_S = 2.0  # so long nobody asks how far it is


class ProgressBar:
    """A line a task, one after the other or side by side; use it as a context.

    Quiet says nothing at all; `silent_s` keeps it silent for so long, for what may be over at once.
    """

    def __init__(self, *, quiet: bool = False, silent_s: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._quiet = quiet
        self._clock = clock
        self._begins_s = clock() + silent_s
        self._said: dict[str, int] = {}  # step by task
        self._tasks: dict[str, TaskID] = {}
        self._progress: Progress | None = None

    def show(self, what: str, done: float, total: float) -> None:
        """Say how far `what` is; another word is another task."""
        if self._quiet or self._clock() < self._begins_s:
            return
        if sys.stderr.isatty():
            self._draw(what, done, total)
        else:
            self._print(what, done, total)

    def _draw(self, what: str, done: float, total: float) -> None:
        if self._progress is None:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
            )
            self._progress = Progress(*columns, console=Console(stderr=True))
            self._progress.start()
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._tasks[what], completed=done, total=total)

    def _print(self, what: str, done: float, total: float) -> None:
        step = int(done * PLAIN_STEPS // max(total, 1e-9))
        if self._said.get(what) != step:
            amount = f"{done} of {total}" if isinstance(total, int) else f"{100 * done / total:.0f} %"
            print(f"{what}: {amount}", file=sys.stderr, flush=True)
        self._said[what] = step

    def close(self) -> None:
        """Leave the last state on the terminal."""
        if self._progress is not None:
            self._progress.stop()

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
