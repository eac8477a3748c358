"""A training file says all that decides a training; mistakes are said with their lines, and what is left out is usual."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_inspector.domain.errors import DocumentError
from edge_inspector.training.augmentation import Augmentation
from edge_inspector.training.cuts import BoundedMisses, Cheapest, HalfWay
from edge_inspector.training.datasets.registry import SetRequest
from edge_inspector.training.defect_set import ViewFit
from edge_inspector.training.models.bands import RGB, Band
from edge_inspector.training.objective import LossMix
from edge_inspector.training.train import Checks
from edge_inspector.training.training_file import Folds, TrainingFile, load_training_file

LEAST = """\
format: 1
set: {folder: tiles}
view: {height_px: 416, width_px: 640, fit: pad}
mm_per_px: {min: 0.05, max: 0.06}
engines:
  tile_crack: {defect: crack}
"""


def load(tmp_path: Path, text: str) -> TrainingFile:
    path = tmp_path / "training.yaml"
    path.write_text(text, encoding="utf-8")
    return load_training_file(path)


def test_the_least_that_can_be_said_means_what_is_usual(tmp_path: Path) -> None:
    file = load(tmp_path, LEAST)
    assert file.set.request(tmp_path) == SetRequest(tmp_path / "tiles")
    assert file.view.of_pictures() == ViewFit("pad", 640, 416)
    settings = file.learning.settings(threads=3)
    assert settings.loss == LossMix()
    assert settings.augmentation == Augmentation()
    assert (settings.checks, settings.threads, settings.seed) == (None, 3, 1)
    assert file.cut_rule == HalfWay()


def test_an_encoder_with_published_weights_learns_as_fast_as_the_file_says_and_a_random_one_at_all_of_the_rate(
    tmp_path: Path,
) -> None:
    assert load(tmp_path, LEAST).learning.settings(threads=1, has_weights=True).encoder_rate == 0.1  # science.md §3.6
    learning = load(tmp_path, LEAST + "learning: {encoder_rate: 0.25}\n").learning
    assert learning.settings(threads=1, has_weights=True).encoder_rate == 0.25
    assert learning.settings(threads=1).encoder_rate == 1.0


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("cut: {rule: cheapest, escape_cost: 100}", Cheapest(100, 0.01)),
        ("cut: {rule: bounded, miss_rate: 0.01}", BoundedMisses(0.01)),
        ("cut: {rule: half_way}", HalfWay()),
    ],
)
def test_a_cut_is_chosen_by_the_rule_that_is_named(tmp_path: Path, words: str, rule: object) -> None:
    assert load(tmp_path, f"{LEAST}{words}\n").cut_rule == rule


def test_everything_can_be_said_otherwise(tmp_path: Path) -> None:
    more = """\
set: {folder: /data/tiles, reader: coco, labels: a.json, complete: true}
split: {folds: 4, held_back: 2}
model: unet-light4
image_head: true
learning:
  seed: 9
  minutes: 5
  crops: {batch: 4, height_px: 64, width_px: 96, defective_share: 0.75}
  loss: {pixels: mined, overlap: lovasz, overlap_weight: 1, picture_head_weight: 0.2}
  changes: {turn_deg: 5, jpeg_quality: 60}
  schedule: plateau
  early_stop: {every_steps: 50, patience: 4}
