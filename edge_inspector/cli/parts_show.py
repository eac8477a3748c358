"""`edge-inspector parts show`: one part whole, in words, in tables and in one picture."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edge_inspector.cli.parts_damage import say_damage
from edge_inspector.cli.parts_options import VERDICT_STYLES, JsonOption, as_json_text
from edge_inspector.cli.station_option import StateOption, StationArgument, state_folder
from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.records.database import read_only
from edge_inspector.records.latency import STAGE_NAMES, Stages
from edge_inspector.records.part_setup import cameras_of, recipe_of
from edge_inspector.records.picture_store import camera_pictures
from edge_inspector.records.queries import FindingRow, JudgementRow, PartDetails, show_part
from edge_inspector.records.unjudged import silence_words, silent_engines
from edge_inspector.records.verdict_record import read_verdict
from edge_inspector.records.wording import measure_words, place_words


@dataclass(frozen=True, slots=True)
class _Views:
    """The names of the cameras and engines that a part has in its table of views."""

    cameras: tuple[str, ...]
    engines: tuple[str, ...]


def parts_show(
    name: Annotated[str, typer.Argument(metavar="PART", help="the part's name, RUN-NUMBER")],
    station: StationArgument = None,
    state: StateOption = None,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE", help="write the picture of the part here; default: beside its pictures"),
    ] = None,
    no_sheet: Annotated[bool, typer.Option("--no-sheet", help="draw no picture of the part")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show one part: reasons, findings, measures, what every engine said of every view, times. Draw one picture of it."""
    if sheet is not None and no_sheet:
        raise ConfigurationError("--sheet says where to draw the picture, --no-sheet to draw none; give one of the two")
    folder = state_folder(station, state)
    with read_only(folder) as connection:
        part = show_part(connection, name)
    drawn, why_none = (None, "") if no_sheet else _draw(folder, part, sheet)
    pictures = [path for path in camera_pictures(folder, part.summary.part) if path != drawn]
    why_no_verdict = read_verdict(folder, part)[1]
    say_damage(part.damage)
    if as_json:
        content = {
            **msgspec.to_builtins(part),
            "why_no_verdict": why_no_verdict,
            "sheet": None if drawn is None else str(drawn),
            "why_no_sheet": why_none,
            "pictures": [str(path) for path in pictures],
        }
        typer.echo(as_json_text(content))
        return
    console = Console(soft_wrap=True, highlight=False)
    _print_part(console, part, why_no_verdict, _views(folder, part))
    for path in pictures:
        console.print(f"picture {path}", markup=False)
    if drawn is not None:
        console.print(f"sheet {drawn}", markup=False, style="bold")
    elif why_none:
        console.print(f"no sheet: {why_none}", markup=False)


def _draw(folder: Path, part: PartDetails, to: Path | None) -> tuple[Path | None, str]:
    """Return the sheet's path, or why there is none; a file that was asked for and can not be made is an error."""
    from edge_inspector.records.sheet import write_sheet  # OpenCV takes longer to import than `list` to answer

    try:
        return write_sheet(folder, part, to), ""
    except ConfigurationError as error:
        if to is not None:
            raise
        return None, str(error)


def _print_part(console: Console, part: PartDetails, why_no_verdict: str, views: _Views) -> None:
    summary = part.summary
    lot = f"   lot {summary.lot}" if summary.lot else ""
    console.print(f"part {summary.part}   {summary.at_utc}   recipe {(part.recipe or 'unknown')[:12]}{lot}", markup=False)
    decided = part.journal_verdict or ("not known" if why_no_verdict else "none")
    words = (
        Text("verdict ")
        + Text(summary.verdict or "none yet", style=VERDICT_STYLES.get(summary.verdict or "", ""))
        + Text(f" (decided: {decided}, reached the line: {part.decided or 'none in time'})")
    )
    console.print(words)
    how = [
        f"outcome {summary.outcome or 'under way'}",
        *([f"by {part.lane}"] if part.lane else []),
        *([f"{part.length_mm:.1f} mm at the sensor"] if part.length_mm is not None else []),
        *([f"flagged: {part.flagged}"] if part.flagged else []),
    ]
    console.print(", ".join(how), markup=False)
    for reason in part.reasons or ((summary.reason,) if summary.reason else ()):
        console.print(f"  {reason}", markup=False)
    if part.reasons and summary.reason != "; ".join(part.reasons):
        console.print(f"  line: {summary.reason}", markup=False)
    if why_no_verdict:
        console.print(f"  {why_no_verdict}", markup=False, style="yellow")
    if measures := measure_words(part.measures):
        console.print(f"measures {', '.join(measures)}", markup=False)
    if part.findings:
        console.print(_finding_table(part.findings))
    if views.cameras:
        console.print(_view_table(part, views))
    console.print(_stage_table(summary.stages))
    console.print()


