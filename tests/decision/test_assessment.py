from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_inspector.decision.assessment import MAX_FINDINGS, MAX_REASONS, Assessment
from edge_inspector.domain.verdict import VerdictKind
from tests.decision.test_rules import place

REASONS = st.lists(st.text(min_size=1), max_size=20)


@given(REASONS, REASONS)
def test_the_worst_stands(rejections: list[str], doubts: list[str]) -> None:
    result = Assessment.of(rejections, doubts)
    if rejections:
        assert result.kind is VerdictKind.REJECT
    elif doubts:
        assert result.kind is VerdictKind.UNINSPECTED
    else:
        assert result == Assessment(VerdictKind.ACCEPT)
    assert len(result.reasons) <= MAX_REASONS


def test_reasons_to_reject_come_first() -> None:
    assert Assessment.of(["crack"], ["c1: no view"]).reasons == ("crack", "c1: no view")


def test_too_many_reasons_are_cut_and_counted() -> None:
    result = Assessment.of([], ["c1: no view"] * (MAX_REASONS + 5))
    assert len(result.reasons) == MAX_REASONS
    assert result.reasons[-1] == "and 6 more reasons"


def test_of_too_many_findings_those_that_reject_are_kept() -> None:
    findings = [place().finding(rejects=False)] * MAX_FINDINGS + [place().finding(rejects=True)]
    result = Assessment.of(["crack"], [], findings)
    assert len(result.findings) == MAX_FINDINGS
    assert result.findings[0].rejects


def test_what_came_too_late_is_no_accept() -> None:
    accepted, rejected = Assessment.of([], []), Assessment.of(["crack"], [])
    assert accepted.without_accept("late") == Assessment(VerdictKind.UNINSPECTED, ("late",))
    assert rejected.without_accept("late") == rejected
