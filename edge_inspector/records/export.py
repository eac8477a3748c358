"""Parts and findings as CSV (RFC 4180, UTF-8): a head with the names of the columns, then one row a part or a finding.

Columns never change their order; new ones are added at the end. A field without a value is empty, several values in one
field are parted by `; `, true and false are written so. Times are UTC, ISO 8601; numbers have at most six decimals.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TextIO

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from edge_inspector.records.latency import STAGE_NAMES
from edge_inspector.records.part_filter import PartFilter, part_utc
from edge_inspector.records.schema import findings, parts

ROWS_A_STEP = 1000  # between two words of progress
DECIMALS = 6  # of every number: a nanosecond of a time in ms, and no digits of binary fractions

PART_COLUMNS: dict[str, str] = {
    "part": "RUN-NUMBER",
    "run": "life of the line worker",
    "seq": "number in the run",
    "arrival_utc": "it arrived",
    "outcome_utc": "its outcome was certain",
    "verdict": "as the line applied it; empty before the outcome",
    "decided": "the verdict that reached the line in time; empty when none did",
    "journal_verdict": "the worst verdict that was decided",
    "outcome": "what became of it; empty while under way",
    "reason": "the line's reason",
    "reasons": "reasons of the verdict that was decided",
    "flagged": "why it could not be inspected from its arrival on",
    "recipe": "SHA-256",
    "length_mm": "at the sensor",
    **dict.fromkeys(STAGE_NAMES, "stage of its way, see edge_inspector/records/latency.py"),
    "finding_count": "findings, those that did not reject included",
    "worst_defect": "of its worst finding: one that rejects before one that does not, then by score, then by area",
    "worst_engine": "of its worst finding",
    "worst_score": "of its worst finding",
    "worst_area_mm2": "of its worst finding",
    "worst_length_mm": "of its worst finding",
    "worst_cameras": "of its worst finding",
    "worst_rejects": "whether its worst finding rejects",
    "measured_length_mm": "end to end, by its silhouettes; empty when not measured",
    "diameter_mm": "mean over its length, by its silhouettes",
    "bow_mm": "farthest that its axis lies from the straight line between its ends",
    "taper_mm": "difference of the diameter between its two ends",
    "oval_mm": "largest less smallest diameter of a cross-section",
    "coverage": "share of its surface that some view shows well, 0..1",
    "worst_width_mm": "of its worst finding",
    "worst_along_mm": "of its worst finding",
    "worst_angle_deg": "of its worst finding",
    "lot": "that it belongs to; empty when none was named",
    "lane": "the ejector that was opened for it; empty when none was",
}

FINDING_COLUMNS: dict[str, str] = {
    "part": "RUN-NUMBER",
    "run": "life of the line worker",
    "seq": "number in the run",
    "number": "of the finding in its part, from 0; `parts show` and the sheet count from 1",
    "arrival_utc": "the part arrived",
    "verdict": "of the part, as the line applied it",
    "outcome": "of the part",
    "engine": "that found it",
    "defect": "its kind",
    "score": "0..1",
    "area_mm2": "its area",
    "length_mm": "its length",
    "cameras": "that saw it",
    "x_px": "left edge in the first camera's view",
    "y_px": "upper edge in the first camera's view",
    "width_px": "in the first camera's view",
    "height_px": "in the first camera's view",
    "rejects": "whether a rule rejects for it",
    "width_mm": "its width; empty when not measured",
    "along_mm": "its middle, from the part's leading end; empty where views are not put together on a surface",
    "angle_deg": "its middle around the part, 0 to 360",
    "along_extent_mm": "how far it reaches along the part",
    "angle_extent_deg": "how far it reaches around the part",
    "lot": "of the part",
}


def write_parts(
    connection: Connection, wanted: PartFilter, file: TextIO, said: Callable[[int], None] = lambda _rows: None
) -> int:
    """Write one row a part, in the order of arrival, and return how many.

    Args:
        connection: of the database; the rows are read as they are written.
        wanted: which parts.
        file: opened with newline="" as UTF-8.
        said: called now and then with the number of rows written.

    Raises:
        OSError: the file can not be written.
    """
    names = wanted.names()
    worst = _worst_findings()
    statement = (
        sa.select(
            *(column for column in parts.c if column.name != "at_utc"),
            part_utc.label("arrival_utc"),
            *(column for column in worst.c if column.name not in ("run", "seq")),
        )
        .join(names, (names.c.run == parts.c.run) & (names.c.seq == parts.c.seq))
        .outerjoin(worst, (worst.c.run == parts.c.run) & (worst.c.seq == parts.c.seq))
        .order_by(parts.c.run, parts.c.seq)
    )
    return _write(connection, statement, tuple(PART_COLUMNS), file, said)


def count_findings(connection: Connection, wanted: PartFilter) -> int:
    """Return how many rows `write_findings` writes."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(_findings_of(wanted).subquery())).scalar_one())


