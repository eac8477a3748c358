"""`edge-inspector engines build`: rebuild the engines that ship, from a seed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

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
    seed: Annotated[int, typer.Option(help="seed of training; its sets take the next three")] = 53_000,
    straws: Annotated[int, typer.Option(min=1, help="straws that all engines learn from")] = 2500,
    calibration_straws: Annotated[int, typer.Option(min=1, help="other straws, by which scores are calibrated")] = 60,
    own_straws: Annotated[
        int, typer.Option(min=1, help="straws with many cracks, that the engine of cracks learns from as well")
    ] = 2500,
    common_steps: Annotated[int, typer.Option(min=1, help="batches from which all defects are learned together")] = 5400,
    own_steps: Annotated[
        int,
        typer.Option(
            min=1,
            help="batches for holes alone; 5 times as many for stains; for cracks 12.5 times as many, of twice the size",
        ),
    ] = 500,
    common_minutes: Annotated[
        float | None, typer.Option(min=0.1, help="stop the common training after this many minutes")
    ] = None,
    own_minutes: Annotated[
        float | None, typer.Option(min=0.1, help="stop each engine's own training after this many minutes")
    ] = None,
    validation_parts: Annotated[
        int, typer.Option(min=1, help="good straws, and as many with each defect, that choose the cuts")
    ] = 300,
    test_parts: Annotated[int, typer.Option(min=1, help="other straws of each sort, which are only counted")] = 50,
    device: Annotated[
        Literal["cpu", "cuda"],
        typer.Option(help="what learns: cuda needs a GPU, and a torch built for it, until all is learned"),
    ] = "cpu",
) -> None:
    """Draw straws, train from random weights, choose the cuts on whole parts, and write the packages.

    Packages of these names in --engines are replaced once all are whole. A CPU without bf16 of its own makes packages proven
    in f32 alone. Takes some seven hours on two cores; Ctrl-C and the same command go on with what was done. With
    --device cuda a GPU learns, and no more than that: once all has been learned, a computer without one goes on with --work.
    """
    refuse_without_torch()
    from edge_inspector.training.straw_engines import ENGINES, BuildPlan, build_straw_engines  # PyTorch takes seconds

    chosen = tuple(names or ENGINES)
    unknown = [name for name in chosen if name not in ENGINES]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)} can not be built; those that can are {', '.join(ENGINES)}")
    plan = BuildPlan(
        seed=seed,
        straws=straws,
        calibration_straws=calibration_straws,
        own_straws=own_straws,
        common_steps=common_steps,
        own_steps=own_steps,
        common_minutes=math.inf if common_minutes is None else common_minutes,
        own_minutes=math.inf if own_minutes is None else own_minutes,
        validation_parts=validation_parts,
        test_parts=test_parts,
        device=device,
    )
    with ProgressBar() as bar:
        packages = build_straw_engines(
            engines, work, chosen, plan, progress=lambda stage, share: bar.show(stage, share, 1.0)
        )
    for package in packages:
        typer.echo(report_package(package))
