"""Ctrl-C and SIGTERM are heard between two steps, where a state can be kept that goes on equal to the bit."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPS = (signal.SIGINT, signal.SIGTERM)


class OrderlyStop:
    """Whether somebody asked to stop. A second signal does at once what the first one would have done."""

    def __init__(self) -> None:
        self._asked: int | None = None
        handlers = {number: signal.getsignal(number) for number in STOPS}
        self._before = {number: each for number, each in handlers.items() if each is not signal.SIG_IGN}  # as nohup has it

    @property
    def is_asked(self) -> bool:
        """Whether to keep what there is, and call `stop`."""
        return self._asked is not None

    def stop(self) -> None:
        """Do what the signal that came does without this class: KeyboardInterrupt, SystemExit, or the process's end."""
        self.give_back()
        number, self._asked = self._asked, None
        if number is not None:
            signal.raise_signal(number)

    def listen(self) -> None:
        """From here on signals wait, but for those that the process ignores."""
        for number in self._before:
            signal.signal(number, self._hear)

    def give_back(self) -> None:
        """From here on they do not."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        is_second, self._asked = self.is_asked, number
        if is_second:
            self.stop()


@contextmanager
def orderly_stop(*, is_alone: bool) -> Iterator[OrderlyStop]:
    """Signals wait in here, in the main thread; not in one of several ranks, as the others would wait for one that stops."""
    stop = OrderlyStop()
    if not is_alone or threading.current_thread() is not threading.main_thread():
        yield stop
        return
    stop.listen()
    try:
        yield stop
    finally:
        stop.stop()  # also where an error came first: that must not swallow it
