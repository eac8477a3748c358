"""JSON that somebody else wrote: read whole, and refused with the file's name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any  # JSON that others wrote

from edge_inspector.domain.errors import TrainingDataError


def read_json(path: Path) -> Any:
    """Return what a file holds. Raises TrainingDataError if it is not there, or no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:  # of values: no text, no JSON, a number of too many digits
        raise TrainingDataError(f"{path}: can not be read as JSON ({error})") from error
