"""A training is refused before it begins for what can be known by then; what it makes is whole, for views of any size."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from edge_inspector.domain.errors import ConfigurationError, DocumentError, TrainingDataError
from edge_inspector.domain.judgement import Judged
from edge_inspector.inference import prepare_engine
from edge_inspector.inference.map_regions import judge_map
from edge_inspector.station.document import load_document
from edge_inspector.station.engine_manifest import MANIFEST_FILE, load_engine_package
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.station import Inference
from edge_inspector.training import package, training_run
from edge_inspector.training.datasets.plain import PLACELESS_FILE
from edge_inspector.training.export import LogitMap, torch_probability
from edge_inspector.training.models.registry import build_model
from edge_inspector.training.training_plan import plan_training
from edge_inspector.training.training_run import TrainedEngine, train_engine
from tests.training.blots import HEIGHT, WIDTH, write_parts, write_view

TRAINING = """\
format: 1
set: {{folder: blots, defect: blot, complete: true}}
view: {{height_px: {height}, width_px: {width}}}
mm_per_px: {{min: 0.095, max: 0.105}}
engines:
  blot: {{defect: blot}}
split: {{validation: 0.25, test: 0.25}}
learning: {{steps: {steps}, averaging: 0.9, learning_rate: 0.003, crops: {{batch: 2, height_px: 64, width_px: 64}}}}
"""
ENOUGH_STEPS = 80  # for a bar in noise


def write_training(folder: Path, more: str = "", *, width: int = WIDTH, height: int = HEIGHT, steps: int = 3) -> Path:
    path = folder / "training.yaml"
    path.write_text(TRAINING.format(width=width, height=height, steps=steps) + more, encoding="utf-8")
    return path


def train(training: Path, out: Path) -> TrainedEngine:
    return train_engine(plan_training(training), "blot", out, 1)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What came of views of 94 x 70 px, neither side a multiple of what the network halves."""
    folder = tmp_path_factory.mktemp("odd")
    write_parts(folder / "blots", size=(94, 70))
    train(write_training(folder, width=94, height=70, steps=ENOUGH_STEPS), folder / "out")
    return folder / "out"


def test_an_engine_for_views_of_an_odd_size_judges_in_a_station_as_torch_does(odd: Path) -> None:
    recipe_path = odd / "recipe.yaml"
    words = ["format: 1", "product: tile", "mm_per_px: 0.1", "presence: {kind: full_frame, mean_grey: [50, 200]}"]
    words += ["view: {height_px: 70, width_px: 94}", "engines: {blot: engines/blot}"]
    words += ["rules: [{name: blot, engine: blot, min_score: 0.5}]"]
    recipe_path.write_text("\n".join(words), encoding="utf-8")
    recipe = load_document(recipe_path, Recipe)
    prepared = prepare_engine("blot", odd / "engines" / "blot", recipe.view, Inference(), lambda _step: None)
    noise = np.random.default_rng(0).integers(0, 256, (70, 94, 3), dtype=np.uint8)
    views = np.stack([*(golden.picture for golden in prepared.golden), noise])
    judged = prepared.engine.judge(list(views))
    manifest = prepared.manifest
    network = build_model("unet-light", 1).eval()
    network.load_state_dict(torch.load(odd / "runs" / "blot" / "network.pt", weights_only=True)["network"])
    logit_map = LogitMap(manifest.calibration.alpha, manifest.calibration.scale, manifest.calibration.bias)
    assert judged.shape == (len(views), 70, 94)
    assert np.abs(judged - torch_probability(network, logit_map, views)).max() < manifest.parity.max_abs_diff / 2
    for pair, probability in zip(manifest.golden, judged, strict=False):  # the noise has none
        view = judge_map(probability, manifest.t_low, manifest.smallest_defect_px)
        assert isinstance(view, Judged)
        assert (view.score >= manifest.threshold.score) == pair.defective == bool(view.regions)
    prepared.engine.close()


def test_a_manifest_says_what_the_set_showed(odd: Path) -> None:
    manifest = load_engine_package(odd / "engines" / "blot").manifest
    assert (manifest.input.width, manifest.input.height) == (94, 70)
    assert manifest.smallest_defect_px == 6 * 20 / 2
    assert manifest.metrics["validation_escapes"].n == manifest.metrics["test_false_rejects"].n == 3
    report = json.loads((odd / "runs" / "blot" / "report.json").read_text(encoding="utf-8"))
    (of_masks,) = (row for row in report["figures"]["masks"] if row["name"] == "Dice, mean of pictures with the defect")
    assert manifest.metrics["test_dice"].value == pytest.approx(of_masks["value"], abs=1e-4)
    assert re.match(r"mean Dice at p >= 0\.\d+ of pictures with the defect", manifest.metrics["test_dice"].of)
    assert {pair.defective for pair in manifest.golden} == {True, False}
    assert [path.name for path in (odd / "engines").iterdir()] == ["blot"]


def test_an_engine_that_another_training_made_is_not_replaced(odd: Path, tmp_path: Path) -> None:
    write_parts(tmp_path / "blots")
    (tmp_path / "out" / "engines").mkdir(parents=True)
    (tmp_path / "out" / "engines" / "blot").symlink_to(odd / "engines" / "blot")
    with pytest.raises(ConfigurationError, match=r"blot: is there already, and no training in .* made it"):
        train(write_training(tmp_path), tmp_path / "out")
    assert not (tmp_path / "out" / "runs").exists()


