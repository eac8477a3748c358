from __future__ import annotations

import pytest

from edge_inspector.decision.assessment import MAX_REASONS, Assessment
from edge_inspector.records.wording import reasons_and_rest


@pytest.mark.parametrize("count", [0, 1, MAX_REASONS, MAX_REASONS + 1, 22])
def test_what_decision_wrote_of_its_reasons_adds_up_to_all_that_there_were(count: int) -> None:
    reasons = tuple(f"reason {number}" for number in range(count))
    written, unwritten = reasons_and_rest(Assessment.of(reasons, ()).reasons)
    assert len(written) + unwritten == count
    assert written == reasons[: len(written)]


def test_a_reason_that_only_looks_like_a_count_is_a_reason() -> None:
    reasons = ("and 7 more reasons", "crack", "and 7 more reasons to look")
    assert reasons_and_rest(reasons) == (reasons, 0)
