"""Tails ledger and journal into the database. Where it stands is in the database itself, so that both agree always."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from edge_inspector.domain.errors import DatabaseError, JournalCorruptError, MessageRefusedError
from edge_inspector.domain.records import JournalRecord, LedgerRecord
from edge_inspector.journal import SegmentReader, decode_journal_record, decode_ledger_record, list_segments
from edge_inspector.journal.segment import segment_path
from edge_inspector.records.database import FILE_NAME, Database
from edge_inspector.records.follower import Follower
from edge_inspector.records.rows import PartName, apply_journal_record, apply_ledger_record, update_latencies
from edge_inspector.records.schema import tails

BATCH_BYTES = 128 << 10  # of one segment in one turn: the recorder also has pictures to take in
_log = structlog.get_logger()


@dataclass(slots=True)
class Batch:
    """What one turn brought. With a `fault` it is not in the database, and a later turn brings it again."""

    ledger: list[LedgerRecord] = field(default_factory=list)
    journal: list[JournalRecord] = field(default_factory=list)
    has_more: bool = False  # at least one segment holds more than was read
    waiting_count: int | None = 0  # records that were read but could not be written; None: no telling
    fault: str | None = None
    damage: tuple[str, ...] = ()  # of segments that can not be read to their end, whenever that was found


@dataclass(slots=True)
class _Tail:
    """One segment that is being read."""

    folder: str
    number: int
    reader: SegmentReader
    has_successor: bool
    is_finished: bool = False
    damage: str | None = None


class Indexer:
    """Brings the database up to date, a bounded piece a turn. A database that is gone, damaged or full is tried again."""

    def __init__(self, state_dir: Path, open_database: Callable[[Path], Database] = Database) -> None:
        self._state_dir = state_dir
        self._path = state_dir / FILE_NAME
        self._open_database = open_database
        self._database: Database | None = None
        self._tails: dict[tuple[str, int], _Tail] = {}
        self._written: dict[tuple[str, int], int] = {}  # segment to the offset before which all is in the database
        self._follower: Follower | None = None  # while the database can not be written
        self._refused_said = False

    def turn(self) -> Batch:
        """Read what is new and write it in one transaction; nothing is raised, `Batch.fault` says what is wrong."""
        batch = Batch(waiting_count=None)
        try:
            database = self._opened()
            self._written = {key: tail.reader.offset for key, tail in self._tails.items()}
            batch.waiting_count = 0
            # ledger first: a verdict is in the journal before its outcome is in the ledger
            segments = [*self._segments("ledger"), *self._segments("journal")]
            read = [(tail, *self._read(tail, batch)) for tail in segments]
            batch.waiting_count = sum(len(records) for _, records, _ in read)
            if any(records or is_news for _, records, is_news in read):
                with database.transaction() as connection:
                    self._write(connection, read, batch)
        except DatabaseError as error:
            batch.fault = str(error)
            self._forget()
            self._follower = self._follower or Follower(self._state_dir, self._written)
            batch.ledger, batch.journal = self._follower.turn()
        else:
            batch.waiting_count = 0
            batch.damage = tuple(tail.damage for _, tail in sorted(self._tails.items()) if tail.damage is not None)
            self._follower = None
        return batch

    def close(self) -> None:
        """Close the database."""
        self._forget()

    def _opened(self) -> Database:
        if self._database is not None and not self._database.is_there:
            _log.warning("database_gone", path=str(self._path), remedy="rebuilt from ledger and journal")
            self._forget()
        if self._database is None:
            database = self._open_database(self._path)
            with database.transaction() as connection:
                rows = connection.execute(sa.select(tails)).all()
            for row in rows:
                reader = SegmentReader(segment_path(self._state_dir / row.folder, row.segment), row.offset)
                self._tails[row.folder, row.segment] = _Tail(
                    row.folder, row.segment, reader, row.is_finished, row.is_finished, row.damage
                )
            self._database = database
        return self._database

    def _forget(self) -> None:
        """Drop what is known: the positions in the database are the only ones that count."""
        if self._database is not None:
            self._database.close()
        self._database = None
        self._tails.clear()

    def _segments(self, folder: str) -> list[_Tail]:
        """Return the segments of one folder that may hold something new, in order."""
        found = list_segments(self._state_dir / folder)
        unfinished = []
        for index, (number, path) in enumerate(found):
            tail = self._tails.setdefault((folder, number), _Tail(folder, number, SegmentReader(path), False))
            if not tail.is_finished:
                # its writer is dead once the next segment exists; whatever it wrote is there to be read from now on
                tail.has_successor = index + 1 < len(found)
                unfinished.append(tail)
        return unfinished

    def _read(self, tail: _Tail, batch: Batch) -> tuple[list[tuple[int, bytes]], bool]:
        """Return the new records of a segment, and whether its own row has news besides them."""
        try:
            records = tail.reader.read(most_bytes=BATCH_BYTES)
        except JournalCorruptError as error:
            _log.error("segment_damaged", what=str(error))
            tail.damage, tail.is_finished = str(error), True
            return list(error.records_before), True
        if sum(len(payload) for _, payload in records) >= BATCH_BYTES:
            batch.has_more = True
            return records, False
        tail.is_finished = tail.has_successor
        return records, tail.is_finished

    def _write(self, connection: Connection, read: list[tuple[_Tail, list[tuple[int, bytes]], bool]], batch: Batch) -> None:
        touched: set[PartName] = set()
        for tail, records, is_news in read:
            for offset, payload in records:
                if (name := self._apply(connection, tail, offset, payload, batch)) is not None:
                    touched.add(name)
            if records or is_news:
                _store(connection, tail)
        update_latencies(connection, touched)

    def _apply(self, connection: Connection, tail: _Tail, offset: int, payload: bytes, batch: Batch) -> PartName | None:
        try:
            if tail.folder == "ledger":
                entry = decode_ledger_record(payload)
                batch.ledger.append(entry)
                return apply_ledger_record(connection, tail.number, offset, entry)
            verdict = decode_journal_record(payload)
            batch.journal.append(verdict)
            return apply_journal_record(connection, tail.number, offset, verdict)
        except MessageRefusedError as error:
            if not self._refused_said:  # once a life: a later version may have written thousands
                _log.warning("record_refused", folder=tail.folder, segment=tail.number, offset=offset, why=str(error))
                self._refused_said = True
            return None


def _store(connection: Connection, tail: _Tail) -> None:
    row = {"offset": tail.reader.offset, "is_finished": tail.is_finished, "damage": tail.damage}
    statement = insert(tails).values(folder=tail.folder, segment=tail.number, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["folder", "segment"], set_=row))
