"""What a segment is: records one after the other, each `u32 length, u32 CRC-32 of the payload, payload`, little-endian.

A length of zero is the end: the rest of the file is preallocated zeros. A writer that closes cuts them off, a killed one
leaves them. A folder holds segments named by number.
"""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

HEADER = struct.Struct("<II")  # length, CRC-32 (zlib.crc32) of the payload
MAX_RECORD_BYTES = 32 << 20  # above the wire's bound for one message; a longer length can only be damage
_NAME = re.compile(r"^(\d{10})\.seg$")


def frame(payload: bytes) -> bytes:
    """Return a record's bytes: header and payload."""
    return HEADER.pack(len(payload), zlib.crc32(payload)) + payload


def segment_path(folder: Path, number: int) -> Path:
    """Return the path of segment `number`.

    >>> segment_path(Path("ledger"), 7).name
    '0000000007.seg'
    """
    return folder / f"{number:010d}.seg"


def list_segments(folder: Path) -> list[tuple[int, Path]]:
    """Return (number, path) of every segment in `folder`, by number; none when there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted((int(match[1]), path) for path in folder.iterdir() if (match := _NAME.match(path.name)))
