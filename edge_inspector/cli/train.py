"""`edge-inspector train TRAINING`: engines from labelled pictures, as a training file says it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_inspector.cli.progress_bar import ProgressBar
from edge_inspector.cli.train_engine import recipe_words, refuse_without_torch, report_package
from edge_inspector.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from edge_inspector.training.training_run import Plan

ODDITIES_SHOWN = 5


def train(
    training: Annotated[Path, typer.Argument(metavar="TRAINING", help="training file; docs/training.md explains its keys")],
    defect: Annotated[list[str] | None, typer.Option(help="train the engines of this defect; may be given again")] = None,
    all_engines: Annotated[bool, typer.Option("--all", help="train every engine of the file")] = False,
    out: Annotated[Path, typer.Option(help="folder for runs/, with reports, and engines/")] = Path("trained"),
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; default: all CPUs")] = None,
) -> None:
    """Train engines, choose their cuts, measure them on parts that they never saw, and write a report of each.

    Ctrl-C and the same command go on where it was. A changed training file needs another --out.
    """
    refuse_without_torch()
    from edge_inspector.training.training_run import plan_training, train_engine  # PyTorch takes seconds to import

    with ProgressBar() as bar:
        plan = plan_training(training, lambda stage, share: bar.show(stage, share, 1.0))
        names = chosen_engines(plan, defect or [], all_engines=all_engines)
        _tell_oddities(plan)
        trained = [
            train_engine(
                plan,
                name,
                out,
                threads or len(os.sched_getaffinity(0)),
                lambda stage, share: bar.show(stage, share, 1.0),
            )
            for name in names
        ]
    for each in trained:
        typer.echo(report_package(each.package))
        typer.echo(recipe_words(each.package))
        typer.echo(f"report: {each.report}")


def chosen_engines(plan: Plan, defects: list[str], *, all_engines: bool) -> list[str]:
    """The engines that were asked for. Raises ConfigurationError for a defect that none is for, or if nothing was asked."""
    engines = {name: entry.defect for name, entry in plan.file.engines.items()}
    unknown = [defect for defect in defects if defect not in engines.values()]
    if unknown:
        raise ConfigurationError(
            f"{plan.path}: no engine is for {', '.join(unknown)}, only for {', '.join(sorted(set(engines.values())))}"
        )
    if all_engines or len(engines) == 1:
        return list(engines)
    if not defects:
        raise ConfigurationError(f"{plan.path}: has {len(engines)} engines; say --all, or --defect for one of them")
    return [name for name, defect in engines.items() if defect in defects]


def _tell_oddities(plan: Plan) -> None:
    oddities = plan.labelled.oddities
    for oddity in oddities[:ODDITIES_SHOWN]:
        typer.echo(f"note: {oddity}", err=True)
    if len(oddities) > ODDITIES_SHOWN:
        more = len(oddities) - ODDITIES_SHOWN
        typer.echo(f"note: {more} more; `edge-inspector dataset inspect` shows all", err=True)
