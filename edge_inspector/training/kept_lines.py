"""What a long work finds out bit by bit, kept as lines of JSON: whoever interrupts it loses nothing but the bit at hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any  # JSON

from edge_inspector.domain.disk_refusal import writing_below

_PACKAGE = Path(__file__).parents[1]
DECIDING = (  # what draws and judges straws
    "decision",
    "geometry",
    "imaging",
    "inference",
    "rejudging",
    "synthesis",
    "training/straw_scores.py",
)


class KeptLines:
    """Lines of one file, whose first one says of what they are: those of anything else are not gone on with.

    Its writer may be killed at any time: a last line that was cut off is left out. Raises OSError if the disk takes none.
    """

    def __init__(self, path: Path, of: Mapping[str, object]) -> None:
        self._path = path
        head = json.dumps(of)
        self.lines: list[Any] = self._lines_of(head)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.partial")
        partial.write_text("\n".join([head, *map(json.dumps, self.lines), ""]), encoding="utf-8")
        partial.replace(path)

    def append(self, line: object) -> None:
        """Keep one more."""
        with writing_below(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _lines_of(self, head: str) -> list[Any]:
        if not self._path.is_file():
            return []
        first, *rest = self._path.read_text(encoding="utf-8").splitlines() or [""]
        if first != head:
            return []
        lines = []
        for line in rest:
            with suppress(json.JSONDecodeError):
                lines.append(json.loads(line))
        return lines


def code_digest(names: Sequence[str] = DECIDING) -> str:
    """SHA-256 of some packages and files of this program, by default of those that decide what a straw scores."""
    digest = hashlib.sha256()
    for name in names:
        place = _PACKAGE / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(f"{path.relative_to(_PACKAGE)}\n".encode() + path.read_bytes())
    return digest.hexdigest()