def _finding_table(findings: tuple[FindingRow, ...]) -> Table:
    """Numbers count from 1, as on the sheet."""
    table = _table("findings", "#", "defect", "score", "length mm", "width mm", "area mm²", "place", "cameras", "rejects")
    for number, finding in enumerate(findings, start=1):
        table.add_row(
            str(number),
            Text(finding.defect),
            f"{finding.score:.3f}",
            f"{finding.length_mm:.1f}",
            "" if finding.width_mm is None else f"{finding.width_mm:.2f}",
            f"{finding.area_mm2:.2f}",
            place_words(finding) or f"({finding.x_px}, {finding.y_px}) px",
            ", ".join(finding.cameras),
            "yes" if finding.rejects else "no",
        )
    return table


def _views(folder: Path, part: PartDetails) -> _Views:
    """Return what was to be judged: as the part was inspected, and where nobody knows that any more, what was said of it."""
    cameras: list[str] = []
    engines: list[str] = []
    with contextlib.suppress(ConfigurationError):
        engines += recipe_of(folder, part).engines
        cameras += cameras_of(folder, part)
    cameras += [judged.camera for judged in part.judgements]
    cameras += [view.camera for view in part.missing_views]
    engines += [judged.engine for judged in part.judgements]
    return _Views(tuple(sorted(set(cameras))), tuple(dict.fromkeys(engines)))


def _view_table(part: PartDetails, views: _Views) -> Table:
    """One row a camera: how far its frame was off, and each engine's highest score and number of regions."""
    said = {(judged.camera, judged.engine): judged for judged in part.judgements}
    missing = {view.camera: f"{view.reason} {view.detail}" for view in part.missing_views}
    table = _table(
        "views: score (regions) of each engine", "view", "frame ms off", *views.engines, *(["missing"] if missing else [])
    )
    for camera in views.cameras:
        silent = silent_engines(part, camera, views.engines)
        skew = next((f"{judged.skew_ms:+.1f}" for judged in part.judgements if judged.camera == camera), "")
        words = {engine: _judged_words(said[camera, engine]) for engine in views.engines if (camera, engine) in said}
        cells = [silence_words(part) if engine in silent else words.get(engine, "") for engine in views.engines]
        table.add_row(camera, skew, *cells, *([Text(missing.get(camera, ""))] if missing else []))
    return table


def _judged_words(judged: JudgementRow) -> str:
    return judged.not_judged if judged.score is None else f"{judged.score:.3f} ({judged.region_count})"


def _stage_table(stages: Stages) -> Table:
    table = _table("way of the part", "stage", "ms")
    for name in STAGE_NAMES:
        value = getattr(stages, name)
        table.add_row(name.removesuffix("_ms").replace("_", " "), "" if value is None else f"{value:.1f}")
    return table


def _table(title: str, *heads: str) -> Table:
    """Return an empty table that is no wider than it must be; numbers stand to the right."""
    table = Table(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), title=f"\n{title}", title_justify="left", header_style="bold"
    )
    for head in heads:
        is_number = head in ("score", "frame ms off") or head.endswith(("mm", "mm²", "ms"))
        table.add_column(head, justify="right" if is_number else "left", overflow="fold")
    return table
