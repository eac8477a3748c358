"""`edge-inspector parts list|show|export|alarms`: what became of the parts, from the records; the daemon need not run."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from edge_inspector.cli.parts_alarms import parts_alarms
from edge_inspector.cli.parts_damage import say_damage
from edge_inspector.cli.parts_export import parts_export
from edge_inspector.cli.parts_options import (
    VERDICT_STYLES,
    DefectOption,
    JsonOption,
    LotOption,
    OutcomeOption,
    RunOption,
    SinceOption,
    UntilOption,
    VerdictOption,
    as_json_text,
    wanted_parts,
)
from edge_inspector.cli.parts_show import parts_show
from edge_inspector.cli.station_option import StateOption, StationArgument, state_folder
from edge_inspector.records.damage import list_damage
from edge_inspector.records.database import read_only
from edge_inspector.records.part_filter import count_parts, why_none
from edge_inspector.records.queries import PartSummary, list_parts

NO_VERDICT = "none yet"

app = typer.Typer(no_args_is_help=True, help="What became of the parts.")
app.command("show")(parts_show)
app.command("export")(parts_export)
app.command("alarms")(parts_alarms)


@app.command("list")
def parts_list(
    station: StationArgument = None,
    state: StateOption = None,
    verdict: VerdictOption = None,
    outcome: OutcomeOption = None,
    defect: DefectOption = None,
    lot: LotOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    run: RunOption = None,
    last: Annotated[int, typer.Option("--last", metavar="N", min=1, help="so many parts, the newest of them")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List parts in the order of their arrival; options that are given together must all be met."""
    wanted = wanted_parts(verdict, outcome, defect, lot, since, until, run, last)
    with read_only(state_folder(station, state)) as connection:
        found = list_parts(connection, wanted)
        count = count_parts(connection, wanted)
        why = "" if found else why_none(connection, wanted)
        damage = list_damage(connection)
    if as_json:
        typer.echo(as_json_text(found))
    else:
        _print_list(Console(soft_wrap=True, highlight=False), found)
    if count > len(found):
        typer.echo(f"the newest {len(found)} of {count} parts; --last {count} lists them all", err=True)
    elif why:
        typer.echo(why, err=True)
    say_damage(damage)


def _print_list(console: Console, found: list[PartSummary]) -> None:
    """One line a part, so that a narrow terminal costs words of the reason and nothing else."""
    lot_width = max((len(part.lot) for part in found), default=0)
    lot_width = max(lot_width, len("lot")) + 1 if lot_width else 0  # no column where nobody names lots
    lot_head = "lot".ljust(lot_width) if lot_width else ""
    head = f"{'part':<8} {'time (UTC)':<19} {lot_head}{'verdict':<11} {'outcome':<15} {'ms':>7}  "
    console.print(f"{head}reason", style="bold")
    reason_width = max(24, console.width - len(head)) if console.is_terminal else None
    for part in found:
        time = part.at_utc[:19].replace("T", " ")
        verdict = _styled(part.verdict) + " " * (11 - len(part.verdict or NO_VERDICT))
        reason = part.reason
        if reason_width is not None and len(reason) > reason_width:
            reason = reason[: reason_width - 1] + "…"
        lot = escape(part.lot.ljust(lot_width))
        outcome, total = part.outcome or "under way", _ms(part.stages.total_ms)
        console.print(f"{part.part:<8} {time:<19} {lot}{verdict} {outcome:<15} {total:>7}  {escape(reason)}")


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _styled(verdict: str | None) -> str:
    return NO_VERDICT if verdict is None else f"[{VERDICT_STYLES[verdict]}]{verdict}[/]"
