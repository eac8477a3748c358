"""Who may run on a state folder: the daemon's lock, and the line worker's, which may outlive its supervisor."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
from pathlib import Path
from types import TracebackType

from edge_inspector.domain.errors import AlreadyRunningError

DAEMON_LOCK = "daemon.lock"
LINE_LOCK = "line.lock"


class DaemonLock:
    """`flock` on `state/daemon.lock`: one supervisor a state folder. The kernel releases it however the process ends."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / DAEMON_LOCK
        self._descriptor = -1

    def __enter__(self) -> DaemonLock:
        """Take the lock.

        Raises:
            AlreadyRunningError: another daemon holds it.
        """
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._descriptor)
            raise AlreadyRunningError(
                f"{self._path.parent}: the daemon with pid {holder} runs on this state folder already; "
                "stop it first (`edge-inspector stop`), or give this station a state folder of its own"
            ) from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self._descriptor)


class LineSuccession:
    """Waits until the line worker before has let go of outputs and ledger; beyond a bound, kills it.

    An orphaned line worker drains first, and is given `wait_ns` for it. Call `is_free` from the loop until it is true.
    """

    def __init__(self, state_dir: Path, wait_ns: int) -> None:
        self._path = state_dir / LINE_LOCK
        self._wait_ns = wait_ns
        self._since_ns: int | None = None

    def is_free(self, now_ns: int) -> bool:
        """Whether a new line worker may be started now."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._kill_if_overdue(os.pread(descriptor, 32, 0), now_ns)
            return False
        finally:
            os.close(descriptor)  # releases the lock; nobody else starts a line worker, the daemon's lock sees to that
        self._since_ns = None
        return True

    def _kill_if_overdue(self, holder: bytes, now_ns: int) -> None:
        if self._since_ns is None:
            self._since_ns = now_ns
        if now_ns - self._since_ns <= self._wait_ns:
            return
        with contextlib.suppress(ValueError, ProcessLookupError):
            pid = int(holder)
            if self._is_open_in(pid):  # a number in a file is no proof: the pid may be another program's by now
                os.kill(pid, signal.SIGKILL)

    def _is_open_in(self, pid: int) -> bool:
        try:
            return any(entry.samefile(self._path) for entry in Path(f"/proc/{pid}/fd").iterdir() if entry.exists())
        except OSError:  # gone, or not ours to look into
            return False
