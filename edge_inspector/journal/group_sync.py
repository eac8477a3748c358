"""Brings what was written to the disk within a bounded delay, in a thread: the loop that writes never waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable

CLOSE_TIMEOUT_S = 5.0  # a disk that hangs must not hang the process that leaves


class GroupSync:
    """Calls `sync` at most `delay_ms` after `request`; many requests share one call.

    After a failure nothing is synced again: the kernel may have dropped the pages and would report success.
    """

    def __init__(self, sync: Callable[[], None], delay_ms: float) -> None:
        self.fault: str | None = None
        self._sync = sync
        self._delay_s = delay_ms / 1000
        self._wanted = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="group-sync", daemon=True)
        self._thread.start()

    def request(self) -> None:
        """Have everything written until now synced soon."""
        self._wanted.set()

    def close(self) -> bool:
        """Sync what is left; return whether the thread has ended, so that the file may be closed."""
        self._closing.set()
        self._wanted.set()
        self._thread.join(CLOSE_TIMEOUT_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        is_closing = False
        while not is_closing:
            self._wanted.wait()
            is_closing = self._closing.wait(self._delay_s)
            self._wanted.clear()
            try:
                self._sync()
            except OSError as error:
                self.fault = f"sync failed ({error})"
                return
