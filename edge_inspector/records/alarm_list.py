"""The alarms that the records know: raised when, acknowledged when and by whom."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from edge_inspector.records.schema import alarms


class AlarmRow(msgspec.Struct, frozen=True):
    """One alarm of a run. `acknowledged_utc` is None where nobody acknowledged it while its run lasted."""

    run: int
    code: str
    text: str
    raised_utc: str
    acknowledged_utc: str | None = None
    who: str = ""


def list_alarms(
    connection: Connection,
    *,
    codes: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    run: int | None = None,
    last: int | None = None,
) -> list[AlarmRow]:
    """Return the alarms in the order in which they were raised.

    Args:
        connection: of the database.
        codes: only these; none means all.
        since: raised then or later, as the records write times.
        until: raised then or earlier.
        run: only of this life of the line worker.
        last: so many of the newest.
    """
    statement = sa.select(alarms).order_by(alarms.c.segment, alarms.c.offset)
    if run is not None:
        statement = statement.where(alarms.c.segment == run)
    if codes:
        statement = statement.where(alarms.c.code.in_(codes))
    found: list[AlarmRow] = []
    latched: dict[tuple[int, str], int] = {}  # a code latches once a run, until it is acknowledged
    for row in connection.execute(statement):
        key = (row.segment, row.code)
        if row.raised:
            latched[key] = len(found)
            found.append(AlarmRow(row.segment, row.code, row.text, row.at_utc))
        elif (place := latched.pop(key, None)) is not None:
            found[place] = msgspec.structs.replace(found[place], acknowledged_utc=row.at_utc, who=row.who)
    found = [a for a in found if (since is None or a.raised_utc >= since) and (until is None or a.raised_utc <= until)]
    return found if last is None else found[-last:]
