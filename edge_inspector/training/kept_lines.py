"""What a long work finds out bit by bit, kept as lines of JSON: whoever interrupts it loses nothing but the bit at hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any  # JSON

_PACKAGE = Path(__file__).parents[1]
DECIDING = ("decision", "geometry", "imaging", "inference", "rejudging", "synthesis")  # packages that draw and judge straws


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
        with self._path.open("a", encoding="utf-8") as file:
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


def code_digest(packages: Sequence[str] = DECIDING) -> str:
    """SHA-256 of the code of some packages of this program, by default those that decide what a straw scores."""
    digest = hashlib.sha256()
    for name in packages:
        for path in sorted((_PACKAGE / name).rglob("*.py")):
            digest.update(f"{path.relative_to(_PACKAGE)}\n".encode() + path.read_bytes())
    return digest.hexdigest()