def test_an_engine_that_was_installed_over_a_trained_one_is_not_replaced_when_its_training_goes_on(tmp_path: Path) -> None:
    write_parts(tmp_path / "blots")
    training = write_training(tmp_path, steps=ENOUGH_STEPS)
    train(training, tmp_path / "out")
    train(training, tmp_path / "out")  # its own it replaces
    manifest = tmp_path / "out" / "engines" / "blot" / MANIFEST_FILE
    other = manifest.read_text(encoding="utf-8") + "# of the same pictures, by the same chance\n"
    manifest.write_text(other, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"blot: is there already, and no training in .* made it"):
        train(training, tmp_path / "out")
    assert manifest.read_text(encoding="utf-8") == other


def test_a_folder_that_is_no_engine_is_never_replaced(tmp_path: Path) -> None:
    write_parts(tmp_path / "blots")
    thesis = tmp_path / "out" / "engines" / "blot" / "thesis.txt"
    thesis.parent.mkdir(parents=True)
    thesis.touch()
    with pytest.raises(ConfigurationError, match="blot: is there and is no engine package"):
        train(write_training(tmp_path), tmp_path / "out")
    assert thesis.exists()


def test_an_interrupt_of_a_half_written_package_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_half(_network: object, _logit_map: object, path: Path, *_size_px: int) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(package, "export_onnx", write_half)
    write_parts(tmp_path / "blots")
    with pytest.raises(KeyboardInterrupt):
        train(write_training(tmp_path), tmp_path / "out")
    assert list((tmp_path / "out" / "engines").iterdir()) == []


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "blots" / "images").mkdir(parents=True)
    training = write_training(tmp_path)
    training.write_text(training.read_text().replace("{folder: blots", "{folder: blots, reader: plain"))
    with pytest.raises(TrainingDataError, match=r"images: holds no .* file; fill it"):
        plan_training(training)


def test_a_picture_of_another_size_is_named(tmp_path: Path) -> None:
    write_view(write_parts(tmp_path / "blots"), "p3-c1", is_defective=False, size=(128, 64))
    with pytest.raises(TrainingDataError, match=r"p3-c1\.png: is 128 x 64 px, but the view is 96 x 64 px with fit exact"):
        plan_training(write_training(tmp_path))


@pytest.mark.parametrize(("share", "counts"), [(0.0, "24 good and 0 defective"), (1.0, "0 good and 24 defective")])
def test_parts_of_one_kind_alone_are_refused(tmp_path: Path, share: float, counts: str) -> None:
    write_parts(tmp_path / "blots", defective_share=share)
    with pytest.raises(TrainingDataError, match=f"48 pictures make {counts} parts for blot, but 12 of each are needed"):
        plan_training(write_training(tmp_path))


def test_a_mask_of_ones_is_refused(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "blots")
    cv2.imwrite(str(folder / "masks" / "p20-c0.png"), np.ones((HEIGHT, WIDTH), np.uint8))
    with pytest.raises(TrainingDataError, match=r"p20-c0\.png: its largest value is 1, but a defect is 255"):
        train(write_training(tmp_path), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_defect_that_nobody_drew_is_refused(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "blots")
    stems = [f"p{part}-c0" for part in range(12)]
    for stem in stems:
        (folder / "masks" / f"{stem}.png").unlink()
    (folder / PLACELESS_FILE).write_text("stem,defect\n" + "".join(f"{stem},blot\n" for stem in stems))
    with pytest.raises(TrainingDataError, match="largest blot drawn in a validation picture has 0 px, but 18 px are needed"):
        train(write_training(tmp_path), tmp_path / "out")


@pytest.mark.parametrize("weights", ["", "weights: imagenet\n"])
def test_no_weights_and_those_to_be_fetched_need_no_file(tmp_path: Path, weights: str) -> None:
    write_parts(tmp_path / "blots")
    assert list(plan_training(write_training(tmp_path, weights)).sets) == ["blot"]


def test_weights_that_are_not_there_are_refused_before_anything_is_looked_at(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"weights: .*w\.pth: no such file; .* say imagenet to have that fetched"):
        plan_training(write_training(tmp_path, "weights: w.pth\n"))


@pytest.mark.parametrize(
    ("before", "after"),
    [("  blot:", '  "my blot":'), ("{defect: blot}", "{defect: a/b}"), ("{defect: blot}", "{defect: blot, colour: ''}")],
)
def test_names_that_no_manifest_can_hold_are_refused(tmp_path: Path, before: str, after: str) -> None:
    training = write_training(tmp_path)
    training.write_text(training.read_text().replace(before, after))
    with pytest.raises(DocumentError, match=r"training\.yaml:6: .*A-Za-z0-9_\.-"):
        plan_training(training)


def test_a_precision_that_this_cpu_does_not_have_is_refused_before_anything_is_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_run, "cpu_flags", lambda: {"avx2"})
    write_parts(tmp_path / "blots")
    training = write_training(tmp_path, "precisions: [f32, bf16]\n")
    said = r"training\.yaml: precisions: this CPU does not compute in bf16, allowed are f32"
    with pytest.raises(ConfigurationError, match=said):
        train(training, tmp_path / "out")
    assert not (tmp_path / "out").exists()
