"""The SQLite file `parts.db`: opened, dropped when it is not ours, and never trusted to still be there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from edge_inspector.domain.errors import ConfigurationError, DatabaseError
from edge_inspector.journal import list_segments
from edge_inspector.records.schema import SCHEMA_VERSION, metadata

FILE_NAME = "parts.db"
BUSY_TIMEOUT_S = 1.0


class Database:
    """The recorder's own connection; there is one writer. Readers use `read_only`."""

    def __init__(self, path: Path) -> None:
        """Open the database, or make an empty one; one of another version, or that is no database, is dropped first.

        Raises:
            DatabaseError: it can not be opened or made.
        """
        self.path = path
        self._engine = _engine(path)
        try:
            try:
                is_ours = self._is_ours()
            except sa.exc.DatabaseError as error:
                if not _is_damage(error):
                    raise
                is_ours = False
            if not is_ours:
                self.drop()
                self._engine = _engine(path)
            self._make_tables()
            self._inode = path.stat().st_ino
        except (sa.exc.SQLAlchemyError, OSError) as error:
            self._engine.dispose()
            raise DatabaseError(f"{path}: can not be opened ({_short(error)}); tried again") from error

    @property
    def is_there(self) -> bool:
        """Whether the file on the disk still is the one that was opened."""
        try:
            return self.path.stat().st_ino == self._inode
        except OSError:
            return False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Everything or nothing.

        Raises:
            DatabaseError: nothing was written. A damaged database is dropped: open it again and it is rebuilt.
        """
        try:
            with self._engine.begin() as connection:
                yield connection
        except sa.exc.SQLAlchemyError as error:
            if isinstance(error, sa.exc.DatabaseError) and _is_damage(error):
                self.drop()
            raise DatabaseError(f"{self.path}: {_short(error)}; tried again") from error

    def drop(self) -> None:
        """Close and delete the file; all of it can be rebuilt."""
        self._engine.dispose()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        """Close the connection."""
        self._engine.dispose()

    def _is_ours(self) -> bool:
        """Whether the file has this version's tables; an empty one is made ours by `_make_tables`."""
        with self._engine.connect() as connection:
            version = connection.execute(sa.text("PRAGMA user_version")).scalar_one()
            table_count = connection.execute(sa.text("SELECT count(*) FROM sqlite_master")).scalar_one()
        return bool(version == SCHEMA_VERSION or (version == 0 and table_count == 0))

    def _make_tables(self) -> None:
        with self._engine.begin() as connection:
            metadata.create_all(connection)
            connection.execute(sa.text(f"PRAGMA user_version = {SCHEMA_VERSION}"))


@contextmanager
def read_only(state_dir: Path) -> Iterator[Connection]:
    """A connection for questions; it never makes the file and never blocks the recorder.

    Raises:
        ConfigurationError: there is no database, an empty one, or one of another version.
        DatabaseError: it can not be read now.
    """
    path = state_dir / FILE_NAME
    if not path.is_file():
        raise ConfigurationError(_why_not_there(state_dir))
    engine = _engine(path, is_writer=False)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")  # all questions see one state of the records
            version = connection.execute(sa.text("PRAGMA user_version")).scalar_one()
            if version == 0:
                raise ConfigurationError(
                    f"{path}: it holds no records, it is empty or damaged; delete it, and start the daemon: it rebuilds it"
                )
            if version != SCHEMA_VERSION:
                raise ConfigurationError(
                    f"{path}: version {version}, this program reads {SCHEMA_VERSION}; start the daemon and it rebuilds it"
                )
            yield connection
    except sa.exc.SQLAlchemyError as error:
        raise DatabaseError(f"{path}: can not be read ({_short(error)}); try again, or delete it: it is rebuilt") from error
    finally:
        engine.dispose()


def _why_not_there(state_dir: Path) -> str:
    if not state_dir.is_dir():
        return f"{state_dir}: there is no such folder; name the station file, or the folder that it names as `state_dir`"
    path = state_dir / FILE_NAME
    if list_segments(state_dir / "ledger"):
        return f"{path}: not there, but the ledger beside it is; start the daemon and it is rebuilt"
    return f"{path}: not there; no part was recorded in this state folder yet"


def _engine(path: Path, *, is_writer: bool = True) -> Engine:
    engine = sa.create_engine(
        f"sqlite:///{path}", connect_args={"timeout": BUSY_TIMEOUT_S}, poolclass=sa.pool.SingletonThreadPool
    )

    def configure(connection: sqlite3.Connection, _record: object) -> None:
        if is_writer:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")  # losing the last rows with the power costs a second look
        else:
            connection.execute("PRAGMA query_only = ON")
            connection.isolation_level = None  # `read_only` begins the transaction itself

    event.listen(engine, "connect", configure)
    return engine


def _is_damage(error: sa.exc.DatabaseError) -> bool:
    """Whether the file itself is bad; a full disk or a lock is an OperationalError."""
    return type(error.orig) is sqlite3.DatabaseError


def _short(error: Exception) -> str:
    return str(error.orig if isinstance(error, sa.exc.DBAPIError) else error)
