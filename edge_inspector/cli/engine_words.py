"""What is said of an engine that was made: its cut, what was measured, and what a recipe must say to use it."""

from __future__ import annotations

import json

from edge_inspector.station.engine_manifest import EngineManifest, EnginePackage
from edge_inspector.station.starter import FittingEngine


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
    """What a recipe must say to use the package, and a warning where its sets overlap; or why none can."""
    manifest = package.manifest
    if bands := manifest.input.other_bands:
        return f"it takes the bands {bands}; no station has cameras for these"
    size, scale = manifest.input, manifest.input.mm_per_px
    min_score = FittingEngine(package.folder, manifest).min_score
    lines = [
        f"smallest defect: {manifest.smallest_defect_px} px, the area over which a score is a mean",
        f"use it in a recipe with mm_per_px {scale.min:g} to {scale.max:g}:",
        f"  view: {{height_px: {size.height}, width_px: {size.width}}}",
        f"  engines: {{{manifest.name}: {json.dumps(str(package.folder.resolve()), ensure_ascii=False)}}}",
        f"  rules: [{{name: {manifest.defect}, engine: {manifest.name}, min_score: {min_score}}}]",
    ]
    return "\n".join([*lines, *caution_words(manifest)])


def caution_words(manifest: EngineManifest) -> list[str]:
    """A warning where no cut parts the validation parts; else nothing."""
    metrics = [manifest.metrics.get(f"validation_{key}") for key in ("escapes", "false_rejects")]
    escaping, rejected = (0.0 if metric is None else 100 * metric.value for metric in metrics)
    if not escaping and not rejected:
        return []
    return [
        f"CAUTION: good and defective validation parts overlap, at this cut {escaping:.3g} % of the defective ones pass and "
        f"{rejected:.3g} % of the good ones are rejected; learn for more steps, add pictures, or check the masks"
    ]
