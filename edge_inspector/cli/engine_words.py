"""What is said of an engine that was made: its cut, what was measured, and what a recipe must say to use it."""

from __future__ import annotations

import json

from edge_inspector.station.engine_manifest import EnginePackage
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
        f"  rules: [{{name: {manifest.defect}, engine: {manifest.name}, min_score: {min_score:g}}}]",
    ]
    if any(manifest.metrics[f"validation_{key}"].value > 0 for key in ("escapes", "false_rejects")):
        lines.append(
            "CAUTION: good and defective validation parts overlap, so this cut rejects good parts or lets defective ones "
            "pass; learn for more steps, add pictures, or check the masks"
        )
    return "\n".join(lines)
