"""Reads ledger and journal on where the database stopped, while it can not be written: pictures do not wait for it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from edge_inspector.domain.errors import JournalCorruptError, MessageRefusedError
from edge_inspector.domain.records import JournalRecord, LedgerRecord
from edge_inspector.journal import SegmentReader, decode_journal_record, decode_ledger_record, list_segments

BATCH_BYTES = 4 << 20  # of one segment in one turn; a turn is a second long while the database can not be written
Record = TypeVar("Record")


class Follower:
    """Remembers nothing beyond its life: what it read is read again for the database, once that can be written."""

    def __init__(self, state_dir: Path, positions: Mapping[tuple[str, int], int]) -> None:
        """Begin at these positions.

        Args:
            state_dir: of the station.
            positions: (`ledger` or `journal`, segment) to the offset to begin at. Later segments are read from their
                beginning; of a folder without any position, the last one is.
        """
        self._state_dir = state_dir
        self._positions = dict(positions)
        self._first: dict[str, int] = {}  # segment of each folder with which to begin
        for folder, number in positions:
            self._first[folder] = max(number, self._first.get(folder, 0))
        self._readers: dict[tuple[str, int], SegmentReader] = {}
        self._damaged: set[tuple[str, int]] = set()

    def turn(self) -> tuple[list[LedgerRecord], list[JournalRecord]]:
        """Return what is new in both; damage is left for the database's reader to say."""
        return _decoded(self._read("ledger"), decode_ledger_record), _decoded(self._read("journal"), decode_journal_record)

    def _read(self, folder: str) -> list[bytes]:
        found = list_segments(self._state_dir / folder)
        if found:
            self._first.setdefault(folder, found[-1][0])
        payloads: list[bytes] = []
        for number, path in found:
            key = (folder, number)
            if number < self._first[folder] or key in self._damaged:
                continue
            reader = self._readers.setdefault(key, SegmentReader(path, self._positions.get(key, 0)))
            try:
                payloads += [payload for _, payload in reader.read(most_bytes=BATCH_BYTES)]
            except JournalCorruptError as error:
                self._damaged.add(key)
                payloads += [payload for _, payload in error.records_before]
        return payloads


def _decoded(payloads: Iterable[bytes], decode: Callable[[bytes], Record]) -> list[Record]:
    """Return the records that this version knows."""
    records = []
    for payload in payloads:
        with contextlib.suppress(MessageRefusedError):
            records.append(decode(payload))
    return records
