"""What is said of a new engine can be put into a recipe as it stands, and an overlap of its sets is never kept quiet."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from edge_inspector.cli.engine_words import recipe_words, report_package
from edge_inspector.station.document import load_document
from edge_inspector.station.engine_manifest import EnginePackage, Metric, load_engine_package
from edge_inspector.station.recipe import Recipe
from tests.station.conftest import write_engine


@pytest.fixture
def package(tmp_path: Path) -> EnginePackage:
    """An engine in a folder with a space, that no part escapes."""
    write_engine(tmp_path / "my engines" / "blot")
    return with_errors(load_engine_package(tmp_path / "my engines" / "blot"), escapes=0.0, false_rejects=0.0)


def with_errors(package: EnginePackage, **shares: float) -> EnginePackage:
    metrics = {f"validation_{name}": Metric(value=value, low=0, high=1, n=3, of="parts") for name, value in shares.items()}
    return replace(package, manifest=package.manifest.model_copy(update={"metrics": metrics}))


def test_the_words_for_the_recipe_make_one(package: EnginePackage, tmp_path: Path) -> None:
    said = recipe_words(package)
    lines = [line.strip() for line in said.splitlines() if re.match(r"  (view|engines|rules):", line)]
    recipe = tmp_path / "recipe.yaml"
    presence = "presence: {kind: full_frame, mean_grey: [50, 200]}"
    recipe.write_text("\n".join(["format: 1", "product: tile", "mm_per_px: 0.1", presence, *lines]), encoding="utf-8")
    loaded = load_document(recipe, Recipe)
    assert Path(loaded.engines["blot"]) == package.folder
    assert (loaded.rules[0].engine, loaded.rules[0].min_score) == ("blot", package.manifest.threshold.score)
    assert f"smallest defect: {package.manifest.smallest_defect_px} px" in said
    assert "CAUTION" not in said


@pytest.mark.parametrize("name", ["escapes", "false_rejects"])
def test_validation_parts_that_overlap_are_a_caution(package: EnginePackage, name: str) -> None:
    overlapping = with_errors(package, **({"escapes": 0.0, "false_rejects": 0.0} | {name: 0.1}))
    shares = "10 % of the defective ones pass and 0 %" if name == "escapes" else "0 % of the defective ones pass and 10 %"
    said = f"CAUTION: good and defective validation parts overlap, at this cut {shares} of the good ones are rejected; learn"
    assert said in recipe_words(overlapping)


def test_cut_evidence_and_what_was_measured_are_said(package: EnginePackage) -> None:
    manifest = package.manifest
    assert report_package(package).splitlines() == [
        f"{package.folder}: {package.digest}",
        f"cut {manifest.threshold.score}: {manifest.threshold.evidence}",
        "validation_escapes: 0.0 (0.0 to 1.0, n = 3)",
        "validation_false_rejects: 0.0 (0.0 to 1.0, n = 3)",
    ]
