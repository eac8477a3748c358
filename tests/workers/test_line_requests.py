"""What people ask the line worker for while parts come: another lot."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_inspector.domain.clock import NS_PER_S, now_ns
from edge_inspector.domain.control import LotRequest
from edge_inspector.domain.records import ArrivalRecord, LotRecord
from tests.workers.line_rig import Neighbours


@pytest.fixture
def neighbours() -> Iterator[Neighbours]:
    folder = Path(tempfile.mkdtemp(prefix="ei-"))  # short: ipc paths have 107 bytes
    neighbours = Neighbours(folder)
    neighbours.until(lambda: neighbours.outputs.feed_enable)
    yield neighbours
    neighbours.close()
    shutil.rmtree(folder)


def test_a_lot_named_by_a_person_is_in_every_arrival_from_then_on_also_in_the_next_life(neighbours: Neighbours) -> None:
    neighbours.bring_part()
    neighbours.until(lambda: len(neighbours.accepted) == 1)
    reply = neighbours.ask(LotRequest("maria", "2026-17", now_ns() + NS_PER_S))
    assert (reply.ok, reply.text) == (True, "from the next part on: lot 2026-17 (before, no lot was named)")
    neighbours.bring_part()
    neighbours.until(lambda: len(neighbours.accepted) == 2 and neighbours.fact("lot") == "2026-17")
    assert [r.lot for r in neighbours.ledger() if isinstance(r, ArrivalRecord)] == ["", "2026-17"]
    neighbours.replace_line()
    neighbours.bring_part()
    neighbours.until(lambda: len(neighbours.accepted) == 3)
    assert [r.lot for r in neighbours.ledger() if isinstance(r, ArrivalRecord)] == ["", "2026-17", "2026-17"]
    assert [(r.lot, r.who) for r in neighbours.ledger() if isinstance(r, LotRecord)] == [
        ("2026-17", "maria"),
        ("2026-17", ""),
    ]


def test_a_lot_that_comes_too_late_to_the_line_worker_is_not_named(neighbours: Neighbours) -> None:
    reply = neighbours.ask(LotRequest("maria", "2026-17", now_ns() - 1))
    assert (reply.ok, reply.text) == (False, "the lot came too late to the line worker; name it again")
    assert not any(isinstance(record, LotRecord) for record in neighbours.ledger())
