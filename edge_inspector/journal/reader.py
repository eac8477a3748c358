"""Reads a segment, also one that is being written: what is torn at the tail is not there yet, anything else is damage."""

from __future__ import annotations

import os
import time
import zlib
from pathlib import Path

from edge_inspector.domain.errors import JournalCorruptError
from edge_inspector.journal.segment import HEADER, MAX_RECORD_BYTES

SETTLE_S = 0.02  # a write under way is over by then: it is one system call
_LOOK_BYTES = 1 << 18
_ZEROS = bytes(_LOOK_BYTES)


class _Damage(Exception):  # noqa: N818
    """Something at the reader's offset is not a record, and not a torn tail either."""


class SegmentReader:
    """Reads records from `offset` on; `offset` is always the byte after the last record returned."""

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        self._looked_at: tuple[int, int, int] | None = None  # offset, size and mtime when the tail was last seen clean

    def read(self, most_bytes: int | None = None) -> list[tuple[int, bytes]]:
        """Return (offset, payload) of every whole record since the last call; none when there is nothing yet.

        Args:
            most_bytes: stop after the record that reaches so many bytes of payload; call again for the rest.

        Raises:
            JournalCorruptError: the segment is damaged at `offset`, or can not be read. The error holds the records that
                this call read before the damage, and `offset` is advanced beyond them.
        """
        records: list[tuple[int, bytes]] = []
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                self._read_into(records, descriptor, most_bytes)
            except _Damage:
                time.sleep(SETTLE_S)
                self._read_into(records, descriptor, most_bytes)
            finally:
                os.close(descriptor)
        except _Damage as damage:
            raise JournalCorruptError(self.path, self.offset, str(damage), records) from damage
        except OSError as error:
            raise JournalCorruptError(self.path, self.offset, f"can not be read ({error})", records) from error
        return records

    def _read_into(self, records: list[tuple[int, bytes]], descriptor: int, most_bytes: int | None) -> None:
        taken = sum(len(payload) for _, payload in records)
        while most_bytes is None or taken < most_bytes:
            status = os.fstat(descriptor)
            header = os.pread(descriptor, HEADER.size, self.offset).ljust(HEADER.size, b"\0")
            look = (self.offset, status.st_size, status.st_mtime_ns)
            if not any(header) and look == self._looked_at:
                return
            length, checksum = HEADER.unpack(header)
            body_offset = self.offset + HEADER.size
            if 0 < length <= MAX_RECORD_BYTES and body_offset + length <= status.st_size:
                payload = os.pread(descriptor, length, body_offset)
                if zlib.crc32(payload) == checksum:
                    records.append((self.offset, payload))
                    taken += length
                    self.offset = body_offset + length
                    continue
            self._check_tail(descriptor, status.st_size, length)
            self._looked_at = look
            return

    def _check_tail(self, descriptor: int, size: int, length: int) -> None:
        """Raise _Damage unless a killed or running writer could have left what follows `offset`."""
        if length == 0:
            if (found := _find_data(descriptor, self.offset, size)) is not None:
                raise _Damage(f"the end of the records, but more data at byte {found}")
            return
        extent_end = min(self.offset + HEADER.size + length, size)
        if (found := _find_data(descriptor, extent_end, size)) is not None:
            raise _Damage(
                f"the checksum of a record of {length} bytes does not match, and more data follows at byte {found}"
            )
        torn = os.pread(descriptor, extent_end - self.offset, self.offset)
        if (inside := _find_record(torn)) is not None:
            raise _Damage(f"a record claims {length} bytes, but another one begins at byte {self.offset + inside}")


def _find_data(descriptor: int, start: int, end: int) -> int | None:
    """Return the place of the first byte in [start, end) that is not zero, or None."""
    for offset in range(start, end, _LOOK_BYTES):
        piece = os.pread(descriptor, min(_LOOK_BYTES, end - offset), offset)
        if piece != _ZEROS[: len(piece)]:
            return offset + len(piece) - len(piece.lstrip(b"\0"))
    return None


def _find_record(torn: bytes) -> int | None:
    """Return where a whole record begins inside `torn`, or None.

    A damaged length can swallow the good records after it; only a last record is torn, and that holds no other.
    """
    for start in range(1, len(torn.rstrip(b"\0"))):
        if start + HEADER.size >= len(torn):
            break
        length, checksum = HEADER.unpack_from(torn, start)
        body = start + HEADER.size
        if checksum and 0 < length <= len(torn) - body and zlib.crc32(memoryview(torn)[body : body + length]) == checksum:
            return start
    return None
