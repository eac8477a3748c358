"""What is concluded of one part: the worst that anything says of it, with the reasons of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge_inspector.domain.finding import Finding
from edge_inspector.domain.records import SurfaceRecord
from edge_inspector.domain.verdict import VerdictKind

MAX_REASONS = 16
MAX_FINDINGS = 64


@dataclass(frozen=True, slots=True)
class Assessment:
    """A verdict on one part and why; with what its silhouettes measure: a surface, or length and diameter without one."""

    kind: VerdictKind
    reasons: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    surface: SurfaceRecord | None = None
    length_mm: float | None = None
    diameter_mm: float | None = None

    @classmethod
    def of(cls, rejections: Sequence[str], doubts: Sequence[str], findings: Sequence[Finding] = ()) -> Assessment:
        """Return the worst: REJECT beats UNINSPECTED beats ACCEPT, which needs that nothing speaks against the part.

        Reasons to reject come first, findings that reject too. Both are cut at a bound, and the last reason says how
        many more there were.
        """
        kind = VerdictKind.REJECT if rejections else VerdictKind.UNINSPECTED if doubts else VerdictKind.ACCEPT
        reasons = [*rejections, *doubts]
        if len(reasons) > MAX_REASONS:
            reasons[MAX_REASONS - 1 :] = [f"and {len(reasons) - MAX_REASONS + 1} more reasons"]
        ordered = sorted(findings, key=lambda finding: not finding.rejects)
        return cls(kind, tuple(reasons), tuple(ordered[:MAX_FINDINGS]))

    def without_accept(self, doubt: str) -> Assessment:
        """Return UNINSPECTED for this reason in place of an ACCEPT; anything worse stands as it is."""
        if self.kind is not VerdictKind.ACCEPT:
            return self
        return replace(self, kind=VerdictKind.UNINSPECTED, reasons=(doubt,))
