"""Which parts are asked for: by verdict, outcome, defect, lot, time and run, together."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.records.schema import findings, parts

verdict_now: sa.ColumnElement[str] = sa.func.coalesce(parts.c.verdict, parts.c.journal_verdict)
part_utc: sa.ColumnElement[str] = sa.func.coalesce(parts.c.at_utc, parts.c.verdict_utc, parts.c.outcome_utc)


@dataclass(frozen=True, slots=True)
class PartFilter:
    """A part must meet every one that is given; within one, any of its values.

    `verdicts` are those applied, before the outcome those decided. `defects`: with at least one finding of these. `since`
    and `until` bound the arrival, both included, as the records write times. `last` then takes so many of the newest.
    """

    verdicts: tuple[VerdictKind, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    defects: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    run: int | None = None
    last: int | None = None
    lots: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = [
            *(["verdict " + " or ".join(self.verdicts)] if self.verdicts else []),
            *(["outcome " + " or ".join(self.outcomes)] if self.outcomes else []),
            *(["defect " + " or ".join(self.defects)] if self.defects else []),
            *(["lot " + " or ".join(self.lots)] if self.lots else []),
            *([f"since {self.since}"] if self.since is not None else []),
            *([f"until {self.until}"] if self.until is not None else []),
            *([f"run {self.run}"] if self.run is not None else []),
        ]
        return ", ".join(words)

    @property
    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """What the rows of `parts` must meet; `last` is not among them."""
        found: list[sa.ColumnElement[bool]] = []
        if self.verdicts:
            found.append(verdict_now.in_([verdict.value for verdict in self.verdicts]))
        if self.outcomes:
            found.append(parts.c.outcome.in_([outcome.value for outcome in self.outcomes]))
        if self.defects:
            own = (findings.c.run == parts.c.run) & (findings.c.seq == parts.c.seq)
            found.append(sa.exists().where(own, findings.c.defect.in_(self.defects)))
        if self.lots:
            found.append(parts.c.lot.in_(self.lots))
        if self.since is not None:
            found.append(part_utc >= self.since)
        if self.until is not None:
            found.append(part_utc <= self.until)
        if self.run is not None:
            found.append(parts.c.run == self.run)
        return found

    def names(self) -> sa.Subquery:
        """Return (run, seq) of the parts that are meant."""
        newest_first = sa.select(parts.c.run, parts.c.seq).where(*self.conditions)
        newest_first = newest_first.order_by(parts.c.run.desc(), parts.c.seq.desc())
        return (newest_first if self.last is None else newest_first.limit(self.last)).subquery()


EVERY_PART = PartFilter()


def count_parts(connection: Connection, wanted: PartFilter) -> int:
    """Return how many parts meet the filter, its `last` left out."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(parts).where(*wanted.conditions)).scalar_one())


def why_none(connection: Connection, wanted: PartFilter) -> str:
    """Return a sentence for a filter that no part meets: what was asked for, and what there is instead."""
    if not connection.execute(sa.select(sa.func.count()).select_from(parts)).scalar_one():
        return "no part yet"
    words = [f"no part with {wanted}"]
    if wanted.defects:
        known = connection.execute(sa.select(findings.c.defect).distinct().order_by(findings.c.defect)).scalars().all()
        if not set(wanted.defects) & set(known):
            words.append(f"defects in the records: {', '.join(known) or 'none'}")
    if wanted.lots:
        named = sa.select(parts.c.lot).distinct().where(parts.c.lot != "").order_by(parts.c.lot)
        lots = connection.execute(named).scalars().all()
        words.append(f"lots in the records: {', '.join(lots) or 'none'}")
    if wanted.run is not None or wanted.since is not None or wanted.until is not None:
        runs = parts.c.run
        first, last, since, until = connection.execute(
            sa.select(sa.func.min(runs), sa.func.max(runs), sa.func.min(part_utc), sa.func.max(part_utc))
        ).one()
        words.append(f"there are runs {first} to {last}, from {since} to {until}")
    return "; ".join(words)
