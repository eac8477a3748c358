"""The verdict on one part. The wire carries `Verdict`; the journal's richer record is in `records.py`."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from edge_inspector.domain.identity import PartKey, TimeNs


class VerdictKind(StrEnum):
    """ACCEPT < UNINSPECTED < REJECT when reasons are combined: the worst stands."""

    ACCEPT = "ACCEPT"
    UNINSPECTED = "UNINSPECTED"
    REJECT = "REJECT"

    @property
    def severity(self) -> int:
        """0 for ACCEPT, 1 for UNINSPECTED, 2 for REJECT."""
        return ("ACCEPT", "UNINSPECTED", "REJECT").index(self.value)


def worse(a: VerdictKind, b: VerdictKind) -> VerdictKind:
    """Return the more severe of two verdicts.

    >>> worse(VerdictKind.ACCEPT, VerdictKind.UNINSPECTED).value
    'UNINSPECTED'
    """
    return a if a.severity >= b.severity else b


class Verdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="verdict"):
    """decision → line: what was decided for one part. Sent only after the journal holds it."""

    key: PartKey
    kind: VerdictKind
    reasons: tuple[str, ...]
    decided_ns: TimeNs
    last_frame_ns: TimeNs  # driver stamp of the last frame among the part's views; 0 = no view was seen
    inference_busy_ns: TimeNs  # union of the intervals in which an engine ran for this part


class DecisionBeat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="decision_beat"):
    """decision → line every 100 ms, from the working loop; without a fresh one no ACCEPT counts."""

    sent_ns: TimeNs
