"""The worst of combined verdicts stands; nothing turns doubt into ACCEPT."""

from __future__ import annotations

import itertools

import pytest

from edge_inspector.domain.verdict import VerdictKind, worse

ACCEPT, UNINSPECTED, REJECT = VerdictKind.ACCEPT, VerdictKind.UNINSPECTED, VerdictKind.REJECT


def test_accept_is_better_than_uninspected_is_better_than_reject() -> None:
    assert sorted(VerdictKind, key=lambda kind: kind.severity) == [ACCEPT, UNINSPECTED, REJECT]


@pytest.mark.parametrize(("a", "b"), list(itertools.product(VerdictKind, repeat=2)))
def test_combined_verdicts_accept_only_when_both_do(a: VerdictKind, b: VerdictKind) -> None:
    assert (worse(a, b) is ACCEPT) == (a is ACCEPT and b is ACCEPT)
    assert worse(a, b) is worse(b, a)
    assert worse(a, b).severity == max(a.severity, b.severity)
