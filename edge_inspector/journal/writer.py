"""The one writer of a segment. What `append` returned from survives a killed process; the disk has it soon after."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from edge_inspector.domain.errors import JournalWriteError
from edge_inspector.journal.group_sync import GroupSync
from edge_inspector.journal.segment import MAX_RECORD_BYTES, frame, list_segments, segment_path
from edge_inspector.journal.segment_file import OsSegmentFile, SegmentFile

PREALLOCATE_BYTES = 4 << 20
SYNC_DELAY_MS = 50.0


class SegmentWriter:
    """Appends records to a segment that it created. One thread calls it.

    Space is reserved in steps, the next one when half of a step is left. When that fails (disk full) `reserve_is_low` is
    true and records still fit into the reserve: the time to stop feeding. A write or sync that fails is final: every later
    append raises, so that no record ever follows half a one.
    """

    def __init__(self, number: int, path: Path, file: SegmentFile, preallocate_bytes: int = PREALLOCATE_BYTES) -> None:
        """Take over an empty segment; see `create_next`.

        Raises:
            JournalWriteError: the reserve can not be allocated.
        """
        self.number = number
        self.path = path
        self.reserve_is_low = False
        self._file = file
        self._step_bytes = preallocate_bytes
        self._end = 0
        self._reserved_end = 0
        self._fault: str | None = None
        self._is_closed = False
        self._reserve()
        if self.reserve_is_low:
            file.close()
            raise JournalWriteError(f"{path}: no room for {preallocate_bytes} bytes of reserve; free disk space")
        self._sync = GroupSync(file.sync, SYNC_DELAY_MS)

    @classmethod
    def create_next(
        cls,
        folder: Path,
        *,
        preallocate_bytes: int = PREALLOCATE_BYTES,
        opener: Callable[[Path], SegmentFile] = OsSegmentFile.create,
    ) -> SegmentWriter:
        """Create the segment after the largest of `folder`, exclusively; its number is nobody else's.

        Args:
            folder: made when missing.
            preallocate_bytes: one step of the reserve.
            opener: creates a file or raises FileExistsError; for tests.

        Raises:
            JournalWriteError: folder or file can not be created, or the disk has no room for the reserve.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            while True:
                number = max((n for n, _ in list_segments(folder)), default=0) + 1
                path = segment_path(folder, number)
                try:
                    return cls(number, path, opener(path), preallocate_bytes)
                except FileExistsError:
                    continue
        except OSError as error:
            raise JournalWriteError(f"{folder}: no segment can be created ({error}); check disk and rights") from error

    @property
    def fault(self) -> str | None:
        """Why nothing can be written any more, or None."""
        return self._fault or self._sync.fault

    def append(self, payload: bytes) -> int:
        """Write one record and return its offset; a killed process loses nothing that returned.

        Raises:
            JournalWriteError: it could not be written, or an earlier record could not be written or synced.
        """
        if fault := self.fault or ("closed" if self._is_closed else None):
            raise JournalWriteError(f"{self.path}: {fault}; nothing more is written here, check the disk")
        if not 0 < len(payload) <= MAX_RECORD_BYTES:
            raise JournalWriteError(
                f"{self.path}: a record of {len(payload)} bytes was refused, allowed are 1 to {MAX_RECORD_BYTES}"
            )
        record = frame(payload)
        if self._end + len(record) + self._step_bytes // 2 > self._reserved_end:
            self._reserve(len(record))
        offset = self._end
        try:
            self._write(record, offset)
        except OSError as error:
            self._fault = f"write failed at byte {offset} ({error})"
            raise JournalWriteError(f"{self.path}: {self._fault}; the line must stop, check the disk") from error
        self._end += len(record)
        self._reserved_end = max(self._reserved_end, self._end)
        self._sync.request()
        return offset

    def retry_reserve(self) -> None:
        """Reserve again where the disk had no room: for a writer that holds back its records until there is some."""
        if self.reserve_is_low and not self._is_closed and self.fault is None:
            self._reserve()

    def close(self) -> None:
        """Sync, give the rest of the reserve back, and close; what could not be synced is in `fault`.

        A segment with a fault keeps all its bytes, as a killed writer's does: they may be evidence.
        """
        if not self._is_closed:
            self._is_closed = True
            if self._sync.close():
                if self.fault is None:
                    with contextlib.suppress(OSError):  # a tail of zeros is as good an end, it only takes space
                        self._file.truncate(self._end)
                self._file.close()

    def _reserve(self, extra_bytes: int = 0) -> None:
        try:
            self._file.allocate(self._reserved_end, self._step_bytes + extra_bytes)
        except OSError:
            self.reserve_is_low = True  # tried again at the next append: space may be freed meanwhile
            return
        self._reserved_end += self._step_bytes + extra_bytes
        self.reserve_is_low = False

    def _write(self, record: bytes, offset: int) -> None:
        while record:
            taken = self._file.write_at(record, offset)
            if taken <= 0:
                raise OSError(f"{taken} bytes taken of {len(record)}")
            offset += taken
            record = record[taken:]
