from __future__ import annotations

import msgspec
import pytest

from edge_inspector.domain.errors import MessageRefusedError
from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.records import (
    AlarmRecord,
    ArrivalRecord,
    LotRecord,
    OutcomeRecord,
    PartKeyRecord,
    RecipeRecord,
    RunStarted,
)
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.journal import decode_journal_record, decode_ledger_record, encode_record

KEY = PartKeyRecord(3, 17, 99, "a" * 64)
ARRIVAL = ArrivalRecord(KEY, trigger_ns=5, verdict_by_ns=9, at_utc="2024-01-01T00:00:00.000+00:00")


@pytest.mark.parametrize(
    "record",
    [
        RunStarted(1, 3, "boot", "abc", 1, "t", "demo", "a" * 64),
        ARRIVAL,
        OutcomeRecord(KEY, Outcome.PASSED, VerdictKind.ACCEPT, None, "passed", 7, "t", lane="good"),
        LotRecord("2026-17", "maria", 1, "t"),
        RecipeRecord("b" * 64, "maria", 1, "t"),
        AlarmRecord("air", "air is low", True, 1, "t"),
    ],
)
def test_a_record_of_the_ledger_comes_back_as_it_was(record: RunStarted | ArrivalRecord) -> None:
    assert decode_ledger_record(encode_record(record)) == record


def test_fields_of_a_later_version_are_ignored() -> None:
    fields = msgspec.msgpack.decode(encode_record(ARRIVAL))
    fields["from_the_future"] = 1
    fields["key"]["also"] = 2
    assert decode_ledger_record(msgspec.msgpack.encode(fields)) == ARRIVAL


def test_a_field_that_an_older_version_did_not_write_has_its_default() -> None:
    fields = msgspec.msgpack.decode(encode_record(ARRIVAL))
    del fields["flagged"], fields["lot"]
    assert decode_ledger_record(msgspec.msgpack.encode(fields)) == ARRIVAL


def test_a_record_of_the_ledger_is_refused_in_the_journal() -> None:
    with pytest.raises(MessageRefusedError, match="not a record of the journal"):
        decode_journal_record(encode_record(ARRIVAL))
