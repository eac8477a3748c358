"""`edge-inspector dataset from-parts STATION OUT`: pictures of recorded parts as a set, for somebody to label."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
from edge_inspector.cli.progress_bar import PATIENCE_S, ProgressBar
from edge_inspector.cli.station_option import state_folder
from edge_inspector.training.datasets.wording import counted

if TYPE_CHECKING:
    from edge_inspector.training.datasets.recorded_parts import PartsSet


def dataset_from_parts(
    source: Annotated[Path, typer.Argument(metavar="STATION|DIR", help="station file of the daemon, or its state folder")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="the folder to make; one that is there is not touched")],
    as_views: Annotated[
        bool,
        typer.Option(
            "--views/--frames", help="cut as the station cuts them for its engines, or whole as the cameras gave them"
        ),
    ] = True,
    with_findings: Annotated[
        bool,
        typer.Option("--with-findings", help="write the engines' findings as masks to start from: guesses, not labels"),
    ] = False,
    verdict: VerdictOption = None,
    outcome: OutcomeOption = None,
    defect: DefectOption = None,
    lot: LotOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    run: RunOption = None,
    last: Annotated[int | None, typer.Option("--last", metavar="N", min=1, help="only the newest; default: all")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a set of recorded parts' pictures: images/PART-CAMERA, one part's pictures kept together, and origins.csv.

    Only pictures that are kept can be used; the station's `records` say which are. The daemon need not run.
    """
    from edge_inspector.training.datasets.recorded_parts import PartsOrder, write_recorded_parts  # with it OpenCV

    wanted = wanted_parts(verdict, outcome, defect, lot, since, until, run, last)
    state_dir = state_folder(source, None) if source.is_file() else state_folder(None, source)
    with ProgressBar(silent_s=PATIENCE_S) as bar:
        done = write_recorded_parts(
            PartsOrder(state_dir, wanted, out, as_views, with_findings),
            lambda share: bar.show("writing pictures of parts", share, 1.0),
        )
    typer.echo(as_json_text(done) if as_json else "\n".join(_words(done, with_findings=with_findings)))


def _words(done: PartsSet, *, with_findings: bool) -> list[str]:
    lines = [f"{done.folder}: {counted(done.pictures, 'picture')} of {counted(done.parts, 'part')}"]
    if done.parts_without_pictures:
        lines.append(f"  no picture is kept of {counted(done.parts_without_pictures, 'more part')}")
    lines += [f"  left out: {counted(each.pictures, 'picture')}, {each.why} ({each.example})" for each in done.left_out]
    if not with_findings:
        return [*lines, "  no masks: draw them in masks/DEFECT/, of the same stems, all 0 where a picture is clean"]
    lines += [f"  masks/{name}: {counted(count, 'mask')} GUESSED by an engine" for name, count in done.guesses.items()]
    if done.parts_without_findings:
        lines.append(f"  of {counted(done.parts_without_findings, 'part')} there is no record of what was found")
    lines.append(
        "  guesses.csv names these masks until somebody has corrected them; a picture without a mask is unknown, not clean"
        if done.guesses
        else "  no engine found anything in these pictures: there is no mask to start from"
    )
    return lines
