"""The engines that ship: how one begins from the common network, and how an interrupted build goes on."""

from __future__ import annotations

import inspect
import math
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from edge_inspector.cli.build_engines import build_engines
from edge_inspector.cli.main import build_app
from edge_inspector.domain.errors import ConfigurationError, TrainingDataError, TrainingStoppedError
from edge_inspector.station.document import load_document
from edge_inspector.station.engine_manifest import EnginePackage, Precision, load_engine_package
from edge_inspector.station.recipe import Recipe
from edge_inspector.synthesis.defects import DefectKind
from edge_inspector.synthesis.training_set import training_set
from edge_inspector.training import straw_engines
from edge_inspector.training.models.unet import LightUNet
from edge_inspector.training.package import Draft, Measurement
from edge_inspector.training.ranks import ALONE
from edge_inspector.training.straw_engines import (
    ENGINES,
    KINDS,
    MEASURED,
    BuildPlan,
    build_command,
    build_straw_engines,
    learn_side_by_side,
    learned_from,
    start_from,
)
from edge_inspector.training.straw_scores import FUSION, T_LOW, measure_engines
from edge_inspector.version import VERSION

EXAMPLE = Path(__file__).parents[2] / "docs/examples/straw/recipe.yaml"
TINY = BuildPlan(
    seed=5,
    straws=2,
    calibration_straws=2,
    own_straws=2,
    common_steps=2,
    own_steps=1,
    validation_parts=1,
    test_parts=1,
)


def test_a_network_that_starts_from_one_output_of_the_common_one_says_the_same() -> None:
    torch.manual_seed(0)
    common = LightUNet(3).eval()
    x = torch.randn(1, 3, 64, 96)
    for output in range(3):
        own = LightUNet(1)
        start_from(common, output)(own)
        with torch.no_grad():
            assert torch.allclose(own.eval()(x)[:, 0], common(x)[:, output], atol=1e-6)


def test_there_is_an_engine_for_every_kind_of_defect() -> None:
    assert set(KINDS) == set(DefectKind)
    assert all(name == f"straw_{engine.kind.value}" for name, engine in ENGINES.items())


def test_the_command_without_options_builds_the_plan_as_it_stands() -> None:
    parameters = inspect.signature(build_engines).parameters
    for field in fields(BuildPlan):
        value = getattr(BuildPlan(), field.name)
        assert parameters[field.name].default == (None if value == math.inf else value)


@pytest.mark.parametrize("plan", [BuildPlan(), TINY, BuildPlan(seed=1, common_minutes=2.5, own_minutes=0.5, device="cuda")])
def test_the_command_of_a_package_builds_the_plan_that_made_it(plan: BuildPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[BuildPlan] = []

    def build(engines: Path, work: Path, names: Sequence[str], plan: BuildPlan, progress: object) -> list[EnginePackage]:
        asked.append(plan)
        return []

    monkeypatch.setattr(straw_engines, "build_straw_engines", build)
    program, *words = build_command(plan).split()
    assert program == "edge-inspector"
    assert CliRunner().invoke(build_app("engines"), words, catch_exceptions=False).exit_code == 0
    assert asked == [plan]


def test_the_example_cuts_and_fuses_as_the_engines_that_ship_were_measured() -> None:
    recipe = load_document(EXAMPLE, Recipe)
    cuts = {rule.engine: rule.min_score for rule in recipe.rules}
    assert set(cuts) == set(ENGINES)
    assert recipe.fusion == FUSION
    for name, folder in recipe.engines.items():
        manifest = load_engine_package((EXAMPLE.parent / folder).resolve()).manifest
        assert cuts[name] == manifest.threshold.score
        assert manifest.t_low == T_LOW
        assert f"fusion {FUSION}" in manifest.metrics["validation_escapes"].of


def test_an_unknown_engine_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="straw_dent"):
        build_straw_engines(tmp_path / "engines", tmp_path / "work", ["straw_dent"], TINY)
    assert not (tmp_path / "work").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_missed_before_anything_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="torch finds no GPU"):
        build_straw_engines(tmp_path / "engines", tmp_path / "work", ["straw_hole"], replace(TINY, device="cuda"))
    assert not (tmp_path / "work").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_what_a_gpu_learned_elsewhere_is_packaged_without_one(blind: Built, tmp_path: Path) -> None:
    plan = replace(TINY, device="cuda")
    shutil.copytree(blind.folder / "work", tmp_path / "work")
    for kept in (tmp_path / "work").glob("*.pt"):
        network = torch.load(kept, weights_only=True)
        torch.save(network | {"asked": network["asked"] | {"device": "cuda"}}, kept)
    stages: list[str] = []
    with pytest.raises(TrainingDataError, match="does not see the defect"):  # it was judged, and had learned for too short
        build_straw_engines(
            tmp_path / "engines", tmp_path / "work", ["straw_hole"], plan, lambda stage, share: stages.append(stage)
        )
    assert not [stage for stage in stages if stage.startswith("learning")]
    with pytest.raises(ConfigurationError, match="torch finds no GPU"):
        build_straw_engines(tmp_path / "engines", tmp_path / "work", ["straw_hole", "straw_stain"], plan)


