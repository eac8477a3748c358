"""`edge-inspector engines build straw_crack`: rebuild the demo's engine from a seed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn


def build_engine(
    name: Annotated[str, typer.Argument(help="the engine to build; its folder is NAME below --engines")] = "straw_crack",
    engines: Annotated[Path, typer.Option(help="folder of engine packages")] = Path("engines"),
    minutes: Annotated[float | None, typer.Option(min=0.1, help="end training after so many minutes")] = None,
    seed: Annotated[int, typer.Option(help="seed of training; its sets take the next four")] = 41_000,
    steps: Annotated[int, typer.Option(min=1, help="end training after so many batches")] = 2400,
) -> None:
    """Draw straws, train from random weights, choose the cut, and write the package with its golden pictures."""
    if name != "straw_crack":
        raise typer.BadParameter(f"{name!r} can not be built; the only engine that can is straw_crack")
    from edge_inspector.training.build import build_demo_engine  # PyTorch takes seconds to import

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns) as bars:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, share: float) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=1.0)
            bars.update(tasks[stage], completed=share)

        limit = math.inf if minutes is None else minutes
        package = build_demo_engine(engines / name, minutes=limit, seed=seed, steps=steps, progress=show)
    manifest = package.manifest
    typer.echo(f"{package.folder}: {package.digest}\ncut {manifest.threshold.score}: {manifest.threshold.evidence}")
    for key, metric in manifest.metrics.items():
        typer.echo(f"{key}: {metric.value} ({metric.low} to {metric.high}, n = {metric.n})")
