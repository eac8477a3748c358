"""What a person is told where a disk is full, or may not be written: that is no mistake of the program."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DISK_REFUSES = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ENOTDIR)


def disk_refusal(error: OSError) -> str | None:
    """What happened, where, and what to do; None for any other error.

    >>> disk_refusal(OSError(errno.ENOSPC, "No space left on device", "runs/run.yaml"))[:59]
    'runs/run.yaml: can not be written (No space left on device)'
    >>> disk_refusal(OSError(errno.EIO, "Input/output error"))
    """
    if error.errno not in DISK_REFUSES:
        return None
    verb = "used" if error.errno in (errno.EACCES, errno.EPERM) else "written"  # rights may be lacking to read, too
    return (
        f"{error.filename or 'a file'}: can not be {verb} ({error.strerror}); make room, or correct its name or rights, and "
        "give the command again. What was kept before stays"
    )


@contextmanager
def writing_below(folder: Path) -> Iterator[None]:
    """Errors of files that are open do not say which: they name the folder that everything is written below.

    >>> with writing_below(Path("trained")):
    ...     raise OSError(errno.ENOSPC, "No space left on device")
    Traceback (most recent call last):
    OSError: [Errno 28] No space left on device: 'trained'
    """
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = f"{folder}"
        raise
