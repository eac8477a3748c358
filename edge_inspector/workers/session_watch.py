"""Follows the session file, which the supervisor replaces while its workers run: start of the recording, recipes in use."""

from __future__ import annotations

from pathlib import Path

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.station.session import FILE_NAME, Session, read_session


class SessionWatch:
    """Reads the file only when it has been replaced. What another daemon wrote there does not count."""

    def __init__(self, state_dir: Path, session: Session) -> None:
        self._state_dir = state_dir
        self._session = session
        self._seen: tuple[int, int] | None = None

    def read(self) -> Session:
        """Return the session as the supervisor wrote it last; what was known stays where the file can not be read."""
        try:
            status = (self._state_dir / FILE_NAME).stat()
        except OSError:  # a folder taken away under a running daemon
            return self._session
        seen = (status.st_ino, status.st_mtime_ns)
        if seen != self._seen:
            try:
                session = read_session(self._state_dir)
            except (ConfigurationError, OSError):
                return self._session
            self._seen = seen
            if session.incarnation == self._session.incarnation:
                self._session = session
        return self._session
