"""The options that the commands of `parts` share, and what they mean together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import typer

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.records.instants import parse_since, parse_until
from edge_inspector.records.part_filter import PartFilter

VERDICT_STYLES = {"ACCEPT": "green", "REJECT": "red", "UNINSPECTED": "yellow"}

VerdictOption = Annotated[
    list[VerdictKind] | None, typer.Option("--verdict", case_sensitive=False, help="this verdict; may be repeated")
]
OutcomeOption = Annotated[
    list[Outcome] | None, typer.Option("--outcome", case_sensitive=False, help="this outcome; may be repeated")
]
DefectOption = Annotated[
    list[str] | None, typer.Option("--defect", metavar="NAME", help="a finding of this defect; may be repeated")
]
LotOption = Annotated[list[str] | None, typer.Option("--lot", metavar="NAME", help="this lot; may be repeated")]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="2h, today, 2024-05-06 or 2024-05-06T07:30; UTC")
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="as --since; includes all of a day, minute or second")
]
RunOption = Annotated[
    int | None, typer.Option("--run", metavar="N", min=1, help="one life of the line worker: 3 of part 3-17")
]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON")]


def wanted_parts(
    verdict: list[VerdictKind] | None,
    outcome: list[Outcome] | None,
    defect: list[str] | None,
    lot: list[str] | None,
    since: str | None,
    until: str | None,
    run: int | None,
    last: int | None,
) -> PartFilter:
    """Return the filter that these options mean now.

    Raises:
        ConfigurationError: a time is none, or nothing can lie between the two.
    """
    since_utc, until_utc = time_bounds(since, until)
    return PartFilter(
        verdicts=tuple(verdict or ()),
        outcomes=tuple(outcome or ()),
        defects=tuple(defect or ()),
        lots=tuple(lot or ()),
        since=since_utc,
        until=until_utc,
        run=run,
        last=last,
    )


def time_bounds(since: str | None, until: str | None) -> tuple[str | None, str | None]:
    """Return both times as the records write them, taken from now.

    Raises:
        ConfigurationError: one of them is no time, or nothing can lie between the two.
    """
    now = datetime.now(UTC)
    first = None if since is None else parse_since(since, now)
    last = None if until is None else parse_until(until, now)
    if first is not None and last is not None and first > last:
        raise ConfigurationError(f"--since {first} is later than --until {last}; nothing lies between them")
    return first, last


def as_json_text(content: Any) -> str:  # Any: whatever msgspec encodes
    """Return indented JSON."""
    return msgspec.json.format(msgspec.json.encode(content), indent=1).decode()