def write_findings(
    connection: Connection, wanted: PartFilter, file: TextIO, said: Callable[[int], None] = lambda _rows: None
) -> int:
    """Write one row a finding of the parts wanted, only of the defects wanted if any are; as `write_parts` otherwise."""
    statement = _findings_of(wanted).order_by(findings.c.run, findings.c.seq, findings.c.number)
    return _write(connection, statement, tuple(FINDING_COLUMNS), file, said)


def _findings_of(wanted: PartFilter) -> sa.Select[Any]:
    names = wanted.names()
    statement = (
        sa.select(*findings.c, part_utc.label("arrival_utc"), parts.c.verdict, parts.c.outcome, parts.c.lot)
        .join(names, (names.c.run == findings.c.run) & (names.c.seq == findings.c.seq))
        .join(parts, (parts.c.run == findings.c.run) & (parts.c.seq == findings.c.seq))
    )
    return statement.where(findings.c.defect.in_(wanted.defects)) if wanted.defects else statement


def _worst_findings() -> sa.Subquery:
    """Return a row for each part that has findings: their number, and the columns of the worst."""
    part = [findings.c.run, findings.c.seq]
    order = [findings.c.rejects.desc(), findings.c.score.desc(), findings.c.area_mm2.desc(), findings.c.number]
    ranked = sa.select(
        *findings.c,
        sa.func.row_number().over(partition_by=part, order_by=order).label("rank"),
        sa.func.count().over(partition_by=part).label("finding_count"),
    ).subquery()
    own = [name.removeprefix("worst_") for name in PART_COLUMNS if name.startswith("worst_")]
    columns = [ranked.c[name].label(f"worst_{name}") for name in own]
    return sa.select(ranked.c.run, ranked.c.seq, ranked.c.finding_count, *columns).where(ranked.c.rank == 1).subquery()


def _write(
    connection: Connection,
    statement: sa.Select[Any],  # Any: of rows with many columns
    columns: Sequence[str],
    file: TextIO,
    said: Callable[[int], None],
) -> int:
    writer = csv.writer(file)  # its default dialect: commas, CRLF, quotes where needed
    writer.writerow(columns)
    count = 0
    for row in _streamed(connection, statement):
        writer.writerow([_field(column, row) for column in columns])
        count += 1
        if count % ROWS_A_STEP == 0:
            said(count)
    said(count)
    return count


def _streamed(connection: Connection, statement: sa.Select[Any]) -> Iterator[Row[Any]]:
    with connection.execution_options(yield_per=ROWS_A_STEP).execute(statement) as result:
        yield from result


def _field(column: str, row: Row[Any]) -> object:
    if column == "part":
        return f"{row.run}-{row.seq}"
    value = row._mapping[column]
    if value is None:
        return 0 if column == "finding_count" and row.journal_verdict is not None else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return round(value, DECIMALS)
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return value
