"""A progress bar for what may be over at once: it says nothing until so long has passed that a person asks."""

from __future__ import annotations

import time
from collections.abc import Callable

from edge_inspector.cli.progress_bar import ProgressBar

SILENT_S = 2.0


class LateProgressBar:
    """Used as `ProgressBar` is; it begins with the first word after SILENT_S of its life."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun_s = clock()
        self._bar: ProgressBar | None = None

    def show(self, what: str, done: float, total: float) -> None:
        """Say how far `what` is, once it takes long."""
        if self._bar is None:
            if self._clock() - self._begun_s < SILENT_S:
                return
            self._bar = ProgressBar()
        self._bar.show(what, done, total)

    def __enter__(self) -> LateProgressBar:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._bar is not None:
            self._bar.close()
