"""Two values of a station's files that do not go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two values that do not go together, at the key `loc` of one of the files."""

    file: Literal["station", "recipe"]
    loc: tuple[str | int, ...]
    text: str
