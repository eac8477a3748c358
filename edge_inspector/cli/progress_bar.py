"""How far something is: a bar with the time left on a terminal, a few plain lines elsewhere. It writes to stderr."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

PLAIN_STEPS = 10  # lines a task where there is no terminal


class ProgressBar:
    """A line a task, one after the other or side by side; use it as a context. Quiet says nothing at all."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._said: dict[str, int] = {}  # step by task
        self._tasks: dict[str, TaskID] = {}
        self._progress: Progress | None = None
        if not quiet and sys.stderr.isatty():
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
            )
            self._progress = Progress(*columns, console=Console(stderr=True))
            self._progress.start()

    def show(self, what: str, done: float, total: float) -> None:
        """Say how far `what` is; another word is another task."""
        if self._progress is not None:
            if what not in self._tasks:
                self._tasks[what] = self._progress.add_task(what, total=total)
            self._progress.update(self._tasks[what], completed=done, total=total)
            return
        step = int(done * PLAIN_STEPS // max(total, 1e-9))
        if not self._quiet and self._said.get(what) != step:
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
