"""Names of parts and lives."""

from __future__ import annotations

import re

from edge_inspector.domain.identity import PartKey, new_incarnation, new_nonce
from edge_inspector.domain.records import PartKeyRecord


def test_a_part_is_named_by_run_and_number() -> None:
    key = PartKey(run=3, seq=17, nonce=1, recipe="0" * 64)
    assert key.name == "3-17"
    assert PartKeyRecord.of(key).name == "3-17"


def test_two_lives_of_one_number_are_two_parts() -> None:
    assert PartKey(1, 1, 5, "0" * 64) != PartKey(1, 1, 6, "0" * 64)


def test_nonces_and_incarnations_do_not_repeat() -> None:
    assert len({new_nonce() for _ in range(1000)}) == 1000
    assert all(0 <= new_nonce() < 2**63 for _ in range(1000))
    assert len({new_incarnation() for _ in range(1000)}) == 1000
    assert re.fullmatch("[0-9a-f]{12}", new_incarnation())
