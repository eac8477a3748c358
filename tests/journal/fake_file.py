"""A segment file in memory that misbehaves on request and remembers what was done to it."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path


class FakeFile:
    def __init__(self) -> None:
        self.content = bytearray()
        self.capacity: int | None = None  # bytes the disk has
        self.most_per_write: int | None = None  # a short write takes no more
        self.fail_write: int | None = None  # errno
        self.fail_sync: int | None = None
        self.fail_truncate: int | None = None
        self.synced = threading.Event()
        self.sync_count = 0
        self.is_closed = False

    def open(self, path: Path) -> FakeFile:
        path.touch(exist_ok=False)
        return self

    def write_at(self, chunk: bytes, offset: int) -> int:
        if self.fail_write is not None:
            raise OSError(self.fail_write, os.strerror(self.fail_write))
        room = len(chunk) if self.capacity is None else max(0, min(len(chunk), self.capacity - offset))
        if room == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = min(room, self.most_per_write or room)
        self.content[len(self.content) :] = bytes(max(0, offset + taken - len(self.content)))
        self.content[offset : offset + taken] = chunk[:taken]
        return taken

    def allocate(self, offset: int, length: int) -> None:
        if self.capacity is not None and offset + length > self.capacity:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        assert not any(self.content[offset : offset + length]), "records would be lost"
        self.content[len(self.content) :] = bytes(max(0, offset + length - len(self.content)))

    def truncate(self, length: int) -> None:
        if self.fail_truncate is not None:
            raise OSError(self.fail_truncate, os.strerror(self.fail_truncate))
        del self.content[length:]

    def sync(self) -> None:
        self.sync_count += 1
        self.synced.set()
        if self.fail_sync is not None:
            raise OSError(self.fail_sync, os.strerror(self.fail_sync))

    def close(self) -> None:
        self.is_closed = True
