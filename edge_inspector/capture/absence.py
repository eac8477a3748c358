"""Why a view does not show the part as the recipe wants it."""

from __future__ import annotations

from dataclasses import dataclass

from edge_inspector.domain.view import MissingReason


@dataclass(frozen=True, slots=True)
class Absence:
    """A camera's answer in place of a view. `detail` is a sentence with numbers and limits."""

    reason: MissingReason
    detail: str
