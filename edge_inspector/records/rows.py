"""One record of ledger or journal into its rows. Any record may be applied again, in any order: the result is the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, assert_never

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from edge_inspector.domain.records import (
    AlarmRecord,
    ArrivalRecord,
    FindingRecord,
    JournalRecord,
    JournalStarted,
    LedgerRecord,
    LotRecord,
    OutcomeRecord,
    PartKeyRecord,
    RecipeRecord,
    RunEnded,
    RunRecovered,
    RunStarted,
    SurfacePlaceRecord,
    VerdictRecord,
)
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.records import schema
from edge_inspector.records.latency import stages
from edge_inspector.records.measures import measures_of

PartName = tuple[int, int]  # run, seq
Row = dict[str, Any]  # column: value, whatever SQLite takes
_CHILDREN = (schema.findings, schema.judgements, schema.missing_views)


def apply_ledger_record(connection: Connection, segment: int, offset: int, record: LedgerRecord) -> PartName | None:
    """Write one record of ledger segment `segment`; return the part that it was about."""
    match record:
        case ArrivalRecord():
            _claim(connection, record.key)
            _upsert(
                connection,
                schema.parts,
                _name(record.key),
                {
                    "nonce": record.key.nonce,
                    "recipe": record.key.recipe,
                    "trigger_ns": record.trigger_ns,
                    "verdict_by_ns": record.verdict_by_ns,
                    "at_utc": record.at_utc,
                    "flagged": record.flagged,
                    "lot": record.lot,
                },
            )
            return record.key.run, record.key.seq
        case OutcomeRecord():
            _apply_outcome(connection, record)
            return record.key.run, record.key.seq
        case RunStarted():
            row = msgspec.structs.asdict(record)
            del row["format"]
            _upsert(connection, schema.runs, {"run": row.pop("run")}, row)
        case RunRecovered():
            _upsert(
                connection,
                schema.runs,
                {"run": segment},
                {"recovered_lost": record.lost, "recovered_damaged": list(record.damaged)},
            )
        case RunEnded():
            _upsert(
                connection,
                schema.runs,
                {"run": segment},
                {"ended_reason": record.reason, "ended_ns": record.at_ns, "ended_utc": record.at_utc},
            )
        case AlarmRecord():
            _upsert(connection, schema.alarms, {"segment": segment, "offset": offset}, msgspec.structs.asdict(record))
        case LotRecord() | RecipeRecord():
            pass  # each arrival says its own
        case _:
            assert_never(record)
    return None


def apply_journal_record(connection: Connection, segment: int, offset: int, record: JournalRecord) -> PartName | None:
    """Write one record of journal segment `segment`; return the part that it was about."""
    match record:
        case JournalStarted():
            return None
        case VerdictRecord():
            _apply_verdict(connection, segment, offset, record)
            return record.key.run, record.key.seq
        case _:
            assert_never(record)


def update_latencies(connection: Connection, names: Iterable[PartName]) -> None:
    """Take the way of each of these parts apart anew, from what ledger and journal have said until now."""
    for run, seq in sorted(set(names)):
        part = schema.parts.c
        row = connection.execute(
            sa.select(part.trigger_ns, part.decided_ns, part.verdict_at_ns).where(part.run == run, part.seq == seq)
        ).one_or_none()
        if row is None:
            continue
        judgement = schema.judgements.c
        judged = connection.execute(
            sa.select(
                judgement.stamp_ns, judgement.chosen_ns, judgement.received_ns, judgement.started_ns, judgement.ended_ns
            ).where(judgement.run == run, judgement.seq == seq)
        ).all()
        times = stages(row.trigger_ns, judged, row.decided_ns, row.verdict_at_ns)
        connection.execute(sa.update(schema.parts).where(part.run == run, part.seq == seq).values(**asdict(times)))


def _apply_outcome(connection: Connection, record: OutcomeRecord) -> None:
    _claim(connection, record.key)
    _upsert(
        connection,
        schema.parts,
        _name(record.key),
        {
            "nonce": record.key.nonce,
            "recipe": record.key.recipe,
            "outcome": record.outcome.value,
            "verdict": record.verdict.value,
            "decided": None if record.decided is None else record.decided.value,
            "reason": record.reason,
            "outcome_ns": record.at_ns,
            "outcome_utc": record.at_utc,
            "length_mm": record.length_mm,
            "verdict_at_ns": record.verdict_at_ns,
            "commit_ns": record.commit_ns,
            "confirm_ns": record.confirm_ns,
            "lane": record.lane,
        },
    )


def _apply_verdict(connection: Connection, segment: int, offset: int, record: VerdictRecord) -> None:
    part = schema.parts.c
    held = connection.execute(
        sa.select(part.nonce, part.journal_verdict, part.journal_segment, part.journal_offset).where(
            part.run == record.key.run, part.seq == record.key.seq
        )
    ).one_or_none()
    if held is not None:
        if held.nonce != record.key.nonce:
            return  # of another ledger: somebody removed the one that this journal belonged to
        if held.journal_verdict is not None:
            held_rank = (VerdictKind(held.journal_verdict).severity, held.journal_segment, held.journal_offset)
            if held_rank >= (record.verdict.severity, segment, offset):
                return
    row: Row = {
        "nonce": record.key.nonce,
        "recipe": record.key.recipe,
        "journal_verdict": record.verdict.value,
        "reasons": list(record.reasons),
        "arrival_ns": record.arrival_ns,
        "decided_ns": record.decided_ns,
        "verdict_utc": record.at_utc,
        "journal_segment": segment,
        "journal_offset": offset,
        **msgspec.structs.asdict(measures_of(record)),
    }
    if held is None:
        row |= {"trigger_ns": record.trigger_ns, "verdict_by_ns": record.verdict_by_ns}
    _upsert(connection, schema.parts, _name(record.key), row)
    _delete_children(connection, record.key)
    _insert_children(connection, schema.findings, record.key, [_finding_row(f) for f in record.findings])
    _insert_children(connection, schema.missing_views, record.key, [msgspec.structs.asdict(m) for m in record.missing])
    judged = []
    for judgement in record.judgements:
        columns = msgspec.structs.asdict(judgement)
        columns["region_count"] = len(judgement.regions)
        judged.append({name: columns[name] for name in schema.judgements.c.keys() if name in columns})  # noqa: SIM118
    _insert_children(connection, schema.judgements, record.key, judged)


def _finding_row(finding: FindingRecord) -> Row:
    row = msgspec.structs.asdict(finding)
    row["width_mm"] = finding.width_mm or None  # 0: of a version that did not measure it
    place = row.pop("place")
    return row | (
        msgspec.structs.asdict(place) if place is not None else dict.fromkeys(SurfacePlaceRecord.__struct_fields__)
    )


def _claim(connection: Connection, key: PartKeyRecord) -> None:
    """Remove what a journal of another ledger said of a part with the same name."""
    part = schema.parts.c
    foreign = connection.execute(
        sa.delete(schema.parts).where(part.run == key.run, part.seq == key.seq, part.nonce != key.nonce)
    )
    if foreign.rowcount:
        _delete_children(connection, key)


def _delete_children(connection: Connection, key: PartKeyRecord) -> None:
    for table in _CHILDREN:
        connection.execute(sa.delete(table).where(table.c.run == key.run, table.c.seq == key.seq))


def _insert_children(connection: Connection, table: sa.Table, key: PartKeyRecord, rows: Sequence[Row]) -> None:
    if rows:
        connection.execute(sa.insert(table), [_name(key) | {"number": i} | row for i, row in enumerate(rows)])


def _name(key: PartKeyRecord) -> Row:
    return {"run": key.run, "seq": key.seq}


def _upsert(connection: Connection, table: sa.Table, key: Row, row: Row) -> None:
    statement = insert(table).values(**key, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=row))
