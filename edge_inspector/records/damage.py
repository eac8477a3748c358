"""What of ledger and journal can not be read: everything that is told of parts is without it."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from edge_inspector.records.schema import tails


class Damage(msgspec.Struct, frozen=True):
    """A segment that could not be read to its end. `what` says where it is damaged, how, and what to do."""

    folder: str  # `ledger`: arrivals, outcomes and alarms; `journal`: verdicts with their findings
    segment: int
    what: str

    def __str__(self) -> str:
        lost = "outcomes and alarms" if self.folder == "ledger" else "verdicts and findings"
        return f"{lost} are missing here, those that this file holds from the damage on: {self.what}"


def list_damage(connection: Connection) -> tuple[Damage, ...]:
    """Return what is damaged, in the order of folders and segments."""
    columns = (tails.c.folder, tails.c.segment, tails.c.damage.label("what"))
    rows = connection.execute(sa.select(*columns).where(tails.c.damage.is_not(None)).order_by(*columns[:2]))
    return tuple(Damage(row.folder, row.segment, row.what) for row in rows)
