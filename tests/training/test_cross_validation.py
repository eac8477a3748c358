"""Every part is judged once by a network that never saw it, at a cut that another fold chose; what is done stays done."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
from edge_inspector.training.cross_validation import (
    CrossValidated,
    cross_validate,
    cross_validation_words,
    summarise_engines,
    what_a_cut_parts,
)
from edge_inspector.training.judging import JudgedSet
from edge_inspector.training.report.fold_rows import Measured
from edge_inspector.training.training_plan import Instead, Plan, plan_every_fold
from tests.training.blots import write_parts, write_view
from tests.training.report.judged import ENGINE, judged_set
from tests.training.test_training_plan import BLOT_TRAINING, written

SHORT = "split: {folds: 3}\nlearning: {steps: 3, crops: {batch: 2, height_px: 64, width_px: 64}}\n"


def plans(folder: Path, more: str = SHORT) -> list[Plan]:
    return plan_every_fold(written(folder / "blots.yaml", BLOT_TRAINING + more))


def report_of(validated: CrossValidated) -> Any:  # Any: JSON
    return json.loads(validated.report.with_suffix(".json").read_text(encoding="utf-8"))


class StoppedError(Exception):
    """In the middle of a training."""


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> list[Plan]:
    """Two of three folds: each costs an export."""
    folder = tmp_path_factory.mktemp("folds")
    write_parts(folder / "blots", parts=12)
    return plans(folder)[:2]


@pytest.fixture(scope="module")
def stopped(folds: list[Plan], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """An output folder whose second fold was stopped while it learned; when the first one's network was written."""
    out = tmp_path_factory.mktemp("out")

    def stop(stage: str, share: float) -> None:
        if stage == "blot: fold 1: training" and share > 0.5:
            raise StoppedError

    with pytest.raises(StoppedError):
        cross_validate(folds, "blot", out, 1, stop)
    runs = out / "runs" / "blot"
    assert not (runs / "fold-1" / "network.pt").exists()
    return out, (runs / "fold-0" / "network.pt").stat().st_mtime_ns


@pytest.fixture(scope="module")
def validated(folds: list[Plan], stopped: tuple[Path, int]) -> CrossValidated:
    return cross_validate(folds, "blot", stopped[0], 1)


def test_what_a_stopped_run_had_learned_is_not_learned_again(stopped: tuple[Path, int], validated: CrossValidated) -> None:
    kept = stopped[0] / "runs" / "blot" / "fold-0" / "network.pt"
    assert kept.stat().st_mtime_ns == stopped[1]
    assert validated.report == stopped[0] / "runs" / "blot" / "cross_validation.html"


def test_every_part_is_judged_once_by_a_network_that_never_saw_it(folds: list[Plan], validated: CrossValidated) -> None:
    held_back = [part for plan in folds for part in plan.split.test]
    assert [each.sample.part for each in validated.judged.pictures[::2]] == held_back
    networks = [
        torch.load(validated.report.parent / f"fold-{plan.fold}" / "network.pt", weights_only=True)["network"]
        for plan in folds
    ]
    assert not all(torch.equal(value, networks[1][key]) for key, value in networks[0].items())
    for plan in folds:
        facts = yaml.safe_load((validated.report.parent / f"fold-{plan.fold}" / "run.yaml").read_text())
        assert facts["held_back"] == plan.fold
        assert facts["command"] == "edge-inspector train blots.yaml --defect blot --every-fold"


def test_the_report_counts_all_folds_each_at_its_own_cut(validated: CrossValidated) -> None:
    report = report_of(validated)
    rates = {row["name"]: row for row in report["figures"]["parts"]}
    assert (rates["escape rate"]["n"], rates["false reject rate"]["n"]) == (4, 4)
    assert [row["fold"] for row in report["folds"]] == ["0", "1"]
    assert all(row["cut"] > 0 and row["steps"] == 3 for row in report["folds"])
    assert rates["escape rate"]["value"] == sum(row["escapes"] for row in report["folds"]) / 4
    assert report["counted"] == "parts"
    assert "8 parts of 3 folds dealt by the SHA-256 of their names, each held back once, in f32" in report["set"]


def test_nothing_that_ships_comes_of_it(stopped: tuple[Path, int], validated: CrossValidated) -> None:
    assert [path.name for path in stopped[0].iterdir()] == ["runs"]
    assert (validated.report.parent / "fold-0" / "model.onnx").is_file()


def test_a_fold_of_another_training_file_is_refused_before_any_is_learned(
    folds: list[Plan], validated: CrossValidated, stopped: tuple[Path, int], tmp_path: Path
) -> None:
    (tmp_path / "blots").symlink_to(folds[0].path.parent / "blots")
    with pytest.raises(ConfigurationError, match=r"fold-0: .* learned otherwise: .*\.yaml has changed since in .*steps"):
        cross_validate(plans(tmp_path, SHORT.replace("steps: 3", "steps: 4")), "blot", stopped[0], 1)
    assert not (stopped[0] / "runs" / "blot" / "fold-2").exists()


def test_without_a_fold_for_cuts_all_others_learn_and_their_parts_choose_the_cut(tmp_path: Path) -> None:
    write_parts(tmp_path / "blots", parts=8)
    folds = plan_every_fold(written(tmp_path / "blots.yaml", BLOT_TRAINING + SHORT), instead=Instead(no_cut_fold=True))
    assert all(len(plan.split.training) + len(plan.split.test) == 8 for plan in folds)
    report = report_of(cross_validate(folds, "blot", tmp_path / "out", 1))
    rows = [(row["cut"], row["escapes"], row["false_rejects"]) for row in report["folds"]]
    assert all(cut is not None for cut, _, _ in rows)
    assert "each at the cut of its own fold" in report["evidence"]
    assert "All other folds were learned from. Calibration and cut of a fold were chosen on what the" in report["evidence"]
    assert {"AP, step-wise", "AUC", "accuracy"} <= {row["name"] for row in report["figures"]["parts"]}
    assert report["run"]["command"] == "edge-inspector train blots.yaml --defect blot --every-fold --no-cut-fold"


