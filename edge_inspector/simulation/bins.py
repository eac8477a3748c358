"""The belt's own append-only file: one JSON object a line, so that a checker never has to believe the daemon."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from edge_inspector.domain.errors import RecordingError
from edge_inspector.simulation.bin_events import BinEvent

FILE_NAME = "bins.jsonl"


class BinsWriter:
    """Appends events; each is one write(2), so that a killed belt leaves whole lines."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)

    def write(self, event: BinEvent) -> None:
        """Append one event."""
        os.write(self._descriptor, msgspec.json.encode(event) + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


class BinsReader:
    """Follows the file while it grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._line = 0
        self._decoder = msgspec.json.Decoder(BinEvent)

    def read(self) -> list[BinEvent]:
        """Return the events of the whole lines written since the last call; none while there is no file.

        Raises:
            RecordingError: a line is no event.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                content = file.read()
        except FileNotFoundError:
            return []
        whole = content[: content.rfind(b"\n") + 1]
        events: list[BinEvent] = []
        for line in whole.splitlines():
            self._line += 1
            try:
                events.append(self._decoder.decode(line))
            except msgspec.DecodeError as error:
                raise RecordingError(
                    f"{self._path}:{self._line}: is no event of the belt ({error}); only the belt may write this file"
                ) from error
        self._offset += len(whole)
        return events
