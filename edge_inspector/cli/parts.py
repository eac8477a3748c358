"""`edge-inspector parts list|show|export|alarms`: what became of the parts, from the records; the daemon need not run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edge_inspector.cli.parts_alarms import parts_alarms
from edge_inspector.cli.parts_export import parts_export
from edge_inspector.cli.parts_options import (
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
from edge_inspector.cli.station_option import StateOption, StationArgument, state_folder
from edge_inspector.records.database import read_only
from edge_inspector.records.latency import STAGE_NAMES, Stages
from edge_inspector.records.part_filter import count_parts, why_none
from edge_inspector.records.picture_store import list_pictures
from edge_inspector.records.queries import PartDetails, PartSummary, list_parts, show_part

NO_VERDICT = "none yet"
_STYLES = {"ACCEPT": "green", "REJECT": "red", "UNINSPECTED": "yellow"}

app = typer.Typer(no_args_is_help=True, help="What became of the parts.")
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
    if as_json:
        typer.echo(as_json_text(found))
    else:
        _print_list(Console(soft_wrap=True, highlight=False), found)
    if count > len(found):
        typer.echo(f"the newest {len(found)} of {count} parts; --last {count} lists them all", err=True)
    elif why:
        typer.echo(why, err=True)


@app.command("show")
def parts_show(
    name: Annotated[str, typer.Argument(metavar="PART", help="the part's name, RUN-NUMBER")],
    station: StationArgument = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one part: reasons, findings, what every engine said of every view, times, pictures."""
    folder = state_folder(station, state)
    with read_only(folder) as connection:
        part = show_part(connection, name)
    pictures = list_pictures(folder, name)
    if as_json:
        content = {**msgspec.to_builtins(part), "pictures": [str(path) for path in pictures]}
        typer.echo(as_json_text(content))
    else:
        _print_part(Console(soft_wrap=True, highlight=False), part, pictures)


def _print_list(console: Console, found: list[PartSummary]) -> None:
    """One line a part, so that a narrow terminal costs words of the reason and nothing else."""
    head = f"{'part':<8} {'time (UTC)':<19} {'verdict':<11} {'outcome':<15} {'ms':>7}  "
    console.print(f"{head}reason", style="bold")
    reason_width = max(24, console.width - len(head)) if console.is_terminal else None
    for part in found:
        time = part.at_utc[:19].replace("T", " ")
        verdict = _styled(part.verdict) + " " * (11 - len(part.verdict or NO_VERDICT))
        reason = part.reason
        if reason_width is not None and len(reason) > reason_width:
            reason = reason[: reason_width - 1] + "…"
        outcome, total = part.outcome or "under way", _ms(part.stages.total_ms)
        console.print(f"{part.part:<8} {time:<19} {verdict} {outcome:<15} {total:>7}  {escape(reason)}")


def _print_part(console: Console, part: PartDetails, pictures: list[Path]) -> None:
    summary = part.summary
    console.print(f"part {summary.part}   {summary.at_utc}   recipe {(part.recipe or 'unknown')[:12]}")
    decided = part.decided or "none in time"
    console.print(
        f"verdict {_styled(summary.verdict)} (decided: {part.journal_verdict or 'none'}, reached the line: {decided})"
    )
    length = "" if part.length_mm is None else f", {part.length_mm:.1f} mm at the sensor"
    console.print(f"outcome {summary.outcome or 'under way'}{length}", f"  flagged: {part.flagged}" if part.flagged else "")
    for reason in part.reasons or ((summary.reason,) if summary.reason else ()):
        console.print(f"  {reason}", markup=False)
    if part.reasons and summary.reason != "; ".join(part.reasons):
        console.print(f"  line: {summary.reason}", markup=False)
    for finding in part.findings:
        mark = "rejects" if finding.rejects else "kept"
        console.print(
            f"finding {finding.defect}: score {finding.score:.3f}, {finding.length_mm:.1f} mm, {finding.area_mm2:.2f} mm², "
            f"seen by {', '.join(finding.cameras)} at ({finding.x_px}, {finding.y_px}) px, {mark}",
            markup=False,
        )
    for judged in part.judgements:
        word = judged.not_judged or f"score {judged.score:.3f}, {judged.region_count} regions"
        console.print(
            f"view {judged.camera}, engine {judged.engine}: {word} (frame {judged.skew_ms:+.1f} ms off)", markup=False
        )
    for missing in part.missing_views:
        console.print(f"view {missing.camera} missing: {missing.reason} {missing.detail}", markup=False)
    console.print(_stage_table(summary.stages))
    for path in pictures:
        console.print(f"picture {path}", markup=False)


def _stage_table(stages: Stages) -> Table:
    table = Table("stage", "ms")
    for name in STAGE_NAMES:
        table.add_row(name.removesuffix("_ms").replace("_", " "), _ms(getattr(stages, name)))
    return table


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _styled(verdict: str | None) -> str:
    return NO_VERDICT if verdict is None else f"[{_STYLES[verdict]}]{verdict}[/]"
