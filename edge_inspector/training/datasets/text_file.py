"""A text file that somebody else wrote."""

from __future__ import annotations

from pathlib import Path

from edge_inspector.domain.errors import TrainingDataError


def read_lines(path: Path) -> list[str]:
    """Its lines, without a byte order mark. Raises TrainingDataError naming the file if it can not be read as text."""
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingDataError(f"{path}: can not be read as text ({error}); restore it") from error
