"""`edge-inspector engines train NAME FOLDER`: an engine for a defect of one's own, from pictures and masks."""

from __future__ import annotations

import json
import math
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from edge_inspector.cli.progress_bar import ProgressBar
from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.station.engine_manifest import EnginePackage, ScaleRange
from edge_inspector.station.starter import FittingEngine
from edge_inspector.training.split import VALIDATION_SHARE

TOLERANCE = 0.05  # either side of one scale: cameras of a station differ a little, and it is measured again


def train_engine(
    name: Annotated[str, typer.Argument(metavar="NAME", help="the engine's name; its folder is NAME below --out")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="images/ and masks/ with the same stems; 255 = defect")],
    mm_per_px: Annotated[str, typer.Option(metavar="MM|MIN:MAX", help="of a pixel; one value allows 5 % either side")],
    defect: Annotated[str, typer.Option(help="what the engine looks for")] = "crack",
    colour: Annotated[str, typer.Option(help="how the console draws it")] = "red",
    out: Annotated[Path, typer.Option(help="folder of engine packages")] = Path("engines"),
    steps: Annotated[int, typer.Option(min=1, help="end training after so many batches of 8")] = 1600,
    minutes: Annotated[float | None, typer.Option(min=0.1, help="or after so many minutes, if that is sooner")] = None,
    seed: Annotated[int, typer.Option(help="seed of training")] = 1,
    validation_share: Annotated[
        float, typer.Option(min=0.05, max=0.4, help="share of the parts that chooses the cut; the test takes as many")
    ] = VALIDATION_SHARE,
    weights: Annotated[Path | None, typer.Option(help="safetensors file of a MobileNetV2 encoder; default: random")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="replace the engine of this name")] = False,
) -> None:
    """Train an engine on your own pictures and masks, choose its cut, and measure it on parts that it never saw.

    All pictures have one size, that of the station's views. A picture without a defect has a mask of zeros. The name up to
    its last hyphen is the part (p7-c1, p7-c2); parts are dealt to training, validation and test by their names' SHA-256.
    """
    scale = read_scale(mm_per_px)
    refuse_without_torch()
    from edge_inspector.training.own_engine import EngineOrder, train_own_engine  # PyTorch takes seconds to import

    order = EngineOrder(
        out=out / name,
        folder=folder,
        mm_per_px=scale,
        defect=defect,
        colour=colour,
        seed=seed,
        steps=steps,
        minutes=math.inf if minutes is None else minutes,
        validation_share=validation_share,
        weights=weights,
        replaces=replace,
    )
    with ProgressBar() as bar:
        package = train_own_engine(order, lambda stage, share: bar.show(stage, share, 1.0))
    typer.echo(report_package(package))
    typer.echo(recipe_words(package))


def refuse_without_torch() -> None:
    """Raise ConfigurationError where what trains is not installed: a line's computer does without it."""
    missing = [name for name in ("torch", "onnx", "onnxscript") if find_spec(name) is None]
    if missing:
        raise ConfigurationError(
            f"{', '.join(missing)}: not installed, and training needs it; "
            'install edge-inspector with its extra "train", or run `make setup` where the sources are'
        )


def read_scale(text: str) -> ScaleRange:
    """Read `MM` or `MIN:MAX`. Raises typer.BadParameter.

    >>> read_scale("0.1")
    ScaleRange(min=0.095, max=0.105)
    """
    try:
        low, *high = (float(word) for word in text.split(":"))
        limits = (low, *high) if high else (round(low * (1 - TOLERANCE), 6), round(low * (1 + TOLERANCE), 6))
        scale = ScaleRange(min=limits[0], max=limits[1]) if len(limits) == 2 else None
    except (ValueError, ValidationError):  # a ValidationError is one, too
        scale = None
    if scale is None or scale.min > scale.max:
        raise typer.BadParameter(f"--mm-per-px {text!r}: allowed is MM or MIN:MAX above 0, such as 0.05 or 0.048:0.052")
    return scale


def report_package(package: EnginePackage) -> str:
    """The cut, why it is there, and what was measured."""
    manifest = package.manifest
    return "\n".join(
        [
            f"{package.folder}: {package.digest}",
            f"cut {manifest.threshold.score}: {manifest.threshold.evidence}",
            *(
                f"{key}: {metric.value} ({metric.low} to {metric.high}, n = {metric.n})"
                for key, metric in manifest.metrics.items()
            ),
        ]
    )


def recipe_words(package: EnginePackage) -> str:
    """What a recipe must say to use the package, and a warning where its sets overlap."""
    manifest = package.manifest
    size, scale = manifest.input, manifest.input.mm_per_px
    min_score = FittingEngine(package.folder, manifest).min_score
    lines = [
        f"smallest defect: {manifest.smallest_defect_px} px, half of the 5th percentile of the defects drawn",
        f"use it in a recipe with mm_per_px {scale.min:g} to {scale.max:g}:",
        f"  view: {{height_px: {size.height}, width_px: {size.width}}}",
        f"  engines: {{{manifest.name}: {json.dumps(str(package.folder.resolve()), ensure_ascii=False)}}}",
        f"  rules: [{{name: {manifest.defect}, engine: {manifest.name}, min_score: {min_score:g}}}]",
    ]
    if any(manifest.metrics[f"validation_{key}"].value > 0 for key in ("escapes", "false_rejects")):
        lines.append(
            "CAUTION: good and defective validation parts overlap, so this cut rejects good parts or lets defective ones "
            "pass; train for more --steps, add pictures, or check the masks"
        )
    return "\n".join(lines)
