from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_inspector.decision.assessment import Assessment
from edge_inspector.decision.fusion import MAX_REASONS, fuse_any
from edge_inspector.domain.verdict import VerdictKind

ACCEPT, DOUBT, REJECT = (
    Assessment(VerdictKind.ACCEPT),
    Assessment.doubt("c1: no view"),
    Assessment(VerdictKind.REJECT, ("crack",)),
)


def test_nothing_judged_is_uninspected() -> None:
    assert fuse_any([]).kind is VerdictKind.UNINSPECTED


@given(st.lists(st.sampled_from([ACCEPT, DOUBT, REJECT]), min_size=1))
def test_the_worst_stands_in_any_order(assessments: list[Assessment]) -> None:
    kinds = {a.kind for a in assessments}
    fused = fuse_any(assessments)
    if VerdictKind.REJECT in kinds:
        assert fused.kind is VerdictKind.REJECT
    elif VerdictKind.UNINSPECTED in kinds:
        assert fused.kind is VerdictKind.UNINSPECTED
    else:
        assert fused == ACCEPT
    assert len(fused.reasons) <= MAX_REASONS


def test_reasons_to_reject_come_first() -> None:
    assert fuse_any([DOUBT, ACCEPT, REJECT]).reasons == ("crack", "c1: no view")


def test_too_many_reasons_are_cut_and_counted() -> None:
    fused = fuse_any([DOUBT] * (MAX_REASONS + 5))
    assert len(fused.reasons) == MAX_REASONS
    assert fused.reasons[-1] == "and 6 more reasons"
