"""A lot changes between two parts, and nothing but the ledger knows of it."""

from __future__ import annotations

from edge_inspector.domain.records import LotRecord
from edge_inspector.line.events import Announce, LotNamed, Record
from tests.line.controller_rig import Rig


def lots(rig: Rig) -> list[str]:
    return [effect.lot for effect in rig.effects if isinstance(effect, Announce)]


def test_parts_belong_to_the_lot_that_was_named_before_they_arrived() -> None:
    rig = Rig().arm()
    for name in (None, "a", None, "b", ""):
        if name is not None:
            rig.step(LotNamed("maria", name))
        rig.arrive()
        rig.run_ms(500)
    assert lots(rig) == ["", "a", "a", "b", ""]


def test_a_change_of_lot_is_recorded_with_who_asked_for_it() -> None:
    rig = Rig().arm()
    rig.step(LotNamed("maria", "2026-17"))
    records = [effect.record for effect in rig.effects if isinstance(effect, Record)]
    assert records == [LotRecord("2026-17", "maria", rig.now_ns, "")]
    assert rig.controller.lot == "2026-17"


def test_a_change_of_lot_changes_nothing_for_the_parts_under_way() -> None:
    rig = Rig().arm()
    key = rig.arrive()
    rig.decide(key)
    rig.step(LotNamed("maria", "b"))
    rig.confirm_when_due(key)
    assert rig.outcome().outcome == "passed"