def test_cracks_alone_are_learned_from_straws_of_their_own_besides(tmp_path: Path) -> None:
    training_set(TINY.training_folder(tmp_path), TINY.seed + 1, 1)
    training_set(TINY.own_folder(tmp_path, "straw_crack"), TINY.seed + 3, 1)
    for name, parts in (("straw_hole", {"6-00000"}), ("straw_crack", {"6-00000", "8-00000"})):
        learned = learned_from(tmp_path, name, TINY)
        assert set(learned.parts()) == parts
        assert learned.defect == ENGINES[name].kind.value


@dataclass
class Built:
    """A folder in which a build of a few steps ended, what it said, and its stages."""

    folder: Path
    said: str
    stages: list[str]


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory) -> Built:
    built = Built(tmp_path_factory.mktemp("build"), "", [])
    with pytest.raises(TrainingDataError) as refused:
        build(built)
    built.said = f"{refused.value}"
    return built


def build(built: Built) -> EnginePackage:
    engines, work = built.folder / "engines", built.folder / "work"
    (package,) = build_straw_engines(engines, work, ["straw_hole"], TINY, lambda stage, share: built.stages.append(stage))
    return package


def test_no_package_is_made_of_an_engine_that_sees_nothing(blind: Built) -> None:
    assert blind.said.startswith("engine straw_hole: no package is made of it. The engine does not see the defect")
    assert list((blind.folder / "engines").iterdir()) == []
    assert "learning all defects" in blind.stages


def test_a_build_goes_on_from_what_is_kept_and_leaves_whole_packages_alone(
    blind: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(drafts: Mapping[str, Draft], *rest: Any) -> dict[str, dict[Precision, Measurement]]:
        """What is defective scores as if networks had learned for long."""
        measured = measure_engines(drafts, *rest)
        for each in measured["straw_hole"].values():
            for scores in each.validation.parts.values():
                scores.defective.update(dict.fromkeys(scores.defective, 0.9))
        return measured

    monkeypatch.setattr(straw_engines, "measure_engines", measure)
    built = Built(tmp_path, "", [])
    shutil.copytree(blind.folder / "work", tmp_path / "work")
    manifest = build(built).manifest
    assert set(built.stages) == {"judging straws for validation", "judging straws for test"}
    assert manifest.defect == "hole"
    assert manifest.training.steps == 3
    assert manifest.t_low <= T_LOW
    assert "f32" in manifest.precisions
    assert manifest.training.command == build_command(TINY)
    assert manifest.training.version == VERSION
    assert {"test_escapes", "test_false_rejects", "test_dice", "validation_escapes"} <= set(manifest.metrics)
    assert sorted(path.name for path in (tmp_path / "engines").iterdir()) == ["straw_hole"]


def test_straws_that_were_judged_before_an_interruption_are_not_judged_again(blind: Built, tmp_path: Path) -> None:
    kept = blind.folder / "work" / MEASURED
    lines = kept.read_text(encoding="utf-8").splitlines()
    judged = TINY.validation_parts * 2 + TINY.test_parts * 2
    assert len(lines) == 1 + judged
    shutil.copytree(blind.folder / "work", tmp_path / "work")
    (tmp_path / "work" / MEASURED).write_text("\n".join([*lines[:-2], lines[-2][:20]]), encoding="utf-8")
    built = Built(tmp_path, "", [])
    with pytest.raises(TrainingDataError, match="does not see the defect"):
        build(built)
    assert (tmp_path / "work" / MEASURED).read_text(encoding="utf-8").splitlines() == lines


def test_engines_learn_side_by_side_from_the_common_network(
    blind: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(blind.folder / "work", tmp_path / "work")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    stages: list[str] = []
    learn_side_by_side(
        tmp_path / "work", ["straw_stain", "straw_hole"], TINY, ALONE, lambda stage, share: stages.append(stage)
    )
    assert set(stages) == {"learning straw_stain"}  # the hole's is kept
    assert len(stages) == 5
    kept = torch.load(tmp_path / "work" / "straw_stain.pt", weights_only=True)
    assert kept["steps"] == 2 + 5


def test_where_a_process_that_judges_straws_ends_the_command_does_too_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"not a graph")
    draft: Any = SimpleNamespace(model_path=tmp_path / "model.onnx", fit=SimpleNamespace(mask_cut=0.5))
    sheet: Any = SimpleNamespace(precisions=("f32",), defect="crack", smallest_defect_px=40)
    with pytest.raises(TrainingStoppedError, match=r"a process that judged straws ended: .* give the same command again"):
        measure_engines({"straw_crack": draft}, {"straw_crack": sheet}, 1, 1, lambda *_: None, tmp_path / "measured.jsonl")
