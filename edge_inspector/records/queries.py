"""What people ask of the records: the last parts, one part whole, how long the stages took."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.records.damage import Damage, list_damage
from edge_inspector.records.latency import STAGE_NAMES, Stages
from edge_inspector.records.measures import MEASURE_NAMES, Measures
from edge_inspector.records.part_filter import EVERY_PART, PartFilter
from edge_inspector.records.schema import findings, judgements, missing_views, parts, runs

_NAME = re.compile(r"^(\d{1,15})-(\d{1,15})$")


class PartSummary(msgspec.Struct, frozen=True):
    """One part in a list. `verdict` is the one applied, or before the outcome the one decided; None = none yet."""

    part: str
    at_utc: str
    verdict: str | None
    outcome: str | None  # None = still under way
    reason: str
    stages: Stages
    lot: str  # empty: none was named


class FindingRow(msgspec.Struct, frozen=True):
    """One finding: its place in the first camera's view, and on the surface where views are put together on one."""

    engine: str
    defect: str
    score: float
    area_mm2: float
    length_mm: float
    cameras: tuple[str, ...]
    x_px: int
    y_px: int
    width_px: int
    height_px: int
    rejects: bool
    width_mm: float | None
    along_mm: float | None
    angle_deg: float | None
    along_extent_mm: float | None
    angle_extent_deg: float | None


class JudgementRow(msgspec.Struct, frozen=True):
    """One engine's word on one view; `score` is None where nothing was judged."""

    camera: str
    engine: str
    score: float | None
    not_judged: str
    region_count: int
    frame_number: int
    skew_ms: float


class MissingViewRow(msgspec.Struct, frozen=True):
    """A camera without a good view."""

    camera: str
    reason: str
    detail: str


class PartDetails(msgspec.Struct, frozen=True):
    """All that the records say of one part.

    `journal_verdict` is what was decided, `decided` what reached the line worker, `summary.verdict` what it applied.
    `length_mm` is the sensor's, `measures` those of the silhouettes.
    """

    summary: PartSummary
    recipe: str | None
    flagged: str | None
    decided: str | None
    journal_verdict: str | None
    reasons: tuple[str, ...]
    outcome_utc: str | None
    length_mm: float | None
    lane: str  # the ejector that was opened for it; empty: none was
    measures: Measures
    findings: tuple[FindingRow, ...]
    judgements: tuple[JudgementRow, ...]
    missing_views: tuple[MissingViewRow, ...]
    station: str | None
    journal_segment: int | None  # where the journal holds the verdict; None: there is none
    journal_offset: int | None
    damage: tuple[Damage, ...]  # of ledger and journal, wherever: what is told here may be without it


def list_parts(connection: Connection, wanted: PartFilter = EVERY_PART) -> list[PartSummary]:
    """Return the parts that are wanted, in the order of their arrival."""
    names = wanted.names()
    own = (names.c.run == parts.c.run) & (names.c.seq == parts.c.seq)
    rows = connection.execute(sa.select(parts).join(names, own).order_by(parts.c.run, parts.c.seq)).all()
    return [_summary(row) for row in rows]


def show_part(connection: Connection, name: str) -> PartDetails:
    """Return everything about part `name` (`run-seq`).

    Raises:
        ConfigurationError: not a part's name, or nobody knows it; the message says which there are.
    """
    match = _NAME.match(name)
    if match is None:
        raise ConfigurationError(f"{name!r} is not a part's name; it is RUN-NUMBER, such as 3-17")
    run, seq = int(match[1]), int(match[2])
    row = connection.execute(sa.select(parts).where(parts.c.run == run, parts.c.seq == seq)).one_or_none()
    if row is None:
        raise ConfigurationError(f"part {name} is not in the records; {_which_there_are(connection, run)}")
    return PartDetails(
        summary=_summary(row),
        recipe=row.recipe,
        flagged=row.flagged,
        decided=row.decided,
        journal_verdict=row.journal_verdict,
        reasons=tuple(row.reasons or ()),
        outcome_utc=row.outcome_utc,
        length_mm=row.length_mm,
        lane=row.lane or "",
        measures=Measures(**{name: getattr(row, name) for name in MEASURE_NAMES}),
        findings=tuple(msgspec.convert(_children(connection, findings, run, seq), list[FindingRow])),
        judgements=tuple(msgspec.convert(_children(connection, judgements, run, seq), list[JudgementRow])),
        missing_views=tuple(msgspec.convert(_children(connection, missing_views, run, seq), list[MissingViewRow])),
        station=connection.execute(sa.select(runs.c.station).where(runs.c.run == run)).scalar_one_or_none(),
        journal_segment=row.journal_segment,
        journal_offset=row.journal_offset,
        damage=list_damage(connection),
    )


def _which_there_are(connection: Connection, run: int) -> str:
    """Say which parts there are of this run, or of which runs."""
    part = parts.c
    count, first, last = connection.execute(
        sa.select(sa.func.count(), sa.func.min(part.seq), sa.func.max(part.seq)).where(part.run == run)
    ).one()
    if count:
        return f"run {run} has {count} parts, {run}-{first} to {run}-{last}"
    newest = connection.execute(sa.select(part.run, part.seq).order_by(part.run.desc(), part.seq.desc()).limit(1)).first()
    if newest is None:
        return "there is no part yet"
    oldest = connection.execute(sa.select(part.run, part.seq).order_by(part.run, part.seq).limit(1)).one()
    return f"no part of run {run} is; there are {oldest.run}-{oldest.seq} to {newest.run}-{newest.seq}"


def _children(connection: Connection, table: sa.Table, run: int, seq: int) -> list[dict[str, Any]]:
    statement = sa.select(table).where(table.c.run == run, table.c.seq == seq).order_by(table.c.number)
    return [{str(name): value for name, value in row.items()} for row in connection.execute(statement).mappings()]


def _summary(row: Row[Any]) -> PartSummary:
    return PartSummary(
        part=f"{row.run}-{row.seq}",
        at_utc=row.at_utc or row.verdict_utc or row.outcome_utc or "",
        verdict=row.verdict or row.journal_verdict,
        outcome=row.outcome,
        reason=row.reason or "; ".join(row.reasons or ()),
        stages=Stages(**{name: getattr(row, name) for name in STAGE_NAMES}),
        lot=row.lot or "",
    )