"""
    file = load(tmp_path, LEAST.replace("set: {folder: tiles}\n", "") + more)
    assert file.set.request(tmp_path) == SetRequest(Path("/data/tiles"), "coco", tmp_path / "a.json", complete=True)
    assert file.split == Folds(folds=4, held_back=2)
    settings = file.learning.settings(threads=1)
    assert (settings.crops.batch, settings.crops.width_px, settings.crops.defective_share) == (4, 96, 0.75)
    assert settings.loss == LossMix(pixels="mined", overlap="lovasz", overlap_weight=1, picture_head_weight=0.2)
    assert file.image_head
    assert settings.augmentation == Augmentation(turn_deg=5, jpeg_quality=60)
    assert settings.checks == Checks(50, 4)
    assert (settings.minutes, settings.schedule) == (5, "plateau")


@pytest.mark.parametrize(
    ("words", "split"),
    [
        ("{folds: 4}", Folds(folds=4)),
        ("{folds: given}", Folds(folds="given")),
        ("{folds: given, held_back: 4}", Folds(folds="given", held_back=4)),
        ('{folds: given, held_back: "4"}', Folds(folds="given", held_back="4")),
    ],
)
def test_folds_are_so_many_or_those_of_the_set_and_none_need_be_held_back(tmp_path: Path, words: str, split: Folds) -> None:
    assert load(tmp_path, f"{LEAST}split: {words}\n").split == split


def test_an_engine_learns_as_the_file_says_but_for_what_its_own_entry_says(tmp_path: Path) -> None:
    own = "{defect: fray, learning: {seed: 7, crops: {batch: 4, width_px: 640}}}"
    shared = "learning: {steps: 70, seed: 2, crops: {batch: 2, height_px: 96}}\n"
    file = load(tmp_path, f"{LEAST}  tile_fray: {own}\n{shared}")
    fray, crack = file.learning_of("tile_fray"), file.learning_of("tile_crack")
    assert crack == file.learning
    assert (fray.steps, fray.seed) == (70, 7)
    assert (fray.crops.batch, fray.crops.height_px, fray.crops.width_px) == (4, 96, 640)
    assert (fray.crops.defective_share, fray.learning_rate) == (0.5, 1e-3)


def test_bands_are_what_the_pages_of_pictures_hold_and_colours_where_none_are_named(tmp_path: Path) -> None:
    assert load(tmp_path, LEAST).picture_bands == RGB
    words = "bands: [{name: red_650nm, mean: 0.4, std: 0.1, filters: red}, {name: nir_850nm, mean: 0.3, std: 0.2}]\n"
    assert load(tmp_path, LEAST + words).picture_bands == (Band("red_650nm", 0.4, 0.1, "red"), Band("nir_850nm", 0.3, 0.2))


def test_the_set_may_lie_elsewhere_than_the_file_says(tmp_path: Path) -> None:
    named = load(tmp_path, LEAST.replace("{folder: tiles}", "{folder: tiles, labels: a.json}")).set
    assert named.request(tmp_path, Path("/data/t")) == SetRequest(Path("/data/t"), labels=tmp_path / "a.json")


@pytest.mark.parametrize(
    ("words", "line", "said"),
    [
        ("cut: {rule: cheapest}", 7, "escape_cost"),
        ("cut: {rule: lucky}", 7, "half_way"),
        ("learning: {steps: 0}", 7, "learning.steps: 0"),
        ("learning: {schedule: plateau}", 7, "add early_stop"),
        ("learning: {loss: {pixels: best}}", 7, "weighted"),
        ("engine: {}", 7, "unknown key `engine`"),
        ("learning: {loss: {picture_head_weight: 1}}", 1, "there is no such head; say image_head: true"),
        ("learning: {loss: {pixels: focal, alpha: 0.9}}", 1, "learning.loss.alpha: focal weighs pixels otherwise"),
        ("learning: {crops: {defective_share: 0}}", 7, "learning.crops.defective_share: 0, allowed"),
        ("precisions: []", 7, "precisions"),
        ("split: {folds: 2}", 7, "split.folds: 2, allowed is a whole number from 3 to 100 or given"),
        ("split: {folds: giver}", 7, 'split.folds: "giver", allowed is a whole number from 3 to 100 or given'),
        ("split: {fold: 3}", 7, "did you mean `folds`? allowed are validation, test, folds, held_back"),
        ("split: {held_back: 3}", 7, "`folds` is missing"),
        ("split: {folds: 3, test: 0.2}", 7, "unknown key `test`"),
        ("  b: {defect: b, learning: {crops: {batch: 0}}}", 7, "engines.b.learning.crops.batch: 0"),
        ("bands: [{name: nir, mean: 0.3, std: 0.1}]", 7, "bands"),
        ("bands: [{name: a, mean: 0.3, std: 0}, {name: b, mean: 0.3, std: 1}]", 7, "bands.0.std: 0, allowed"),
        (
            "bands: [{name: a, mean: 0, std: 1}, {name: a, mean: 0, std: 1}]",
            7,
            "two bands have the name a; each band is another one",
        ),
        (
            "bands: [{name: a, mean: 0, std: 1, filters: red}, {name: b, mean: 0, std: 1, filters: red}]",
            7,
            "two bands have the filters red",
        ),
        (
            "bands: [{name: a, mean: 0, std: 1}, {name: b, mean: 0, std: 1}]\nlearning: {changes: {jpeg_quality: 60}}",
            1,
            "JPEG knows three colours, not bands",
        ),
        (
            "  b: {defect: b, learning: {loss: {picture_head_weight: 1}}}",
            1,
            "engines.b.learning.loss.picture_head_weight: there is no such head",
        ),
    ],
)
def test_mistakes_are_said_with_their_line(tmp_path: Path, words: str, line: int, said: str) -> None:
    with pytest.raises(DocumentError) as error:
        load(tmp_path, f"{LEAST}{words}\n")
    assert any(fault.startswith(f"{tmp_path / 'training.yaml'}:{line}: ") and said in fault for fault in error.value.faults)
