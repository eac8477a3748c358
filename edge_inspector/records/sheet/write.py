"""Draws the sheet of one part from the state folder and writes it where people look for it."""

from __future__ import annotations

from pathlib import Path

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.imaging.overlay import encode_jpeg
from edge_inspector.records.database import read_only
from edge_inspector.records.part_evidence import read_evidence
from edge_inspector.records.picture_store import sheet_name, write_beside
from edge_inspector.records.queries import PartDetails, show_part
from edge_inspector.records.sheet.draw import draw_sheet

QUALITY = 93


def write_sheet(state_dir: Path, details: PartDetails, to: Path | None = None) -> Path:
    """Draw the sheet of a part, replace the one that may be there, and return its path.

    Args:
        state_dir: of the station.
        details: of the part.
        to: the file to write; default: PART-sheet.jpg beside the part's pictures, where it counts for their quota.

    Raises:
        ConfigurationError: there are no pictures to draw it from, or it can not be written; the message says why.
    """
    if to is not None and to.suffix.lower() not in (".jpg", ".jpeg"):
        raise ConfigurationError(f"{to}: the sheet is a JPEG; name a file that ends in .jpg")
    evidence = read_evidence(state_dir, details)
    content = encode_jpeg(draw_sheet(evidence), QUALITY)
    try:
        if to is None:
            return write_beside(evidence.folder, sheet_name(details.summary.part), content)
        to.write_bytes(content)
    except OSError as error:
        place = evidence.folder if to is None else to
        raise ConfigurationError(
            f"{place}: the sheet can not be written ({error.strerror}); name a file with --sheet"
        ) from error
    return to


def sheet_of(state_dir: Path, name: str) -> Path:
    """Draw the sheet of the part `run-seq` beside its pictures and return its path; raises as `write_sheet` does.

    Raises:
        ConfigurationError: also where the records do not know the part.
        DatabaseError: the records can not be read now.
    """
    with read_only(state_dir) as connection:
        details = show_part(connection, name)
    return write_sheet(state_dir, details)
