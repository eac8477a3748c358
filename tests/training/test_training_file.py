"""A training file says all that decides a training; mistakes are said with their lines, and what is left out is usual."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_inspector.domain.errors import DocumentError
from edge_inspector.training.augmentation import Augmentation
from edge_inspector.training.cuts import BoundedMisses, Cheapest, HalfWay
from edge_inspector.training.datasets.registry import SetRequest
from edge_inspector.training.defect_set import ViewFit
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
    assert file.cut.chosen() == HalfWay()


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("cut: {rule: cheapest, escape_cost: 100}", Cheapest(100)),
        ("cut: {rule: bounded, miss_rate: 0.01}", BoundedMisses(0.01)),
        ("cut: {rule: half_way}", HalfWay()),
    ],
)
def test_a_cut_is_chosen_by_the_rule_that_is_named(tmp_path: Path, words: str, rule: object) -> None:
    assert load(tmp_path, f"{LEAST}{words}\n").cut.chosen() == rule


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
    ("words", "line", "said"),
    [
        ("cut: {rule: cheapest}", 7, "escape_cost"),
        ("cut: {rule: lucky}", 7, "half_way"),
        ("learning: {steps: 0}", 7, "learning.steps: 0"),
        ("learning: {schedule: plateau}", 7, "add early_stop"),
        ("learning: {loss: {pixels: best}}", 7, "weighted"),
        ("engine: {}", 7, "unknown key `engine`"),
        ("learning: {loss: {picture_head_weight: 1}}", 1, "there is no such head; say image_head: true"),
        ("precisions: []", 7, "precisions"),
    ],
)
def test_mistakes_are_said_with_their_line(tmp_path: Path, words: str, line: int, said: str) -> None:
    with pytest.raises(DocumentError) as error:
        load(tmp_path, f"{LEAST}{words}\n")
    assert any(fault.startswith(f"{tmp_path / 'training.yaml'}:{line}: ") and said in fault for fault in error.value.faults)