def test_early_stopping_needs_a_fold_to_look_at_and_a_bound_enough_parts_in_the_other_folds(tmp_path: Path) -> None:
    write_parts(tmp_path / "blots", parts=8)
    stopping = BLOT_TRAINING + SHORT.replace("learning: {", "learning: {early_stop: {every_steps: 1, patience: 1}, ")
    with pytest.raises(ConfigurationError, match="--no-cut-fold leaves no parts that early_stop could look at"):
        plan_every_fold(written(tmp_path / "stop.yaml", stopping), instead=Instead(no_cut_fold=True))
    bound = written(tmp_path / "bound.yaml", f"{BLOT_TRAINING}{SHORT}cut: {{rule: bounded, miss_rate: 0.01}}\n")
    folds = plan_every_fold(bound, instead=Instead(no_cut_fold=True))
    with pytest.raises(
        TrainingDataError, match="3 defective validation parts can not show that at most 1 % escape: 299 are needed"
    ):
        cross_validate(folds, "blot", tmp_path / "out", 1)
    assert not (tmp_path / "out").exists()


def test_where_every_part_has_a_defect_pictures_are_cut(tmp_path: Path) -> None:
    write_parts(tmp_path / "blots", defective_share=1.0, parts=6)
    folds = plans(tmp_path)
    assert what_a_cut_parts(folds, "blot") == "pictures"
    report = report_of(cross_validate(folds[:1], "blot", tmp_path / "out", 1))
    assert report["folds"][0]["cut"] is not None
    assert [row["name"] for row in report["figures"]["parts"]] == ["escape rate"]
    pictures = {row["name"]: row["n"] for row in report["figures"]["pictures"]}
    assert (pictures["accuracy"], pictures["clean pictures at the cut or above"]) == (4, 2)
    assert "Pictures are counted, each by itself: the training file says so, or not every fold has" in report["evidence"]


def test_pictures_are_cut_where_the_training_file_says_so(folds: list[Plan]) -> None:
    assert what_a_cut_parts(folds, "blot") == "parts"
    by_picture = [replace(plan, file=plan.file.model_copy(update={"judged": "pictures"})) for plan in folds]
    assert what_a_cut_parts(by_picture, "blot") == "pictures"


def test_where_every_picture_has_a_defect_masks_alone_are_measured(tmp_path: Path) -> None:
    for part in range(6):
        write_view(tmp_path / "blots", f"p{part}-c0", is_defective=True)
    folds = plans(tmp_path)
    assert what_a_cut_parts(folds, "blot") is None
    report = report_of(cross_validate(folds[:1], "blot", tmp_path / "out", 1))
    assert report["folds"][0]["cut"] is None
    assert report["figures"]["parts"] == report["figures"]["pictures"] == []
    assert {f"pixel F1 within {px} px, pooled" for px in (0, 2, 5)} <= {row["name"] for row in report["figures"]["masks"]}
    assert "no cut could be chosen" in report["evidence"]


def test_a_bound_that_a_fold_can_not_show_is_refused_before_anything_is_learned(tmp_path: Path) -> None:
    write_parts(tmp_path / "blots", parts=12)
    with pytest.raises(TrainingDataError, match="2 defective validation parts can not show that at most 1 % escape"):
        cross_validate(plans(tmp_path, SHORT + "cut: {rule: bounded, miss_rate: 0.01}\n"), "blot", tmp_path / "out", 1)
    assert not (tmp_path / "out").exists()


def test_the_page_says_first_what_became_of_the_parts_and_then_what_that_is_worth(tmp_path: Path) -> None:
    first = Measured(judged_set(tmp_path / "1", [60, 230], [250, 30]), ENGINE, 0.5, "1")
    second = Measured(judged_set(tmp_path / "2", [60], [250]), ENGINE, 0.99, "2")
    words = cross_validation_words([first, second], "parts", has_cut_fold=False)
    assert words.startswith(
        "Of 3 defective parts 2 passed, of 3 good ones 1 was rejected, each at the cut of its own fold (0.5 to 0.99)."
    )
    assert "its figures flatter a little" in words
    assert "were chosen on the next one" in cross_validation_words([first, second], "parts")
    assert "Pictures are counted" in cross_validation_words([first, second], "pictures")
    without = cross_validation_words([first], None)
    assert without.startswith("Not every fold has clean pictures and defective ones, so no cut could be chosen")
    assert "rank" not in without


def test_several_engines_are_summed_up_if_each_is_for_another_defect(folds: list[Plan], tmp_path: Path) -> None:
    spot = judged_set(tmp_path / "set", [60], [250, 30])
    dot = JudgedSet("dot", spot.pictures)
    engines = {name: CrossValidated(judged, "", Path()) for name, judged in (("spot", spot), ("dot", dot))}
    table = summarise_engines(folds, engines, tmp_path)
    assert table.splitlines()[2].startswith("| spot | 2 / 1 |")
    content = json.loads((tmp_path / "cross_validation.json").read_text(encoding="utf-8"))
    assert content["run"]["folds"] == "0, 1"
    assert [row["defect"] for row in content["rows"]] == ["spot", "dot"]
    assert summarise_engines(folds, {"spot": engines["spot"]}, tmp_path) == ""
    assert summarise_engines(folds, {"spot": engines["spot"], "again": engines["spot"]}, tmp_path) == ""
