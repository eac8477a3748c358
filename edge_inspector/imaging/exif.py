"""How a JPEG is to be turned before people see it, as its Exif says (Exif 2.32, section 4.6; markers: ITU-T T.81, B.1)."""

from __future__ import annotations

import struct

UPRIGHT = 1
_EXIF, _ORIENTATION, _SHORT = b"Exif\x00\x00", 0x0112, 3
_APP1, _SCAN = 0xE1, 0xDA


def orientation_of(encoded: bytes) -> int:
    """1: as it is stored; 2 to 8: mirrored, turned or both. 1 as well where nothing is said, or what is said is damaged.

    >>> orientation_of(b"\\xff\\xd8\\xff\\xd9")
    1
    """
    try:
        return _found(encoded)
    except (struct.error, IndexError):
        return UPRIGHT


def _found(encoded: bytes) -> int:
    at = 2
    while encoded[at] == 0xFF and encoded[at + 1] != _SCAN:
        (length,) = struct.unpack_from(">H", encoded, at + 2)
        if encoded[at + 1] == _APP1 and encoded[at + 4 : at + 10] == _EXIF:
            return _in_tiff(encoded[at + 10 : at + 2 + length])
        at += 2 + length
    return UPRIGHT


def _in_tiff(tiff: bytes) -> int:
    order = "<" if tiff[:2] == b"II" else ">"
    (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
    (entries,) = struct.unpack_from(f"{order}H", tiff, directory)
    for number in range(entries):
        tag, kind = struct.unpack_from(f"{order}HH", tiff, directory + 2 + 12 * number)
        if tag == _ORIENTATION and kind == _SHORT:
            (value,) = struct.unpack_from(f"{order}H", tiff, directory + 2 + 12 * number + 8)
            return int(value) if 1 <= value <= 8 else UPRIGHT
    return UPRIGHT
