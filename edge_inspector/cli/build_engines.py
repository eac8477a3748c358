"""`edge-inspector engines build`: rebuild the engines that ship, from a seed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from edge_inspector.cli.engine_words import report_package
from edge_inspector.cli.progress_bar import ProgressBar
from edge_inspector.cli.torch_needed import refuse_without_torch


def build_engines(
    names: Annotated[list[str] | None, typer.Argument(help="engines to build; default: all that ship")] = None,
    engines: Annotated[Path, typer.Option(help="folder of engine packages")] = Path("engines"),
    work: Annotated[Path, typer.Option(help="what is drawn and trained is kept here, to go on after an interrupt")] = Path(
        "build/straw_engines"
    ),
    seed: Annotated[int, typer.Option(help="seed of training; its sets take the next two")] = 53_000,
    common_steps: Annotated[int, typer.Option(min=1, help="batches from which all defects are learned together")] = 5400,
    own_steps: Annotated[
        int, typer.Option(min=1, help="batches for holes alone; 5 times as many for stains, 12 times for cracks")
    ] = 500,
    common_minutes: Annotated[float | None, typer.Option(min=0.1, help="end the first sooner, after so long")] = None,
    own_minutes: Annotated[float | None, typer.Option(min=0.1, help="end each of the second sooner, after so long")] = None,
) -> None:
    """Draw straws, train from random weights, choose the cuts on whole parts, and write the packages.

    Takes some three hours on two cores; Ctrl-C and the same command go on with what was done.
    """
    refuse_without_torch()
    from edge_inspector.training.straw_engines import ENGINES, BuildPlan, build_straw_engines  # PyTorch takes seconds

    chosen = tuple(names or ENGINES)
    unknown = [name for name in chosen if name not in ENGINES]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)} can not be built; those that can are {', '.join(ENGINES)}")
    plan = BuildPlan(
        seed=seed,
        common_steps=common_steps,
        own_steps=own_steps,
        common_minutes=math.inf if common_minutes is None else common_minutes,
        own_minutes=math.inf if own_minutes is None else own_minutes,
    )
    with ProgressBar() as bar:
        packages = build_straw_engines(
            engines, work, chosen, plan, progress=lambda stage, share: bar.show(stage, share, 1.0)
        )
    for package in packages:
        typer.echo(report_package(package))
