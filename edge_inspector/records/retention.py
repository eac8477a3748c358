"""How long pictures are kept, and of which accepted parts. Pure: the day is passed in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from edge_inspector.domain.verdict import VerdictKind


@dataclass(frozen=True, slots=True)
class Retention:
    """Days that pictures are kept, by the part's verdict, and the share of accepted parts that keep any (0..1)."""

    rejected_days: int
    uninspected_days: int
    accepted_days: int
    accepted_sample: float = 0.0

    @property
    def fewest_days(self) -> int:
        """No picture is removed for its age before it is so old."""
        return min(self.rejected_days, self.uninspected_days, self.accepted_days)

    def days(self, kind: VerdictKind) -> int:
        """Return how many days the pictures of a part with this verdict are kept."""
        match kind:
            case VerdictKind.REJECT:
                return self.rejected_days
            case VerdictKind.UNINSPECTED:
                return self.uninspected_days
            case VerdictKind.ACCEPT:
                return self.accepted_days
            case _:
                assert_never(kind)

    def is_expired(self, kind: VerdictKind, day: date, today: date) -> bool:
        """Whether the pictures of a part of `day` are too old today; those of the future are not.

        >>> keep = Retention(rejected_days=30, uninspected_days=30, accepted_days=1)
        >>> keep.is_expired(VerdictKind.ACCEPT, date(2024, 5, 1), date(2024, 5, 2))
        False
        >>> keep.is_expired(VerdictKind.ACCEPT, date(2024, 5, 1), date(2024, 5, 3))
        True
        """
        return (today - day).days > self.days(kind)

    def samples(self, part: str) -> bool:
        """Whether the accepted part `run-seq` is one of those whose pictures are kept: always the same answer."""
        drawn = int.from_bytes(hashlib.blake2b(part.encode("ascii"), digest_size=6).digest(), "big") / 2**48  # 0..1
        return drawn < self.accepted_sample
