"""The few system calls that a writer makes, behind a protocol: a test can make each of them fail."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Protocol

_ZEROS = bytes(1 << 16)


class SegmentFile(Protocol):
    """A file opened for one writer. Every method raises OSError as the system call does."""

    def write_at(self, chunk: bytes, offset: int) -> int:
        """Write at `offset` and return how many bytes were taken, perhaps fewer than given."""

    def allocate(self, offset: int, length: int) -> None:
        """Reserve the bytes from `offset` on; they read as zeros. Nothing was ever written there."""

    def truncate(self, length: int) -> None:
        """Give back what was reserved after the first `length` bytes."""

    def sync(self) -> None:
        """Return once everything written is on the disk."""

    def close(self) -> None:
        """Close the file."""


class OsSegmentFile:
    """The operating system's own file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def create(cls, path: Path) -> OsSegmentFile:
        """Create `path` exclusively, and make its name durable.

        Raises:
            FileExistsError: somebody else created it.
            OSError: it can not be created.
        """
        created = cls(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return created

    def write_at(self, chunk: bytes, offset: int) -> int:
        """See `SegmentFile.write_at`."""
        return os.pwrite(self._descriptor, chunk, offset)

    def allocate(self, offset: int, length: int) -> None:
        """See `SegmentFile.allocate`; writes zeros where the file system can not reserve."""
        try:
            os.posix_fallocate(self._descriptor, offset, length)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise
            end = offset + length
            while offset < end:
                offset += os.pwrite(self._descriptor, _ZEROS[: end - offset], offset)

    def truncate(self, length: int) -> None:
        """See `SegmentFile.truncate`."""
        os.ftruncate(self._descriptor, length)

    def sync(self) -> None:
        """See `SegmentFile.sync`."""
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        """See `SegmentFile.close`."""
        os.close(self._descriptor)
