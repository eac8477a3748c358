"""`edge-inspector parts alarms`: the alarms of the past, who acknowledged them, and what to do about each."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.console import Console

from edge_inspector.cli.parts_damage import say_damage
from edge_inspector.cli.parts_options import JsonOption, RunOption, SinceOption, UntilOption, as_json_text, time_bounds
from edge_inspector.cli.station_option import StateOption, StationArgument, state_folder
from edge_inspector.line.states import REMEDIES, AlarmCode
from edge_inspector.records.alarm_list import AlarmRow, list_alarms
from edge_inspector.records.damage import list_damage
from edge_inspector.records.database import read_only


def parts_alarms(
    station: StationArgument = None,
    state: StateOption = None,
    code: Annotated[
        list[AlarmCode] | None, typer.Option("--code", case_sensitive=False, help="this alarm; may be repeated")
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    run: RunOption = None,
    last: Annotated[int, typer.Option("--last", metavar="N", min=1, help="so many alarms, the newest of them")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the alarms that were raised, oldest first. Those that are raised now are in `edge-inspector status`."""
    since_utc, until_utc = time_bounds(since, until)
    with read_only(state_folder(station, state)) as connection:
        found = list_alarms(connection, codes=code or (), since=since_utc, until=until_utc, run=run, last=last)
        damage = list_damage(connection)
    if as_json:
        typer.echo(as_json_text([{**msgspec.to_builtins(alarm), "remedy": _remedy(alarm)} for alarm in found]))
    else:
        console = Console(soft_wrap=True, highlight=False)
        for alarm in found:
            _print_alarm(console, alarm)
        if not found:
            typer.echo("no such alarm", err=True)
    say_damage(damage)


def _print_alarm(console: Console, alarm: AlarmRow) -> None:
    style = "red" if alarm.acknowledged_utc is None else None
    console.print(f"{_seconds(alarm.raised_utc)}  {alarm.code}: {alarm.text}  (run {alarm.run})", style=style, markup=False)
    if alarm.acknowledged_utc is None:
        console.print("  not acknowledged in its run", markup=False)
    else:
        console.print(f"  acknowledged {_seconds(alarm.acknowledged_utc)} by {alarm.who or 'nobody named'}", markup=False)
    if remedy := _remedy(alarm):
        console.print(f"  what to do: {remedy}", markup=False)


def _remedy(alarm: AlarmRow) -> str:
    """Return what to do; nothing for an alarm of another version, which this one does not know."""
    return REMEDIES[AlarmCode(alarm.code)] if alarm.code in set(AlarmCode) else ""


def _seconds(at_utc: str) -> str:
    return at_utc[:19].replace("T", " ")
