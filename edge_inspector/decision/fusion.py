"""Fuses everything known of one part into a verdict. Mode `any`: each view counts on its own, the worst stands."""

from __future__ import annotations

from collections.abc import Sequence

from edge_inspector.decision.assessment import Assessment

MAX_REASONS = 16
MAX_FINDINGS = 64


def fuse_any(assessments: Sequence[Assessment]) -> Assessment:
    """Return the worst of all assessments with the reasons of all, worst first; of nothing, UNINSPECTED.

    REJECT beats UNINSPECTED beats ACCEPT. Reasons and findings are cut at a bound, and the last reason says how many more
    there were.
    """
    if not assessments:
        return Assessment.doubt("nothing was judged")
    by_severity = sorted(assessments, key=lambda assessment: -assessment.kind.severity)
    reasons = [reason for assessment in by_severity for reason in assessment.reasons]
    if len(reasons) > MAX_REASONS:
        reasons[MAX_REASONS - 1 :] = [f"and {len(reasons) - MAX_REASONS + 1} more reasons"]
    findings = [finding for assessment in by_severity for finding in assessment.findings]
    findings.sort(key=lambda finding: not finding.rejects)
    return Assessment(by_severity[0].kind, tuple(reasons), tuple(findings[:MAX_FINDINGS]))
