"""`edge-inspector engines build straw_crack`: rebuild the demo's engine from a seed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from edge_inspector.cli.progress_bar import ProgressBar
from edge_inspector.cli.train_engine import refuse_without_torch, report_package


def build_engine(
    name: Annotated[str, typer.Argument(help="the engine to build; its folder is NAME below --engines")] = "straw_crack",
    engines: Annotated[Path, typer.Option(help="folder of engine packages")] = Path("engines"),
    minutes: Annotated[float | None, typer.Option(min=0.1, help="end training after so many minutes")] = None,
    seed: Annotated[int, typer.Option(help="seed of training; its sets take the next four")] = 41_000,
    steps: Annotated[int, typer.Option(min=1, help="end training after so many batches")] = 1600,
) -> None:
    """Draw straws, train from random weights, choose the cut, and write the package with its golden pictures."""
    if name != "straw_crack":
        raise typer.BadParameter(f"{name!r} can not be built; the only engine that can is straw_crack")
    refuse_without_torch()
    from edge_inspector.training.build import build_demo_engine  # PyTorch takes seconds to import

    with ProgressBar() as bar:
        package = build_demo_engine(
            engines / name,
            minutes=math.inf if minutes is None else minutes,
            seed=seed,
            steps=steps,
            progress=lambda stage, share: bar.show(stage, share, 1.0),
        )
    typer.echo(report_package(package))
